package promql

import (
	"context"
	"regexp"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// relabel gives a series other labels.
type relabel func(b *labels.Builder, set labels.Labels) labels.Labels

// relabelled recognizes label_replace and label_join. What of their arguments is wrong the engine words.
func relabelled(n *parser.Call) relabel {
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

func replaceLabel(to, with, from, pattern string) relabel {
	expr, err := regexp.Compile("^(?s:" + pattern + ")$")
	if err != nil {
		return nil
	}
	return func(b *labels.Builder, set labels.Labels) labels.Labels {
		value := set.Get(from)
		places := expr.FindStringSubmatchIndex(value)
		if places == nil {
			return set
		}
		b.Reset(set)
		b.Set(to, string(expr.ExpandString(nil, with, value, places)))
		return b.Labels()
	}
}

func joinLabels(to, separator string, from []string) relabel {
	for _, name := range from {
		if !model.UTF8Validation.IsValidLabelName(name) {
			return nil
		}
	}
	return func(b *labels.Builder, set labels.Labels) labels.Labels {
		values := make([]string, len(from))
		for i, name := range from {
			values[i] = set.Get(name)
		}
		b.Reset(set)
		b.Set(to, strings.Join(values, separator))
		return b.Labels()
	}
}

// rename gives series other labels. Those that become alike are the engine's.
func (e *evaluation) rename(ctx context.Context) ([]series, error) {
	list, err := e.part(ctx, e.inner)
	if err != nil {
		return nil, err
	}
	b, seen := labels.NewBuilder(labels.EmptyLabels()), newNames(len(list))
	for i := range list {
		list[i].labels = e.relabel(b, list[i].labels)
		if !seen.add(list[i].labels) {
			return nil, errAsWritten
		}
	}
	return list, nil
}
