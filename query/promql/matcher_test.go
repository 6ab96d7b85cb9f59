package promql

import (
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

var patterns = []string{"", "a", "ab", ".*", ".+", "a|b", "a|", "(a|bc)", "a.*", "[ab]+", "(?i)AB", "^a$", "12", "1.|-3", "true", "t.*|false", "a\x00b", "é+"}

// TestFiltersAreMatchers: a condition on a tag says of a value what the matcher says of its text, and the values that it lists
// are all that can match.
func TestFiltersAreMatchers(t *testing.T) {
	types := []labels.MatchType{labels.MatchEqual, labels.MatchNotEqual, labels.MatchRegexp, labels.MatchNotRegexp}
	rapid.Check(t, func(t *rapid.T) {
		m := labels.MustNewMatcher(rapid.SampledFrom(types).Draw(t, "type"), "x", rapid.SampledFrom(patterns).Draw(t, "pattern"))
		tag := column.Field{ID: 3, Type: column.T(column.Text)}
		f := filterOf(m, tag, rapid.SampledFrom([]string{"", "member"}).Draw(t, "label"))
		if f.Match(nil, true) != m.Matches("") {
			t.Fatalf("%s: NULL is not as no label", m)
		}
		for range 3 { // a second answer comes from memory
			text := rapid.OneOf(rapid.SampledFrom(patterns), rapid.StringMatching("[ab]{0,3}")).Draw(t, "text")
			if f.Match([]byte(text), false) != m.Matches(text) {
				t.Fatalf("%s: wrong about %q", m, text)
			}
			listed := slices.ContainsFunc(f.Equal, func(v []byte) bool { return string(v) == text })
			if f.Equal != nil && (m.Matches("") || m.Matches(text) && !listed) {
				t.Fatalf("%s: the list %q lacks %q", m, f.Equal, text)
			}
		}
	})
}

func TestFiltersOfOtherTypes(t *testing.T) {
	number := func(v int64) []byte { return key.AppendInt(nil, v)[1:] }
	for _, c := range []struct {
		kind    column.Kind
		value   []byte
		matcher string
		want    bool
	}{
		{column.Int64, number(12), "12", true},
		{column.Int64, number(-3), "-3", true},
		{column.Int16, number(12), "1", false},
		{column.Bool, []byte{1}, "true", true},
		{column.Bool, []byte{0}, "false", true},
		{column.Bool, []byte{0}, "true", false},
	} {
		f := filterOf(labels.MustNewMatcher(labels.MatchEqual, "x", c.matcher), column.Field{ID: 1, Type: column.T(c.kind)}, "")
		if f.Equal != nil || f.Match(c.value, false) != c.want {
			t.Errorf("%s of %v: %v, want %v", c.matcher, c.value, !c.want, c.want)
		}
	}
}

func TestVerdictsAreBounded(t *testing.T) {
	v := &verdicts{of: map[string]bool{}}
	m := labels.MustNewMatcher(labels.MatchRegexp, "x", "[0-9]+7")
	for i := range 3 * maxVerdicts {
		text := key.AppendInt(nil, int64(i))
		if v.match(m, text) != m.Matches(string(text)) {
			t.Fatal("wrong")
		}
	}
	if len(v.of) > maxVerdicts {
		t.Errorf("%d texts are remembered", len(v.of))
	}
}
