package expr

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestByEntry: a call over batches that share a dictionary gives what it gives row by row, computes each entry at most twice, and fails for no entry
// that no row refers to.
func TestByEntry(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	int8 := column.T(column.Int64)
	bad := errors.New("bad")
	calls := 0
	half := &Function{Name: "half", Result: int8, CanFail: true, Strict: true, Kernel: func(ctx *Context, args []*column.Vector, n int) (*column.Vector, error) {
		out := make([]int64, n)
		for i, x := range args[0].Ints[:n] {
			if ctx.Valid != nil && !ctx.Valid.Get(i) {
				continue
			}
			if calls++; x < 0 {
				return nil, bad
			}
			out[i] = x / args[1].Child.Ints[0]
		}
		return column.NewInts(int8, out, nil), nil
	}}
	for range 200 {
		size, least := 1+rng.IntN(300), int64(0)
		if rng.IntN(3) == 0 {
			least = -1 // some entry fails
		}
		entries := column.NewBuilder(int8, size)
		for i := range size {
			switch {
			case rng.IntN(20) == 0:
				entries.AppendNull()
			case i == size-1:
				entries.AppendInt(least)
			default:
				entries.AppendInt(rng.Int64N(1000))
			}
		}
		dict := entries.Finish()
		two := column.NewInts(int8, []int64{2}, nil)
		call := &Call{Fn: half, T: int8, Args: []Expr{&Column{T: int8}, &Literal{Value: two}}}
		ctx := &Context{}
		calls = 0
		for range 20 {
			n := 1 + rng.IntN(100)
			v := &column.Vector{Type: int8, Enc: column.Dict, Len: n, Child: dict, Codes: make([]uint32, n)}
			for i := range v.Codes {
				v.Codes[i] = uint32(rng.IntN(size))
			}
			before := calls
			want, wantErr := Eval(&Context{}, call, []*column.Vector{column.Flatten(v)}, n)
			calls = before
			got, err := Eval(ctx, call, []*column.Vector{v}, n)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("error %v, by rows %v", err, wantErr)
			}
			if err == nil && !column.Equal(got, want) {
				t.Fatal("another result than by rows")
			}
		}
		if least == 0 && calls > 2*size+100 {
			t.Fatalf("%d entries were computed %d times", size, calls)
		}
	}
}

// TestByEntryOfOtherConstants: what was kept is of one dictionary and the same constants.
func TestByEntryOfOtherConstants(t *testing.T) {
	int8 := column.T(column.Int64)
	add := &Function{Name: "add", Result: int8, Strict: true, Kernel: func(_ *Context, args []*column.Vector, n int) (*column.Vector, error) {
		out := make([]int64, n)
		for i, x := range args[0].Ints[:n] {
			out[i] = x + args[1].Child.Ints[0]
		}
		return column.NewInts(int8, out, nil), nil
	}}
	call := &Call{Fn: add, T: int8, Args: []Expr{&Column{T: int8}, &Param{T: int8}}}
	ctx := &Context{}
	for i := range int64(4) {
		dict := column.NewInts(int8, []int64{10, 20}, nil)
		for k := range int64(3) {
			ctx.Params = []*column.Vector{column.NewInts(int8, []int64{i*10 + k}, nil)}
			for range 3 {
				v := &column.Vector{Type: int8, Enc: column.Dict, Len: 2, Child: dict, Codes: []uint32{1, 0}}
				got, err := Eval(ctx, call, []*column.Vector{v}, 2)
				if err != nil || got.Int(0) != 20+i*10+k || got.Int(1) != 10+i*10+k {
					t.Fatal(got, err)
				}
			}
		}
	}
}
