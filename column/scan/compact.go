package scan

import (
	"fmt"

	"github.com/automatanexus/aegis-db/column"
)

// Compact keeps the listed rows, which ascend without repeating. Encodings stay, and so do runs: a run that lost
// all its rows is gone. The batch itself comes back if nothing was dropped.
func (b *Batch) Compact(rows []int32) *Batch {
	if len(rows) == b.Len {
		return b
	}
	out := &Batch{Len: len(rows), Columns: make([]*column.Vector, len(b.Columns)), Runs: CompactRuns(b.Runs, rows)}
	for i, v := range b.Columns {
		out.Columns[i] = column.Gather(v, rows)
	}
	return out
}

// Rows is how many rows of the batch are meant.
func (b *Batch) Rows() int { return b.Living.CountRange(0, b.Len) }

// Compacted gives the batch without its dead rows: the batch itself if it has none.
func (b *Batch) Compacted() *Batch {
	if b.Living == nil {
		return b
	}
	n := b.Rows()
	out := &Batch{Len: n, Columns: make([]*column.Vector, len(b.Columns))}
	if b.Runs != nil {
		out.Runs = b.livingRuns()
	}
	for i, v := range b.Columns {
		out.Columns[i] = column.Living(v, b.Living, n)
	}
	return out
}

// livingRuns gives what is left of the runs without the dead rows.
func (b *Batch) livingRuns() []Run {
	out, at := make([]Run, 0, len(b.Runs)), int32(0)
	for _, r := range b.Runs {
		if n := int32(b.Living.CountRange(int(r.Start), int(r.Start+r.Len))); n > 0 {
			out = append(out, Run{Start: at, Len: n})
			at += n
		}
	}
	return out
}

// CompactRuns gives the runs that are left of runs when only the listed rows, which ascend, are kept; nil stays nil.
func CompactRuns(runs []Run, rows []int32) []Run {
	if runs == nil {
		return nil
	}
	out := make([]Run, 0, min(len(runs), len(rows)))
	i := 0
	for _, r := range runs {
		start := i
		for end := r.Start + r.Len; i < len(rows) && rows[i] < end; {
			i++
		}
		if i > start {
			out = append(out, Run{Start: int32(start), Len: int32(i - start)})
		}
	}
	return out
}

// Slice gives rows [lo, hi) and shares the buffers.
func (b *Batch) Slice(lo, hi int) *Batch {
	if lo == 0 && hi == b.Len {
		return b
	}
	if lo < 0 || hi < lo || hi > b.Len {
		panic(fmt.Sprintf("scan: slice [%d,%d) of %d rows", lo, hi, b.Len))
	}
	out := &Batch{Len: hi - lo, Columns: make([]*column.Vector, len(b.Columns))}
	for i, v := range b.Columns {
		out.Columns[i] = v.Slice(lo, hi)
	}
	if b.Living != nil {
		out.Living = b.Living.Slice(lo, hi)
	}
	if b.Runs == nil {
		return out
	}
	out.Runs = []Run{}
	for _, r := range b.Runs {
		start, end := max(int(r.Start), lo), min(int(r.Start+r.Len), hi)
		if start < end {
			out.Runs = append(out.Runs, Run{Start: int32(start - lo), Len: int32(end - start)})
		}
	}
	return out
}

// SizeBytes is what the batch takes in memory, for accounting.
func (b *Batch) SizeBytes() int64 {
	n := 8 * int64(len(b.Runs))
	for _, v := range b.Columns {
		n += v.SizeBytes()
	}
	return n
}
