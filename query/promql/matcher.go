package promql

import (
	"slices"
	"strconv"
	"sync"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
)

// filterOf turns a matcher into a condition on a tag, or on a member of the label set that the tag holds. Whatever matches
// the empty string matches series without the label.
func filterOf(m *labels.Matcher, tag column.Field, label string) scan.SeriesFilter {
	f := scan.SeriesFilter{Tag: tag.ID, Label: label}
	text := label != "" || tag.Type.Physical() == column.PhysBytes
	if text {
		f.Equal = literals(m)
	}
	matches := matchText(m)
	if !text {
		matches = func(value []byte) bool {
			var buf [24]byte
			return m.Matches(string(appendKeyText(buf[:0], value, tag.Type)))
		}
	}
	whereAbsent := m.Matches("")
	f.Match = func(value []byte, null bool) bool {
		if null {
			return whereAbsent
		}
		return matches(value)
	}
	return f
}

// literals lists the only values that can match, so that they are looked up instead of tried; nil where they cannot be listed, or
// where series without the label match too.
func literals(m *labels.Matcher) [][]byte {
	var out [][]byte
	switch m.Type {
	case labels.MatchEqual:
		if m.Value != "" {
			out = [][]byte{[]byte(m.Value)}
		}
	case labels.MatchRegexp:
		set := m.SetMatches()
		if slices.Contains(set, "") {
			return nil
		}
		for _, v := range set {
			out = append(out, []byte(v))
		}
	}
	return out
}

// matchText decides on values of text.
func matchText(m *labels.Matcher) func(value []byte) bool {
	switch m.Type {
	case labels.MatchEqual:
		return func(value []byte) bool { return string(value) == m.Value }
	case labels.MatchNotEqual:
		return func(value []byte) bool { return string(value) != m.Value }
	}
	known := &verdicts{of: map[string]bool{}}
	return func(value []byte) bool { return known.match(m, value) }
}

// verdicts remembers what a regular expression said, since a source may ask once per series instead of once per value.
type verdicts struct {
	mu sync.RWMutex
	of map[string]bool
}

// maxVerdicts bounds what is remembered: labels with more values than this repeat them too seldom to gain from it.
const maxVerdicts = 4096

func (v *verdicts) match(m *labels.Matcher, value []byte) bool {
	v.mu.RLock()
	ok, known := v.of[string(value)]
	full := len(v.of) >= maxVerdicts
	v.mu.RUnlock()
	if known {
		return ok
	}
	if full {
		return m.Matches(view(value)) // it looks at the text and keeps nothing
	}
	text := string(value)
	ok = m.Matches(text)
	v.mu.Lock()
	v.of[text] = ok
	v.mu.Unlock()
	return ok
}

// appendKeyText appends the label value of a tag that is an integer or a boolean, from the bytes that filters see.
func appendKeyText(dst, value []byte, t column.Type) []byte {
	if t.Kind == column.Bool {
		return strconv.AppendBool(dst, len(value) > 0 && value[0] != 0)
	}
	return strconv.AppendInt(dst, key.Int(value), 10)
}

// appendText appends the label value of row i of a tag; nothing where it is NULL.
func appendText(dst []byte, v *column.Vector, i int) []byte {
	if v.IsNull(i) {
		return dst
	}
	switch v.Type.Physical() {
	case column.PhysBool:
		return strconv.AppendBool(dst, v.Bool(i))
	case column.PhysInt:
		return strconv.AppendInt(dst, v.Int(i), 10)
	}
	return append(dst, v.Bytes(i)...)
}
