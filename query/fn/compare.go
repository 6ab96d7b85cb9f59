package fn

import (
	"bytes"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// comparison is one of the four loops the six operators need: > and >= are < and <= with the sides swapped.
type comparison uint8

const (
	equal comparison = iota
	notEqual
	less
	lessEqual
)

var comparisons = []struct {
	name string
	op   comparison
	swap bool
	doc  string
}{
	{"=", equal, false, "equal"},
	{"<>", notEqual, false, "not equal"},
	{"<", less, false, "less"},
	{"<=", lessEqual, false, "less or equal"},
	{">", less, true, "greater"},
	{">=", lessEqual, true, "greater or equal"},
}

func addComparisons(r *Registry) {
	pairs := [][2]column.Type{{tFloat4, tFloat8}, {tFloat8, tFloat4}}
	for _, t := range every {
		if ordered(t) {
			pairs = append(pairs, [2]column.Type{t, t})
		}
	}
	for _, p := range pairs {
		for _, c := range comparisons {
			loop := compareLoop(p[0], c.op)
			kernel := func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				out := make([]bool, n)
				a, b := args[0], args[1]
				if c.swap {
					a, b = b, a
				}
				loop(out, a, b)
				return column.NewBools(out, nil), nil
			}
			s := scalar{name: c.name, args: types(p[0], p[1]), result: tBool, safe: true, kernel: kernel, doc: c.doc}
			if p[0] == tNumeric {
				s.scaled = compareScaled(c.op, c.swap)
			}
			r.operator(s)
		}
		loop := compareLoop(p[0], notEqual)
		r.operator(scalar{name: "is distinct from", args: types(p[0], p[1]), result: tBool, safe: true, nullable: true, kernel: distinctFrom(loop), doc: "not equal, NULL being equal to NULL"})
	}
	r.add(
		scalar{name: "greatest", args: types(tCompatible), result: tCompatible, variadic: true, nullable: true, doc: "the greatest of the values that are not NULL", generic: func(t column.Type) rawKernel { return pick(t, 1) }},
		scalar{name: "least", args: types(tCompatible), result: tCompatible, variadic: true, nullable: true, doc: "the least of the values that are not NULL", generic: func(t column.Type) rawKernel { return pick(t, -1) }},
	)
}

// compareLoop chooses the loop of a type.
func compareLoop(t column.Type, op comparison) func(out []bool, a, b *column.Vector) {
	switch t.Physical() {
	case column.PhysInt:
		return func(out []bool, a, b *column.Vector) { compareInts(op, out, a, b) }
	case column.PhysFloat:
		return func(out []bool, a, b *column.Vector) { compareFloats(op, out, a, b) }
	}
	return func(out []bool, a, b *column.Vector) { compareRows(op, out, comparer(t, a, b)) }
}

func compareInts(op comparison, out []bool, x, y *column.Vector) {
	a, am := intsOf(x)
	b, bm := intsOf(y)
	switch op {
	case equal:
		for i := range out {
			out[i] = a[i&am] == b[i&bm]
		}
	case notEqual:
		for i := range out {
			out[i] = a[i&am] != b[i&bm]
		}
	case less:
		for i := range out {
			out[i] = a[i&am] < b[i&bm]
		}
	default:
		for i := range out {
			out[i] = a[i&am] <= b[i&bm]
		}
	}
}

// compareFloats orders NaN after every number and makes it equal to itself.
func compareFloats(op comparison, out []bool, x, y *column.Vector) {
	a, am := floatsOf(x)
	b, bm := floatsOf(y)
	switch op {
	case equal:
		for i := range out {
			p, q := a[i&am], b[i&bm]
			out[i] = p == q || p != p && q != q
		}
	case notEqual:
		for i := range out {
			p, q := a[i&am], b[i&bm]
			out[i] = p != q && (p == p || q == q)
		}
	case less:
		for i := range out {
			p, q := a[i&am], b[i&bm]
			out[i] = p < q || q != q && p == p
		}
	default:
		for i := range out {
			p, q := a[i&am], b[i&bm]
			out[i] = p <= q || q != q
		}
	}
}

func compareRows(op comparison, out []bool, cmp func(i int) int) {
	switch op {
	case equal:
		for i := range out {
			out[i] = cmp(i) == 0
		}
	case notEqual:
		for i := range out {
			out[i] = cmp(i) != 0
		}
	case less:
		for i := range out {
			out[i] = cmp(i) < 0
		}
	default:
		for i := range out {
			out[i] = cmp(i) <= 0
		}
	}
}

// comparer compares two columns row by row, in the order of the type.
func comparer(t column.Type, x, y *column.Vector) func(i int) int {
	switch t.Physical() {
	case column.PhysBool:
		a, b := readBool(x), readBool(y)
		return func(i int) int { return compareBools(a(i), b(i)) }
	case column.PhysInt:
		a, b := readInt(x), readInt(y)
		return func(i int) int { return compareOrdered(a(i), b(i)) }
	case column.PhysFloat:
		a, b := readFloat(x), readFloat(y)
		return func(i int) int { return compareFloat(a(i), b(i)) }
	case column.PhysInterval:
		a, b := readInterval(x), readInterval(y)
		return func(i int) int { return literal.CompareIntervals(a(i), b(i)) }
	}
	if t == tNumeric {
		a, b := readNumeric(x), readNumeric(y)
		return func(i int) int { return compareDecimals(a(i), b(i)) }
	}
	a, b := textsOf(x), textsOf(y)
	compare := orderOf(t)
	return func(i int) int { return compare(a.at(i), b.at(i)) }
}

func compareOrdered(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a:
		return -1 // b is NaN
	case b == b:
		return 1
	}
	return 0
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Compare orders row i of a before (-1), with (0) or after (1) row j of b, as ORDER BY does; both are of one type and flat,
// and neither row is NULL.
func Compare(a *column.Vector, i int, b *column.Vector, j int) int {
	switch a.Type.Physical() {
	case column.PhysBool:
		return compareBools(a.Bools[i], b.Bools[j])
	case column.PhysInt:
		return compareOrdered(a.Ints[i], b.Ints[j])
	case column.PhysFloat:
		return compareFloat(a.Floats[i], b.Floats[j])
	case column.PhysInterval:
		return literal.CompareIntervals(a.Intervals[i], b.Intervals[j])
	}
	x, y := a.Data[a.Offsets[i]:a.Offsets[i+1]], b.Data[b.Offsets[j]:b.Offsets[j+1]]
	return orderOf(a.Type)(x, y)
}

// orderOf is how the values of a type in a bytes layout are compared.
func orderOf(t column.Type) func(a, b []byte) int {
	switch t.Kind {
	case column.Numeric:
		return compareNumericText
	case column.BpChar:
		return func(a, b []byte) int { return bytes.Compare(bytes.TrimRight(a, " "), bytes.TrimRight(b, " ")) }
	case column.JSONB:
		return func(a, b []byte) int { return bytes.Compare(key.AppendJSONB(nil, a), key.AppendJSONB(nil, b)) }
	case column.Record:
		return func(a, b []byte) int { return bytes.Compare(key.AppendRecord(nil, a), key.AppendRecord(nil, b)) }
	case column.Array:
		elem := t.Element()
		return func(a, b []byte) int {
			if bytes.Equal(a, b) {
				return 0
			}
			if c, ok := array.CompareInts(a, b, elem); ok {
				return c
			}
			return bytes.Compare(key.AppendArray(nil, a, elem), key.AppendArray(nil, b, elem))
		}
	}
	return bytes.Compare
}

func isValid(v *column.Vector, i int) bool {
	if v.Enc == column.Const {
		return v.Child.Valid.Get(0)
	}
	return v.Valid.Get(i)
}

func distinctFrom(loop func(out []bool, a, b *column.Vector)) Kernel {
	return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		out := make([]bool, n)
		loop(out, args[0], args[1])
		if args[0].HasNulls() || args[1].HasNulls() {
			for i := range out {
				a, b := isValid(args[0], i), isValid(args[1], i)
				if !a || !b {
					out[i] = a != b
				}
			}
		}
		return column.NewBools(out, nil), nil
	}
}

// pick gives the argument that compares highest (sign 1) or lowest (sign -1), NULLs aside.
func pick(t column.Type, sign int) rawKernel {
	return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		if err := comparable(t, less); err != nil {
			return nil, err
		}
		flat := make([]*column.Vector, len(args))
		for k, a := range args {
			flat[k] = column.Flatten(a)
		}
		b := column.NewBuilder(t, n)
		for i := range n {
			var top *column.Vector
			for _, v := range flat {
				if v.Valid.Get(i) && (top == nil || Compare(v, i, top, i)*sign > 0) {
					top = v
				}
			}
			if top == nil {
				b.AppendNull()
			} else {
				b.AppendRow(top, i)
			}
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		return b.Finish(), nil
	}
}
