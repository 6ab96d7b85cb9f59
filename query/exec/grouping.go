package exec

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// grouping is an aggregation at work: the tables of its workers, and rows that they did not take, parted by the hashes of their keys: in memory,
// where most would be groups of their own, and on disk, since memory was full.
//
// Its result is one table if that is small, else a part for each part of the keys: what the tables have of it is merged, then its rows
// are read again. A part that does not fit into memory either is a grouping of its own, parted by the next bits of the hashes.
type grouping struct {
	env     *Env
	stats   *Stats
	keys    []expr.Expr
	calls   []expr.AggregateCall
	width   int   // of the input
	columns []int // of the input that the calls read
	level   int
	ofOne   []int        // of the calls, the column that is the result for a group of one row; nil if some have none
	texts   bool         // arguments are values of any length that are made
	whole   bool         // rows are not parted in memory: what is distinct is handed to a table that has all groups
	first   *firstGroups // nil = all are wanted
	account *account

	mu      sync.Mutex // tables, spilled
	tables  []*aggTable
	spilled *partitions // the keys, then columns
	feeds   []feed
	open    atomic.Int64 // parts that are not closed
}

// feed is distinct arguments for some of the aggregates, on disk: the keys, then the arguments.
type feed struct {
	calls []int
	rows  *partitions
}

func newGrouping(env *Env, stats *Stats, keys []expr.Expr, calls []expr.AggregateCall, width int) *grouping {
	g := &grouping{env: env, stats: stats, keys: keys, calls: calls, width: width, account: newAccount(env, stats)}
	for _, c := range calls {
		for _, e := range c.Args {
			g.columns = append(g.columns, expr.Columns(e)...)
		}
		if c.Filter != nil {
			g.columns = append(g.columns, expr.Columns(c.Filter)...)
		}
	}
	slices.Sort(g.columns)
	g.columns = slices.Compact(g.columns)
	g.ofOne = resultsOfOne(keys, calls)
	g.texts = makeTextsOf(calls)
	return g
}

// below is the grouping of one part, a level down.
func (g *grouping) below() *grouping {
	return &grouping{
		env: g.env, stats: g.stats, keys: g.keys, calls: g.calls, width: g.width, columns: g.columns, level: g.level + 1, first: g.first, texts: g.texts,
		account: newAccount(g.env, g.stats),
	}
}

// table makes a table for one worker.
func (g *grouping) table() *aggTable {
	t := newAggTable(g)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tables = append(g.tables, t)
	return t
}

// spill parts and writes rows that a sealed table does not take.
func (g *grouping) spill(t *aggTable, keys []*column.Vector, b *scan.Batch) error {
	row := g.row(keys, b)
	to := g.disk(typesOfVectors(row))
	if err := t.parting.spill(to, g.account); err != nil {
		return err
	}
	return to.add(row, t.hasher.hash(keys, b.Len), g.level, &t.parter)
}

// row is what is kept of a batch whose rows are not grouped yet: the keys, then the columns that the calls read.
func (g *grouping) row(keys []*column.Vector, b *scan.Batch) []*column.Vector {
	row := slices.Clip(keys)
	for _, c := range g.columns {
		row = append(row, b.Columns[c])
	}
	return row
}

// disk is where rows of these types are spilled to.
func (g *grouping) disk(types []column.Type) *partitions {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.spilled == nil {
		g.spilled = newPartitions(g.env, g.stats, types)
	}
	return g.spilled
}

func typesOfVectors(list []*column.Vector) []column.Type {
	out := make([]column.Type, len(list))
	for i, v := range list {
		out[i] = v.Type
	}
	return out
}

// unspill gives a row's keys and the columns of the input, NULLs where nobody reads them.
func (g *grouping) unspill(b *scan.Batch) (keys []*column.Vector, in *scan.Batch) {
	in = &scan.Batch{Len: b.Len, Columns: make([]*column.Vector, g.width)}
	if len(g.columns) < g.width {
		unread := column.NewNull(column.T(column.Int64), b.Len)
		for c := range in.Columns {
			in.Columns[c] = unread
		}
	}
	for i, c := range g.columns {
		in.Columns[c] = b.Columns[len(g.keys)+i]
	}
	return b.Columns[:len(g.keys)], in
}

// noteWays says in the statistics how batches were taken.
func (g *grouping) noteWays() {
	for _, t := range g.tables {
		if t.bySpan {
			g.stats.note("by runs")
		}
		if t.byList {
			g.stats.note("by lists of rows")
		}
		if t.shortRuns {
			g.stats.note("by rows, runs being short")
		}
		if t.byRow {
			g.stats.note("by rows")
		}
	}
}

// smallGroups is how many groups are merged by one worker: parting them costs more than it gains below that, about.
const smallGroups = 16 << 10

// parts gives the result: everything was added.
func (g *grouping) parts(ctx context.Context) ([]part, error) {
	if err := g.groupAlone(); err != nil {
		return nil, err
	}
	if g.small() {
		t, err := g.merged(ctx)
		if err != nil {
			return nil, err
		}
		if rows := t.pieceRows(); rows > 0 {
			s, err := newGroupPieces(t, rows)
			if err != nil {
				return nil, err
			}
			g.open.Store(1)
			return []part{func(context.Context, *worker) (stream, error) { return s, nil }}, nil
		}
		columns, n, err := t.finishFirst(g.first)
		if err != nil {
			return nil, err
		}
		g.open.Store(1)
		return []part{func(context.Context, *worker) (stream, error) {
			return &groupStream{batches: batches{list: cut(columns, n)}, done: g.closed}, nil
		}}, nil
	}
	if g.spilled != nil {
		if err := g.spilled.finish(); err != nil {
			return nil, err
		}
	}
	for _, f := range g.feeds {
		if err := f.rows.finish(); err != nil {
			return nil, err
		}
	}
	sources := make([]partedTable, len(g.tables))
	for i, t := range g.tables {
		var err error
		if sources[i], err = t.parted(g.level); err != nil {
			return nil, err
		}
	}
	for _, t := range g.tables {
		if err := t.parting.finish(g.account); err != nil {
			return nil, err
		}
	}
	g.stats.note("in parts")
	var out []part
	for p := range partitionCount {
		if g.hasPart(sources, p) {
			out = append(out, func(ctx context.Context, w *worker) (stream, error) { return g.openPart(ctx, w, sources, p) })
		}
	}
	g.open.Store(int64(len(out)))
	if len(out) == 0 {
		g.release()
	}
	return out, nil
}

// small reports that the result can be one table.
func (g *grouping) small() bool {
	if g.spilled != nil || len(g.feeds) > 0 {
		return false
	}
	n := 0
	for _, t := range g.tables {
		if t.parting.rows != nil {
			return false
		}
		if t.groups != nil {
			n += t.groups.count
		}
	}
	return len(g.tables) <= 1 || n <= smallGroups
}

// merged puts all tables together.
func (g *grouping) merged(ctx context.Context) (*aggTable, error) {
	if len(g.tables) == 0 {
		g.table()
	}
	all := g.tables[0]
	for _, t := range g.tables[1:] {
		rows, n := []*column.Vector(nil), 1
		if t.groups != nil {
			n = t.groups.count
			var err error
			if rows, err = t.groups.finish(); err != nil {
				return nil, err
			}
		}
		var err error
		if t.into, err = all.merge(t, rows, firstNumbers(n)); err != nil {
			return nil, err
		}
		t.drop()
		if err := cause(ctx); err != nil {
			return nil, err
		}
	}
	g.tables = g.tables[:1]
	return all, nil
}

// firstNumbers is 0 … n-1.
func firstNumbers(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// partedTable is a table whose groups are listed part by part.
type partedTable struct {
	table *aggTable
	rows  []*column.Vector // the keys, by group
	lists partScratch
}

func (t *aggTable) parted(level int) (p partedTable, err error) {
	p.table = t
	if p.rows, err = t.groups.finish(); err != nil {
		return p, err
	}
	p.lists.split(t.hasher.hash(p.rows, t.groups.count), level)
	t.hasher = hasher{}
	return p, nil
}

func (p *partedTable) part(i int) []int32 { return p.lists.rows[p.lists.starts[i]:p.lists.starts[i+1]] }

func (g *grouping) hasPart(sources []partedTable, p int) bool {
	if g.spilled != nil && g.spilled.rows(p) > 0 {
		return true
	}
	for i := range sources {
		if len(sources[i].part(p)) > 0 || sources[i].table.parting.has(p) {
			return true
		}
	}
	return false
}

// openPart computes one part of the result.
func (g *grouping) openPart(ctx context.Context, w *worker, sources []partedTable, p int) (s stream, err error) {
	inner := g.below()
	defer func() {
		if err != nil {
			inner.release()
		}
	}()
	t := inner.table()
	most, rows := 0, 0
	for i := range sources {
		most = max(most, len(sources[i].part(p)))
		rows += sources[i].table.parting.expected(p)
	}
	t.groups.expect(most + rows)
	for i := range sources {
		if err := t.mergePart(&sources[i], p); err != nil {
			return nil, err
		}
	}
	for i := range sources {
		if err := t.addParted(ctx, w, sources[i].table, p); err != nil {
			return nil, err
		}
	}
	if g.spilled != nil {
		err := drainStream(ctx, g.spilled.reader(p), func(b *scan.Batch) error {
			keys, in := g.unspill(b)
			return t.addAgain(w, keys, in)
		})
		if err != nil {
			return nil, err
		}
	}
	for _, f := range g.feeds {
		if err := inner.feedPart(ctx, t, f, p); err != nil {
			return nil, err
		}
	}
	parts, err := inner.parts(ctx)
	if err != nil {
		return nil, err
	}
	return &chain{parts: parts, w: w, done: g.closed}, nil
}

// mergePart adds a part of the groups of another table.
func (t *aggTable) mergePart(source *partedTable, p int) error {
	rows := source.part(p)
	keys, from := make([]*column.Vector, len(source.rows)), make([]uint32, len(rows))
	for c, v := range source.rows {
		keys[c] = column.Gather(v, rows)
	}
	for i, r := range rows {
		from[i] = uint32(r)
	}
	_, err := t.merge(source.table, keys, from)
	return err
}

// feedPart gives the distinct arguments of a part to its table; or leaves them to the level below, if the table is not all of the part.
func (g *grouping) feedPart(ctx context.Context, t *aggTable, f feed, p int) error {
	keys := len(g.keys)
	if g.spilled == nil {
		return drainStream(ctx, f.rows.reader(p), func(b *scan.Batch) error {
			return t.feed(f.calls, b.Columns[:keys], b.Columns[keys:], b.Len)
		})
	}
	below := feed{calls: f.calls, rows: newPartitions(g.env, g.stats, f.rows.file.types)}
	g.feeds = append(g.feeds, below)
	return drainStream(ctx, f.rows.reader(p), func(b *scan.Batch) error {
		return below.rows.add(b.Columns, t.hasher.hash(b.Columns[:keys], b.Len), g.level, &t.parter)
	})
}

// closed is told of each part that is closed.
func (g *grouping) closed() {
	if g.open.Add(-1) == 0 {
		g.release()
	}
}

// release gives everything back.
func (g *grouping) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.tables {
		t.release()
		t.parting = parting{}
	}
	g.tables = nil
	if g.spilled != nil {
		g.spilled.close()
	}
	for _, f := range g.feeds {
		f.rows.close()
	}
	g.account.close()
}

// groupStream is a result that is there, and what is to be done when it is closed.
type groupStream struct {
	batches
	done   func()
	closed bool
}

func (s *groupStream) close() {
	if !s.closed {
		s.closed = true
		s.list = nil
		s.done()
	}
}

// chain gives parts one after the other.
type chain struct {
	parts  []part
	w      *worker
	now    stream
	done   func()
	closed bool
}

func (c *chain) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if c.now == nil {
			if len(c.parts) == 0 {
				return nil, io.EOF
			}
			s, err := c.parts[0](ctx, c.w)
			if err != nil {
				return nil, err
			}
			c.now, c.parts = s, c.parts[1:]
		}
		b, err := c.now.next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		c.now.close()
		c.now = nil
	}
}

func (c *chain) close() {
	if c.closed {
		return
	}
	c.closed = true
	if c.now != nil {
		c.now.close()
	}
	c.parts = nil
	c.done()
}
