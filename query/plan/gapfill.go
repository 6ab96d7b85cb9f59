package plan

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Gapfill adds the rows of time buckets that groups lack: time_bucket_gapfill. Its input comes sorted by Keys and then by Time, nothing
// twice; so does its output. Other columns of an added row are NULL. Behind the input's columns stand the Fills.
type Gapfill struct {
	Input Node
	Time  int   // column of the bucket
	Keys  []int // columns that name a group
	// Width, Zone (nil = none), Start and Stop are of one row, without columns. Start and Stop are times: buckets from the one of Start
	// to the last that begins before Stop.
	Width, Zone, Start, Stop expr.Expr
	// StartAfter and StopWith say that Start itself is not meant, and that Stop is.
	StartAfter, StopWith bool
	Fills                []Fill
}

// FillKind is how a value is made for an added row.
type FillKind uint8

// The kinds.
const (
	FillLast   FillKind = iota // locf: the last value
	FillLinear                 // interpolate: on the line between the last value and the next
)

// Fill is a column that has a value of its own in the input's rows and gets one in added rows.
type Fill struct {
	Kind  FillKind
	Value expr.Expr // over the input
	First expr.Expr // of FillLast: what added rows have before the first value, over the group's first row; nil = NULL
	// SkipNulls says that a NULL of the input's own is replaced, too.
	SkipNulls bool
	Name      string
}

func (n *Gapfill) Columns() []Column {
	out := append([]Column{}, n.Input.Columns()...)
	nullable(out)
	for _, f := range n.Fills {
		out = append(out, Column{Name: f.Name, Type: f.Value.Type()})
	}
	return out
}

func (n *Gapfill) Inputs() []Node      { return []Node{n.Input} }
func (n *Gapfill) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// TimeType is the type of the buckets.
func (n *Gapfill) TimeType() column.Type { return n.Input.Columns()[n.Time].Type }

// expressions lists what is computed, constants included.
func (n *Gapfill) expressions() []expr.Expr {
	out := []expr.Expr{n.Width, n.Start, n.Stop}
	if n.Zone != nil {
		out = append(out, n.Zone)
	}
	for _, f := range n.Fills {
		out = append(out, f.Value)
		if f.First != nil {
			out = append(out, f.First)
		}
	}
	return out
}

// Map gives the node with every expression replaced by f of it.
func (n *Gapfill) Map(f func(expr.Expr) expr.Expr) *Gapfill {
	out := *n
	out.Width, out.Zone, out.Start, out.Stop = f(n.Width), f(n.Zone), f(n.Start), f(n.Stop)
	out.Fills = append([]Fill(nil), n.Fills...)
	for i := range out.Fills {
		out.Fills[i].Value, out.Fills[i].First = f(out.Fills[i].Value), f(out.Fills[i].First)
	}
	return &out
}
