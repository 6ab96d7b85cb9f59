package expr

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestEvalBool holds the rows that ANDed conditions leave against the truth values of all rows, over columns in all encodings.
func TestEvalBool(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 11))
		n := 1 + r.IntN(100)
		values := func(n int) *column.Vector {
			b := column.NewBuilder(column.T(column.Int64), n)
			for range n {
				if r.IntN(6) == 0 {
					b.AppendNull()
				} else {
					b.AppendInt(r.Int64N(4))
				}
			}
			return b.Finish()
		}
		in := make([]*column.Vector, 4)
		for i := range in {
			switch r.IntN(4) {
			case 0:
				in[i] = values(n)
			case 1:
				in[i] = column.NewConst(values(1), 0, n)
			case 2:
				in[i] = &column.Vector{Type: column.T(column.Int64), Enc: column.Dict, Len: n, Child: values(3)}
				for range n {
					in[i].Codes = append(in[i].Codes, uint32(r.IntN(3)))
				}
			default:
				in[i] = &column.Vector{Type: column.T(column.Int64), Enc: column.RunEnd, Len: n}
				for end := 0; end < n; {
					end = min(n, end+1+r.IntN(9))
					in[i].Ends = append(in[i].Ends, int32(end))
				}
				in[i].Child = values(len(in[i].Ends))
			}
		}
		and := &Logic{}
		for range 2 + r.IntN(3) {
			col := &Column{Index: r.IntN(len(in)), T: column.T(column.Int64)}
			list := []int64{0, 1, 2, 3}[:1+r.IntN(4)]
			var e Expr = &In{Arg: col, List: column.NewInts(column.T(column.Int64), list, nil), HasNil: r.IntN(5) == 0, Negate: r.IntN(3) == 0}
			if r.IntN(5) == 0 {
				e = &IsNull{Arg: col, Negate: r.IntN(2) == 0}
			}
			and.Args = append(and.Args, e)
		}
		v, err := Eval(&Context{}, and, in, n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := EvalBool(&Context{}, and, in, n, []int32{-1})
		if want := AppendTrue([]int32{-1}, v); err != nil || !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s leaves %v, not %v; error %v", seed, String(and, nil), got, want, err)
		}
	}
}
