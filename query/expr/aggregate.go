package expr

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
)

// Aggregate is one overload of an aggregate function.
type Aggregate struct {
	Name   string
	Args   []column.Type
	Result column.Type

	New func() State
	// For, if not nil, makes the aggregate for arguments of given types, where those of any type decide about the result, and an order.
	For func(args []column.Type, order []Ordering) *Aggregate
	// WithinGroup aggregates are called with WITHIN GROUP: Direct of their arguments stand before it. Of Hypothetical ones as many stand
	// before it as in it.
	WithinGroup, Hypothetical bool
	Direct                    int
	// Ordered says that the result depends on the order of rows. All rows of a group of a call that has an Order come in one AddRange.
	Ordered bool
	// Scaled says that its states know arguments that are Scaled, so that these need not be flattened.
	Scaled bool
	// Narrow says that its states take arguments of integers as Narrow vectors in AddRange.
	Narrow bool
	// Coded says that its states take arguments that are Dict, of Flat entries, as they are.
	Coded bool
	// OfOne says that of a group of one row the result is the first argument, if none of the others is NULL.
	OfOne bool
	// NewUnsorted, if not nil, makes the state of calls whose last argument is not a Sorted column: the one of New trusts
	// AddRange's sorted to be about that argument. The binder chooses, by giving the call a copy with another New.
	NewUnsorted func() State
	// Generic, if not nil, makes New and NewUnsorted for a type, as Function.Generic does the kernel.
	Generic func(t column.Type) (sorted, unsorted func() State)
	Doc     string
}

// AggregateCall is an aggregate in a query. A DISTINCT one is handed each distinct tuple of arguments once per group, by the
// executor; a FILTER likewise is the executor's.
type AggregateCall struct {
	Fn       *Aggregate
	Args     []Expr
	Distinct bool
	Filter   Expr // boolean, nil = all rows
	// Order says in which order the rows of a group come; arguments beyond those of Fn are there for it only.
	Order []Ordering
	T     column.Type
	At    int
}

// Ordering orders the rows of an aggregate by one of its arguments.
type Ordering struct {
	Arg              int
	Desc, NullsFirst bool
}

// State accumulates one aggregate over many groups, in columns: group g's accumulator is slot g of its slices.
// Not safe for concurrent use: each worker has its own, Merge joins them.
type State interface {
	// Grow makes room for groups [0, n), new ones empty.
	Grow(n int)
	// Add takes n rows; row i belongs to groups[i]. Arguments are Flat or Const, or Scaled if Aggregate.Scaled. NULL handling is the aggregate's.
	Add(groups []uint32, args []*column.Vector, n int) error
	// AddRange takes rows [lo, hi), all of group g: the run-wise path, a tight loop with the accumulator in registers.
	// sorted says that the table's time column ascends over the rows.
	AddRange(g uint32, args []*column.Vector, lo, hi int, sorted bool) error
	// Merge adds other's group from[i] into group into[i], for all i. Other states' groups that are not named stay as they are.
	Merge(other State, from, into []uint32) error
	// Finish gives the results of groups [0, n).
	Finish(n int) (*column.Vector, error)
	// SizeBytes is the memory held, in bytes.
	SizeBytes() int64
}

// ReleasedState is a State whose memory another one can use when it is done.
type ReleasedState interface {
	State
	// Release gives the memory away; nothing may be done with the state afterwards. What Finish has given does not refer to it.
	Release()
}

// WatchedState is a State that may take long over one group: it looks now and then whether the statement was cancelled.
type WatchedState interface {
	State
	Watch(ctx context.Context)
}

// RowsState is a State that takes rows that lie anywhere in a batch, where AnyOrder says that its results do not depend on the order of rows, nor on
// how they are parted. Others are given rows one after the other, with a group each.
type RowsState interface {
	State
	AnyOrder() bool
	// AddRows takes the listed rows, all of group g. Arguments are as those of AddRange.
	AddRows(g uint32, args []*column.Vector, rows []int32) error
}

// LivingState is a State that takes ranges in which some rows are dead as they are. Others are given the stretches between them.
type LivingState interface {
	State
	// AddLiving takes the rows of [lo, hi) whose bits are set in living, which is not nil, all of group g.
	AddLiving(g uint32, args []*column.Vector, living column.Bitmap, lo, hi int) error
}
