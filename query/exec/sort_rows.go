package exec

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// rowSorter orders any number of rows. Rows are collected in chunks that are sorted as they fill; where memory is full the largest
// collection is merged to a run on disk. At the end all chunks and runs are merged while they are read, so that the first row
// comes without a pass over all of them, and no step works long without looking at its context.
//
// Several goroutines add, each through an intake of its own. Then sorted gives the rows, once.
type rowSorter struct {
	env     *Env
	stats   *Stats
	keys    sortKeys
	types   []column.Type
	limit   int64 // > 0: only so many first rows are wanted
	account *account
	cutoff  *scan.Cutoff // learns what the scan need not read; nil = there is none

	mu      sync.Mutex // intakes, and one goroutine spills at a time
	intakes []*sortIntake
	runs    *sortRuns
	lengths rowLengths
}

// newRowSorter makes a sorter of rows of these types by keys over them; limit > 0 keeps only the first so many. stats, of the operator it
// works for, may be nil.
func newRowSorter(env *Env, stats *Stats, keys []plan.SortKey, types []column.Type, limit int64) *rowSorter {
	s := &rowSorter{env: env, stats: stats, keys: keys, types: types, limit: limit, account: newAccount(env, stats)}
	s.runs = newSortRuns(s)
	return s
}

// A chunk is sorted when it has so many rows, or so many bytes of keys: a sort of it takes some ten milliseconds.
const (
	chunkRows     = 1 << 16
	chunkKeyBytes = 16 << 20
)

// sortIntake is one goroutine's way in. mu is held while rows are added or spilled: another goroutine that finds the memory full may
// spill them.
type sortIntake struct {
	sorter *rowSorter
	count  map[int]uint64 // rows seen, by part

	mu       sync.Mutex
	chunk    []sortRef   // not sorted yet
	keyBytes int         // of chunk
	sorted   [][]sortRef // chunks that are
	rows     int64       // of all of them
	held     int64       // bytes reserved for them
	bound    *sortRef    // with a limit: rows above it cannot be among the first
}

// intake makes a way in for one goroutine.
func (s *rowSorter) intake() *sortIntake {
	in := &sortIntake{sorter: s, count: map[int]uint64{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intakes = append(s.intakes, in)
	return in
}

// add takes a batch of part number with the keys of its rows: rows of equal keys come in the order of these numbers, and of one number as
// they were added.
func (in *sortIntake) add(ctx context.Context, number int, b *scan.Batch, values []*column.Vector) error {
	s := in.sorter
	first := in.count[number]
	in.count[number] += uint64(b.Len)
	in.mu.Lock()
	bound := in.bound
	in.mu.Unlock()
	var fresh []sortRef
	var arena []byte
	var ahead []int64 // the values of the first key, where they can be looked at before the key is made
	if bound == nil {
		fresh, arena = make([]sortRef, 0, b.Len), make([]byte, 0, b.Len*keyBytes*len(s.keys))
	} else {
		ahead = s.keys.firstIntegers(values)
	}
	for i := range b.Len {
		if ahead != nil && s.keys.integerPrefix(ahead[i]) > bound.prefix {
			continue
		}
		start := len(arena)
		arena = s.keys.append(arena, values, i)
		ref := sortRef{key: arena[start:len(arena):len(arena)], order: uint64(number)<<40 | (first + uint64(i)), batch: b, row: int32(i)}
		ref.prefix = s.keys.prefix(ref.key)
		if bound != nil && compareRefs(&ref, bound) > 0 {
			arena = arena[:start]
			continue
		}
		fresh = append(fresh, ref)
	}
	if len(fresh) == 0 {
		return nil
	}
	size := b.SizeBytes() + int64(cap(fresh))*sortRefBytes + int64(cap(arena)+len(arena))
	s.lengths.see(size, b.Len)
	if err := s.room(ctx, size); err != nil {
		return err
	}
	return in.keep(ctx, fresh, len(arena), size)
}

// room reserves memory, spilling until there is some.
func (s *rowSorter) room(ctx context.Context, size int64) error {
	for {
		ok, err := s.account.fits(size)
		if ok || err != nil {
			return err
		}
		spilled, err := s.spillLargest(ctx)
		if err != nil {
			return err
		}
		if !spilled {
			return s.account.must(size)
		}
	}
}

// keep adds rows whose memory is reserved.
func (in *sortIntake) keep(ctx context.Context, fresh []sortRef, keyBytes int, size int64) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.chunk) == 0 {
		in.chunk = fresh
	} else {
		in.chunk = append(in.chunk, fresh...)
	}
	in.keyBytes += keyBytes
	in.rows += int64(len(fresh))
	in.held += size
	if n := in.sorter.limit; n > 0 && in.rows > 2*n+scan.BatchRows {
		return in.cutLocked(ctx, n)
	}
	if len(in.chunk) >= chunkRows || in.keyBytes >= chunkKeyBytes {
		in.sortChunkLocked()
	}
	return nil
}

func (in *sortIntake) sortChunkLocked() {
	if len(in.chunk) == 0 {
		return
	}
	in.sorted = append(in.sorted, in.sorter.keys.sortChunk(in.chunk))
	in.chunk, in.keyBytes = nil, 0
}

// cursorsLocked are the rows in memory, in order.
func (in *sortIntake) cursorsLocked() []sortCursor {
	in.sortChunkLocked()
	out := make([]sortCursor, len(in.sorted))
	for i, refs := range in.sorted {
		out[i] = &chunkCursor{refs: refs}
	}
	return out
}

// cutLocked keeps the first n rows, copies them out of the batches they came in, and gives the memory of the rest back.
func (in *sortIntake) cutLocked(ctx context.Context, n int64) error {
	m, err := newMerge(ctx, in.cursorsLocked())
	if err != nil {
		return err
	}
	kept, held := make([]sortRef, 0, n), int64(0)
	for int64(len(kept)) < n {
		from := len(kept)
		if kept, err = m.appendSome(ctx, kept, int(min(n-int64(from), scan.BatchRows)), in.sorter.batchBytes()); err != nil {
			return err
		}
		b, err := gatherRefs(kept[from:], in.sorter.types, 1)
		if err != nil {
			return err
		}
		held += b.SizeBytes()
		for i := from; i < len(kept); i++ {
			r := &kept[i]
			r.key, r.batch, r.row = bytes.Clone(r.key), b, int32(i-from)
			held += int64(len(r.key)) + sortRefBytes
		}
	}
	in.sorter.account.shrink(in.held)
	in.sorted, in.rows, in.held, in.bound = [][]sortRef{kept}, n, 0, &kept[n-1]
	in.sorter.tell(&kept[n-1])
	if err := in.sorter.account.need(held); err != nil {
		return err
	}
	in.held = held
	return nil
}

// tell moves the cutoff to the last of as many rows as are wanted.
func (s *rowSorter) tell(last *sortRef) {
	if s.cutoff == nil {
		return
	}
	c, ok := s.keys[0].Expr.(*expr.Column)
	if !ok {
		return
	}
	if v := last.batch.Columns[c.Index]; !v.IsNull(int(last.row)) {
		s.cutoff.Move(v.Int(int(last.row)))
	}
}

// forgetLocked gives the memory of all rows back.
func (in *sortIntake) forgetLocked() {
	in.sorter.account.shrink(in.held)
	in.chunk, in.sorted, in.keyBytes, in.rows, in.held = nil, nil, 0, 0, 0
}

// spillLargest writes what the intake that holds the most has; false if there is none that holds anything.
func (s *rowSorter) spillLargest(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var largest *sortIntake
	most := int64(0)
	for _, in := range s.intakes {
		in.mu.Lock()
		if in.held > most {
			largest, most = in, in.held
		}
		in.mu.Unlock()
	}
	if largest == nil {
		return false, nil
	}
	return true, s.spillLocked(ctx, largest)
}

func (s *rowSorter) spillLocked(ctx context.Context, in *sortIntake) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.rows == 0 {
		return nil
	}
	if err := s.runs.write(ctx, in.cursorsLocked()); err != nil {
		return err
	}
	in.forgetLocked()
	return nil
}

// sorted gives all rows in order. Adding is over. Closing the stream closes the sorter.
func (s *rowSorter) sorted(ctx context.Context) (stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.runs.list) > 0 {
		// What is in memory goes to disk too: merging needs the room, a block for each run.
		for _, in := range s.intakes {
			if err := s.spillLocked(ctx, in); err != nil {
				return nil, err
			}
		}
		if err := s.runs.reduce(ctx); err != nil {
			return nil, err
		}
	}
	cursors := s.runs.cursors()
	for _, in := range s.intakes {
		in.mu.Lock()
		cursors = append(cursors, in.cursorsLocked()...)
		in.mu.Unlock()
	}
	m, err := newMerge(ctx, cursors)
	if err != nil {
		return nil, err
	}
	left := s.limit
	if left <= 0 {
		left = 1<<63 - 1
	}
	return &sortedStream{sorter: s, merge: m, left: left}, nil
}

// close gives everything back, on disk and in memory.
func (s *rowSorter) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs.close()
	s.intakes = nil
	s.account.close()
}

// sortedStream yields rows in order.
type sortedStream struct {
	sorter *rowSorter
	merge  *sortMerge
	left   int64
	refs   []sortRef
}

func (s *sortedStream) next(ctx context.Context) (*scan.Batch, error) {
	n := int(min(s.left, scan.BatchRows))
	refs, err := s.merge.nextOf(ctx, s.refs, n, s.sorter.batchBytes())
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		return nil, io.EOF
	}
	s.refs = refs
	s.left -= int64(len(refs))
	return gatherRefs(refs, s.sorter.types, s.sorter.env.Workers)
}

func (s *sortedStream) close() {
	s.merge.close()
	s.sorter.close()
}
