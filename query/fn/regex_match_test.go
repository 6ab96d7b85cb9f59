package fn

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/query/expr"
)

// TestLongTextsMatchAlike: what is read through a reader has the matches that Go finds in the text itself.
func TestLongTextsMatchAlike(t *testing.T) {
	atoms := []string{"a", "b", "é", ".", "[ab]", "(a)", "(a|ab)", "(b*)", "a*", "b+?", "a?", `\y`, `\m`, `\M`, "^", "$", `\Y`, "ab", "(ab|b)+", "(a*?)b", `\n`}
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom(atoms), 1, 5).Draw(t, "pattern"), "")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "é", " ", "\n", "ab", "\xff"}), 0, 30).Draw(t, "text"), "")
		re, err := compileRegex(pattern, rapid.SampledFrom([]string{"", "i", "n"}).Draw(t, "flags"))
		if err != nil {
			t.Skip(err)
		}
		if re.back != nil {
			t.Skip("it backtracks")
		}
		re.size()
		re.short = -1
		n := rapid.IntRange(-1, 3).Draw(t, "n")
		long := []byte(text + strings.Repeat("ab c", 200))
		if rapid.Bool().Draw(t, "end") {
			long = []byte(strings.Repeat("ab c", 200) + text)
		}
		ctx := &expr.Context{}
		got, err := re.findAll(ctx, long, n)
		if want := re.FindAllSubmatchIndex(long, n); err != nil || !(len(got) == 0 && len(want) == 0) && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q (%s) in %q: %v, %v; Go: %v", pattern, re, long, got, err, want)
		}
		if got, err := re.match(ctx, long); got != re.Match(long) || err != nil {
			t.Fatalf("%q in %q: %v, %v", pattern, long, got, err)
		}
		if got, err := re.find(ctx, long); !reflect.DeepEqual(got, re.FindSubmatchIndex(long)) || err != nil {
			t.Fatalf("%q in %q: %v, %v; Go: %v", pattern, long, got, err, re.FindSubmatchIndex(long))
		}
	})
}

// TestMatchesEndWhenCancelled: a match that would take a minute ends at the first look.
func TestMatchesEndWhenCancelled(t *testing.T) {
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	ctx := &expr.Context{Ctx: stopped}
	long := []byte(strings.Repeat("ab", 8<<20))
	for _, pattern := range []string{"[ab]{100}c", "(ab)*a$", `\y(a|b)*c`} {
		re, err := compileRegex(pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := re.match(ctx, long); err == nil {
			t.Errorf("%s: is not cancelled", pattern)
		}
		if _, err := re.find(ctx, long); err == nil {
			t.Errorf("%s: is not cancelled", pattern)
		}
		if _, err := re.findAll(ctx, long, -1); err == nil {
			t.Errorf("%s: is not cancelled", pattern)
		}
		t.Logf("%s: %v", pattern, time.Since(began))
	}
}

func BenchmarkLongMatch(b *testing.B) {
	for _, size := range []int{400 << 10, 4 << 20} {
		for _, pattern := range []string{"(ab)*a$", "aac", "a.*b.*c"} {
			re, err := compileRegex(pattern, "")
			if err != nil {
				b.Fatal(err)
			}
			text := []byte(strings.Repeat("ab", size/2))
			b.Run(pattern+"/text", func(b *testing.B) {
				b.SetBytes(int64(size))
				for range b.N {
					re.Match(text)
				}
			})
			b.Run(pattern+"/reader", func(b *testing.B) {
				b.SetBytes(int64(size))
				for range b.N {
					_, _ = re.match(&expr.Context{}, text)
				}
			})
		}
	}
}
