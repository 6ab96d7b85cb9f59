package exec

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// gatherRefs copies rows together, column by column: side by side where it may use several goroutines and there is much to copy.
func gatherRefs(refs []sortRef, types []column.Type, workers int) (*scan.Batch, error) {
	out := &scan.Batch{Len: len(refs), Columns: make([]*column.Vector, len(types))}
	gather := func(c int) (err error) {
		out.Columns[c], err = gatherColumn(refs, c, types[c])
		return err
	}
	if b := oneBatch(refs); b != nil {
		rows := make([]int32, len(refs))
		for i := range refs {
			rows[i] = refs[i].row
		}
		gather = func(c int) error {
			out.Columns[c] = unburdened(column.Gather(b.Columns[c], rows))
			return nil
		}
	}
	if len(refs)*len(types) < besideCells {
		workers = 1
	}
	return out, beside(workers, len(types), gather)
}

// oneBatch is the batch that all the rows are in, nil if they are in several.
func oneBatch(refs []sortRef) *scan.Batch {
	for i := range refs {
		if refs[i].batch != refs[0].batch {
			return nil
		}
	}
	return refs[0].batch
}

// gatherColumn copies the values of a column together.
func gatherColumn(refs []sortRef, c int, t column.Type) (*column.Vector, error) {
	switch t.Physical() {
	case column.PhysInt:
		if ints := flatInts(refs, c); ints != nil {
			return column.NewInts(t, ints, nil), nil
		}
	case column.PhysBytes:
		if v := flatTexts(refs, c, t); v != nil {
			return v, nil
		}
	}
	b := column.NewBuilder(t, len(refs))
	for i := range refs {
		b.AppendRow(refs[i].batch.Columns[c], int(refs[i].row))
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// flatInts gives the values of a column of integers; nil if some of them are encoded or may be NULL.
func flatInts(refs []sortRef, c int) []int64 {
	out := make([]int64, len(refs))
	var of *scan.Batch
	var values []int64
	for i := range refs {
		if r := &refs[i]; r.batch != of {
			v := r.batch.Columns[c]
			if v.Enc != column.Flat || v.Valid != nil {
				return nil
			}
			of, values = r.batch, v.Ints
		}
		out[i] = values[refs[i].row]
	}
	return out
}

// flatTexts is flatInts for bytes: it knows how many they are before it copies any.
func flatTexts(refs []sortRef, c int, t column.Type) *column.Vector {
	offsets := make([]int32, 1, len(refs)+1)
	size := 0
	var of *scan.Batch
	var v *column.Vector
	for i := range refs {
		r := &refs[i]
		if r.batch != of {
			of, v = r.batch, r.batch.Columns[c]
			if v.Enc != column.Flat || v.Valid != nil {
				return nil
			}
		}
		if size += int(v.Offsets[r.row+1] - v.Offsets[r.row]); size > math.MaxInt32 {
			return nil // an error, which the builder makes
		}
		offsets = append(offsets, int32(size))
	}
	data := make([]byte, 0, size)
	for i := range refs {
		v, row := refs[i].batch.Columns[c], refs[i].row
		data = append(data, v.Data[v.Offsets[row]:v.Offsets[row+1]]...)
	}
	return column.NewBytes(t, offsets, data, nil)
}
