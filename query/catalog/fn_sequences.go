package catalog

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Sequences give numbers to a session. Safe for concurrent use.
type Sequences interface {
	Next(v *View, q *meta.Sequence) (int64, error)
	// Current is the number that Next gave this session last, of one sequence or of any.
	Current(v *View, q *meta.Sequence) (int64, error)
	Last() (int64, error)
	Set(v *View, q *meta.Sequence, value int64, called bool) error
	// Stand is where a sequence stands now: its last number, or the first if it was not called yet.
	Stand(q *meta.Sequence) (last int64, called bool)
}

// sequenceNumbered finds a sequence by its number.
func (v *View) sequenceNumbered(oid int64) (*meta.Sequence, error) {
	if q := v.Catalog.SequenceByID(RelationNumbered(oid)); q != nil && q.Database == v.Database.ID {
		return q, nil
	}
	if c := v.classOf(oid); c != nil {
		return nil, column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not a sequence", c.name)
	}
	return nil, column.SQLErrorf(column.NotFound, "42P01", "could not open relation with OID %d", oid)
}

// sequenceFunctions take numbers of sequences.
func sequenceFunctions() []*expr.Function {
	on := func(f func(v *View, q *meta.Sequence, a args) (any, error)) func(*View, args) (any, error) {
		return func(v *View, a args) (any, error) {
			q, err := v.sequenceNumbered(a.int(0))
			if err != nil {
				return nil, err
			}
			return f(v, q, a)
		}
	}
	set := func(v *View, q *meta.Sequence, a args) (any, error) {
		called := len(a.vectors) < 3 || a.bool(2)
		return a.int(1), v.Sequences.Set(v, q, a.int(1), called)
	}
	return []*expr.Function{
		volatile(function("nextval", types(tRegClass), tInt8, "next number of a sequence", on(func(v *View, q *meta.Sequence, _ args) (any, error) {
			return v.Sequences.Next(v, q)
		}))),
		volatile(function("currval", types(tRegClass), tInt8, "number that nextval gave the session last", on(func(v *View, q *meta.Sequence, _ args) (any, error) {
			return v.Sequences.Current(v, q)
		}))),
		volatile(function("lastval", nil, tInt8, "number that nextval gave the session last, of any sequence", func(v *View, _ args) (any, error) {
			return v.Sequences.Last()
		})),
		volatile(function("setval", types(tRegClass, tInt8), tInt8, "sets the last number of a sequence", on(set))),
		volatile(function("setval", types(tRegClass, tInt8, tBool), tInt8, "sets the last number of a sequence, or its next", on(set))),
		function("pg_get_serial_sequence", types(tText, tText), tText, "sequence that a column takes its numbers from", func(v *View, a args) (any, error) {
			return v.serialSequence(a.text(0), a.text(1))
		}),
		function("pg_sequence_last_value", types(tRegClass), tInt8, "last number of a sequence, NULL if it gave none", on(func(v *View, q *meta.Sequence, _ args) (any, error) {
			if last, called := v.Sequences.Stand(q); called {
				return last, nil
			}
			return nil, nil
		})),
	}
}

// serialSequence names the sequence that belongs to a column.
func (v *View) serialSequence(table, name string) (any, error) {
	oid, err := v.NumberOf(tRegClass, table)
	if err != nil {
		return nil, err
	}
	t := v.Catalog.TableByID(RelationNumbered(oid))
	if t == nil || t.Columns.Lookup(name) < 0 {
		return nil, column.SQLErrorf(column.Invalid, "42703", "column \"%s\" of relation \"%s\" does not exist", name, table)
	}
	id := t.Columns.Fields[t.Columns.Lookup(name)].ID
	for _, q := range v.Catalog.Sequences(v.Database.ID) {
		if q.Table == t.ID && q.Column == id {
			return quoteName(q.Schema) + "." + quoteName(q.Name), nil
		}
	}
	return nil, nil
}
