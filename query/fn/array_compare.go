package fn

import (
	"bytes"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addArrayOperators adds the comparisons of arrays as wholes and as sets.
func addArrayOperators(r *Registry) {
	for _, c := range comparisons {
		r.operator(scalar{name: c.name, args: types(tAnyArray, tAnyArray), result: tBool, doc: c.doc + ", element by element", generic: func(elem column.Type) rawKernel {
			loop := arrayLoop(elem, c.op)
			return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				if err := comparable(elem, c.op); err != nil {
					return nil, err
				}
				out := make([]bool, n)
				a, b := args[0], args[1]
				if c.swap {
					a, b = b, a
				}
				loop(out, a, b)
				return column.NewBools(out, nil), nil
			}
		}})
	}
	r.operator(scalar{name: "is distinct from", args: types(tAnyArray, tAnyArray), result: tBool, nullable: true, doc: "not equal, NULL being equal to NULL", generic: func(elem column.Type) rawKernel {
		distinct := distinctFrom(arrayLoop(elem, notEqual))
		return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			if err := comparable(elem, equal); err != nil {
				return nil, err
			}
			return distinct(ctx, args, n)
		}
	}})
	sets := func(name, doc string, f func(a, b elementSet) bool) {
		r.operator(scalar{name: name, args: types(tAnyArray, tAnyArray), result: tBool, doc: doc, generic: func(elem column.Type) rawKernel {
			return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				if err := comparable(elem, equal); err != nil {
					return nil, err
				}
				out, valid := make([]bool, n), ctx.Valid
				a, b := newSetReader(ctx, args[0], elem), newSetReader(ctx, args[1], elem)
				for i := range out {
					if valid != nil && !valid.Get(i) {
						continue
					}
					x, err := a.at(i)
					if err != nil {
						return nil, err
					}
					y, err := b.at(i)
					if err != nil {
						return nil, err
					}
					out[i] = f(x, y)
				}
				return column.NewBools(out, nil), nil
			}
		}})
	}
	sets("@>", "whether each element of the right array is one of the left", func(a, b elementSet) bool { return a.holds(b) })
	sets("<@", "whether each element of the left array is one of the right", func(a, b elementSet) bool { return b.holds(a) })
	sets("&&", "whether the arrays have an element in common", func(a, b elementSet) bool { return a.meets(b) })
}

// comparable refuses arrays whose elements have no comparison.
func comparable(elem column.Type, op comparison) error {
	if elem != tJSON {
		return nil
	}
	what := "a comparison function"
	if op == equal || op == notEqual {
		what = "an equality operator"
	}
	return sqlError("42883", "could not identify %s for type %s", what, elem)
}

func arrayLoop(elem column.Type, op comparison) func(out []bool, a, b *column.Vector) {
	return compareLoop(column.ArrayOf(elem), op)
}

// elementSet is an array's elements by their keys.
type elementSet struct {
	keys map[string]struct{}
	null bool // there is a NULL, which equals nothing
}

func (s elementSet) holds(other elementSet) bool {
	if other.null {
		return false
	}
	for k := range other.keys {
		if _, ok := s.keys[k]; !ok {
			return false
		}
	}
	return true
}

func (s elementSet) meets(other elementSet) bool {
	if len(other.keys) < len(s.keys) {
		s, other = other, s
	}
	for k := range s.keys {
		if _, ok := other.keys[k]; ok {
			return true
		}
	}
	return false
}

// setReader reads the rows of an argument as sets; equal arrays that follow each other are read once.
type setReader struct {
	ctx     *expr.Context
	v       *column.Vector
	elem    column.Type
	last    []byte
	set     elementSet
	started bool
}

func newSetReader(ctx *expr.Context, v *column.Vector, elem column.Type) *setReader {
	return &setReader{ctx: ctx, v: v, elem: elem}
}

func (r *setReader) at(i int) (elementSet, error) {
	b := r.v.Bytes(i)
	if r.started && bytes.Equal(b, r.last) {
		return r.set, nil
	}
	a, err := array.DecodeLooking(b, r.elem, r.ctx.Interrupted)
	if err != nil {
		return elementSet{}, err
	}
	set := elementSet{keys: make(map[string]struct{}, a.Elements.Len)}
	var buf []byte
	for k := range a.Elements.Len {
		if err := r.ctx.Work(10 * elementWork); err != nil { // it goes into a map
			return elementSet{}, err
		}
		if a.Elements.IsNull(k) {
			set.null = true
			continue
		}
		buf = key.AppendValue(buf[:0], a.Elements, k)
		set.keys[string(buf)] = struct{}{}
	}
	r.last, r.set, r.started = b, set, true
	return set, nil
}
