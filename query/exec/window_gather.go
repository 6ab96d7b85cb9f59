package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// gather copies rows of a column together.
func (in *windowInput) gather(ctx context.Context, c int, refs []rowRef) (*column.Vector, error) {
	t := in.batches[0].columns[c].Type
	end := expr.Looks{Ctx: ctx}
	if from := in.ints[c]; from != nil {
		out := make([]int64, len(refs))
		for i, r := range refs {
			if end.Over() {
				return nil, end.Err()
			}
			out[i] = from[r.batch()][r.row()]
		}
		return column.NewInts(t, out, nil), nil
	}
	if from := in.floats[c]; from != nil {
		out := make([]float64, len(refs))
		for i, r := range refs {
			if end.Over() {
				return nil, end.Err()
			}
			out[i] = from[r.batch()][r.row()]
		}
		return column.NewFloats(t, out, nil), nil
	}
	b := column.NewBuilder(t, len(refs))
	var rows []int32
	for i := 0; i < len(refs); {
		k := refs[i].batch()
		rows = rows[:0]
		for i < len(refs) && refs[i].batch() == k {
			if end.Over() {
				return nil, end.Err()
			}
			rows = append(rows, refs[i].row())
			i++
		}
		v := in.batches[k].columns[c]
		if len(rows) == 1 {
			b.AppendRow(v, int(rows[0]))
			continue
		}
		b.AppendGather(v, rows)
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// findFlat looks for the columns whose values can be taken without asking for their encoding or for NULLs.
func (in *windowInput) findFlat() {
	width := len(in.batches[0].columns)
	in.ints, in.floats = make([][][]int64, width), make([][][]float64, width)
	for c := range width {
		flat := true
		for k := range in.batches {
			v := in.batches[k].columns[c]
			flat = flat && v.Enc == column.Flat && v.Valid == nil
		}
		if !flat {
			continue
		}
		switch in.batches[0].columns[c].Type.Physical() {
		case column.PhysInt:
			for k := range in.batches {
				in.ints[c] = append(in.ints[c], in.batches[k].columns[c].Ints)
			}
		case column.PhysFloat:
			for k := range in.batches {
				in.floats[c] = append(in.floats[c], in.batches[k].columns[c].Floats)
			}
		}
	}
}
