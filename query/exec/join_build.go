package exec

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// buildSide is the side of a join that is held: its rows, column by column, and which of them have which key. It is
// read-only once made, apart from the marks of rows that found a partner.
type buildSide struct {
	rows    int
	columns []*column.Vector // flat, or dictionaries of text; none if only the keys matter
	index   *keyIndex        // nil without keys: all rows are one group then
	groups  int
	// The rows of group g are those that order lists in [starts[g], starts[g+1]); without order they are these numbers
	// themselves, and without starts the group is row g-1 alone.
	starts []int32
	order  []int32
	unkept bool // the rows of groups were not kept: only whether there are any matters
	nulls  bool // some row has a NULL key

	pool *mem.Pool

	lookedAt sync.Once // for long
	long     longColumns
}

// buildBatch is a batch of the build side as a worker leaves it: the columns that are kept, and the keys.
type buildBatch struct {
	len           int
	columns, keys []*column.Vector
}

// keyBytes is what the keys take that are not columns anyhow.
func (b *buildBatch) keyBytes() (n int64) {
	for _, k := range b.keys {
		if !slices.Contains(b.columns, k) {
			n += k.SizeBytes()
		}
	}
	return n
}

// buildRows are the rows of a build side as they come, before there is a table of them: in memory, or on disk when they do not fit.
type buildRows struct {
	run   *joinRun
	stats *Stats
	keys  []expr.Expr
	types []column.Type // of the columns; none if only the keys matter

	mu     sync.Mutex     // what follows, while workers add
	lists  [][]buildBatch // by part, so that the result does not depend on which worker was faster
	level  int            // of parts
	parted *partitions    // instead of lists, where there are keys
	buffer *rowBuffer     // instead of lists, where there are none
	nulls  bool           // some row on disk has a NULL key
}

func (r *joinRun) newBuildRows(stats *Stats, parts int) *buildRows {
	b := &buildRows{run: r, stats: stats, keys: r.buildKeys(), lists: make([][]buildBatch, parts)}
	if r.rowsMatter() {
		b.types = r.buildTypes
	}
	return b
}

// collect pulls all parts, in parallel.
func (r *joinRun) collect(ctx context.Context, stats *Stats, parts []part) (*buildRows, error) {
	b := r.newBuildRows(stats, len(parts))
	err := drain(ctx, r.env, parts, func(int) func(*worker, int, *scan.Batch) error {
		var parter keyParter
		return func(w *worker, number int, in *scan.Batch) error {
			kept, err := b.prepare(w, in)
			if err != nil {
				return err
			}
			return b.add(number, kept, &parter)
		}
	})
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// prepare evaluates the keys of a batch.
func (b *buildRows) prepare(w *worker, in *scan.Batch) (out buildBatch, err error) {
	out.len = in.Len
	if b.run.rowsMatter() {
		out.columns = make([]*column.Vector, len(in.Columns))
		for i, v := range in.Columns {
			if b.run.buildHeld[i] {
				out.columns[i] = unburdened(v)
			} else {
				out.columns[i] = column.NewNull(v.Type, in.Len)
			}
		}
	}
	out.keys, err = evalKeys(w, b.keys, in)
	return out, err
}

// size is what a batch takes.
func (b *buildBatch) size() int64 {
	n := b.keyBytes()
	for _, v := range b.columns {
		n += v.SizeBytes()
	}
	return n
}

// add keeps a batch, where there is room for it.
func (b *buildRows) add(number int, in buildBatch, p *keyParter) error {
	kept, err := b.keep(number, in)
	if kept || err != nil {
		return err
	}
	nulls, err := b.write(in, p)
	if nulls {
		b.mu.Lock()
		b.nulls = true
		b.mu.Unlock()
	}
	return err
}

// keep keeps a batch in memory, or in the buffer; false: it is to be written to its parts, which needs no lock.
func (b *buildRows) keep(number int, in buildBatch) (kept bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.disk() {
		err := b.run.pool.Grow(in.size())
		if err == nil {
			b.lists[number] = append(b.lists[number], in)
		}
		if err == nil || !spillable(b.run.env, err) {
			return true, err
		}
		if err := b.toDiskLocked(); err != nil {
			return false, err
		}
	}
	if b.buffer != nil {
		return true, b.buffer.add(in.batch())
	}
	return false, nil
}

// side makes the build side of the rows that are in memory. After an error the rows are still there.
func (b *buildRows) side(ctx context.Context) (*buildSide, error) {
	batches := slices.Concat(b.lists...)
	b.lists = [][]buildBatch{batches}
	return b.assemble(ctx, batches)
}

func (b *buildRows) assemble(ctx context.Context, batches []buildBatch) (*buildSide, error) {
	side := &buildSide{pool: b.run.pool, groups: 1, unkept: !b.run.rowsMatter()}
	for i := range batches {
		side.rows += batches[i].len
	}
	if side.rows > math.MaxInt32 {
		return nil, column.Errorf(column.Limit, "a join holds at most %d rows of its smaller side, here that has %d; filter it first", math.MaxInt32, side.rows)
	}
	if len(b.keys) == 0 {
		side.starts = []int32{0, 0, int32(side.rows)}
		if side.rows == 0 {
			side.groups = 0
		}
	} else if err := b.number(ctx, side, batches); err != nil {
		return nil, err
	}
	return side, b.store(ctx, side, batches)
}

// evalKeys computes the keys of a batch, flat if the query is to be done plainly.
func evalKeys(w *worker, exprs []expr.Expr, b *scan.Batch) ([]*column.Vector, error) {
	w.expr.Runs = b.Runs
	keys := make([]*column.Vector, len(exprs))
	for i, e := range exprs {
		v, err := expr.Eval(&w.expr, e, b.Columns, b.Len)
		if err != nil {
			return nil, err
		}
		if w.env.Plain {
			v = column.Flatten(v)
		}
		keys[i] = v
	}
	return keys, nil
}

// number numbers the keys of all batches and lists the rows of each group.
func (b *buildRows) number(ctx context.Context, side *buildSide, batches []buildBatch) error {
	pool, grouped := b.run.pool, !side.unkept
	side.index = newKeyIndex(typesOfExprs(b.keys))
	if !b.run.env.Plain {
		if err := side.index.prepare(batches, side.rows, pool); err != nil {
			return err
		}
	}
	lookup := &keyLookup{index: side.index, pool: pool}
	var groupOf []uint32
	if grouped {
		if err := pool.Grow(4 * int64(side.rows)); err != nil {
			return err
		}
		groupOf = make([]uint32, side.rows)
	}
	var scratch []uint32
	for i, at := 0, 0; i < len(batches); i++ {
		n := batches[i].len
		scratch = resized(scratch, n)
		groups := scratch
		if grouped {
			groups = groupOf[at : at+n]
		}
		if err := lookup.number(batches[i].keys, groups); err != nil {
			return err
		}
		side.nulls = side.nulls || slices.Contains(groups, 0)
		at += n
		if err := cause(ctx); err != nil {
			return err
		}
	}
	side.groups = side.index.count()
	if !grouped {
		return nil
	}
	if side.groups != side.rows { // else each row is its own group, in order
		if err := side.list(groupOf); err != nil {
			return err
		}
	}
	pool.Shrink(4 * int64(side.rows))
	return nil
}

// list sorts the rows by group: a counting sort, stable.
func (s *buildSide) list(groupOf []uint32) error {
	if err := s.pool.Grow(4 * int64(len(groupOf)+s.groups+2)); err != nil {
		return err
	}
	starts := make([]int32, s.groups+2)
	for _, g := range groupOf {
		starts[g]++
	}
	starts[0] = 0 // rows with a NULL key are in no group
	for g := 1; g < len(starts); g++ {
		starts[g] += starts[g-1]
	}
	s.order = make([]int32, starts[s.groups+1])
	for row := len(groupOf) - 1; row >= 0; row-- {
		if g := groupOf[row]; g != 0 {
			starts[g]--
			s.order[starts[g]] = int32(row)
		}
	}
	s.starts = starts
	return nil
}

// group gives the rows of a group as a range of places.
func (s *buildSide) group(g uint32) (lo, hi int) {
	if s.starts == nil {
		return int(g) - 1, int(g)
	}
	return int(s.starts[g]), int(s.starts[g+1])
}

// appendRows appends the rows at places [lo, hi).
func (s *buildSide) appendRows(dst []int32, lo, hi int) []int32 {
	if s.order != nil {
		return append(dst, s.order[lo:hi]...)
	}
	for ; lo < hi; lo++ {
		dst = append(dst, int32(lo))
	}
	return dst
}

// unique reports that no group has two rows.
func (s *buildSide) unique() bool { return s.starts == nil && !s.unkept }

// store puts the columns of all batches together, one column after the other, so that little is held twice; and gives the memory of the keys
// back. After an error the batches have their columns again.
func (b *buildRows) store(ctx context.Context, side *buildSide, batches []buildBatch) (err error) {
	pool := b.run.pool
	side.columns = make([]*column.Vector, len(b.types))
	done := 0
	defer func() {
		if err != nil {
			unstore(side.columns[:done], batches)
		}
	}()
	for i := range batches {
		pool.Shrink(batches[i].keyBytes())
		batches[i].keys = nil
	}
	list := make([]*column.Vector, len(batches))
	for c, t := range b.types {
		size := int64(0)
		for i := range batches {
			list[i] = batches[i].columns[c]
			size += list[i].SizeBytes()
		}
		v, held, err := column.NewNull(t, side.rows), int64(0), error(nil)
		if b.run.buildHeld[c] {
			v, held, err = stored(t, list, side.rows, pool)
		}
		if errors.Is(err, column.ErrTooLarge) {
			return column.Errorf(column.Limit, "the side of a join that is held: %w; filter it first, or select fewer columns of it", err)
		}
		if err != nil {
			return err
		}
		for i := range batches {
			batches[i].columns[c] = nil
		}
		side.columns[c] = v
		done++
		pool.Shrink(size)
		if err := pool.Grow(v.SizeBytes() - held); err != nil {
			return err
		}
		if err := cause(ctx); err != nil {
			return err
		}
	}
	return nil
}

// unstore gives batches the columns back that were put together.
func unstore(columns []*column.Vector, batches []buildBatch) {
	at := 0
	for i := range batches {
		for c, v := range columns {
			batches[i].columns[c] = v.Slice(at, at+batches[i].len)
		}
		at += batches[i].len
	}
}

// stored joins vectors into one that rows can be picked from in any order. Text of which some was encoded becomes a
// dictionary with an entry per run, so that it never unfolds. held is what was reserved for the result.
func stored(t column.Type, list []*column.Vector, rows int, pool *mem.Pool) (v *column.Vector, held int64, err error) {
	if len(list) == 1 && list[0].Child == nil {
		return list[0], 0, nil
	}
	encoded := slices.ContainsFunc(list, func(v *column.Vector) bool { return v.Child != nil })
	if encoded && t.Physical() == column.PhysBytes {
		return storedText(t, list, rows, pool)
	}
	held = 17 * int64(rows)               // the widest value that is not text, and its validity
	if t.Physical() == column.PhysBytes { // numerics of one scale among them stay numbers, which is less
		held = 0
		for _, v := range list {
			held += v.SizeBytes()
		}
	}
	if err := pool.Grow(held); err != nil {
		return nil, 0, err
	}
	v, err = column.Concat(t, list...)
	return v, held, err
}

func storedText(t column.Type, list []*column.Vector, rows int, pool *mem.Pool) (*column.Vector, int64, error) {
	held := 4 * int64(rows)
	for _, v := range list {
		held += v.SizeBytes()
	}
	if err := pool.Grow(held); err != nil {
		return nil, 0, err
	}
	entries := column.NewBuilder(t, 0)
	codes := make([]uint32, 0, rows)
	for _, v := range list {
		first := uint32(entries.Len())
		switch v.Enc {
		case column.Const:
			codes = appendCode(codes, first, v.Len)
		case column.RunEnd:
			start := int32(0)
			for k, end := range v.Ends {
				codes = appendCode(codes, first+uint32(k), int(end-start))
				start = end
			}
		case column.Dict:
			for _, c := range v.Codes[:v.Len] {
				codes = append(codes, first+c)
			}
		default:
			for i := range v.Len {
				codes = append(codes, first+uint32(i))
			}
			entries.AppendVector(v, 0, v.Len)
			continue
		}
		entries.AppendVector(v.Child, 0, v.Child.Len)
	}
	if err := entries.Err(); err != nil {
		return nil, 0, err
	}
	return &column.Vector{Type: t, Enc: column.Dict, Len: rows, Child: entries.Finish(), Codes: codes}, held, nil
}

func appendCode(codes []uint32, code uint32, n int) []uint32 {
	for range n {
		codes = append(codes, code)
	}
	return codes
}

// gather copies rows of column c.
func (s *buildSide) gather(c int, rows []int32) *column.Vector {
	return unburdened(column.Gather(s.columns[c], rows))
}

// unburdened gives a vector that does not drag a dictionary along that is larger than itself.
func unburdened(v *column.Vector) *column.Vector {
	if v.Enc == column.Dict && v.Child.Len > v.Len {
		return column.Flatten(v)
	}
	return v
}

// tableBytes is what the keys and the lists of rows take, the columns apart.
func (s *buildSide) tableBytes() int64 {
	n := 4 * int64(len(s.starts)+len(s.order))
	if s.index != nil {
		n += s.index.sizeBytes()
	}
	return n
}

// marks are the groups or rows that found a partner: a bit each, set by many goroutines.
type marks []atomic.Uint32

func (m marks) set(i uint32) {
	if w, bit := &m[i>>5], uint32(1)<<(i&31); w.Load()&bit == 0 {
		w.Or(bit)
	}
}

func (m marks) get(i uint32) bool { return m[i>>5].Load()&(1<<(i&31)) != 0 }
