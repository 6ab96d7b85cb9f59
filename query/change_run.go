package query

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// changeRun takes the rows of a change's input.
type changeRun struct {
	st     *statement
	node   *plan.Change
	into   *tableChange
	bulk   bool // no row is met twice
	rekeys bool // see plan.Conflict
	pieces bool // rows may be handed over before the end
	ran    *ran

	twice *keySet // of an INSERT … ON CONFLICT DO UPDATE that proposes a key more than once: the keys of the rows that were inserted
	// taken are, of an INSERT … ON CONFLICT DO NOTHING with several keys, those of the rows that were inserted.
	taken    []*keySet
	affected int64
	returned []*scan.Batch
	rows     []int32
	fresh    []int32
}

func newChangeRun(st *statement, node *plan.Change, into *tableChange) *changeRun {
	return &changeRun{
		st: st, node: node, into: into, bulk: node.Distinct && into.ended.Len() == 0, rekeys: node.Conflict != nil && node.Conflict.Rekeys,
	}
}

// changeBatch is a batch of a change's input, taken apart.
type changeBatch struct {
	n          int
	place, row *column.Vector
	action     *column.Vector
	values     []*column.Vector
	returned   []*column.Vector
}

func (r *changeRun) apart(b *scan.Batch) changeBatch {
	out := changeBatch{n: b.Len}
	at := 0
	if r.node.Addressed {
		out.place, out.row = b.Columns[0], b.Columns[1]
		at = 2
	}
	if r.node.Choosing {
		out.action = b.Columns[at]
		at++
	}
	if r.node.Whole {
		fields := len(r.into.table.Columns.Fields)
		out.values = b.Columns[at : at+fields]
		at += fields
	}
	out.returned = b.Columns[at:]
	return out
}

// take carries out what a batch of the input says.
func (r *changeRun) take(b *scan.Batch) error {
	in := r.apart(b)
	var err error
	switch {
	case r.node.Choosing:
		err = r.choose(&in)
	case r.node.Addressed && r.bulk:
		r.into.ended.AddAll(in.place, in.row)
	case r.node.Addressed:
		r.rows = r.rows[:0]
		for i := range in.n {
			if r.into.ended.Add(in.place.Int(i), in.row.Int(i)) {
				r.rows = append(r.rows, int32(i))
			}
		}
		in.keep(r.rows)
	}
	if err != nil {
		return err
	}
	r.affected += int64(in.n)
	if err := r.come(in.values, r.fresh, in.n); err != nil {
		return err
	}
	if err := r.give(&in); err != nil {
		return err
	}
	if r.pieces && r.st.large(r.into) {
		return r.st.handRows(r.into)
	}
	return r.into.account(r.st.env.Pool)
}

// choose does what the batch says of each of its rows, and keeps those with which something happens. What makes a new row is then in fresh.
func (r *changeRun) choose(in *changeBatch) error {
	r.rows, r.fresh = r.rows[:0], r.fresh[:0]
	for i := range in.n {
		action := in.action.Int(i)
		switch action {
		case plan.NoAction:
			// Whether there is something to do is not asked of a row that the statement has changed.
			if r.twice != nil && !in.place.IsNull(i) && r.into.ended.Contains(in.place.Int(i), in.row.Int(i)) {
				return r.again()
			}
			continue
		case plan.InsertAction:
			if r.twice != nil && !r.twice.add(in.values, i) {
				return r.again()
			}
			if !r.takeKeys(in.values, i) {
				continue
			}
		default:
			if !r.into.ended.Add(in.place.Int(i), in.row.Int(i)) {
				return r.again()
			}
		}
		if action != plan.DeleteAction {
			if action == plan.UpdateAction && r.rekeys {
				r.into.rekey(r.into.count() + len(r.fresh))
			}
			r.fresh = append(r.fresh, int32(len(r.rows)))
		}
		r.rows = append(r.rows, int32(i))
	}
	in.keep(r.rows)
	return nil
}

// takeKeys takes the keys of a row that is to be inserted; false if one of them was taken before.
func (r *changeRun) takeKeys(row []*column.Vector, i int) bool {
	for _, set := range r.taken {
		if set.has(row, i) {
			return false
		}
	}
	for _, set := range r.taken {
		set.add(row, i)
	}
	return true
}

// again is the error of a row that is changed twice where PostgreSQL allows it once.
func (r *changeRun) again() error {
	if r.node.Kind == plan.MergeRows {
		e := column.SQLErrorf(column.Invalid, "21000", "MERGE command cannot affect row a second time")
		e.Hint = "Ensure that not more than one source row matches any one target row."
		return e
	}
	e := column.SQLErrorf(column.Invalid, "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time")
	e.Hint = "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."
	return e
}

// keep drops all rows of a batch but some.
func (b *changeBatch) keep(rows []int32) {
	if len(rows) == b.n {
		return
	}
	b.n, b.values, b.returned = len(rows), gathered(b.values, rows), gathered(b.returned, rows)
}

func gathered(list []*column.Vector, rows []int32) []*column.Vector {
	out := make([]*column.Vector, len(list))
	for i, v := range list {
		out[i] = column.Gather(v, rows)
	}
	return out
}

// come checks and adds the new rows of a batch of n: all of them, or where the change chooses those of fresh.
func (r *changeRun) come(values []*column.Vector, fresh []int32, n int) error {
	if len(values) == 0 {
		return nil
	}
	if r.node.Choosing && len(fresh) < n {
		values, n = gathered(values, fresh), len(fresh)
	}
	if n == 0 {
		return nil
	}
	if err := checkRows(&r.st.env.Expr, r.into.table, r.node.Checks, values, n); err != nil {
		return err
	}
	return r.into.add(values, n)
}

// give keeps what RETURNING gives of a batch.
func (r *changeRun) give(in *changeBatch) error {
	if r.node.Out == nil || in.n == 0 {
		return nil
	}
	b := &scan.Batch{Len: in.n, Columns: in.returned}
	r.returned = append(r.returned, b)
	return r.st.env.Pool.Grow(b.SizeBytes())
}
