package query

import (
	"context"
	"errors"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/exec"
	"github.com/automatanexus/aegis-db/query/plan"
)

// oneCommit says in an error about a limit what can be done: all that a statement changes becomes visible together, so it must
// fit into memory and into one record of the log.
func oneCommit(err error) error {
	var e *column.Error
	if !errors.As(err, &e) || e.Class != column.Limit {
		return err
	}
	out := *e
	out.Hint = "A statement makes all of its changes in one commit, or none: make them in parts, such as one range of time after the other."
	if out.SQLState == "" {
		out.SQLState = "53200"
	}
	return &out
}

// each runs a plan to its end.
func (st *statement) each(root plan.Node, f func(*scan.Batch) error) (*exec.Stats, error) {
	ctx := st.env.Expr.Ctx
	rows, err := st.begin(root)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Stats(), eachBatch(ctx, rows, f)
}

func eachBatch(ctx context.Context, rows *exec.Rows, f func(*scan.Batch) error) error {
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
	}
}
