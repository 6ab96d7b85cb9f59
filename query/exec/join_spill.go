package exec

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A join whose build side does not fit into memory writes both sides to disk, parted by the hashes of their keys, and joins part by part
// (a GRACE join). A part that does not fit is parted again, by the next bits. What cannot be parted (one key that has more rows than
// memory holds, or a join without keys) is joined piece by piece (join_pieces.go).

// spillable reports an error that says that memory is full, where there is a disk to turn to.
func spillable(env *Env, err error) bool {
	var e *column.Error
	return env.Spill != nil && (errors.As(err, &e) && e.SQLState == "53200" || errors.Is(err, column.ErrTooLarge))
}

// keyParter is what one goroutine needs to part rows by their keys.
type keyParter struct {
	hasher hasher
	parts  partScratch
}

// disk reports that the rows are on disk.
func (b *buildRows) disk() bool { return b.parted != nil || b.buffer != nil }

func (b *buildBatch) batch() *scan.Batch { return &scan.Batch{Len: b.len, Columns: b.columns} }

// toDisk writes the rows that are in memory, and gives all memory back.
func (b *buildRows) toDisk() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.toDiskLocked()
}

func (b *buildRows) toDiskLocked() error {
	b.run.side, b.run.marks = nil, nil
	lists := b.lists
	b.lists = nil
	if len(b.keys) == 0 {
		b.buffer = newRowBuffer(b.run.env, b.stats, b.types)
	} else {
		b.parted = newPartitions(b.run.env, b.stats, b.rowTypes())
	}
	defer b.run.pool.Close()
	var parter keyParter
	var w *worker
	for _, list := range lists {
		for i := range list {
			if b.buffer != nil {
				if err := b.buffer.add(list[i].batch()); err != nil {
					return err
				}
				continue
			}
			size := list[i].size()
			if list[i].keys == nil { // they were given up when the columns were put together
				if w == nil {
					w = newWorker(b.run.env)
				}
				keys, err := evalKeys(w, b.keys, list[i].batch())
				if err != nil {
					return err
				}
				list[i].keys = keys
			}
			nulls, err := b.write(list[i], &parter)
			if err != nil {
				return err
			}
			b.nulls = b.nulls || nulls
			b.run.pool.Shrink(size)
			list[i] = buildBatch{}
		}
	}
	return nil
}

// rowTypes are the columns of a row on disk: those of the side, or where only keys matter, the keys.
func (b *buildRows) rowTypes() []column.Type {
	if b.run.rowsMatter() {
		return b.types
	}
	return typesOfExprs(b.keys)
}

// write parts a batch; nulls says that some key is NULL.
func (b *buildRows) write(in buildBatch, p *keyParter) (nulls bool, err error) {
	nulls = b.run.nullsMatter() && anyNull(in.keys[0])
	columns := in.columns
	if !b.run.rowsMatter() {
		columns = in.keys
	}
	return nulls, b.parted.add(columns, p.hasher.hash(in.keys, in.len), b.level, &p.parts)
}

func (b *buildRows) close() {
	if b.parted != nil {
		b.parted.close()
	}
	if b.buffer != nil {
		b.buffer.close()
	}
}

// rowSource is one side of a part, on disk: it can be read as often as wanted.
type rowSource interface {
	reader() stream
	rows() int64
	bytes() int64
}

type partSource struct {
	of   *partitions
	part int
}

func (s partSource) reader() stream { return s.of.reader(s.part) }
func (s partSource) rows() int64    { return s.of.rows(s.part) }
func (s partSource) bytes() int64   { return s.of.parts[s.part].size }

// spilledJoin is a join of two sides that are on disk: what its parts share.
type spilledJoin struct {
	run   *joinRun // without a side: the parts have runs of their own
	stats *Stats
	join  *JoinStats
	files []interface{ close() }
	open  atomic.Int64
}

// spilled joins a build side that is on disk: it writes the probe side too, and gives the parts.
func (j *hashJoin) spilled(ctx context.Context, r *joinRun, build *buildRows) (out []part, err error) {
	s := &spilledJoin{run: r, stats: j.stats, files: []interface{ close() }{build}}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if build.parted != nil {
		if err := build.parted.finish(); err != nil {
			return nil, err
		}
	}
	r.facts.anyBuild, r.facts.buildNulls = build.count() > 0, build.nulls
	if r.shape.anti && r.node.Kind == plan.NullAntiJoin && build.nulls {
		s.release()
		return nil, nil
	}
	s.join = j.stats.builtOnDisk(j.node.BuildLeft, build.count())
	var tasks []joinTask
	if build.buffer != nil {
		tasks, err = s.unkeyed(ctx, j, build)
	} else {
		tasks, err = s.keyed(ctx, j, build)
	}
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		out = append(out, func(_ context.Context, w *worker) (stream, error) {
			return &spilledStream{join: s, w: w, tasks: []joinTask{t}}, nil
		})
	}
	s.open.Store(int64(len(out)))
	if len(out) == 0 {
		s.release()
	}
	return out, nil
}

func (b *buildRows) count() int64 {
	if b.buffer != nil {
		return b.buffer.rows()
	}
	return b.parted.total()
}

// unkeyed keeps the probe side of a join without keys.
func (s *spilledJoin) unkeyed(ctx context.Context, j *hashJoin, build *buildRows) ([]joinTask, error) {
	inner, err := j.probe.parts(ctx)
	if err != nil {
		return nil, err
	}
	probe := newRowBuffer(s.run.env, s.stats, s.run.probeTypes)
	s.files = append(s.files, probe)
	for _, p := range inner { // one after the other: the buffer has one way in
		err := drain(ctx, s.run.env, []part{p}, func(int) func(*worker, int, *scan.Batch) error {
			return func(_ *worker, _ int, b *scan.Batch) error {
				s.join.probeRows.Add(int64(b.Len))
				return probe.add(b)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return []joinTask{{build: build.buffer, probe: probe, level: maxLevel + 1}}, nil
}

// keyed parts the probe side.
func (s *spilledJoin) keyed(ctx context.Context, j *hashJoin, build *buildRows) ([]joinTask, error) {
	r := s.run
	inner, err := j.probe.parts(ctx)
	if err != nil {
		return nil, err
	}
	probe := newPartitions(r.env, s.stats, r.probeTypes)
	s.files = append(s.files, probe)
	if r.partnersOnly() {
		for i := range probe.skip {
			probe.skip[i] = build.parted.rows(i) == 0
		}
	}
	err = drain(ctx, r.env, inner, func(int) func(*worker, int, *scan.Batch) error {
		var p keyParter
		return func(w *worker, _ int, b *scan.Batch) error {
			s.join.probeRows.Add(int64(b.Len))
			keys, err := evalKeys(w, r.probeKeys, b)
			if err != nil {
				return err
			}
			if r.node.Kind == plan.NullAntiJoin {
				r.facts.sawRow.Store(true)
				if anyNull(keys[0]) {
					r.facts.sawNull.Store(true)
				}
			}
			return probe.add(b.Columns, p.hasher.hash(keys, b.Len), 0, &p.parts)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := probe.finish(); err != nil {
		return nil, err
	}
	return s.tasks(build.parted, probe, 0), nil
}

// anyNull reports that some row is NULL, not only an entry that no row refers to.
func anyNull(v *column.Vector) bool {
	if !v.HasNulls() {
		return false
	}
	for i := range v.Len {
		if v.IsNull(i) {
			return true
		}
	}
	return false
}

// tasks pairs the parts of two sides that were parted at a level.
func (s *spilledJoin) tasks(build, probe *partitions, level int) (out []joinTask) {
	whole := build.total()
	for p := range partitionCount {
		b, q := partSource{build, p}, partSource{probe, p}
		if b.rows() == 0 && (q.rows() == 0 || s.run.partnersOnly()) || q.rows() == 0 && s.run.shape.tail == noTail {
			continue
		}
		t := joinTask{build: b, probe: q, level: level + 1}
		if level > 0 && b.rows() == whole {
			t.level = maxLevel + 1 // parting parts nothing
		}
		out = append(out, t)
	}
	return out
}

// closed is told of each part that is closed.
func (s *spilledJoin) closed() {
	if s.open.Add(-1) == 0 {
		s.release()
	}
}

func (s *spilledJoin) release() {
	for _, f := range s.files {
		f.close()
	}
	s.run.release()
}

// joinTask is a part to join: its two sides, and the level at which they can be parted further.
type joinTask struct {
	build, probe rowSource
	level        int
	files        []interface{ close() } // to be closed after it: those of the sides, where it is the last one of them
}

// spilledStream joins a part, or the parts that it falls into.
type spilledStream struct {
	join   *spilledJoin
	w      *worker
	tasks  []joinTask
	now    stream
	closed bool
}

func (s *spilledStream) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if s.now == nil {
			if len(s.tasks) == 0 {
				return nil, io.EOF
			}
			if err := s.start(ctx); err != nil {
				return nil, err
			}
			continue
		}
		b, err := s.now.next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		s.now.close()
		s.now = nil
		s.end()
	}
}

// start begins the first task, or puts its parts in its place.
func (s *spilledStream) start(ctx context.Context) error {
	t := &s.tasks[0]
	from := s.join.run.env.held()
	if t.build.bytes() <= s.join.run.env.Whole {
		from = s.join.run.env.Pool
	}
	run := s.join.run.part(from)
	rows, err := run.read(ctx, s.w, t.build)
	if err == nil {
		err = run.hold(ctx, rows)
		run.facts = s.join.run.facts
	}
	if err == nil {
		s.now = run.stream(s.w, t.probe)
		return nil
	}
	run.release()
	if !spillable(run.env, err) {
		return err
	}
	if t.level <= maxLevel {
		return s.split(ctx)
	}
	pieces, err := newJoinPieces(s.join, s.w, t)
	if err != nil {
		return err
	}
	s.now = pieces
	return nil
}

// split parts the first task.
func (s *spilledStream) split(ctx context.Context) error {
	t, r := s.tasks[0], s.join.run
	build, probe := newPartitions(r.env, s.join.stats, t.build.(partSource).of.file.types), newPartitions(r.env, s.join.stats, r.probeTypes)
	files := append(t.files, build, probe)
	s.tasks[0].files = files // so that they are closed whatever happens
	buildKeys := r.buildKeys()
	if !r.rowsMatter() {
		buildKeys = storedKeys(buildKeys)
	}
	for _, side := range []struct {
		from rowSource
		to   *partitions
		keys []expr.Expr
	}{{t.build, build, buildKeys}, {t.probe, probe, r.probeKeys}} {
		var p keyParter
		err := drainStream(ctx, side.from.reader(), func(b *scan.Batch) error {
			keys, err := evalKeys(s.w, side.keys, b)
			if err != nil {
				return err
			}
			return side.to.add(b.Columns, p.hasher.hash(keys, b.Len), t.level, &p.parts)
		})
		if err != nil {
			return err
		}
		if err := side.to.finish(); err != nil {
			return err
		}
	}
	s.join.stats.note("parted again")
	inner := s.join.tasks(build, probe, t.level)
	if len(inner) == 0 {
		s.end()
		return nil
	}
	inner[len(inner)-1].files = files
	s.tasks = append(inner, s.tasks[1:]...)
	return nil
}

// storedKeys are expressions for keys that are all that a row on disk has.
func storedKeys(keys []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(keys))
	for i, k := range keys {
		out[i] = &expr.Column{Index: i, T: k.Type()}
	}
	return out
}

// end closes the first task.
func (s *spilledStream) end() {
	for _, f := range s.tasks[0].files {
		f.close()
	}
	s.tasks = s.tasks[1:]
}

func (s *spilledStream) close() {
	if s.closed {
		return
	}
	s.closed = true
	if s.now != nil {
		s.now.close()
	}
	for len(s.tasks) > 0 {
		s.end()
	}
	s.join.closed()
}

// part is the run of one part, whose memory comes from a pool.
func (r *joinRun) part(from *mem.Pool) *joinRun {
	return &joinRun{
		node: r.node, env: r.env, stats: &JoinStats{}, shape: r.shape, pool: mem.NewPool("join", 0, from), facts: &joinFacts{},
		probeKeys: r.probeKeys, buildTypes: r.buildTypes, probeTypes: r.probeTypes, condColumns: r.condColumns,
		probeRead: r.probeRead, buildRead: r.buildRead, buildHeld: r.buildHeld,
	}
}

// read takes the rows of a build side back into memory.
func (r *joinRun) read(ctx context.Context, w *worker, source rowSource) (*buildRows, error) {
	b := r.newBuildRows(nil, 1)
	return b, drainStream(ctx, source.reader(), func(in *scan.Batch) error {
		kept, err := b.again(w, in)
		if err != nil {
			return err
		}
		if err := r.pool.Grow(kept.size()); err != nil {
			return err
		}
		b.lists[0] = append(b.lists[0], kept)
		return nil
	})
}

// again prepares a batch that was on disk.
func (b *buildRows) again(w *worker, in *scan.Batch) (buildBatch, error) {
	if !b.run.rowsMatter() && len(b.keys) > 0 {
		return buildBatch{len: in.Len, keys: in.Columns}, nil
	}
	return b.prepare(w, in)
}

// stream joins the build side of a part with its probe side.
func (r *joinRun) stream(w *worker, probe rowSource) stream {
	r.open.Store(1)
	if r.fruitless() {
		if r.shape.tail == noTail {
			r.release()
			return &batches{}
		}
		return r.newTail()
	}
	r.running.Store(1)
	return newJoinStream(r, probe.reader(), w)
}
