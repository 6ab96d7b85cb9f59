package exec

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// windowIntake takes a window's input in. Where memory is full, all of it goes to disk, parted by the hashes of the partitions' keys; each
// part is then an intake of its own, a level down. What cannot be parted, one partition, is sorted and computed in pieces, if all calls allow that.
type windowIntake struct {
	plan    *windowPlan
	env     *Env
	stats   *Stats
	level   int
	account *account

	mu     sync.Mutex // lists, parted
	lists  []*windowRows
	parted *partitions // columns, computed columns, and the place in the input
	sorter *rowSorter  // rows that are computed in pieces; nil = there are none
	full   atomic.Bool // rows go to disk
	pieced atomic.Bool // namely to sorter
	open   atomic.Int64
}

func newWindowIntake(p *windowPlan, env *Env, stats *Stats, level int) *windowIntake {
	return &windowIntake{plan: p, env: env, stats: stats, level: level, account: newAccount(env, stats)}
}

// windowBatch is a batch of the input with what is computed from it, and the partition of each row.
type windowBatch struct {
	number  int   // of the part it came from
	first   int64 // its first row there
	columns []*column.Vector
	groups  []uint32 // nil = one partition
	n       int
}

// windowRows is what one worker pulled.
type windowRows struct {
	in      *windowIntake
	groups  *grouper // nil = one partition
	batches []windowBatch
	count   map[int]int64 // rows seen, by part
	held    int64         // of groups and batches
	hasher  hasher
	parter  partScratch
	sorted  *sortIntake // of the sorter
}

// list makes the place of one worker's rows.
func (in *windowIntake) list() *windowRows {
	l := &windowRows{in: in, count: map[int]int64{}}
	l.forget()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lists = append(in.lists, l)
	return l
}

func (l *windowRows) forget() {
	l.in.account.shrink(l.held)
	l.batches, l.held = nil, 0
	if keys := l.in.plan.node.Partition; len(keys) > 0 {
		l.groups = newGrouper(typesOfExprs(keys)).watch(l.in.env.Expr.Ctx)
	}
}

// add takes a batch of the input.
func (l *windowRows) add(w *worker, number int, b *scan.Batch) error {
	w.expr.Runs = b.Runs
	out := windowBatch{number: number, first: l.count[number], n: b.Len, columns: append([]*column.Vector(nil), b.Columns...)}
	l.count[number] += int64(b.Len)
	for _, e := range l.in.plan.computed {
		v, err := expr.Eval(&w.expr, e, b.Columns, b.Len)
		if err != nil {
			return err
		}
		out.columns = append(out.columns, v)
	}
	return l.keep(out)
}

// keep holds a batch, or has it written.
func (l *windowRows) keep(b windowBatch) error {
	if l.groups == nil {
		return l.keepAll(b)
	}
	if !l.in.full.Load() {
		before := l.groups.sizeBytes()
		b.groups = make([]uint32, b.n)
		numberRows(l.groups, l.keys(b), &scan.Batch{Len: b.n}, b.groups, l.in.env.Plain)
		l.batches = append(l.batches, b)
		size := batchBytes(b) + l.groups.sizeBytes() - before
		ok, err := l.in.account.fits(size)
		switch {
		case err != nil:
			return err
		case !ok && l.in.level > maxLevel && l.in.plan.pieces == nil:
			return l.in.account.must(size)
		case ok:
			l.held += size
			return nil
		}
		if l.in.plan.pieces != nil && (l.in.level > maxLevel || l.in.level > 0 && l.groups.count == 1) {
			l.in.pieced.Store(true) // to part them once more would give one part
		}
		l.in.full.Store(true)
		return l.spill()
	}
	l.batches = append(l.batches, b)
	return l.spill()
}

// keepAll is keep where all rows are one partition.
func (l *windowRows) keepAll(b windowBatch) error {
	l.batches = append(l.batches, b)
	size := batchBytes(b)
	if l.in.plan.pieces == nil {
		return l.in.account.need(size)
	}
	if !l.in.full.Load() {
		ok, err := l.in.account.fits(size)
		if ok || err != nil {
			l.held += size
			return err
		}
		l.in.pieced.Store(true)
		l.in.full.Store(true)
	}
	return l.spill()
}

func batchBytes(b windowBatch) int64 {
	size := int64(4 * len(b.groups))
	for _, v := range b.columns {
		size += v.SizeBytes()
	}
	return size
}

func (l *windowRows) keys(b windowBatch) []*column.Vector {
	out := make([]*column.Vector, len(l.in.plan.partition))
	for i, c := range l.in.plan.partition {
		out[i] = b.columns[c]
	}
	return out
}

// spill writes what is held.
func (l *windowRows) spill() error {
	for _, b := range l.batches {
		if l.in.pieced.Load() {
			if err := l.sortPiece(b); err != nil {
				return err
			}
			continue
		}
		row := b.columns
		if l.in.level == 0 {
			places := make([]int64, b.n)
			for i := range places {
				places[i] = int64(b.number)<<40 | (b.first + int64(i))
			}
			row = append(row, column.NewInts(column.T(column.Int64), places, nil))
		}
		l.in.mu.Lock()
		if l.in.parted == nil {
			l.in.parted = newPartitions(l.in.env, l.in.stats, typesOfVectors(row))
		}
		to := l.in.parted
		l.in.mu.Unlock()
		if err := to.add(row, l.hasher.hash(l.keys(b), b.n), l.in.level, &l.parter); err != nil {
			return err
		}
	}
	l.forget()
	return nil
}

// parts gives the window's output: everything was added.
func (in *windowIntake) parts(ctx context.Context) ([]part, error) {
	if in.tooLarge() {
		in.pieced.Store(true)
		in.full.Store(true)
	}
	if in.full.Load() {
		return in.spilledParts()
	}
	all, err := in.joined(ctx)
	if err != nil {
		return nil, err
	}
	var out []part
	for lo := 0; lo+1 < len(all.starts); {
		hi := lo + 1
		for hi+1 < len(all.starts) && all.starts[hi]-all.starts[lo] < windowPart {
			hi++
		}
		from, to := lo, hi
		out = append(out, func(ctx context.Context, w *worker) (stream, error) {
			return openWindow(ctx, w, all, from, to, in.closed)
		})
		lo = hi
	}
	in.open.Store(int64(len(out)))
	if len(out) == 0 {
		in.release()
	}
	return out, cause(ctx)
}

// tooLarge reports one partition whose rows are in memory, where there is none left for the work on them.
func (in *windowIntake) tooLarge() bool {
	if in.full.Load() || in.plan.pieces == nil || in.env.Spill == nil {
		return false
	}
	rows, bytes := int64(0), int64(0)
	for _, l := range in.lists {
		if l.groups != nil && l.groups.count > 1 {
			return false
		}
		for i := range l.batches {
			rows += int64(l.batches[i].n)
		}
		bytes += l.held
	}
	needed := bytes + rows*int64(8+windowRowBytes+16*len(in.plan.calls))
	if in.env.Pool.Grow(needed) != nil {
		return true
	}
	in.env.Pool.Shrink(needed)
	return false
}

func (in *windowIntake) spilledParts() ([]part, error) {
	for _, l := range in.lists {
		if err := l.spill(); err != nil {
			return nil, err
		}
	}
	in.lists = nil
	if in.pieced.Load() {
		in.open.Store(1)
		return []part{func(ctx context.Context, _ *worker) (stream, error) { return in.openPieces(ctx, in.closed) }}, nil
	}
	if err := in.parted.finish(); err != nil {
		return nil, err
	}
	var out []part
	for p := range partitionCount {
		if in.parted.rows(p) > 0 {
			out = append(out, func(ctx context.Context, w *worker) (stream, error) { return in.openPart(ctx, w, p) })
		}
	}
	in.open.Store(int64(len(out)))
	return out, nil
}

// openPart reads a part back and computes it.
func (in *windowIntake) openPart(ctx context.Context, w *worker, p int) (stream, error) {
	below := newWindowIntake(in.plan, in.env, in.stats, in.level+1)
	l := below.list()
	err := drainStream(ctx, in.parted.reader(p), func(b *scan.Batch) error {
		return l.keep(windowBatch{columns: b.Columns, n: b.Len})
	})
	var parts []part
	if err == nil {
		parts, err = below.parts(ctx)
	}
	if err != nil {
		below.release()
		return nil, err
	}
	return &chain{parts: parts, w: w, done: func() { below.release(); in.closed() }}, nil
}

// closed is told of each part that is closed.
func (in *windowIntake) closed() {
	if in.open.Add(-1) == 0 {
		in.release()
	}
}

// release gives everything back.
func (in *windowIntake) release() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lists = nil
	if in.parted != nil {
		in.parted.close()
	}
	if in.sorter != nil {
		in.sorter.close()
	}
	in.account.close()
}
