package exec

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// sorter orders its input, or finds its first rows. Sort keys are encoded so that bytes compare as SQL orders
// them; workers sort what they pulled, and the sorted lists are merged. Rows of equal keys keep the order of their
// parts, so an answer does not depend on which worker was faster.
type sorter struct {
	node  *plan.Sort
	env   *Env
	input producer
}

func (s *sorter) parts(ctx context.Context) ([]part, error) {
	inner, err := s.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var lists []*sortList
	err = drain(ctx, s.env, inner, func(int) func(*worker, int, *scan.Batch) error {
		l := &sortList{node: s.node, pool: mem.NewPool("sort", 0, s.env.Pool), count: map[int]uint64{}}
		mu.Lock()
		lists = append(lists, l)
		mu.Unlock()
		return l.add
	})
	if err != nil {
		return nil, err
	}
	var refs []sortRef
	for _, l := range lists {
		l.sort()
		refs = mergeRefs(refs, l.refs)
	}
	if n := s.node.Limit; n > 0 && int64(len(refs)) > n {
		refs = refs[:n]
	}
	return []part{func(context.Context, *worker) (stream, error) {
		return &sorted{refs: refs, columns: s.node.Columns()}, nil
	}}, nil
}

// sortRef is a row, by its key and its place.
type sortRef struct {
	prefix uint64 // orders as the start of the key does: most comparisons end here
	key    []byte
	order  uint64 // part, then row inside the part
	batch  *scan.Batch
	row    int32
}

func compareRefs(a, b sortRef) int {
	switch {
	case a.prefix < b.prefix:
		return -1
	case a.prefix > b.prefix:
		return 1
	}
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c
	}
	if a.order < b.order {
		return -1
	}
	return 1
}

const sortRefBytes = 64 // of a sortRef

// keyBytes is what one key of a row takes at least: a place for NULL, the marker of package key, eight bytes of a number.
const keyBytes = 10

// sortList is what one worker pulled.
type sortList struct {
	node  *plan.Sort
	pool  *mem.Pool
	refs  []sortRef
	count map[int]uint64 // rows seen, by part
	bound *sortRef       // with a limit: rows above it cannot be among the first
}

func (l *sortList) add(w *worker, number int, b *scan.Batch) error {
	w.expr.Runs = b.Runs
	keys := make([]*column.Vector, len(l.node.Keys))
	for i, k := range l.node.Keys {
		v, err := expr.Eval(&w.expr, k.Expr, b.Columns, b.Len)
		if err != nil {
			return err
		}
		keys[i] = v
	}
	if err := l.pool.Grow(b.SizeBytes() + int64(b.Len)*sortRefBytes); err != nil {
		return err
	}
	first := l.count[number]
	l.count[number] += uint64(b.Len)
	arena := make([]byte, 0, b.Len*keyBytes*len(keys))
	if l.bound == nil {
		l.refs = slices.Grow(l.refs, b.Len)
	}
	for i := range b.Len {
		start := len(arena)
		arena = l.appendKey(arena, keys, i)
		ref := sortRef{key: arena[start:len(arena):len(arena)], order: uint64(number)<<40 | (first + uint64(i)), batch: b, row: int32(i)}
		ref.prefix = l.prefix(keys[0], i, ref.key)
		if l.bound != nil && compareRefs(ref, *l.bound) > 0 {
			arena = arena[:start]
			continue
		}
		l.refs = append(l.refs, ref)
	}
	if err := l.pool.Grow(int64(cap(arena))); err != nil {
		return err
	}
	if n := l.node.Limit; n > 0 && int64(len(l.refs)) > 2*n+scan.BatchRows {
		return l.cutTo(int(n))
	}
	return nil
}

// appendKey encodes the sort key of row i.
func (l *sortList) appendKey(dst []byte, keys []*column.Vector, i int) []byte {
	const before, value, after = 0x00, 0x01, 0x02
	for k, v := range keys {
		by := l.node.Keys[k]
		if v.IsNull(i) {
			if by.NullsFirst {
				dst = append(dst, before)
			} else {
				dst = append(dst, after)
			}
			continue
		}
		dst = append(dst, value)
		start := len(dst)
		dst = key.AppendValue(dst, v, i)
		if by.Desc {
			for p := start; p < len(dst); p++ {
				dst[p] = ^dst[p]
			}
		}
	}
	return dst
}

// prefix packs the start of row i's key. Of a number the two bytes that say that there is one are left out, so that it tells apart what differs
// in all but the last two bits; NULLs get the ends that this leaves free.
func (l *sortList) prefix(v *column.Vector, i int, encoded []byte) uint64 {
	if v.Type.Physical() != column.PhysInt {
		var b [8]byte
		copy(b[:], encoded)
		return binary.BigEndian.Uint64(b[:])
	}
	by := l.node.Keys[0]
	f, j := v.At(i)
	if f.Valid != nil && !f.Valid.Get(j) {
		if by.NullsFirst {
			return 0
		}
		return math.MaxUint64
	}
	u := uint64(f.Ints[j]) ^ 1<<63
	if by.Desc {
		u = ^u
	}
	return u>>2 + 1
}

func (l *sortList) sort() { slices.SortFunc(l.refs, compareRefs) }

// cutTo keeps the first n rows, copies them out of the batches they came in, and gives the memory of the rest back.
func (l *sortList) cutTo(n int) error {
	l.sort()
	kept := l.refs[:n]
	b, err := gatherRefs(kept, l.node.Columns())
	if err != nil {
		return err
	}
	held := b.SizeBytes()
	l.refs = make([]sortRef, n, 2*n+scan.BatchRows)
	for i, r := range kept {
		r.key, r.batch, r.row = bytes.Clone(r.key), b, int32(i)
		l.refs[i] = r
		held += int64(len(r.key)) + sortRefBytes
	}
	l.bound = &l.refs[n-1]
	l.pool.Close()
	return l.pool.Grow(held)
}

// gatherRefs copies rows together, column by column.
func gatherRefs(refs []sortRef, columns []plan.Column) (*scan.Batch, error) {
	out := &scan.Batch{Len: len(refs), Columns: make([]*column.Vector, len(columns))}
	if b := oneBatch(refs); b != nil {
		rows := make([]int32, len(refs))
		for i := range refs {
			rows[i] = refs[i].row
		}
		for c := range columns {
			out.Columns[c] = column.Gather(b.Columns[c], rows)
		}
		return out, nil
	}
	for c := range columns {
		b := column.NewBuilder(columns[c].Type, len(refs))
		for _, r := range refs {
			b.AppendRow(r.batch.Columns[c], int(r.row))
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		out.Columns[c] = b.Finish()
	}
	return out, nil
}

// oneBatch is the batch that all the rows are in, nil if they are in several.
func oneBatch(refs []sortRef) *scan.Batch {
	for i := range refs {
		if refs[i].batch != refs[0].batch {
			return nil
		}
	}
	return refs[0].batch
}

// mergeRefs merges two sorted lists.
func mergeRefs(a, b []sortRef) []sortRef {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make([]sortRef, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if compareRefs(a[0], b[0]) < 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// sorted yields rows in the order of refs.
type sorted struct {
	refs    []sortRef
	columns []plan.Column
}

func (s *sorted) next(context.Context) (*scan.Batch, error) {
	if len(s.refs) == 0 {
		return nil, io.EOF
	}
	n := min(len(s.refs), scan.BatchRows)
	take := s.refs[:n]
	s.refs = s.refs[n:]
	return gatherRefs(take, s.columns)
}

func (s *sorted) close() {}
