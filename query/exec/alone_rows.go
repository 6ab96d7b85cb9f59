package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// aloneRows are the rows of the one batch that a table was given, each of which is a group: a scan gives the last row of each series, and a key
// tells the series apart. The aggregates' results are values of the rows then, so nothing is hashed and nothing added up. When more comes,
// the rows are grouped as others are.
type aloneRows struct {
	keys []*column.Vector
	args [][]*column.Vector // by call
	n    int
}

// aloneNote says in the statistics that rows were not grouped.
const aloneNote = "a row is a group"

// resultsOfOne gives, for each call, the column of the input that is its result for a group of one row; nil if that cannot be said of all, or if
// some key is not a column.
func resultsOfOne(keys []expr.Expr, calls []expr.AggregateCall) []int {
	for _, k := range keys {
		if _, ok := k.(*expr.Column); !ok {
			return nil
		}
	}
	out := make([]int, len(calls))
	for i := range calls {
		c := &calls[i]
		if !c.Fn.OfOne || c.Distinct || c.Filter != nil || len(c.Order) > 0 {
			return nil
		}
		for _, e := range c.Args {
			if _, ok := e.(*expr.Column); !ok {
				return nil
			}
		}
		first, _ := c.Args[0].(*expr.Column)
		if first.Type() != c.T {
			return nil
		}
		out[i] = first.Index
	}
	return out
}

// takesAlone reports that each row of a batch is a group, and all that the table has.
func (t *aggTable) takesAlone(b *scan.Batch) bool {
	g := t.run
	if g.ofOne == nil || b.Unlike == nil || b.Living != nil || t.fed || t.alone != nil || g.level > 0 || g.whole || g.first != nil {
		return false
	}
	apart := false
	for _, k := range g.keys {
		c, ok := k.(*expr.Column)
		apart = apart || ok && b.Unlike[c.Index]
	}
	if !apart {
		return false
	}
	for i := range g.calls {
		for _, e := range g.calls[i].Args[1:] {
			if c, ok := e.(*expr.Column); !ok || b.Columns[c.Index].HasNulls() {
				return false
			}
		}
	}
	return true
}

// addAlone keeps a batch of which each row is a group.
func (t *aggTable) addAlone(keys []*column.Vector, b *scan.Batch) error {
	a := &aloneRows{keys: keys, args: make([][]*column.Vector, len(t.run.calls)), n: b.Len}
	for i := range t.run.calls {
		for _, e := range t.run.calls[i].Args {
			c, _ := e.(*expr.Column)
			a.args[i] = append(a.args[i], b.Columns[c.Index])
		}
	}
	t.alone = a
	return t.settle()
}

// group makes groups of the rows that were kept as they came.
func (t *aggTable) group() error {
	a := t.alone
	if a == nil {
		return nil
	}
	t.alone, t.fed, t.byRow = nil, true, true
	t.ids = resized(t.ids, a.n)
	t.findRows(a.keys, t.ids)
	t.grow()
	for i := range t.run.calls {
		args := make([]*column.Vector, len(a.args[i]))
		for k, v := range a.args[i] {
			args[k] = argument(&t.run.calls[i], v)
		}
		if err := t.states[i].Add(t.ids, flatArgs(args), a.n); err != nil {
			return err
		}
	}
	return t.settle()
}

// groupAlone makes groups of rows that are not the whole result. Where one table has all rows the others are not missed.
func (g *grouping) groupAlone() error {
	var with *aggTable
	more := g.spilled != nil || len(g.feeds) > 0
	for _, t := range g.tables {
		switch {
		case t.alone != nil && with == nil:
			with = t
		case t.alone != nil || t.fed || t.sealed || t.parting.rows != nil:
			more = true
		}
	}
	switch {
	case with == nil:
		return nil
	case more:
		for _, t := range g.tables {
			if err := t.group(); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range g.tables {
		if t != with {
			t.drop()
		}
	}
	g.tables = append(g.tables[:0], with)
	g.stats.note(aloneNote)
	return nil
}

// columns gives the output columns, keys first.
func (a *aloneRows) columns() []*column.Vector {
	out := make([]*column.Vector, 0, len(a.keys)+len(a.args))
	for _, v := range a.keys {
		out = append(out, oneEach(v))
	}
	for _, args := range a.args {
		out = append(out, oneEach(args[0]))
	}
	return out
}

// oneEach gives a vector flat, without copying where it has a run for each row.
func oneEach(v *column.Vector) *column.Vector {
	if v.Enc == column.RunEnd && v.Child.Len == v.Len && v.Child.Enc == column.Flat {
		return v.Child
	}
	return column.Flatten(v)
}

func (a *aloneRows) sizeBytes() int64 {
	n := int64(0)
	for _, v := range a.keys {
		n += v.SizeBytes()
	}
	for _, args := range a.args {
		n += args[0].SizeBytes()
	}
	return n
}
