package query

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/column/stats"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/setting"
)

// Snapshot is what one statement reads.
type Snapshot interface {
	plan.Resolver
	// Database is where names resolve.
	Database() *meta.Database
	// Catalog is the catalog version that is read.
	Catalog() *meta.Snapshot
	// Metrics lists the metrics that have series, ascending; Stored gives the figures of a table.
	Metrics(ctx context.Context) ([]string, error)
	Stored(ctx context.Context, t *meta.Table) (catalog.Figures, error)
	Indexed(x *meta.Index) catalog.IndexFigures
	// Statistics describes a column of a table by its segments; nil if nothing is known.
	Statistics(ctx context.Context, t *meta.Table, id column.ID) (*stats.Column, error)
	Close()
}

// Store is where statements read and write.
type Store interface {
	// OpenSnapshot opens the newest state of a database; "" is the default one.
	OpenSnapshot(database string) (Snapshot, error)
	// NewOwn begins what a transaction writes, whose memory pool holds.
	NewOwn(pool *mem.Pool) Own
	// Overlay gives a snapshot as a transaction sees it: with its own rows (nil = none), under another catalog that commands have made of the
	// snapshot's (nil = that one). It is closed before the snapshot is. An error with SQLSTATE 40001 says that rows which the transaction has ended
	// are not where they were.
	Overlay(ctx context.Context, s Snapshot, own Own, catalog *meta.Snapshot) (Snapshot, error)
	Catalog() meta.Catalog
	Writer() meta.Writer
	// Truncate ends all rows that tables have, and makes other changes of the catalog, at once and together.
	Truncate(ctx context.Context, tables []meta.TableID, also []meta.Command) error
	// Rewrite writes the rows of a table anew, under another description.
	Rewrite(ctx context.Context, w Rewriting) error
	// RewrittenSchema has the columns of a table as it will be, and behind them those of the table as it was that are no more.
	RewrittenSchema(from, to *meta.Table) *column.Schema
	// Analyze forgets what is kept of the rows of tables for the optimizer.
	Analyze(tables []meta.TableID)
	// Closing runs f while nobody commits rows of a table, after all that was committed before can be read.
	Closing(ctx context.Context, table meta.TableID, f func(context.Context) error) error
}

// Options configures an Engine. The zero value of each member stands for its default.
type Options struct {
	Pool *mem.Pool // parent of all queries' pools
	// QueryBytes is the memory one statement may hold. Default 1 GiB.
	QueryBytes int64
	// Spill is where statements keep rows that do not fit into their memory, at most QuerySpillBytes each (0 = as Spill allows); nil = they
	// end with an error instead.
	Spill           *spill.Area
	QuerySpillBytes int64
	// PieceBytes is how much the rows that a statement brings take when it hands them to its transaction, which can put them to disk, before it has all of them.
	// Default 32 MiB.
	PieceBytes int64
	// Workers is the number of goroutines one pipeline uses. Default: the cores.
	Workers int
	// Running is how many statements run at a time, Heavy how many that read much; others wait for their turn. Default: 4 for each
	// core, and 2.
	Running, Heavy int
	// Queue is how many statements may wait for their turn, QueueWait for how long. Default: 1000, and 30 seconds.
	Queue     int
	QueueWait time.Duration
	// Timeout bounds statements that do not set one. Default 5 minutes.
	Timeout time.Duration
	// Transaction bounds transactions of several statements that do not set transaction_timeout. Default 12 hours.
	Transaction time.Duration
	// StatementBytes is the longest statement. Default 16 MiB.
	StatementBytes int
	// ParsedBytes is the memory for statements that are remembered as parsed, PlanBytes that for plans. Default 4 MiB and 8 MiB.
	ParsedBytes, PlanBytes int64
	Logger                 *slog.Logger
	Now                    func() time.Time
}

func (o *Options) defaults() {
	setDefault(&o.QueryBytes, 1<<30)
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	setDefault(&o.Running, 4*runtime.GOMAXPROCS(0))
	setDefault(&o.Heavy, 2*runtime.GOMAXPROCS(0))
	setDefault(&o.Queue, 1000)
	setDefault(&o.QueueWait, 30*time.Second)
	setDefault(&o.Timeout, 5*time.Minute)
	setDefault(&o.Transaction, 12*time.Hour)
	setDefault(&o.StatementBytes, 16<<20)
	setDefault(&o.ParsedBytes, 4<<20)
	setDefault(&o.PlanBytes, 8<<20)
	setDefault(&o.PieceBytes, 32<<20)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

func setDefault[T int | int64 | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

// Engine runs statements. Safe for concurrent use.
type Engine struct {
	options    Options
	store      Store
	functions  *fn.Registry
	advisory   advisoryLocks
	statements *statements
	plans      *plans
	admission  *admission
	sessions   *sessions
	sequences  *sequences
	usual      atomic.Pointer[setting.Values] // what sessions start with that ask for no settings
	holders    holders
	started    time.Time
	closing    context.Context // ends, with the reason, when the engine is closed
	close      context.CancelCauseFunc
}

// errClosing is what statements get that still run when the engine is closed.
var errClosing = &column.Error{
	Class: column.Overloaded, SQLState: "57P01", Message: "the statement was ended: the database is closing",
	Hint: "Try again when it is back.",
}

// New makes an engine over a store.
func New(store Store, o Options) *Engine {
	o.defaults()
	e := &Engine{options: o, store: store, functions: catalog.Functions(), statements: newStatements(o.ParsedBytes), plans: newPlans(o.PlanBytes), admission: newAdmission(o.Running, o.Heavy, o.Queue, o.QueueWait), sessions: newSessions(), sequences: newSequences(store.Catalog()), started: o.Now()}
	e.closing, e.close = context.WithCancelCause(context.Background())
	return e
}

// Close ends the statements that run and refuses new ones. It returns when the last result is closed, or with ctx: then
// somebody still holds one.
func (e *Engine) Close(ctx context.Context) error {
	e.close(errClosing)
	e.sessions.cancel(errClosing)
	return errors.Join(e.admission.close(ctx), e.sequences.close(ctx))
}

// PlanCache is how many statements found their plan among those that are kept, and how many looked for one in vain.
func (e *Engine) PlanCache() (hits, misses int64) { return e.plans.hits.Load(), e.plans.misses.Load() }

// Admission is how many statements run and wait now, and how many did.
func (e *Engine) Admission() Admission { return e.admission.stats() }
