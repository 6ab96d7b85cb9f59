package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// stream is a sequence of batches, none of them empty, ended by io.EOF. One goroutine pulls it.
type stream interface {
	next(ctx context.Context) (*scan.Batch, error)
	close()
}

// part opens a stream that is independent of all others.
type part func(ctx context.Context, w *worker) (stream, error)

// producer is a node that is ready to run. parts runs everything below the node that has to be complete before the
// node's first row.
type producer interface {
	parts(ctx context.Context) ([]part, error)
}

// guard turns a panic of a worker into an error of its query: one query's broken invariant is no reason to
// stop everybody else's.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = column.Recovered(r, debug.Stack())
	}
}

// drain opens every part and hands its batches to sink. Parts go to workers as those get free; all batches of a
// worker come one after the other, and number tells parts apart.
func drain(ctx context.Context, env *Env, parts []part, sink func(worker int) func(w *worker, number int, b *scan.Batch) error) error {
	if len(parts) == 1 {
		// Nothing to run side by side: spare the goroutine.
		eat := sink(0)
		w := newWorker(env)
		return drainPart(ctx, w, parts[0], func(b *scan.Batch) error { return eat(w, 0, b) })
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for k := range min(env.Workers, len(parts)) {
		eat := sink(k)
		group.Add(1)
		go func() {
			defer group.Done()
			w := newWorker(env)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(parts) || ctx.Err() != nil {
					return
				}
				if err := drainPart(ctx, w, parts[i], func(b *scan.Batch) error { return eat(w, i, b) }); err != nil {
					cancel(err)
					return
				}
			}
		}()
	}
	group.Wait()
	return cause(ctx)
}

func drainPart(ctx context.Context, w *worker, p part, eat func(*scan.Batch) error) (err error) {
	defer guard(&err)
	s, err := p(ctx, w)
	if err != nil {
		return err
	}
	defer s.close()
	for {
		b, err := s.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := eat(b); err != nil {
			return err
		}
		if err := cause(ctx); err != nil {
			return err
		}
	}
}

// cause is why a context ended, as an error of the database's own kind; nil while it lives.
func cause(ctx context.Context) error { return expr.Interrupted(ctx) }

// gather pulls parts in parallel and yields their batches in the order of the parts. Only parts close to the one whose
// turn it is are worked on, and each has a short queue, so a slow reader holds little memory and one that stops early
// (LIMIT) has wasted little work. The part whose turn it is always has a worker, because workers take parts in order.
type gather struct {
	cancel context.CancelCauseFunc
	ctx    context.Context
	ahead  chan struct{} // a place for each part that may be worked on
	queues []chan *scan.Batch
	at     int
	group  sync.WaitGroup
}

const gatherQueue = 4 // batches a part may be ahead of its turn: enough to overlap, little to hold

func newGather(ctx context.Context, env *Env, parts []part) *gather {
	g := &gather{queues: make([]chan *scan.Batch, len(parts))}
	g.ctx, g.cancel = context.WithCancelCause(ctx)
	for i := range g.queues {
		g.queues[i] = make(chan *scan.Batch, gatherQueue)
	}
	var next atomic.Int64
	g.ahead = make(chan struct{}, 2*env.Workers)
	for range min(env.Workers, len(parts)) {
		g.group.Add(1)
		go func() {
			defer g.group.Done()
			w := newWorker(env)
			for {
				select {
				case g.ahead <- struct{}{}:
				case <-g.ctx.Done():
					return
				}
				i := int(next.Add(1)) - 1
				if i >= len(parts) || g.ctx.Err() != nil {
					return
				}
				err := drainPart(g.ctx, w, parts[i], func(b *scan.Batch) error {
					select {
					case g.queues[i] <- b:
						return nil
					case <-g.ctx.Done():
						return cause(g.ctx)
					}
				})
				if err != nil {
					g.cancel(err)
					return
				}
				close(g.queues[i])
			}
		}()
	}
	return g
}

func (g *gather) next(context.Context) (*scan.Batch, error) {
	for g.at < len(g.queues) {
		// Look at the error first: select would choose at random between it and a queued batch.
		if err := cause(g.ctx); err != nil {
			return nil, err
		}
		select {
		case b, ok := <-g.queues[g.at]:
			if ok {
				return b, nil
			}
			g.at++
			<-g.ahead
		case <-g.ctx.Done():
			return nil, cause(g.ctx)
		}
	}
	return nil, io.EOF
}

func (g *gather) close() {
	g.cancel(nil)
	g.group.Wait()
}

// batches is a stream over what is already there.
type batches struct{ list []*scan.Batch }

func (s *batches) next(context.Context) (*scan.Batch, error) {
	if len(s.list) == 0 {
		return nil, io.EOF
	}
	b := s.list[0]
	s.list = s.list[1:]
	return b, nil
}

func (s *batches) close() {}

// cut splits columns of n rows into batches of a fair size.
func cut(columns []*column.Vector, n int) []*scan.Batch {
	var out []*scan.Batch
	whole := &scan.Batch{Len: n, Columns: columns}
	for lo := 0; lo < n; lo += scan.BatchRows {
		out = append(out, whole.Slice(lo, min(lo+scan.BatchRows, n)))
	}
	return out
}

// once is a part over batches that were computed before.
func once(list []*scan.Batch) []part {
	return []part{func(context.Context, *worker) (stream, error) { return &batches{list: list}, nil }}
}

var errNoOperator = fmt.Errorf("exec: no operator for this node")
