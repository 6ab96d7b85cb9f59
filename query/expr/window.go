package expr

import "github.com/automatanexus/aegis-db/column"

// WindowFunction is one overload of a window function that is no aggregate.
type WindowFunction struct {
	Name string
	Args []column.Type // Unknown = any
	// Result is the type of the result; Unknown = that of the first argument. Common says that all arguments of any type, the result
	// too, have one common type.
	Result column.Type
	Common bool
	// Framed functions look at the frame of a row; the others at its partition.
	Framed bool
	// Leading says that the value of a row does not depend on the rows behind it and its peers.
	Leading bool
	// A partition may be larger than memory. It is then computed in pieces, by functions that say how: Ranked computes a piece from what is
	// before it, of whole groups of peers if ByPeers, its arguments being constants; a Neighbour's value is that of the row so many rows away,
	// as often as its second argument says; TakesFirst and TakesLast give the value of that row of the frame.
	Ranked                func(at Placed, p *Partitions, args []*column.Vector) (*column.Vector, error)
	ByPeers               bool
	Neighbour             int64
	TakesFirst, TakesLast bool
	// Kernel computes the values of all rows of some partitions. Arguments are of as many rows, in any encoding.
	Kernel func(p *Partitions, args []*column.Vector) (*column.Vector, error)
	Doc    string
}

// Placed says where a piece of a partition lies: rows and groups of peers before it, and rows of the partition.
type Placed struct{ Rows, Groups, Total int64 }

// Partitions are rows of whole partitions, one partition after the other, each in the order of its window.
type Partitions struct {
	// Bounds are where partitions begin, and the end of the last one.
	Bounds []int32
	// First and End are, by row, the rows from First up to End that are its peers: equal in the window's order.
	First, End []int32
	// Lo and Hi are, by row, its frame: rows [Lo, Hi), without those that Exclude takes out. Nil unless a function is Framed.
	Lo, Hi  []int32
	Exclude FrameExclude
	// Looks is for kernels that take more than some nanoseconds for a row.
	Looks Looks
}

// Len is the number of rows.
func (p *Partitions) Len() int { return int(p.Bounds[len(p.Bounds)-1]) }

// Range is rows [Lo, Hi).
type Range struct{ Lo, Hi int32 }

// Frame gives the parts of row i's frame, in order; some may be empty.
func (p *Partitions) Frame(i int32) [3]Range {
	lo, hi := p.Lo[i], p.Hi[i]
	switch p.Exclude {
	case ExcludeCurrentRow:
		return [3]Range{{lo, clamp(i, lo, hi)}, {hi, hi}, {clamp(i+1, lo, hi), hi}}
	case ExcludeGroup:
		return [3]Range{{lo, clamp(p.First[i], lo, hi)}, {hi, hi}, {clamp(p.End[i], lo, hi), hi}}
	case ExcludeTies:
		return [3]Range{{lo, clamp(p.First[i], lo, hi)}, {clamp(i, lo, hi), clamp(i+1, lo, hi)}, {clamp(p.End[i], lo, hi), hi}}
	}
	return [3]Range{{lo, hi}, {hi, hi}, {hi, hi}}
}

func clamp(i, lo, hi int32) int32 { return min(max(i, lo), hi) }

// WindowCall is a window function in a query: Fn, or an aggregate.
type WindowCall struct {
	Fn     *WindowFunction
	Agg    *Aggregate
	Args   []Expr
	Filter Expr // of aggregates; nil = all rows
	Frame  Frame
	T      column.Type
	At     int
}

// Name is the function's name.
func (c *WindowCall) Name() string {
	if c.Fn != nil {
		return c.Fn.Name
	}
	return c.Agg.Name
}

// FrameMode says what a frame is counted in.
type FrameMode uint8

// The modes.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// FrameExclude says which rows are taken out of a frame.
type FrameExclude uint8

// What can be excluded.
const (
	ExcludeNone FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// BoundKind is what one end of a frame is.
type BoundKind uint8

// The kinds, in the order in which they lie along a partition.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Frame says which rows of its partition a row's frame is made of.
type Frame struct {
	Mode       FrameMode
	Start, End FrameBound
	Exclude    FrameExclude
}

// FrameBound is one end of a frame.
type FrameBound struct {
	Kind BoundKind
	// Offset is a constant, set for Preceding and Following: a bigint, or what the order of RANGE is measured in.
	Offset Expr
	// Value and Limit are set in mode RANGE where the executor does not know how to add Offset to the row's place in the order itself
	// (it does for integers and floats): Value is that place, Limit the place where the frame of the row ends on this side, of the same type.
	Value, Limit Expr
}

// DefaultFrame is that of a window that says nothing: from the partition's first row up to the last peer of the row.
var DefaultFrame = Frame{End: FrameBound{Kind: CurrentRow}}

// WholeFrame reports a frame that is the partition, whatever the row, where ordered says whether rows have an order.
func (f *Frame) WholeFrame(ordered bool) bool {
	return f.Start.Kind == UnboundedPreceding && f.Exclude == ExcludeNone &&
		(f.End.Kind == UnboundedFollowing || !ordered && f.Mode != FrameRows && f.End.Kind == CurrentRow)
}

// Exprs lists the expressions of a call that are computed from a row.
func (c *WindowCall) Exprs() []Expr {
	out := append([]Expr(nil), c.Args...)
	for _, e := range []Expr{c.Filter, c.Frame.Start.Value, c.Frame.Start.Limit, c.Frame.End.Value, c.Frame.End.Limit} {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

// Map gives a call with every expression replaced by f of it.
func (c *WindowCall) Map(f func(Expr) Expr) WindowCall {
	each := func(e Expr) Expr {
		if e == nil {
			return nil
		}
		return f(e)
	}
	out := *c
	out.Args, _ = mapAll(c.Args, f)
	out.Filter = each(c.Filter)
	for _, b := range []*FrameBound{&out.Frame.Start, &out.Frame.End} {
		b.Offset, b.Value, b.Limit = each(b.Offset), each(b.Value), each(b.Limit)
	}
	return out
}

// SameCall reports that two calls compute the same over the same window.
func SameCall(a, b *WindowCall) bool {
	if a.Fn != b.Fn || a.T != b.T || len(a.Args) != len(b.Args) || (a.Agg == nil) != (b.Agg == nil) || a.Agg != nil && a.Agg.Name != b.Agg.Name {
		return false
	}
	for i := range a.Args {
		if !Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return sameOptional(a.Filter, b.Filter) && a.Frame.Same(&b.Frame)
}

// Same reports equal frames.
func (f *Frame) Same(o *Frame) bool {
	return f.Mode == o.Mode && f.Exclude == o.Exclude && f.Start.Kind == o.Start.Kind && f.End.Kind == o.End.Kind &&
		sameOptional(f.Start.Offset, o.Start.Offset) && sameOptional(f.End.Offset, o.End.Offset)
}

func sameOptional(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return Equal(a, b)
}

// SlidingState is a State that can answer while it grows and whose groups can be joined one by one. A window's frame needs that: aggregates
// without it are computed anew for each frame.
type SlidingState interface {
	State
	// Result appends the result of group g so far.
	Result(b *column.Builder, g uint32) error
	// Clear makes group g empty.
	Clear(g uint32)
	// Take adds group i of another state, whose rows follow, to group g, and leaves the other as it is.
	Take(g uint32, other State, i uint32) error
}
