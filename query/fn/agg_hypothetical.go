package fn

import (
	"bytes"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Hypothetical-set aggregates tell where a row, made of the direct arguments, would stand among the rows of a group.

type hypotheticalKind struct {
	result column.Type
	doc    string
	// place is the result, from the number of rows, of those before the row, of those equal to it, and of different ones before it.
	place func(b *column.Builder, rows, before, equal, distinct int)
}

var hypotheticals = map[string]hypotheticalKind{
	"rank": {tInt8, "rank that a row would have", func(b *column.Builder, _, before, _, _ int) { b.AppendInt(int64(before) + 1) }},
	"dense_rank": {tInt8, "dense rank that a row would have", func(b *column.Builder, _, _, _, distinct int) {
		b.AppendInt(int64(distinct) + 1)
	}},
	"percent_rank": {tFloat8, "relative rank that a row would have, from 0 to 1", func(b *column.Builder, rows, before, _, _ int) {
		if rows == 0 {
			b.AppendFloat(0)
			return
		}
		b.AppendFloat(float64(before) / float64(rows))
	}},
	"cume_dist": {tFloat8, "cumulative distribution that a row would have", func(b *column.Builder, rows, before, equal, _ int) {
		b.AppendFloat(float64(before+equal+1) / float64(rows+1))
	}},
}

// hypothetical makes the aggregate for arguments of which the first half is the row, and the second is ordered as order says.
func hypothetical(name string, args []column.Type, order []expr.Ordering) *expr.Aggregate {
	h := hypotheticals[name]
	width := len(args) / 2
	one := func(end *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
		row := appendOrdered(nil, args[:width], lo, order)
		var last, now []byte
		before, equal, distinct := 0, 0, 0
		for i := lo; i < hi; i++ {
			if end.Over() {
				return end.Err()
			}
			now = appendOrdered(now[:0], args[width:], i, order)
			c := bytes.Compare(now, row)
			if c > 0 {
				break
			}
			if c == 0 {
				equal++
				continue
			}
			before++
			if i == lo || !bytes.Equal(last, now) {
				distinct++
			}
			last, now = now, last
		}
		h.place(b, hi-lo, before, equal, distinct)
		return nil
	}
	return &expr.Aggregate{
		Name: name, Args: args, Direct: width, WithinGroup: true, Hypothetical: true, Ordered: true, Result: h.result, Doc: h.doc,
		New: func() expr.State {
			return &setState{out: column.NewBuilder(h.result, 0), one: one, none: func(b *column.Builder) { h.place(b, 0, 0, 0, 0) }}
		},
	}
}

// appendOrdered encodes values so that bytes compare as the order says.
func appendOrdered(dst []byte, values []*column.Vector, row int, order []expr.Ordering) []byte {
	const nullFirst, value, nullLast = 0, 1, 2
	for k, v := range values {
		switch {
		case v.IsNull(row) && order[k].NullsFirst:
			dst = append(dst, nullFirst)
		case v.IsNull(row):
			dst = append(dst, nullLast)
		default:
			dst = append(dst, value)
			start := len(dst)
			dst = key.AppendValue(dst, v, row)
			for i := start; order[k].Desc && i < len(dst); i++ {
				dst[i] = ^dst[i]
			}
		}
	}
	return dst
}
