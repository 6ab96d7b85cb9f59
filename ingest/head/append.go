package head

import (
	"encoding/binary"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// Batch is rows of one table, resolved to series.
type Batch struct {
	Table *meta.Table
	Rows  int
	// Refs name the series of each row by Dict, the table's present one; one element stands for all rows.
	Refs []uint32
	Dict *Dict
	// Columns are those that are no tags, flat. A missing one is NULL in every row.
	Columns []Column
	// Keys are the tuples of the table's unique constraints.
	Keys []*BatchKeys
}

// Column is one column of a batch.
type Column struct {
	Field  column.Field
	Vector *column.Vector
}

// append adds a batch whose seq is above all before it, and gives the bytes that it took. dead lists rows that end with the commit; placed, which may
// be nil, is told where each row went.
func (p *part) append(seq meta.Seq, b *Batch, dead []int32, placed func(at, position uint32)) int64 {
	grown := int64(0)
	step := b.chunkRows()
	for lo := 0; lo < b.Rows; lo += step {
		hi := min(lo+step, b.Rows)
		n := sort.Search(len(dead), func(i int) bool { return int(dead[i]) >= hi })
		grown += p.appendGroup(seq, b, lo, hi, dead[:n], min(p.seal, step), placed)
		dead = dead[n:]
	}
	return grown
}

// Chunks of long values have fewer rows than others: a reader decodes one as a whole.
const (
	longRow   = 512     // bytes of a row, on average, from which on they are long
	longChunk = 1 << 20 // bytes of the values of a chunk of such rows, about
)

// chunkRows is after how many rows a chunk is closed that ends with rows of a batch, where that is fewer than chunks have otherwise.
func (b *Batch) chunkRows() int {
	size := int64(0)
	for i := range b.Columns {
		size += b.Columns[i].Vector.SizeBytes()
	}
	if size <= longRow*int64(b.Rows) {
		return appendGroups
	}
	return int(min(max(int64(b.Rows)*longChunk/size, 1), appendGroups))
}

// ownDeaths are the rows of a commit that end with it, by table: numbers over all its batches of the table.
type ownDeaths map[meta.TableID]*ownBatches

type ownBatches struct {
	rows *roaring.Bitmap
	base int // of the next batch
}

func ownRows(batches []Batch, ends []Ends) ownDeaths {
	var out ownDeaths
	for i := range ends {
		if ends[i].Own == nil {
			continue
		}
		if out == nil {
			out = ownDeaths{}
		}
		out[ends[i].Table] = &ownBatches{rows: ends[i].Own}
	}
	return out
}

// of lists the rows of the next batch of its table.
func (o ownDeaths) of(b *Batch) []int32 {
	t := o[b.Table.ID]
	if t == nil {
		return nil
	}
	var out []int32
	it := t.rows.Iterator()
	it.AdvanceIfNeeded(uint32(t.base))
	for it.HasNext() && int(it.PeekNext()) < t.base+b.Rows {
		out = append(out, int32(int(it.Next())-t.base))
	}
	t.base += b.Rows
	return out
}

// appendGroup appends some rows; seal is after how many rows a chunk is closed.
func (p *part) appendGroup(seq meta.Seq, b *Batch, lo, hi int, dead []int32, seal int, placed func(at, position uint32)) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own {
		seq += meta.Seq(lo)
	}
	p.noteSchemaLocked(b.Table.Columns.Version, seq)
	grown := p.rowsLocked(seq, b, lo, hi, seal)
	if placed != nil {
		for i, at := range p.locals {
			placed(at, p.seriesLocked(at).sealed+p.rowIdx[i])
		}
	}
	for _, i := range dead {
		at := p.locals[int(i)-lo]
		position := p.seriesLocked(at).sealed + p.rowIdx[int(i)-lo]
		grown += p.endLocked(seq, at, roaring.BitmapOf(position))
	}
	done := make([]bool, len(p.fields), len(p.fields)+len(b.Columns))
	for _, c := range b.Columns {
		col := p.fieldLocked(c.Field)
		for len(done) <= col {
			done = append(done, false)
		}
		done[col] = true
		grown += p.columnLocked(col, c.Vector, lo, hi)
	}
	for col := range done {
		if !done[col] {
			grown += p.absentLocked(col)
		}
	}
	grown += p.appendKeysLocked(b, lo, hi)
	for _, i := range p.sealed {
		if s := p.seriesLocked(i); int(s.open) >= seal {
			grown += p.sealLocked(i)
		}
	}
	p.rows += int64(hi - lo)
	return grown
}

// rowsLocked finds the series of the rows, adds the seqs and notes the times. It leaves in locals and rowIdx which series and which
// row of its open chunk each row is.
func (p *part) rowsLocked(seq meta.Seq, b *Batch, lo, hi, seal int) int64 {
	var times *column.Vector
	for _, c := range b.Columns {
		if c.Field.ID == p.time && p.time != 0 {
			times = c.Vector
		}
	}
	grown := int64(0)
	p.locals, p.rowIdx, p.sealed = p.locals[:0], p.rowIdx[:0], p.sealed[:0]
	for i := lo; i < hi; i++ {
		ref := b.Refs[0]
		if len(b.Refs) > 1 {
			ref = b.Refs[i]
		}
		var at uint32
		if int(ref) < len(p.local) && p.local[ref] != 0 {
			at = p.local[ref] - 1
		} else {
			var n int64
			at, n = p.addLocked(ref)
			grown += n
		}
		if p.own && i > lo {
			seq++
		}
		s := p.seriesLocked(at)
		p.locals = append(p.locals, at)
		p.rowIdx = append(p.rowIdx, s.open)
		if times != nil {
			t := times.Ints[i]
			if s.open == 0 {
				s.minT, s.maxT = t, t
			} else {
				s.minT, s.maxT = min(s.minT, t), max(s.maxT, t)
			}
		}
		if s.open == 0 {
			s.firstSeq = seq
		}
		before := s.seqs.SizeBytes()
		s.seqs.Append(int64(seq))
		grown += int64(s.seqs.SizeBytes() - before)
		s.open++
		if int(s.open) == seal || seal < p.seal && int(s.open) > seal {
			p.sealed = append(p.sealed, at)
		}
	}
	return grown
}

func (p *part) columnLocked(col int, v *column.Vector, lo, hi int) int64 {
	switch v.Type.Physical() {
	case column.PhysInt:
		return p.intsLocked(col, v, lo, hi)
	case column.PhysFloat:
		return p.floatsLocked(col, v, lo, hi)
	case column.PhysBool:
		return p.boolsLocked(col, v, lo, hi)
	default:
		return p.textsLocked(col, v, lo, hi)
	}
}

func (p *part) intsLocked(col int, v *column.Vector, lo, hi int) (grown int64) {
	var cells [aheadRows]*intCell
	for i := lo; i < hi; i++ {
		k, row := (i-lo)%aheadRows, int(p.rowIdx[i-lo])
		if k == 0 {
			grown += p.intCellsLocked(&cells, col, p.locals[i-lo:])
		}
		a := cells[k]
		if v.Valid != nil && !v.Valid.Get(i) {
			grown += markNull(&a.nulls, a.Len(), row)
			continue
		}
		if a.nulls != nil || a.Len() != row {
			grown += markValid(&a.nulls, row)
		}
		before := a.SizeBytes()
		a.Append(v.Ints[i])
		grown += int64(a.SizeBytes() - before)
	}
	return grown
}

func (p *part) floatsLocked(col int, v *column.Vector, lo, hi int) (grown int64) {
	var cells [aheadRows]*floatCell
	for i := lo; i < hi; i++ {
		k, row := (i-lo)%aheadRows, int(p.rowIdx[i-lo])
		if k == 0 {
			grown += p.floatCellsLocked(&cells, col, p.locals[i-lo:])
		}
		a := cells[k]
		if v.Valid != nil && !v.Valid.Get(i) {
			grown += markNull(&a.nulls, a.Len(), row)
			continue
		}
		if a.nulls != nil || a.Len() != row {
			grown += markValid(&a.nulls, row)
		}
		before := a.SizeBytes()
		a.Append(v.Floats[i])
		grown += int64(a.SizeBytes() - before)
	}
	return grown
}

func (p *part) boolsLocked(col int, v *column.Vector, lo, hi int) (grown int64) {
	for i := lo; i < hi; i++ {
		at, row := p.locals[i-lo], int(p.rowIdx[i-lo])
		c := p.slabs[at>>slabBits].cellsOf(col)
		if c.bools == nil {
			c.bools = make([]boolCell, slabSize)
			grown += boolSlab
		}
		a := &c.bools[at&(slabSize-1)]
		if v.Valid != nil && !v.Valid.Get(i) {
			grown += markNull(&a.nulls, a.Len(), row)
			continue
		}
		if a.nulls != nil || a.Len() != row {
			grown += markValid(&a.nulls, row)
		}
		before := a.SizeBytes()
		a.Append(v.Bools[i])
		grown += int64(a.SizeBytes() - before)
	}
	return grown
}

func (p *part) textsLocked(col int, v *column.Vector, lo, hi int) (grown int64) {
	var span [spanBytes]byte
	for i := lo; i < hi; i++ {
		at, row := p.locals[i-lo], int(p.rowIdx[i-lo])
		c := p.slabs[at>>slabBits].cellsOf(col)
		if c.texts == nil {
			c.texts = make([]textCell, slabSize)
			grown += textSlab
		}
		a := &c.texts[at&(slabSize-1)]
		if v.Valid != nil && !v.Valid.Get(i) {
			grown += markNull(&a.nulls, a.Len(), row)
			continue
		}
		if a.nulls != nil || a.Len() != row {
			grown += markValid(&a.nulls, row)
		}
		before := a.SizeBytes()
		if v.Type.Kind == column.IntervalKind {
			a.Append(putSpan(span[:0], v.Intervals[i]))
		} else {
			a.Append(v.Data[v.Offsets[i]:v.Offsets[i+1]])
		}
		grown += int64(a.SizeBytes() - before)
	}
	return grown
}

// spanBytes is the length of a stored interval.
const spanBytes = 16

func putSpan(dst []byte, s column.Interval) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(s.Months))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(s.Days))
	return binary.LittleEndian.AppendUint64(dst, uint64(s.Micros))
}

func getSpan(b []byte) column.Interval {
	return column.Interval{
		Months: int32(binary.LittleEndian.Uint32(b)), Days: int32(binary.LittleEndian.Uint32(b[4:])),
		Micros: int64(binary.LittleEndian.Uint64(b[8:])),
	}
}

// absentLocked notes that a column the batch did not bring is NULL in its rows.
func (p *part) absentLocked(col int) (grown int64) {
	for k, at := range p.locals {
		s := p.slabs[at>>slabBits]
		if col >= len(s.cols) {
			continue
		}
		c, i, row := &s.cols[col], at&(slabSize-1), int(p.rowIdx[k])
		switch {
		case c.ints != nil:
			grown += markNull(&c.ints[i].nulls, c.ints[i].Len(), row)
		case c.floats != nil:
			grown += markNull(&c.floats[i].nulls, c.floats[i].Len(), row)
		case c.bools != nil:
			grown += markNull(&c.bools[i].nulls, c.bools[i].Len(), row)
		case c.texts != nil:
			grown += markNull(&c.texts[i].nulls, c.texts[i].Len(), row)
		}
	}
	return grown
}
