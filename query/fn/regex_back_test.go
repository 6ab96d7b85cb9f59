package fn

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// TestBacktrackersFindTheLongest: a pattern that Go can match, written for a backtracker, has the matches that Go finds.
func TestBacktrackersFindTheLongest(t *testing.T) {
	atoms := []string{"a", "b", "é", ".", "[ab]", "(a)", "(a|ab)", "(?:b|ba|a)", "(b*)", "a*", "a?", "^", "$", "ab", "(ab|b)+", `\s`, `\w`, "[[:alpha:]]", "[^a]", "b{1,2}"}
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom(atoms), 1, 5).Draw(t, "pattern"), "")
		text := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "é", " ", "\n", "ab", "日"}), 0, 12).Draw(t, "text"), ""))
		flags := rapid.SampledFrom([]string{"", "i", "n"}).Draw(t, "flags")
		re, err := compileRegex(pattern, flags)
		if err != nil {
			t.Skip(err)
		}
		back, err := compileRegex(pattern+"(?=)", flags) // asks for nothing, and makes it a backtracker
		if err != nil || back.back == nil {
			t.Fatalf("%q: %v", pattern, err)
		}
		ctx := &expr.Context{}
		want, err1 := allMatches(ctx, re, text, -1)
		got, err2 := allMatches(ctx, back, text, -1)
		if err1 != nil || err2 != nil || len(got) != len(want) {
			t.Fatalf("%q in %q: %v, %v; Go: %v, %v", pattern, text, got, err2, want, err1)
		}
		for i, m := range got {
			if m[0] != want[i][0] || m[1] != want[i][1] {
				t.Fatalf("%q in %q: %v; Go: %v", pattern, text, got, want)
			}
		}
		if found, err := back.match(ctx, text); err != nil || found != (len(want) > 0) {
			t.Fatalf("%q in %q: %v, %v", pattern, text, found, err)
		}
	})
}

// TestBacktrackingEndsWhenCancelled: a pattern that would try for years ends when its statement does.
func TestBacktrackingEndsWhenCancelled(t *testing.T) {
	re, err := compileRegex(`^((a+)+)+\1b`, "")
	if err != nil {
		t.Fatal(err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	time.AfterFunc(3*quickMatch, cancel)
	_, err = re.match(&expr.Context{Ctx: stopped}, []byte(strings.Repeat("a", 200)))
	var e *column.Error
	if !errors.As(err, &e) || e.SQLState != "57014" {
		t.Errorf("%v", err)
	}
}
