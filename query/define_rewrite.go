package query

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Rewriting is a change of a table by which its rows are written anew.
type Rewriting struct {
	From, To *meta.Table // descriptions of before and after: one order of rows
	// Compute gives the columns of n rows under To, nil for tags. It gets those of Store.RewrittenSchema, tags included.
	Compute func(columns []*column.Vector, n int) ([]*column.Vector, error)
	// Commands gives what is proposed together when the segments are there that the edit names: it, and the new description. Rules that the rows
	// must satisfy are asked before.
	Commands func(edit meta.Edit) ([]meta.Command, error)
}

// rewriter computes the rows of a table under its next description.
type rewriter struct {
	ctx      *expr.Context
	columns  []plan.Computed
	from, to *column.Schema
	read     *column.Schema // what it gets
	numbers  []numbering    // of each of columns
}

// numbering is where the numbers of rows have come to.
type numbering struct {
	last int64
	any  bool
}

// defineRewritten changes the catalog together with the rows of a table, which are written anew.
func (st *statement) defineRewritten(d *plan.Define) error {
	store := st.session.engine.store
	if st.public.TableByID(d.Table.ID) == nil {
		return st.defineUnwritten(d)
	}
	changed, _, err := applyAll(st.public, d.Commands)
	if err != nil {
		return err
	}
	to := changed.TableByID(d.Table.ID)
	w := &rewriter{
		ctx: &st.env.Expr, columns: d.Rewrite, from: &d.Table.Columns, to: &to.Columns, read: store.RewrittenSchema(d.Table, to),
		numbers: make([]numbering, len(d.Rewrite)),
	}
	commands := func(edit meta.Edit) ([]meta.Command, error) {
		with := *d
		with.Commands = slices.Concat(d.Commands, w.sequences())
		if len(edit.Remove) > 0 {
			with.Commands = append(with.Commands, meta.Command{Commit: &meta.Commit{Edits: []meta.Edit{edit}}})
		}
		if len(d.Holds) == 0 {
			return with.Commands, nil
		}
		base, err := store.OpenSnapshot(st.session.database)
		if err != nil {
			return nil, err
		}
		defer base.Close()
		if err := st.holdAll(base, &with); err != nil {
			return nil, err
		}
		return validated(&with)
	}
	return store.Rewrite(st.env.Expr.Ctx, Rewriting{From: d.Table, To: to, Compute: w.compute, Commands: commands})
}

// defineUnwritten changes a table that the block has made: what it holds is the block's own, which is not written anew.
func (st *statement) defineUnwritten(d *plan.Define) error {
	row, err := st.firstRow("SELECT 1 FROM "+sql.QuoteIdent(d.Table.Schema)+"."+sql.QuoteIdent(d.Table.Name)+" LIMIT 1", st.snap)
	if err != nil {
		return err
	}
	if row != nil {
		e := column.SQLErrorf(column.Unsupported, "0A000", "values of rows that the transaction itself has written to table \"%s\" cannot be computed anew", d.Table.Name)
		e.Hint = "Alter the table before it has rows, or after COMMIT."
		return e
	}
	if len(d.Holds) > 0 {
		return st.defineHeld(d)
	}
	return st.proposeAll(d.Commands)
}

// compute gives the rows under the next description.
func (w *rewriter) compute(columns []*column.Vector, n int) ([]*column.Vector, error) {
	before := make([]*column.Vector, len(w.from.Fields))
	for i, f := range w.from.Fields {
		v := columns[w.read.Index(f.ID)]
		if v.Type != f.Type {
			v = v.As(f.Type) // it was written as that
		}
		before[i] = v
	}
	row := slices.Clone(columns[:len(w.to.Fields)])
	for _, late := range []bool{false, true} {
		for k := range w.columns {
			c := &w.columns[k]
			if c.Late != late {
				continue
			}
			in := before
			if late {
				in = row
			}
			i := w.to.Index(c.Column)
			var err error
			if c.Value == nil {
				row[i], err = w.number(k, n)
			} else {
				row[i], err = expr.Eval(w.ctx, c.Value, in, n)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for i, f := range w.to.Fields {
		if w.to.IsTag(f.ID) {
			row[i] = nil
			continue
		}
		if row[i].Enc != column.Flat {
			b := column.NewBuilder(f.Type, n)
			b.AppendVector(row[i], 0, n)
			if err := b.Err(); err != nil {
				return nil, err
			}
			row[i] = b.Finish()
		}
	}
	return row, nil
}

// number gives the next numbers of a sequence.
func (w *rewriter) number(k, n int) (*column.Vector, error) {
	q, at := w.columns[k].Numbers, &w.numbers[k]
	b := column.NewBuilder(w.to.Fields[w.to.Index(w.columns[k].Column)].Type, n)
	for range n {
		if err := at.step(q); err != nil {
			return nil, err
		}
		b.AppendInt(at.last)
	}
	return b.Finish(), b.Err()
}

func (at *numbering) step(q *meta.Sequence) error {
	if !at.any {
		at.last, at.any = q.Start, true
		return nil
	}
	next := at.last + q.Increment
	switch past := q.Increment > 0 && (next > q.Max || next < at.last) || q.Increment < 0 && (next < q.Min || next > at.last); {
	case !past:
		at.last = next
	case q.Cycle && q.Increment > 0:
		at.last = q.Min
	case q.Cycle:
		at.last = q.Max
	case q.Increment > 0:
		return column.SQLErrorf(column.Invalid, "2200H", "nextval: reached maximum value of sequence \"%s\" (%d)", q.Name, q.Max)
	default:
		return column.SQLErrorf(column.Invalid, "2200H", "nextval: reached minimum value of sequence \"%s\" (%d)", q.Name, q.Min)
	}
	return nil
}

// sequences are commands that say how far the numbers of sequences are used.
func (w *rewriter) sequences() (out []meta.Command) {
	for k, at := range w.numbers {
		if at.any {
			out = append(out, meta.Command{SetSequence: &meta.SetSequence{Sequence: w.columns[k].Numbers.ID, Last: at.last, Called: true}})
		}
	}
	return out
}
