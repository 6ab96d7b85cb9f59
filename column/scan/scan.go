// Package scan is the contract between whoever asks for rows (query, compaction, export) and whoever has them
// (head, segments, both under one snapshot). It holds shapes, no readers.
package scan

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// BatchRows is how many rows a batch aims at: large enough that per-batch costs vanish, small enough that the
// columns of one batch stay in the second-level cache (8 columns × 8 bytes × 4096 = 256 KiB).
const BatchRows = 4096

// LongRows is how many rows a batch has at most for whoever makes nothing of its rows (Request.Long).
const LongRows = 4 * BatchRows

// Run is a stretch of consecutive rows of one series inside a batch. Rows of a run are in the table's order
// (ascending time for tables with a time column).
type Run struct {
	Start, Len int32
}

// Batch is what flows: vectors of equal length in the order that was asked for. Tag columns come run-end encoded,
// so what depends on tags only is computed once per run.
type Batch struct {
	Len     int
	Columns []*column.Vector
	// Runs cover [0, Len) without gaps where the rows come as series runs; nil where they do not (tables without
	// tags and without order, or after an operator that mixed rows).
	Runs []Run
	// Living says which rows are meant; nil = all of them. Others were deleted, and nothing may be computed of them. Only who has asked for it
	// (Request.Dead) gets such batches.
	Living column.Bitmap
	// Unlike says of which columns no two rows have the same value, and none NULL: a batch of last rows has one row of each series, which a tag may
	// tell apart. nil = of none is that known. Operators that make batches need not hand it on.
	Unlike []bool
}

// TimeRange is a closed range in the time column's unit.
type TimeRange struct{ Min, Max int64 }

// AllTime is the range that excludes nothing.
var AllTime = TimeRange{math.MinInt64, math.MaxInt64}

// Contains reports whether t lies in the range.
func (r TimeRange) Contains(t int64) bool { return r.Min <= t && t <= r.Max }

// Overlaps reports whether [min, max] shares a point with the range.
func (r TimeRange) Overlaps(minT, maxT int64) bool { return r.Min <= maxT && minT <= r.Max }

// Intersect gives the points in both; Min > Max if there are none.
func (r TimeRange) Intersect(o TimeRange) TimeRange {
	return TimeRange{max(r.Min, o.Min), min(r.Max, o.Max)}
}

// SeriesFilter is a condition on one tag, evaluated once per distinct value, never per row.
type SeriesFilter struct {
	Tag column.ID
	// Label, where the tag is a label set (Schema.LabelSets): the member that is meant; "" means the tag as a whole.
	Label string
	// Equal, if not nil, lists the only values that can match: a look-up in the postings. Match is still asked.
	Equal [][]byte
	// Match decides one value; null reports an absent tag (value is nil then). Values arrive as the tag's type is
	// stored: text as bytes, integers as 8 bytes big-endian with the sign bit flipped, booleans as one byte.
	// It must be safe for concurrent use.
	Match func(value []byte, null bool) bool
}

// ColumnFilter is what zone maps can prune by: rows with Min <= value <= Max, NULL never. NaN counts as greater
// than +Inf, as in PostgreSQL. It is conservative: a source may return rows that it excludes, and must never drop one that it
// includes.
type ColumnFilter struct {
	Column             column.ID
	IntMin, IntMax     int64   // for PhysInt columns
	FloatMin, FloatMax float64 // for PhysFloat; FloatMax = NaN includes NaN
	TextMin, TextMax   []byte  // for PhysBytes; nil = unbounded
	// Values are all that satisfy it, where they were listed: flat, without NULLs; nil = what the bounds say.
	Values *column.Vector
}

// Request says what to read. Series and Time are exact: the source returns only rows that satisfy them (all Series filters are
// ANDed). Filters is a hint.
type Request struct {
	Columns []column.ID // what to return, in this order; may repeat; may be empty (only Len matters then)
	Series  []SeriesFilter
	Time    TimeRange
	Filters []ColumnFilter
	// Index is a hint as well: a source may read only rows that satisfy all of these conditions, where it has files that say which do.
	Index []IndexCondition
	// Keys are the only tuples of the table's primary key (package key) that can matter, ascending, each once; nil = all. A hint.
	Keys [][]byte
	// Narrow says, by place in Columns, which columns may come as Narrow vectors (package column); those beyond its end may not. A hint.
	Narrow []bool
	// Long says that batches may have up to LongRows rows where they are slices of pages. A hint.
	Long bool
	// Dead says that batches may have dead rows among the others (Batch.Living), which spares copying what is between them. A hint.
	Dead bool
	// Labels are extra columns after Columns: members of the label set as text, NULL where absent, computed once per series.
	Labels []string
	// Addresses asks for two more columns after the labels, bigint and never NULL: the place that a row lies in, and its number there. A
	// source of computed rows refuses it.
	Addresses bool
	// Sample, if not nil, says that only rows of blocks that it has matter. A hint.
	Sample *Sample
	// Limit, if > 0, says the reader needs no more than so many rows in total: a source may stop early.
	Limit int64
	// Ends, if not zero, says that of each series only rows at its ends can matter. A hint.
	Ends Ends
	// Bound, if not nil, may come to exclude rows while they are read. A hint.
	Bound *Bound
	// Cutoff, if not nil, may come to exclude rows by a column while they are read. A hint.
	Cutoff *Cutoff
	// Counters, if not nil, is told what readers did.
	Counters *Counters
}

// Ends says how many rows a reader needs from the start and from the end of each series, in order of time, of those that satisfy
// Series and Time. Rows of the same time as the innermost row needed are needed too, so that it is open for nobody which
// of them are meant. A source may return more rows, and must when it cannot tell.
type Ends struct{ First, Last int64 }

// Most is how many rows of a series of n rows are needed, rows of equal time aside.
func (e Ends) Most(n int64) int64 {
	if e == (Ends{}) || e.First+e.Last < 0 {
		return n
	}
	return min(n, e.First+e.Last)
}

// Counters is what the readers of a scan did, for EXPLAIN ANALYZE. A reader adds its share when it is closed.
type Counters struct {
	Rows   atomic.Int64 // given to whoever asked
	Cached atomic.Int64 // pages that were decoded already
	Read   atomic.Int64 // pages that were read and decoded
}

// Stats is what planning a scan found and spared, for EXPLAIN ANALYZE.
type Stats struct {
	Segments, SegmentsPruned int
	Series, SeriesPruned     int
	Pages, PagesPruned       int
	// Indexed is in how many segments an index said which rows to read, RowsSpared how many rows that spared beyond everything else.
	Indexed    int
	RowsSpared int64
	Rows       int64 // upper bound of the rows that will be read
	HeadRows   int64
}

// Source is one table (or a logical table over one) as one snapshot sees it. Safe for concurrent use until the
// snapshot is closed.
type Source interface {
	// Morsels splits a request into parts that can be read independently and in any order; within a
	// morsel the rows come in the table's order. The sum of them is the answer, each row once.
	Morsels(ctx context.Context, req *Request) ([]Morsel, Stats, error)
}

// Morsel is a part of a scan.
type Morsel interface {
	// Open starts reading; what the reader holds in memory is reserved from pool until Close.
	Open(ctx context.Context, pool *mem.Pool) (Reader, error)
	// Rows is an upper bound of the rows in it, for balancing.
	Rows() int64
}

// Reader pulls the batches of a morsel. Not safe for concurrent use.
type Reader interface {
	// Next gives the next batch, never an empty one, or io.EOF. The batch is immutable and stays valid after the next call
	// unless the source says otherwise.
	Next(ctx context.Context) (*Batch, error)
	Close() error
}
