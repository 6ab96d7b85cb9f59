package fn

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// randomScaled makes numerics of one scale: small ones mostly, some at the ends of int64, some NULL.
func randomScaled(r *rand.Rand, n int) *column.Vector {
	scale := int32(r.IntN(7))
	if r.IntN(8) == 0 {
		scale = int32(r.IntN(19))
	}
	limit := []int64{1, 10, 1000, 1_000_000, 1 << 40, 1<<62 - 1}[r.IntN(6)]
	ints := make([]int64, n)
	for i := range ints {
		ints[i] = r.Int64N(2*limit+1) - limit
	}
	if r.IntN(10) == 0 {
		ints[r.IntN(n)] = -1 << 63
	}
	var valid column.Bitmap
	if r.IntN(3) == 0 {
		valid = column.NewBitmap(n, true)
		for i := range n {
			if r.IntN(4) == 0 {
				valid.Clear(i)
			}
		}
	}
	return column.NewScaled(ints, scale, valid)
}

// argumentsFor makes arguments for a function with a Scaled kernel; some are constants.
func argumentsFor(r *rand.Rand, f *expr.Function, n int) []*column.Vector {
	args := make([]*column.Vector, len(f.Args))
	wide, scale := r.IntN(8) == 0, int32(r.IntN(3)) // whatever 64 bits hold, at one scale
	for i, t := range f.Args {
		if wide && t == tNumeric {
			ints := make([]int64, n)
			for k := range ints {
				ints[k] = int64(r.Uint64())
			}
			args[i] = column.NewScaled(ints, scale, nil)
			continue
		}
		if t != tNumeric {
			args[i] = column.NewConst(column.NewInts(t, []int64{r.Int64N(50) - 20}, nil), 0, n)
			continue
		}
		args[i] = randomScaled(r, n)
		if r.IntN(4) == 0 {
			args[i] = column.NewConst(args[i], r.IntN(n), n)
		}
	}
	return args
}

// TestScaledKernels compares each kernel over Scaled vectors with the exact one over text: values, digits shown, errors.
func TestScaledKernels(t *testing.T) {
	reg := Default()
	var all []*expr.Function
	for _, group := range []map[string][]*expr.Function{reg.functions, reg.infix, reg.prefix} {
		for _, list := range group {
			for _, f := range list {
				if f.Scaled != nil {
					all = append(all, f)
				}
			}
		}
	}
	for _, c := range reg.casts {
		if c.fn != nil && c.fn.Scaled != nil {
			all = append(all, c.fn)
		}
	}
	if len(all) < 25 {
		t.Fatalf("only %d functions know Scaled vectors", len(all))
	}
	for _, f := range all {
		taken := 0
		for seed := range uint64(400) {
			r := rand.New(rand.NewPCG(seed, 1))
			args := argumentsFor(r, f, 1+r.IntN(100))
			n := args[0].Len
			flat := make([]*column.Vector, len(args))
			for i, a := range args {
				flat[i] = a
				if a.Enc == column.Scaled {
					flat[i] = column.Flatten(a)
				}
			}
			exact := *f
			exact.Scaled = nil
			want, wantErr := expr.Apply(&expr.Context{}, &exact, flat, n)
			got, err := expr.Apply(&expr.Context{}, f, args, n)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s, seed %d: error %v, not %v", f.Name, seed, err, wantErr)
			}
			if err != nil {
				continue
			}
			if got.Enc == column.Scaled {
				taken++
			}
			if !column.Equal(got, want) {
				for i := range n {
					if g, w := show(got, i), show(want, i); g != w {
						t.Fatalf("%s, seed %d, row %d of %s: %s, not %s", f.Name, seed, i, showArgs(args, i), g, w)
					}
				}
			}
		}
		if taken == 0 && f.Result == tNumeric && f.Name != "/" {
			t.Errorf("%s never gave a Scaled vector", f.Name)
		}
	}
}

func show(v *column.Vector, i int) string {
	switch {
	case v.IsNull(i):
		return "NULL"
	case v.Type.Physical() == column.PhysBytes:
		f, j := v.At(i)
		return string(f.Bytes(j))
	case v.Type.Physical() == column.PhysInt:
		return fmt.Sprint(v.Int(i))
	case v.Type.Physical() == column.PhysBool:
		return fmt.Sprint(v.Bool(i))
	}
	return fmt.Sprint(v.Float(i))
}

func showArgs(args []*column.Vector, i int) string {
	var s []string
	for _, a := range args {
		s = append(s, show(a, i))
	}
	return strings.Join(s, ", ")
}

// TestNumericStates feeds the same values as text, as Scaled vectors and mixed, in one state and in several that are merged: the
// answers agree with exact sums of decimals.
func TestNumericStates(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		const groups = 3
		special := r.IntN(4) == 0
		exact := map[string]expr.State{"sum": &decimalSums{}, "avg": &decimalSums{mean: true}, "min": bytesOrder(-1), "max": bytesOrder(1)}
		states := map[string][2]expr.State{}
		for _, name := range []string{"sum", "avg", "min", "max"} {
			a, err := Default().Aggregate(name, []column.Type{tNumeric})
			if err != nil {
				t.Fatal(err)
			}
			states[name] = [2]expr.State{a.New(), a.New()}
			for _, s := range []expr.State{states[name][0], states[name][1], exact[name]} {
				s.Grow(groups)
			}
		}
		for range 1 + r.IntN(6) {
			n := 1 + r.IntN(50)
			v := randomScaled(r, n)
			text := column.Flatten(v)
			if special && r.IntN(2) == 0 {
				b := column.NewBuilder(tNumeric, n)
				for range n {
					b.AppendString([]string{"NaN", "Infinity", "-Infinity", "1", "123456789012345678901234567890.5", "-1e0"[:2], "0.00"}[r.IntN(7)])
				}
				text = b.Finish()
				v = text
			}
			ids := make([]uint32, n)
			g := uint32(r.IntN(groups))
			whole := r.IntN(2) == 0
			for i := range ids {
				if ids[i] = g; !whole {
					ids[i] = uint32(r.IntN(groups))
				}
			}
			arg := []*column.Vector{v}
			if r.IntN(2) == 0 {
				arg[0] = text
			}
			for name, s := range states {
				into := s[r.IntN(2)]
				var err error
				if whole {
					err = into.AddRange(g, arg, 0, n, false)
				} else {
					err = into.Add(ids, arg, n)
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := exact[name].Add(ids, []*column.Vector{text}, n); err != nil {
					t.Fatal(err)
				}
			}
		}
		for name, s := range states {
			if err := s[0].Merge(s[1], []uint32{0, 1, 2}, []uint32{0, 1, 2}); err != nil {
				t.Fatal(err)
			}
			got, err := s[0].Finish(groups)
			if err != nil {
				t.Fatal(err)
			}
			want, err := exact[name].Finish(groups)
			if err != nil {
				t.Fatal(err)
			}
			for i := range groups {
				g, w := show(got, i), show(want, i)
				if name == "min" || name == "max" { // which of 1 and 1.0 is the least is anybody's choice
					if g != "NULL" && w != "NULL" && compareNumericText([]byte(g), []byte(w)) == 0 {
						continue
					}
				}
				if g != w {
					t.Fatalf("%s, seed %d, group %d: %s, not %s", name, seed, i, g, w)
				}
			}
		}
	}
}

// decimalSums is the plain way: a decimal per group.
type decimalSums struct {
	mean bool
	*bytesState[decimalSlot]
}

type decimalSlot struct {
	texts [][]byte
}

func (s *decimalSums) Grow(n int) {
	if s.bytesState == nil {
		s.bytesState = (&bytesFold[decimalSlot]{
			result: tNumeric,
			one: func(c *decimalSlot, v []byte) (int, error) {
				c.texts = append(c.texts, append([]byte(nil), v...))
				return 0, nil
			},
			finish: func(b *column.Builder, c *decimalSlot) error {
				sum := decimalOf("0")
				for i, text := range c.texts {
					d := decimalOf(string(text))
					if i == 0 {
						sum = d
						continue
					}
					var err error
					if sum, err = addDecimals(sum, d); err != nil {
						return err
					}
				}
				return finishNumeric(b, sum, int64(len(c.texts)), s.mean)
			},
		}).state().(*bytesState[decimalSlot])
	}
	s.bytesState.Grow(n)
}

func bytesOrder(sign int) expr.State {
	return (&bytesFold[bestCell[[]byte]]{
		result: tNumeric,
		one: func(c *bestCell[[]byte], v []byte) (int, error) {
			if !c.seen || compareNumericText(v, c.v)*sign > 0 {
				c.v, c.seen = append([]byte(nil), v...), true
			}
			return 0, nil
		},
		finish: finishBest(writeBytes),
	}).state()
}

func decimalOf(text string) *apd.Decimal {
	d := new(apd.Decimal)
	setDecimal(d, []byte(text))
	return d
}
