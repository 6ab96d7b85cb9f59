package rowindex

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/spill"
)

// maxKey is the longest key in bytes. A longer one is cut, and so are the bounds of what is asked, so that the order stays and too many rows
// are named rather than too few.
const maxKey = 1 << 10

// Options says what a Builder makes.
type Options struct {
	Table, Segment, Index uint64
	Method                Method
	Rows                  int64
	// Parts is how many columns the index has, Bits how many bits a value gets in a filter (0 = index.FilterBits). Both are of bloom only.
	Parts, Bits int
	// Budget is how many bytes of keys and rows are held before they are written to a temporary file. Default 64 MiB.
	Budget int64
	Spill  *spill.Space // nil = what does not fit is an error
	Pool   *mem.Pool    // may be nil
}

const defaultBudget = 64 << 20

// Builder collects the keys of a segment's rows, row by row in ascending order, and writes the file. Memory is bounded: sorted runs of keys go to
// temporary files and are merged at the end. A filter, which needs to be whole, takes some 10 bits a value. For one goroutine.
type Builder struct {
	o      Options
	places map[string]int32
	names  []string // of the lists
	lists  []list
	held   int64 // reserved from the pool
	size   int64 // about what the lists take
	runs   []*run
	filter *slices32
}

// list is the rows of a key: the first, then the distances of the others as varints.
type list struct {
	last, n uint32
	rows    []byte
}

// entryBytes is about what a key takes beside its own bytes: in the map, in names, in lists.
const entryBytes = 96

// NewBuilder makes an empty builder. Close it.
func NewBuilder(o Options) (*Builder, error) {
	if o.Budget == 0 {
		o.Budget = defaultBudget
	}
	if o.Rows < 0 || o.Rows > maxRows {
		return nil, column.Errorf(column.Internal, "index %d: a segment of %d rows", o.Index, o.Rows)
	}
	b := &Builder{o: o, places: map[string]int32{}}
	if o.Method == Bloom {
		b.filter = newSlices(o.Rows, max(1, o.Parts), o.Bits)
		if err := b.reserve(b.filter.sizeBytes()); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *Builder) reserve(n int64) error {
	if b.o.Pool == nil {
		return nil
	}
	if n > b.held {
		if err := b.o.Pool.Grow(n - b.held); err != nil {
			return err
		}
	} else {
		b.o.Pool.Shrink(b.held - n)
	}
	b.held = n
	return nil
}

// Add says that a row has a key. Rows come in ascending order; a pair that comes twice in a row counts once.
func (b *Builder) Add(key []byte, row uint32) error {
	if b.filter != nil {
		b.filter.add(key, row)
		return nil
	}
	if len(key) > maxKey {
		key = key[:maxKey]
	}
	at, known := b.places[string(key)]
	if !known {
		at = int32(len(b.lists))
		name := string(key)
		b.places[name] = at
		b.names = append(b.names, name)
		b.lists = append(b.lists, list{})
		b.size += int64(len(key)) + entryBytes
	}
	l := &b.lists[at]
	if l.n > 0 && l.last == row {
		return nil
	}
	before := cap(l.rows)
	l.rows = binary.AppendUvarint(l.rows, uint64(row-l.last))
	l.last = row
	l.n++
	b.size += int64(cap(l.rows) - before)
	if b.size-b.held > 1<<20 && b.size < b.o.Budget {
		if err := b.reserve(b.size); err != nil {
			return b.spill(err)
		}
	}
	if b.size >= b.o.Budget {
		return b.spill(column.Errorf(column.Limit, "index %d: %d bytes of keys and no temporary files", b.o.Index, b.size))
	}
	return nil
}

// order lists the places of the keys in ascending order.
func (b *Builder) order() []int32 {
	out := make([]int32, len(b.names))
	for i := range out {
		out[i] = int32(i)
	}
	slices.SortFunc(out, func(x, y int32) int {
		switch {
		case b.names[x] < b.names[y]:
			return -1
		case b.names[x] > b.names[y]:
			return 1
		}
		return 0
	})
	return out
}

// spill writes what is held to a temporary file; why is the error where there are none.
func (b *Builder) spill(why error) error {
	if b.o.Spill == nil {
		return why
	}
	r, err := writeRun(b.o.Spill, func(yield func(key string, l list) error) error {
		for _, at := range b.order() {
			if err := yield(b.names[at], b.lists[at]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.runs = append(b.runs, r)
	clear(b.places)
	b.names, b.lists, b.size = b.names[:0], b.lists[:0], 0
	clear(b.lists[:cap(b.lists)])
	return b.reserve(0)
}

// Finish writes the file and says how large it is.
func (b *Builder) Finish(w io.Writer) (size int64, err error) {
	out := newFile(w, &b.o)
	if b.filter != nil {
		return out.finishFilter(b.filter)
	}
	if len(b.runs) == 0 {
		for _, at := range b.order() {
			if err := out.entry(b.names[at], b.lists[at]); err != nil {
				return 0, err
			}
		}
		return out.finishKeys()
	}
	if len(b.names) > 0 {
		if err := b.spill(nil); err != nil {
			return 0, err
		}
	}
	if err := mergeRuns(b.runs, out.entry); err != nil {
		return 0, err
	}
	return out.finishKeys()
}

// Close gives memory and temporary files back.
func (b *Builder) Close() error {
	var err error
	for _, r := range b.runs {
		if e := r.file.Remove(); err == nil {
			err = e
		}
	}
	b.runs, b.places, b.names, b.lists, b.filter = nil, nil, nil, nil, nil
	if e := b.reserve(0); err == nil {
		err = e
	}
	return err
}
