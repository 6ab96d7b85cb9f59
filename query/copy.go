package query

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Loader adds the rows of a COPY FROM to a table. They become visible together when the block ends that the session must be in.
type Loader struct {
	// Fields are the columns that the data has, in its order.
	Fields []column.Field

	session *Session
	stmt    *sql.Copy
	text    string
	table   *meta.Table
	columns []int // of the table's fields
}

// NewLoader finds where the rows of COPY FROM go.
func (s *Session) NewLoader(ctx context.Context, n *sql.Copy, text string) (*Loader, error) {
	l := &Loader{session: s, stmt: n, text: text}
	return l, l.run(ctx, func(st *statement) error {
		if s.settings.ReadOnly {
			return readOnlyBlock("COPY FROM")
		}
		rel, columns, err := bind.CopyTarget(st.env.Expr.Ctx, n, st.names)
		if err != nil {
			return err
		}
		w, ok := rel.(writable)
		if !ok || w.Table() == nil {
			return column.SQLErrorf(column.Denied, "42809", "cannot copy to %s: it is not a table of rows of its own", rel.Name())
		}
		l.table, l.columns = w.Table(), columns
		for _, f := range columns {
			l.Fields = append(l.Fields, l.table.Columns.Fields[f])
		}
		return nil
	})
}

func (l *Loader) run(ctx context.Context, f func(*statement) error) error {
	if b := l.session.block; b != nil && b.failed {
		return errAborted()
	}
	r, err := l.session.start(ctx, l.text, l.session.settings.Timeout, func(r *Result) (*Result, error) {
		st, err := l.session.open(r, l.text)
		if err != nil {
			return nil, err
		}
		return r, f(st)
	})
	if err == nil {
		r.Close()
	}
	return err
}

// Add adds n rows: a vector for each of Fields, which the loader keeps.
func (l *Loader) Add(ctx context.Context, vectors []*column.Vector, n int) error {
	return l.run(ctx, func(st *statement) error {
		rows := meta.Rows{Table: l.table, Columns: make([]*column.Vector, len(l.table.Columns.Fields)), Len: n}
		for i, f := range l.columns {
			rows.Columns[f] = vectors[i]
		}
		if err := complete(&rows); err != nil {
			return err
		}
		return oneCommit(st.write(rows))
	})
}
