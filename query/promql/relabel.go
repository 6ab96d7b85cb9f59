package promql

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// relabel gives a series another value of a label.
type relabel struct {
	to string // the label
	of func(b *labels.Builder, set labels.Labels) labels.Labels
}

// relabelled recognizes label_replace and label_join. What of their arguments is wrong the engine words.
func relabelled(n *parser.Call) *relabel {
	var texts []string
	for _, arg := range n.Args[1:] {
		text, ok := unwrapped(arg).(*parser.StringLiteral)
		if !ok {
			return nil
		}
		texts = append(texts, text.Val)
	}
	if !model.UTF8Validation.IsValidLabelName(texts[0]) {
		return nil
	}
	if n.Func.Name == "label_join" {
		return joinLabels(texts[0], texts[1], texts[2:])
	}
	return replaceLabel(texts[0], texts[1], texts[2], texts[3])
}

func replaceLabel(to, with, from, pattern string) *relabel {
	expr, err := regexp.Compile("^(?s:" + pattern + ")$")
	if err != nil {
		return nil
	}
	return &relabel{to, func(b *labels.Builder, set labels.Labels) labels.Labels {
		value := set.Get(from)
		places := expr.FindStringSubmatchIndex(value)
		if places == nil {
			return set
		}
		b.Reset(set)
		b.Set(to, string(expr.ExpandString(nil, with, value, places)))
		return b.Labels()
	}}
}

func joinLabels(to, separator string, from []string) *relabel {
	for _, name := range from {
		if !model.UTF8Validation.IsValidLabelName(name) {
			return nil
		}
	}
	return &relabel{to, func(b *labels.Builder, set labels.Labels) labels.Labels {
		values := make([]string, len(from))
		for i, name := range from {
			values[i] = set.Get(name)
		}
		b.Reset(set)
		b.Set(to, strings.Join(values, separator))
		return b.Labels()
	}}
}

// rename gives series other labels. Those that become alike are the engine's.
func (e *evaluation) rename(ctx context.Context) ([]series, error) {
	list, err := e.part(ctx, e.inner)
	if err != nil {
		return nil, err
	}
	// Without a label that none of them had, series are what they were: different ones stay different.
	var seen *names
	if slices.ContainsFunc(list, func(s series) bool { return s.labels.Has(e.relabel.to) }) {
		seen = newNames(len(list))
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for i := range list {
		list[i].labels = e.relabel.of(b, list[i].labels)
		if seen != nil && !seen.add(list[i].labels) {
			return nil, errAsWritten
		}
	}
	return list, nil
}
