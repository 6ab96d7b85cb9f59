package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/query/plan"
)

// lateLimit is a limit whose numbers are worked out when it starts.
type lateLimit struct {
	node  *plan.LateLimit
	env   *Env
	input producer
}

func (l *lateLimit) parts(ctx context.Context) ([]part, error) {
	w := newWorker(l.env)
	settled, err := l.node.Settle(&w.expr)
	if err != nil {
		return nil, err
	}
	return (&limit{node: settled, env: l.env, input: l.input}).parts(ctx)
}
