package query

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A statement that changes rows may find, when it commits, that somebody else has changed one of them since its snapshot was taken. In a block that is the
// client's business. On its own it is run again, bound and planned on a new snapshot, as READ COMMITTED would have it: it then finds what the other has made.
const (
	mostRuns  = 12
	firstWait = time.Millisecond
	mostWait  = 200 * time.Millisecond
)

// runBound binds a statement and runs it, again if need be.
func (st *statement) runBound(bind func(plan.Resolver) (plan.Statement, error)) (*Result, error) {
	for run := 1; ; run++ {
		names := &resolved{Resolver: st.names, names: map[plan.Relation]*placeholder{}}
		bound, err := bind(names)
		if err != nil {
			return nil, err
		}
		result, err := st.runStatement(bound, names.names)
		if err == nil || run == mostRuns || st.session.block != nil || !modifies(bound) || !overtaken(err) {
			return result, err
		}
		if err := st.renew(run); err != nil {
			return nil, err
		}
	}
}

// modifies reports a statement that changes rows, or the catalog, when it is run.
func modifies(bound plan.Statement) bool {
	switch b := bound.(type) {
	case *plan.Modify, *plan.Define:
		return true
	case *plan.Explain:
		return b.Modify != nil && b.Analyze
	}
	return false
}

// overtaken reports an error that says that somebody else was faster, and that nothing was done.
func overtaken(err error) bool {
	var e *column.Error
	return errors.As(err, &e) && e.Class == column.Conflict && (e.SQLState == "40001" || e.SQLState == "")
}

// renew waits a little, gives back what the statement holds and opens what it reads anew.
func (st *statement) renew(run int) error {
	wait := min(firstWait<<min(run, 16), mostWait)
	wait = wait/2 + rand.N(wait/2+1)
	r := st.result
	select {
	case <-time.After(wait):
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
	for i := len(r.ended) - 1; i >= st.base; i-- {
		r.ended[i]()
	}
	r.ended = r.ended[:st.base]
	r.Columns, r.list, r.Affected, r.Notices, r.pool = nil, nil, 0, nil, nil
	st.guaranteed = 0
	return st.look()
}
