package query

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Loader adds the rows of a COPY FROM to a table. They become visible together when the block ends that the session must be in.
type Loader struct {
	// Fields are the columns that the data has, in its order.
	Fields []column.Field

	session *Session
	text    string
	change  *plan.Change
	rows    *plan.SharedID // stands for the rows in the change
}

// NewLoader finds where the rows of COPY FROM go.
func (s *Session) NewLoader(ctx context.Context, n *sql.Copy, text string) (*Loader, error) {
	l := &Loader{session: s, text: text}
	return l, l.run(ctx, func(st *statement) error {
		if s.settings.ReadOnly {
			return readOnlyBlock("COPY FROM")
		}
		change, rows, columns, err := bind.Copy(st.env.Expr.Ctx, n, st.bindOptions(st.names, nil, nil))
		if err != nil {
			return err
		}
		l.change, l.rows = change, rows
		for _, f := range columns {
			l.Fields = append(l.Fields, change.Table.Schema().Fields[f])
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
		st.hand(l.rows, []*scan.Batch{{Len: n, Columns: vectors}})
		all := &changing{st: st}
		if _, err := all.make(l.change); err != nil {
			return err
		}
		return oneCommit(st.apply(all.transaction()))
	})
}
