package exec

import (
	"context"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
)

// sortCursor gives the rows of a sorted list one after the other.
type sortCursor interface {
	// next gives the next row, or io.EOF. What it points to stays valid.
	next(ctx context.Context) (sortRef, error)
	close()
}

// chunkCursor is a list in memory.
type chunkCursor struct{ refs []sortRef }

func (c *chunkCursor) next(context.Context) (sortRef, error) {
	if len(c.refs) == 0 {
		return sortRef{}, io.EOF
	}
	r := c.refs[0]
	c.refs = c.refs[1:]
	return r, nil
}

// take gives the next rows, n at the most.
func (c *chunkCursor) take(n int) []sortRef {
	n = min(n, len(c.refs))
	out := c.refs[:n:n]
	c.refs = c.refs[n:]
	return out
}

func (c *chunkCursor) close() {}

// sortMerge merges sorted lists by a tree of losers: a row costs one comparison for each time the lists can be halved.
type sortMerge struct {
	cursors []sortCursor
	heads   []sortRef // the next row of each list
	ended   []bool
	tree    []int        // tree[0] is the list with the least head; tree[i] the loser at inner node i
	alone   *chunkCursor // the only list, if it is in memory: there is nothing to merge
}

func newMerge(ctx context.Context, cursors []sortCursor) (*sortMerge, error) {
	k := len(cursors)
	if k == 1 {
		if c, ok := cursors[0].(*chunkCursor); ok {
			return &sortMerge{cursors: cursors, alone: c}, nil
		}
	}
	m := &sortMerge{cursors: cursors, heads: make([]sortRef, k), ended: make([]bool, k), tree: make([]int, max(k, 1))}
	for i := range cursors {
		if err := m.advance(ctx, i); err != nil {
			m.close()
			return nil, err
		}
	}
	m.tree[0] = m.play(1)
	return m, nil
}

// play fills the tree below an inner node and gives the winner there. The leaves are nodes k to 2k-1.
func (m *sortMerge) play(node int) int {
	k := len(m.cursors)
	if k == 0 {
		return -1
	}
	if node >= k {
		return node - k
	}
	a, b := m.play(2*node), m.play(2*node+1)
	if m.less(b, a) {
		a, b = b, a
	}
	m.tree[node] = b
	return a
}

// less says that list a's head comes before list b's; a list without rows comes last.
func (m *sortMerge) less(a, b int) bool {
	switch {
	case m.ended[a]:
		return false
	case m.ended[b]:
		return true
	}
	return compareRefs(&m.heads[a], &m.heads[b]) < 0
}

func (m *sortMerge) advance(ctx context.Context, i int) error {
	r, err := m.cursors[i].next(ctx)
	if err == io.EOF { //nolint:errorlint // ours, never wrapped
		m.ended[i] = true
		m.heads[i] = sortRef{}
		return nil
	}
	m.heads[i] = r
	return err
}

// appendSome appends up to n rows, fewer at the end, or after at least one where the rows that it appends have so many bytes; 0 = they are not counted.
func (m *sortMerge) appendSome(ctx context.Context, dst []sortRef, n, most int) ([]sortRef, error) {
	if err := cause(ctx); err != nil {
		return nil, err
	}
	if m.alone != nil {
		return append(dst, m.alone.take(m.alone.fit(n, most))...), nil
	}
	k := len(m.cursors)
	for size := 0; n > 0 && k > 0; n-- {
		best := m.tree[0]
		if m.ended[best] {
			break
		}
		if most > 0 {
			if size += m.heads[best].bytes(); size > most && size > m.heads[best].bytes() {
				break
			}
		}
		dst = append(dst, m.heads[best])
		if err := m.advance(ctx, best); err != nil {
			return nil, err
		}
		for node := (best + k) / 2; node > 0; node /= 2 {
			if m.less(m.tree[node], best) {
				m.tree[node], best = best, m.tree[node]
			}
		}
		m.tree[0] = best
	}
	return dst, nil
}

// nextOf is appendSome where the rows are not kept: they may be in buf or not.
func (m *sortMerge) nextOf(ctx context.Context, buf []sortRef, n, most int) ([]sortRef, error) {
	if m.alone == nil {
		return m.appendSome(ctx, buf[:0], n, most)
	}
	return m.alone.take(m.alone.fit(n, most)), cause(ctx)
}

func (m *sortMerge) close() {
	for _, c := range m.cursors {
		c.close()
	}
}

// sortRuns are the sorted lists of a sorter that are on disk. A block has the sorter's columns, then key and order of each row.
type sortRuns struct {
	sorter *rowSorter
	file   rowFile
	list   [][]spill.Block
}

func newSortRuns(s *rowSorter) *sortRuns {
	types := append(append([]column.Type{}, s.types...), column.T(column.Bytea), column.T(column.Int64))
	return &sortRuns{sorter: s, file: rowFile{env: s.env, stats: s.stats, types: types}}
}

// A block of a run is small, so that many runs can be merged at a time.
const (
	runRows  = 2048
	runBytes = 256 << 10
)

// write merges lists to a run.
func (r *sortRuns) write(ctx context.Context, cursors []sortCursor) error {
	m, err := newMerge(ctx, cursors)
	if err != nil {
		return err
	}
	defer m.close()
	left := r.sorter.limit
	if left <= 0 {
		left = 1<<63 - 1
	}
	var blocks []spill.Block
	var refs []sortRef
	most := 0
	if r.sorter.long() {
		most = runBytes
	}
	for rows := runRows; left > 0; {
		if refs, err = m.appendSome(ctx, refs[:0], int(min(left, int64(rows))), most); err != nil {
			return err
		}
		if len(refs) == 0 {
			break
		}
		left -= int64(len(refs))
		block, err := r.writeBlock(refs)
		if err != nil {
			return err
		}
		blocks = append(blocks, block)
		rows = max(1, min(runRows, int(runBytes*int64(len(refs))/block.SizeBytes())))
	}
	r.list = append(r.list, blocks)
	return nil
}

func (r *sortRuns) writeBlock(refs []sortRef) (spill.Block, error) {
	b, err := gatherRefs(refs, r.sorter.types, 1)
	if err != nil {
		return spill.Block{}, err
	}
	keys := column.NewBuilder(column.T(column.Bytea), len(refs))
	order := make([]int64, len(refs))
	for i := range refs {
		keys.AppendBytes(refs[i].key)
		order[i] = int64(refs[i].order)
	}
	if err := keys.Err(); err != nil {
		return spill.Block{}, err
	}
	return r.file.append(append(b.Columns, keys.Finish(), column.NewInts(column.T(column.Int64), order, nil)), len(refs))
}

// cursors open all runs.
func (r *sortRuns) cursors() []sortCursor { return cursorsOf(r.list, &r.file, r.sorter) }

func cursorsOf(list [][]spill.Block, file *rowFile, s *rowSorter) []sortCursor {
	out := make([]sortCursor, len(list))
	for i, blocks := range list {
		out[i] = &runCursor{blocks: blockReader{file: file, blocks: blocks, account: s.account}, keys: s.keys, width: len(s.types)}
	}
	return out
}

// reduce merges runs to fewer, until the blocks of all of them fit into memory at a time.
func (r *sortRuns) reduce(ctx context.Context) error {
	for {
		fan := r.fan()
		if len(r.list) <= fan {
			return nil
		}
		next := newSortRuns(r.sorter)
		for lo := 0; lo < len(r.list); lo += fan {
			err := next.write(ctx, cursorsOf(r.list[lo:min(lo+fan, len(r.list))], &r.file, r.sorter))
			if err != nil {
				next.close()
				return err
			}
		}
		r.file.remove()
		r.file, r.list = next.file, next.list
		r.sorter.stats.note("merged in passes")
	}
}

// fan is how many runs can be merged at a time.
func (r *sortRuns) fan() int {
	bytes, blocks := int64(0), int64(0)
	for _, run := range r.list {
		for _, b := range run {
			bytes += b.SizeBytes()
			blocks++
		}
	}
	if blocks == 0 {
		return len(r.list)
	}
	const most = 256
	held := r.sorter.env.held()
	room := max(held.Limit()-held.Used(), r.sorter.env.Least)
	return int(min(max(room/(2*bytes/blocks+1), 2), most))
}

func (r *sortRuns) close() {
	r.file.remove()
	r.list = nil
}

// runCursor reads a run.
type runCursor struct {
	blocks blockReader
	keys   sortKeys
	width  int // columns that are the sorter's
	batch  *scan.Batch
	key    *column.Vector
	order  []int64
	row    int
}

func (c *runCursor) next(ctx context.Context) (sortRef, error) {
	if c.batch == nil || c.row == c.batch.Len {
		b, err := c.blocks.next(ctx)
		if err != nil {
			return sortRef{}, err
		}
		c.key, c.order, c.row = b.Columns[c.width], b.Columns[c.width+1].Ints, 0
		c.batch = &scan.Batch{Len: b.Len, Columns: b.Columns[:c.width]}
	}
	i := c.row
	c.row++
	r := sortRef{key: c.key.Data[c.key.Offsets[i]:c.key.Offsets[i+1]], order: uint64(c.order[i]), batch: c.batch, row: int32(i)}
	r.prefix = c.keys.prefix(r.key)
	return r, nil
}

func (c *runCursor) close() { c.blocks.close() }
