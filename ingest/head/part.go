package head

import (
	"sync"
	"unsafe"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/codec"
	"github.com/automatanexus/aegis-db/meta"
)

// Rows per sealed chunk. A reader copies an open chunk under the lock, and skips a sealed one by its time range: so small for tables
// of many series, large where one series holds the whole table.
const (
	taggedChunk   = 240
	untaggedChunk = 4096
)

// Series lie in slabs, so that a million of them are no million objects for the garbage collector, and a column that a slab's
// series never had costs nothing. A power of two; larger wastes memory in small tables.
const (
	slabBits = 5
	slabSize = 1 << slabBits
)

// part is the rows of one table in one generation. Appends come in the order of seq, one at a time; readers copy under mu and
// decode outside of it. Rows of one series are in the order of seq, so what a snapshot sees is a prefix.
type part struct {
	gen    *Generation
	dict   *Dict
	time   column.ID
	perOne bool // the table has no tags: one series
	seal   int
	own    bool // rows of a transaction: each has a seq of its own

	mu     sync.RWMutex
	fields []column.Field // of the columns below, in the order they first appeared
	// versions are those of the schemas that rows were written under, ascending.
	versions []writtenUnder
	local    []uint32 // by ref: number of the series + 1, 0 = no rows
	slabs    []*slab
	count    int
	rows     int64
	deaths   map[uint32]*deaths // by series: positions of rows that have ended; nil until one has
	rowIdx   []uint32           // scratch of append
	locals   []uint32
	sealed   []uint32
	keys     []*keyIndex // of unique constraints that were asked about
}

type slab struct {
	series [slabSize]series
	cols   []cells // by index in part.fields; may be shorter
}

// series is one series' rows: sealed chunks, and the open one as streams.
type series struct {
	ref        uint32
	open       uint32 // rows in the open chunk
	sealed     uint32 // rows in the others
	firstSeq   meta.Seq
	minT, maxT int64 // of the open chunk
	seqs       codec.IntAppender
	chunks     []chunk
}

// cells are one column of the open chunks of a slab; the slice that fits the type is used, nil until a value comes.
type cells struct {
	ints   []intCell
	floats []floatCell
	bools  []boolCell
	texts  []textCell
}

// A cell's nulls say which rows are NULL. Without it, no values means all rows are NULL, and values mean none is.
type (
	intCell struct {
		codec.IntAppender
		nulls *codec.BoolAppender
	}
	floatCell struct {
		codec.FloatAppender
		nulls *codec.BoolAppender
	}
	boolCell struct {
		codec.BoolAppender
		nulls *codec.BoolAppender
	}
	textCell struct { // and intervals, as 16 bytes
		codec.StringAppender
		nulls *codec.BoolAppender
	}
)

const (
	seriesBytes  = int64(unsafe.Sizeof(series{})) + 4              // and its entry in part.local
	nullsBytes   = int64(unsafe.Sizeof(codec.BoolAppender{})) + 32 // with its first buffer
	chunkHeader  = int64(unsafe.Sizeof(chunk{}))
	intSlab      = slabSize * int64(unsafe.Sizeof(intCell{}))
	floatSlab    = slabSize * int64(unsafe.Sizeof(floatCell{}))
	boolSlab     = slabSize * int64(unsafe.Sizeof(boolCell{}))
	textSlab     = slabSize * int64(unsafe.Sizeof(textCell{}))
	emptySlab    = int64(unsafe.Sizeof(slab{}))
	appendGroups = 4096 // rows that one hold of the lock appends
)

func newPart(t *meta.Table, d *Dict) *part {
	p := &part{dict: d, time: t.Columns.Time, seal: taggedChunk, perOne: len(t.Columns.Tags) == 0}
	if p.perOne {
		p.seal = untaggedChunk
	}
	return p
}

// bytes is about the memory that the rows take.
func (p *part) bytes() int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	n := int64(len(p.slabs))*emptySlab + 4*int64(cap(p.local))
	for at := range uint32(p.count) {
		n += p.openBytesLocked(at)
		for _, c := range p.seriesLocked(at).chunks {
			n += chunkHeader + int64(len(c.data))
		}
	}
	return n
}

// fieldLocked finds or adds a column.
func (p *part) fieldLocked(f column.Field) int {
	for i := range p.fields {
		if p.fields[i].ID == f.ID {
			return i
		}
	}
	// Copied, because readers hold the slice.
	p.fields = append(p.fields[:len(p.fields):len(p.fields)], f)
	return len(p.fields) - 1
}

func (p *part) seriesLocked(i uint32) *series { return &p.slabs[i>>slabBits].series[i&(slabSize-1)] }

// addLocked makes the series of a ref and gives its number and what memory it took.
func (p *part) addLocked(ref uint32) (uint32, int64) {
	grown := int64(0)
	for int(ref) >= len(p.local) {
		old := cap(p.local)
		p.local = append(p.local, 0)
		p.local = p.local[:cap(p.local)]
		grown += 4 * int64(cap(p.local)-old)
	}
	i := uint32(p.count)
	if i&(slabSize-1) == 0 {
		p.slabs = append(p.slabs, &slab{})
		grown += emptySlab
	}
	p.count++
	p.seriesLocked(i).ref = ref
	p.local[ref] = i + 1
	return i, grown
}

// cellsLocked gives the cells of a column in a slab, made where make is set.
func (s *slab) cellsOf(col int) *cells {
	for len(s.cols) <= col {
		s.cols = append(s.cols, cells{})
	}
	return &s.cols[col]
}

// markValid notes that row i of a chunk has a value, and gives the memory that took. It is asked where there are nulls, or no value in
// the rows before.
func markValid(nulls **codec.BoolAppender, i int) (grown int64) {
	if *nulls == nil {
		*nulls = &codec.BoolAppender{}
		grown = nullsBytes
		for range i { // all before are NULL
			(*nulls).Append(true)
		}
	}
	(*nulls).Append(false)
	return grown
}

// markNull notes that row i is NULL.
func markNull(nulls **codec.BoolAppender, have, i int) (grown int64) {
	if have == 0 {
		return 0
	}
	if *nulls == nil {
		*nulls = &codec.BoolAppender{}
		grown = nullsBytes
		for range i {
			(*nulls).Append(false)
		}
	}
	(*nulls).Append(true)
	return grown
}
