package promql

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// Limits bound queries. The zero value of each member stands for its default, which is Prometheus'.
type Limits struct {
	// Samples is how many samples one query may hold at a time. Default 50 million, or what QueryBytes holds if that is less.
	Samples int
	// Timeout bounds a query. Default 2 minutes.
	Timeout time.Duration
	// Concurrency is how many queries run at a time; others wait for their turn. Default 20.
	Concurrency int
	// Lookback is how old the last sample of a series may be to count as its present value. Default 5 minutes.
	Lookback time.Duration
	// Experimental lets queries use functions and syntax that Prometheus calls experimental.
	Experimental bool
	// StartTimestamps lets rate and its like use the times at which counters began, where remote write brought them.
	StartTimestamps bool
	// StretchBytes is about what the samples may take that a query reads at a time, if it can be evaluated in stretches of its steps. Default
	// 256 MiB, or a quarter of what a query may hold if that is less.
	StretchBytes int64
	// AsWritten leaves all of every query to Prometheus' engine, for comparing.
	AsWritten bool
}

// Options configures an Engine.
type Options struct {
	Limits
	Pool *mem.Pool // parent of all queries' pools
	// QueryBytes is what the selectors of one query may hold. Default 1 GiB.
	QueryBytes int64
	// Workers is how many goroutines one selector reads with. Default: the cores.
	Workers int
	Logger  *slog.Logger // nil = silent
}

// resultBytes is what a sample takes in an engine's result: a time and a value.
const resultBytes = 16

func (o *Options) defaults() {
	setDefault(&o.QueryBytes, 1<<30)
	setDefault(&o.StretchBytes, min(256<<20, o.QueryBytes/4))
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	setDefault(&o.Samples, int(min(50_000_000, o.QueryBytes/resultBytes)))
	setDefault(&o.Timeout, 2*time.Minute)
	setDefault(&o.Concurrency, 20)
	setDefault(&o.Lookback, 5*time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func setDefault[T int | int64 | time.Duration](p *T, v T) {
	if *p <= 0 {
		*p = v
	}
}

// Engine answers queries. Safe for concurrent use.
type Engine struct {
	options Options
	store   Store
	engine  *promql.Engine
	parser  parser.Parser
	names   fieldNames
	running chan struct{}   // a place per running query
	closing context.Context // ends, with the reason, when the engine is closed
	close   context.CancelCauseFunc
}

// errClosing is what queries get that still run when the engine is closed.
var errClosing = column.Errorf(column.Overloaded, "the query was ended: the database is closing")

// New makes an engine over a store.
func New(store Store, o Options) *Engine {
	o.defaults()
	e := &Engine{options: o, store: store, running: make(chan struct{}, o.Concurrency)}
	e.closing, e.close = context.WithCancelCause(context.Background())
	e.parser = parser.NewParser(parser.Options{
		EnableExperimentalFunctions: o.Experimental, ExperimentalDurationExpr: o.Experimental,
		EnableExtendedRangeSelectors: o.Experimental, EnableBinopFillModifiers: o.Experimental,
	})
	e.engine = promql.NewEngine(promql.EngineOpts{
		Logger: o.Logger, MaxSamples: o.Samples, Timeout: o.Timeout, LookbackDelta: o.Lookback, ActiveQueryTracker: tracker{e},
		// What Prometheus takes for subqueries without a step: the global evaluation interval.
		NoStepSubqueryIntervalFn: noStep,
		EnableAtModifier:         true, EnableNegativeOffset: true, UseStartTimestamps: o.StartTimestamps, Parser: e.parser,
	})
	return e
}

// noStep is the step of a subquery of a length that has none.
func noStep(int64) int64 { return time.Minute.Milliseconds() }

// Limits are those in force.
func (e *Engine) Limits() Limits { return e.options.Limits }

// Parser parses what the engine understands.
func (e *Engine) Parser() parser.Parser { return e.parser }

// Running is how many queries run now.
func (e *Engine) Running() int { return len(e.running) }

// Close ends the queries that run and refuses new ones. It returns when the last one has ended, or with ctx.
func (e *Engine) Close(ctx context.Context) error {
	e.close(errClosing)
	for range cap(e.running) {
		select {
		case e.running <- struct{}{}:
		case <-ctx.Done():
			return column.Errorf(column.Cancelled, "a PromQL query did not end: %w", context.Cause(ctx))
		}
	}
	return nil
}

// Queryable is a database ("" = the default one) for whoever reads series without a query. Queries of the engine itself take a place
// among those that run; readers of a Queryable take theirs with Enter.
func (e *Engine) Queryable(database string) storage.Queryable { return queryable{e, database, "", nil} }

// QueryableAsOf is a database as it was: asOf is the number of a version, a time (RFC 3339) or the name of a pin; "" is now.
func (e *Engine) QueryableAsOf(database, asOf string) storage.Queryable {
	return queryable{e, database, asOf, nil}
}

// Enter waits for a place among the running queries; leave gives it back. The context that it gives ends with the engine.
func (e *Engine) Enter(ctx context.Context) (running context.Context, leave func(), err error) {
	running, stop := e.until(ctx)
	if err := (tracker{e}).wait(running); err != nil {
		stop()
		return nil, nil, err
	}
	return running, func() { <-e.running; stop() }, nil
}

// until is ctx, ended by the engine's end as well.
func (e *Engine) until(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(e.closing, func() { cancel(errClosing) })
	return ctx, func() { stop(); cancel(nil) }
}

// Instant prepares a query at one time. lookback 0 means the engine's. Errors are those of the text.
func (e *Engine) Instant(ctx context.Context, database, text string, at time.Time, o promql.QueryOpts) (*Query, error) {
	return e.prepare(ctx, database, func(ctx context.Context, data storage.Queryable) (promql.Query, error) {
		return e.engine.NewInstantQuery(ctx, data, o, text, at)
	})
}

// Range prepares a query at many times.
func (e *Engine) Range(ctx context.Context, database, text string, start, end time.Time, step time.Duration, o promql.QueryOpts) (*Query, error) {
	return e.prepare(ctx, database, func(ctx context.Context, data storage.Queryable) (promql.Query, error) {
		return e.engine.NewRangeQuery(ctx, data, o, text, start, end, step)
	})
}

// prepare makes a query, and finds the shapes in it.
func (e *Engine) prepare(ctx context.Context, database string, make func(context.Context, storage.Queryable) (promql.Query, error)) (*Query, error) {
	data := queryable{e, database, asOfIn(ctx), shapes{}}
	q, err := make(ctx, data)
	if err != nil {
		return &Query{Query: q, engine: e}, err
	}
	out := &Query{Query: q, engine: e}
	if s, ok := q.Statement().(*parser.EvalStmt); ok && !e.options.AsWritten && !asWritten(ctx) {
		e.find(s, data.shapes)
		out.direct = e.directly(s, data)
		out.again = func(ctx context.Context) (promql.Query, error) {
			return make(ctx, queryable{e, database, data.asOf, nil})
		}
	}
	return out, nil
}

type asWrittenKey struct{}

// AsWritten has queries that are prepared with the context evaluated by Prometheus' engine alone: what they count, sample by sample, is then
// what Prometheus counts.
func AsWritten(ctx context.Context) context.Context {
	return context.WithValue(ctx, asWrittenKey{}, true)
}

func asWritten(ctx context.Context) bool { return ctx.Value(asWrittenKey{}) != nil }

// Query is one query, to be run once, and to be closed after its result was used.
type Query struct {
	promql.Query
	engine *Engine
	again  func(context.Context) (promql.Query, error) // prepares it as it is written; nil = it is
	direct *direct                                     // nil = it goes to Prometheus' engine
}

// Close implements promql.Query.
func (q *Query) Close() {
	if q.direct != nil {
		q.direct.close()
	}
	q.Query.Close()
}

// Exec runs the query. A panic is this query's error.
func (q *Query) Exec(ctx context.Context) (r *promql.Result) {
	var err error
	defer func() {
		if err != nil {
			r = &promql.Result{Err: err}
		}
	}()
	defer guard(&err)
	ctx, stop := q.engine.until(ctx)
	defer stop()
	if q.direct != nil {
		r = q.direct.run(ctx)
	} else {
		r = q.Query.Exec(ctx)
	}
	if q.again == nil || !errors.Is(r.Err, errAsWritten) {
		return r
	}
	plain, failed := q.again(ctx)
	if failed != nil {
		return &promql.Result{Err: failed}
	}
	q.Query.Close()
	q.Query = plain
	return q.Query.Exec(ctx)
}

// tracker gives running queries their places.
type tracker struct{ e *Engine }

// GetMaxConcurrent implements promql.QueryTracker.
func (t tracker) GetMaxConcurrent() int { return cap(t.e.running) }

// Insert implements promql.QueryTracker.
func (t tracker) Insert(ctx context.Context, _ string) (int, error) { return 0, t.wait(ctx) }

func (t tracker) wait(ctx context.Context) error {
	// First: select would choose at random between a free place and a client that has left.
	if ctx.Err() == nil {
		select {
		case t.e.running <- struct{}{}:
			if t.e.closing.Err() == nil {
				return nil
			}
			<-t.e.running
			return errClosing
		case <-ctx.Done():
		}
	}
	if context.Cause(ctx) == errClosing { //nolint:errorlint // it is the cause itself
		return errClosing
	}
	return queueError(ctx)
}

// Delete implements promql.QueryTracker.
func (t tracker) Delete(int) { <-t.e.running }

// Close implements promql.QueryTracker.
func (t tracker) Close() error { return nil }

// queueError is Prometheus' text for a query that waited for its turn until its time was over.
func queueError(ctx context.Context) error {
	const stage = "query queue"
	if ctx.Err() == context.DeadlineExceeded { //nolint:errorlint // contexts give it as it is
		return promql.ErrQueryTimeout(stage)
	}
	return promql.ErrQueryCanceled(stage)
}
