package fn

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// TestTextLengths: texts of batches of any length, with and without characters of several bytes, at any place of them.
func TestTextLengths(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 8))
	for range 500 {
		n := 1 + rng.IntN(40)
		b := column.NewBuilder(tText, n)
		list := make([]string, n)
		for i := range list {
			list[i] = strings.Repeat("a", rng.IntN(30))
			if rng.IntN(50) == 0 {
				list[i] += []string{"é", "新", "🙂"}[rng.IntN(3)] + strings.Repeat("z", rng.IntN(9))
			}
			b.AppendString(list[i])
		}
		lo := rng.IntN(n)
		v, err := textLengths(&expr.Context{}, []*column.Vector{b.Finish().Slice(lo, n)}, n-lo)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range list[lo:] {
			if got := v.Int(i); got != int64(utf8.RuneCountInString(s)) {
				t.Fatalf("%q has %d characters", s, got)
			}
		}
	}
}
