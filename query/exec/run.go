package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Rows is a running query. Not safe for concurrent use. Close it, also after an error.
type Rows struct {
	Columns []plan.Column
	stream  stream
	stats   *Stats
	started time.Time
	taken   time.Duration
}

// Run starts a plan. Everything below the topmost pipeline breaker has run when it returns.
func Run(ctx context.Context, root plan.Node, env *Env) (rows *Rows, err error) {
	defer guard(&err)
	started := time.Now()
	if env.Shares == nil {
		env.Shares = &Shares{}
	}
	env.Shares.env = env
	p, stats, err := build(root, env)
	if err != nil {
		return nil, err
	}
	parts, err := p.parts(ctx)
	if err != nil {
		return nil, err
	}
	r := &Rows{Columns: root.Columns(), stats: stats, started: started}
	if len(parts) == 1 {
		// Nothing to run side by side: spare the goroutine and its queue.
		r.stream, err = parts[0](ctx, newWorker(env))
		if err != nil {
			return nil, err
		}
	} else {
		r.stream = newGather(ctx, env, parts)
	}
	return r, nil
}

// Next gives the next batch, or io.EOF.
func (r *Rows) Next(ctx context.Context) (b *scan.Batch, err error) {
	defer guard(&err)
	if err := cause(ctx); err != nil {
		return nil, err
	}
	b, err = r.stream.next(ctx)
	if errors.Is(err, io.EOF) {
		r.taken = time.Since(r.started)
	}
	return plainNumbers(b), err
}

// plainNumbers gives a batch whose numerics are text, as its readers at the edge want them.
func plainNumbers(b *scan.Batch) *scan.Batch {
	if b == nil || !slices.ContainsFunc(b.Columns, func(v *column.Vector) bool { return v != nil && v.Enc == column.Scaled }) {
		return b
	}
	out := *b
	out.Columns = slices.Clone(b.Columns)
	for i, v := range out.Columns {
		if v != nil && v.Enc == column.Scaled {
			out.Columns[i] = column.Flatten(v)
		}
	}
	return &out
}

// Close ends the query, wherever it is.
func (r *Rows) Close() (err error) {
	defer guard(&err)
	r.stream.close()
	return nil
}

// Stats is what happened so far, operator by operator.
func (r *Rows) Stats() *Stats { return r.stats }

// Taken is the time from start to the last row; 0 before that.
func (r *Rows) Taken() time.Duration { return r.taken }

// build turns a node and everything below it into producers.
func build(n plan.Node, env *Env) (producer, *Stats, error) { return buildRead(n, env, nil) }

// buildRead is build of a node of whose columns only some are read; nil = all.
func buildRead(n plan.Node, env *Env, read []bool) (producer, *Stats, error) {
	stats := &Stats{Node: n}
	if env.Plain {
		read = nil
	}
	switch n := n.(type) { // these run their inputs themselves
	case *plan.Apply:
		return buildApply(n, env, stats)
	case *plan.Shared:
		return buildShared(n, env, stats)
	case *plan.Recursive:
		return buildRecursive(n, env, stats)
	}
	var inputs []producer
	below := n.Inputs()
	if len(below) > 0 {
		inputs, stats.Inputs = make([]producer, 0, len(below)), make([]*Stats, 0, len(below))
	}
	readBelow := readOfInputs(n, read)
	for i, in := range below {
		p, s, err := buildRead(in, env, readBelow[i])
		if err != nil {
			return nil, nil, err
		}
		if misled(n, i, in) {
			p = &withoutRuns{input: p}
		}
		if makesTexts(n) {
			p = &longTexts{input: p}
		}
		inputs = append(inputs, p)
		stats.Inputs = append(stats.Inputs, s)
	}
	var p producer
	switch n := n.(type) {
	case *plan.Scan:
		p = &scanner{node: n, env: env, stats: stats}
	case *plan.Asof:
		p = &asof{node: n, env: env, left: inputs[0], right: inputs[1]}
	case *plan.Work:
		p = &worked{node: n, env: env}
	case *plan.Given:
		p = &given{node: n, env: env}
	case *plan.Constants:
		p = &constants{node: n, env: env}
	case *plan.Values:
		p = &values{node: n, env: env}
	case *plan.Filter:
		p = newFilter(n, env, inputs[0], read)
	case *plan.Project:
		p = &project{node: n, input: inputs[0]}
	case *plan.Aggregate:
		p = newAggregate(n, inOrder(n, env), inputs[0], stats)
		if len(n.Always) > 0 {
			p = &emptySets{node: n, env: env, input: p}
		}
	case *plan.GroupingSets:
		p = &groupingSets{node: n, input: inputs[0]}
	case *plan.Sort:
		p = &sorter{node: n, env: env, input: inputs[0], stats: stats}
	case *plan.Limit:
		p = &limit{node: n, env: env, input: inputs[0]}
		if len(n.By) > 0 {
			p = &limitBy{node: n, env: env, input: inputs[0]}
		}
	case *plan.LateLimit:
		p = &lateLimit{node: n, env: env, input: inputs[0]}
	case *plan.Join:
		p = newHashJoin(n, env, stats, inputs, read)
	case *plan.Union:
		p = &union{inputs: inputs}
	case *plan.Window:
		p = &window{node: n, env: env, input: inputs[0], stats: stats}
	case *plan.Expand:
		p = &expander{node: n, env: env, input: inputs[0]}
	case *plan.Gapfill:
		p = &gapfill{node: n, env: env, input: inputs[0]}
	default:
		return nil, nil, column.Errorf(column.Internal, "%w: %s", errNoOperator, fmt.Sprintf("%T", n))
	}
	return measured(p, env, stats), stats, nil
}
