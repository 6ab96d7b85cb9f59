package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/sql"
)

// assignments are what a SET gives to columns, bound but not yet brought to their types.
type assignments struct {
	table *changedTable
	list  []assigned
}

type assigned struct {
	column sql.Ident
	value  expr.Expr // nil = DEFAULT
	pos    int
}

// assignments binds the values of SET.
func (b *binder) assignments(t *changedTable, s *scope, list []sql.Assignment) (*assignments, error) {
	out := &assignments{table: t}
	s = s.within("UPDATE")
	for _, a := range list {
		values := []sql.Expr{a.Value}
		if a.Multi {
			var err error
			var bound []expr.Expr
			if values, bound, err = b.rowToAssign(s, a); err != nil {
				return nil, err
			}
			for i, e := range bound {
				out.list = append(out.list, assigned{a.Columns[i], e, e.Pos()})
			}
		}
		for i, v := range values {
			if d, ok := v.(*sql.Default); ok {
				out.list = append(out.list, assigned{a.Columns[i], nil, d.Pos})
				continue
			}
			e, err := b.expr(s, v)
			if err != nil {
				return nil, err
			}
			out.list = append(out.list, assigned{a.Columns[i], e, v.Position()})
		}
	}
	return out, nil
}

// rowToAssign gives the values of (a, b) = …: those of a row, or of a query, which are bound then.
func (b *binder) rowToAssign(s *scope, a sql.Assignment) ([]sql.Expr, []expr.Expr, error) {
	mismatch := errorAt(a.Value.Position(), "42601", "number of columns does not match number of values")
	switch v := a.Value.(type) {
	case *sql.Row:
		if len(v.Elems) != len(a.Columns) {
			return nil, nil, mismatch
		}
		return v.Elems, nil, nil
	case *sql.Subquery:
		root, l, err := b.dependent(s, v.Query)
		if err != nil {
			return nil, nil, err
		}
		if len(root.Columns()) != len(a.Columns) {
			return nil, nil, mismatch
		}
		bound, err := b.rowOf(root, l, v.Pos)
		return nil, bound, err
	}
	return nil, nil, errorAt(a.Value.Position(), "0A000", "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
}

// over gives whole rows: the values that were assigned, and the old ones of the other fields.
func (a *assignments) over(b *binder, old []expr.Expr) ([]expr.Expr, error) {
	seen := make([]bool, len(old))
	for _, one := range a.list {
		i, err := a.table.field(one.column)
		if err != nil {
			return nil, err
		}
		if seen[i] {
			return nil, column.SQLErrorf(column.Invalid, "42601", "multiple assignments to same column \"%s\"", one.column.Name)
		}
		seen[i] = true
		if one.value == nil {
			old[i], err = b.defaultOf(a.table, i, one.pos)
		} else if err = a.table.updated(i); err == nil {
			old[i], err = b.assign(one.value, &a.table.schema.Fields[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return old, nil
}

// keepKey reports that rows keep the key by which rows of the table replace each other; false where there is none.
func (a *assignments) keepKey() bool {
	s := a.table.schema
	if !s.Supersedes() {
		return false
	}
	fields := make([]int, len(s.Key))
	for i, id := range s.Key {
		fields[i] = s.Index(id)
	}
	return a.keep(fields)
}

// keep reports that rows keep their values of some fields.
func (a *assignments) keep(fields []int) bool {
	for _, i := range fields {
		f := &a.table.schema.Fields[i]
		if f.Generated != "" || slices.ContainsFunc(a.list, func(to assigned) bool { return to.column.Name == f.Name }) {
			return false
		}
	}
	return true
}
