package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// bitCell is what the values of a group have made of their bits; seen tells none from zero.
type bitCell struct {
	bits int64
	seen bool
}

func addBitAggregates(r *Registry) {
	for _, t := range []column.Type{tInt2, tInt4, tInt8} {
		for _, a := range []struct {
			name, doc string
			join      func(a, b int64) int64
		}{
			{"bit_and", "bits that all values have", func(a, b int64) int64 { return a & b }},
			{"bit_or", "bits that some value has", func(a, b int64) int64 { return a | b }},
			{"bit_xor", "bits that an odd number of values has", func(a, b int64) int64 { return a ^ b }},
		} {
			f := bitFold(t, a.join)
			r.aggregate(expr.Aggregate{Name: a.name, Args: types(t), Result: t, New: f.state, Doc: a.doc})
		}
	}
}

func bitFold(t column.Type, join func(a, b int64) int64) *fold[int64, bitCell] {
	one := func(c *bitCell, v int64) error {
		if c.seen {
			v = join(c.bits, v)
		}
		c.bits, c.seen = v, true
		return nil
	}
	return &fold[int64, bitCell]{
		result: t,
		values: intsOf,
		one:    one,
		merge: func(c, o *bitCell) error {
			if !o.seen {
				return nil
			}
			return one(c, o.bits)
		},
		finish: func(b *column.Builder, c *bitCell) error {
			if !c.seen {
				b.AppendNull()
				return nil
			}
			b.AppendInt(c.bits)
			return nil
		},
	}
}
