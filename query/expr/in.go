package expr

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
)

// inSet answers IN for one list. Integers and floats are looked up by their bits (floats after −0 and NaN have been made
// one), bytes by their text.
type inSet struct {
	hasNil, negate bool
	few            []int64 // up to fewMax values are compared one by one
	ints           map[int64]struct{}
	texts          map[string]struct{}
	bools          [2]bool
}

// fewMax is where a map look-up (about 8 ns) becomes cheaper than comparing.
const fewMax = 8

type inKey struct{ e *In }

func listSet(ctx *Context, e *In) (*inSet, error) {
	v, err := ctx.Memo(inKey{e}, func() (any, error) {
		given := e.Given(ctx)
		if len(given.Params) > 0 {
			return nil, noValue(given.Params[0])
		}
		return newInSet(given), nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*inSet), nil
}

func newInSet(e *In) *inSet {
	s := &inSet{hasNil: e.HasNil, negate: e.Negate}
	l := column.Flatten(e.List)
	switch l.Type.Physical() {
	case column.PhysInt:
		s.addInts(l.Ints[:l.Len])
	case column.PhysFloat:
		bits := make([]int64, l.Len)
		for i, x := range l.Floats[:l.Len] {
			bits[i] = floatBits(x)
		}
		s.addInts(bits)
	case column.PhysBool:
		for _, b := range l.Bools[:l.Len] {
			s.bools[boolIndex(b)] = true
		}
	default:
		s.texts = make(map[string]struct{}, l.Len)
		for i := range l.Len {
			s.texts[string(l.Bytes(i))] = struct{}{}
		}
	}
	return s
}

func (s *inSet) addInts(values []int64) {
	if len(values) <= fewMax {
		s.few = values
		return
	}
	s.ints = make(map[int64]struct{}, len(values))
	for _, x := range values {
		s.ints[x] = struct{}{}
	}
}

func (s *inSet) hasInt(x int64) bool {
	if s.ints != nil {
		_, ok := s.ints[x]
		return ok
	}
	for _, y := range s.few {
		if x == y {
			return true
		}
	}
	return false
}

// test gives the answer for each row of a flat vector.
func (s *inSet) test(v *column.Vector) *column.Vector {
	out := make([]bool, v.Len)
	switch v.Type.Physical() {
	case column.PhysInt:
		for i, x := range v.Ints[:v.Len] {
			out[i] = s.hasInt(x)
		}
	case column.PhysFloat:
		for i, x := range v.Floats[:v.Len] {
			out[i] = s.hasInt(floatBits(x))
		}
	case column.PhysBool:
		for i, b := range v.Bools[:v.Len] {
			out[i] = s.bools[boolIndex(b)]
		}
	default:
		for i := range out {
			_, out[i] = s.texts[string(v.Data[v.Offsets[i]:v.Offsets[i+1]])]
		}
	}
	valid := v.Valid
	if s.hasNil {
		// x IN (…, NULL) is true or NULL, never false.
		valid = column.NewBitmap(v.Len, true)
		for i, hit := range out {
			if !hit || !v.Valid.Get(i) {
				valid.Clear(i)
			}
		}
	}
	if s.negate {
		for i := range out {
			out[i] = !out[i]
		}
	}
	return column.NewBools(out, valid)
}

func floatBits(x float64) int64 {
	if x == 0 {
		return 0
	}
	if x != x {
		return math.MaxInt64
	}
	return int64(math.Float64bits(x))
}

func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}
