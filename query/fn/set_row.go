package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// OneRow is a function of one value as one that gives rows: a row with the value.
func OneRow(name string, t column.Type) *expr.SetFunction {
	return &expr.SetFunction{
		Name: name, Args: types(t), Columns: []expr.SetColumn{{Name: name, Type: t}},
		Open: func(_ *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
			return &oneRow{args[0], i}, nil
		},
	}
}

type oneRow struct {
	value *column.Vector // nil once it was given
	at    int
}

func (r *oneRow) Next(out []*column.Builder, _ int) (int, error) {
	if r.value == nil {
		return 0, nil
	}
	out[0].AppendRow(r.value, r.at)
	r.value = nil
	return 1, nil
}
