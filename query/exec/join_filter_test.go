package exec

import (
	"context"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// spy is a relation whose first column is a tag; it keeps the requests, and honours them.
type spy struct {
	*relation
	requests []*scan.Request
}

func (s *spy) Source() scan.Source { return s }
func (s *spy) Morsels(ctx context.Context, req *scan.Request) ([]scan.Morsel, scan.Stats, error) {
	s.requests = append(s.requests, req)
	return s.table.Morsels(ctx, req)
}

// TestJoinNarrowsScan: the keys of the build side become a condition on the tag of the probe side, unless rows without a
// partner are wanted or the column is no tag.
func TestJoinNarrowsScan(t *testing.T) {
	tagged := func() *spy {
		s := &spy{relation: newRelation(text, big)}
		s.columns[0].Tag = true
		s.morsels = [][]*scan.Batch{{{Len: 4, Columns: []*column.Vector{column.NewStrings("a", "b", "a", "c"), column.NewInts(big, []int64{1, 2, 3, 4}, nil)}}}}
		return s
	}
	few := newRelation(text)
	few.morsels = [][]*scan.Batch{{{Len: 3, Columns: []*column.Vector{column.NewStrings("a", "x", "a")}}}}
	key := &expr.Column{T: text}
	for _, c := range []struct {
		name   string
		change func(s *spy, n *plan.Scan) plan.Node
		kind   plan.JoinKind
		equal  []string
		rows   int
	}{
		{"inner", nil, plan.InnerJoin, []string{"a", "x"}, 4},
		{"semi", nil, plan.SemiJoin, []string{"a", "x"}, 2},
		{"right", nil, plan.RightJoin, []string{"a", "x"}, 5},
		{"left", nil, plan.LeftJoin, nil, 6},
		{"anti", nil, plan.AntiJoin, nil, 2},
		{"no tag", func(s *spy, n *plan.Scan) plan.Node { s.columns[0].Tag = false; return n }, plan.SemiJoin, nil, 2},
		{"a limit below", func(_ *spy, n *plan.Scan) plan.Node { return &plan.Limit{Input: n, Count: 1} }, plan.SemiJoin, nil, 1},
		{"a limit in the scan", func(_ *spy, n *plan.Scan) plan.Node { n.Limit = 9; return n }, plan.SemiJoin, nil, 2},
		{"filter", func(_ *spy, n *plan.Scan) plan.Node {
			return &plan.Filter{Input: n, Cond: greater(t, &expr.Column{Index: 1, T: big}, 1)}
		}, plan.SemiJoin, []string{"a", "x"}, 1},
		{"project", func(_ *spy, n *plan.Scan) plan.Node {
			return &plan.Project{Input: n, Exprs: []expr.Expr{key}, Names: []string{"host"}}
		}, plan.SemiJoin, []string{"a", "x"}, 2},
	} {
		s := tagged()
		in := (&plan.Scan{Relation: s, Project: []int{0, 1}, Time: scan.AllTime})
		var left plan.Node = in
		if c.change != nil {
			left = c.change(s, in)
		}
		node := &plan.Join{Left: left, Right: few.scan(), Kind: c.kind, LeftKeys: []expr.Expr{key}, RightKeys: []expr.Expr{key}}
		got, err := runAny(node, envOf(1))
		if err != nil || len(got) != c.rows {
			t.Errorf("%s: %d rows, error %v; want %d", c.name, len(got), err, c.rows)
		}
		var equal []string
		for _, f := range s.requests[0].Series {
			for _, v := range f.Equal {
				equal = append(equal, string(v))
			}
			if !f.Match([]byte("a"), false) || f.Match([]byte("b"), false) || f.Match(nil, true) {
				t.Errorf("%s: the condition does not hold for the keys alone", c.name)
			}
		}
		if !slices.Equal(equal, c.equal) {
			t.Errorf("%s: the scan was narrowed to %q, want %q", c.name, equal, c.equal)
		}
		if in.Series != nil {
			t.Errorf("%s: the plan was changed", c.name)
		}
	}
}

// TestJoinNarrowsTime: a join on time reads no more time than the keys span, within what the scan reads anyhow.
func TestJoinNarrowsTime(t *testing.T) {
	stamp := column.T(column.Timestamp)
	s := &spy{relation: newRelation(stamp)}
	s.columns[0].Time = true
	times := []int64{10, 20, 30, 40, 50}
	s.morsels = [][]*scan.Batch{{{Len: 5, Columns: []*column.Vector{column.NewInts(stamp, times, nil)}}}}
	few := newRelation(stamp)
	few.morsels = [][]*scan.Batch{{{Len: 3, Columns: []*column.Vector{column.NewInts(stamp, []int64{40, 20, 30}, nil)}}}}
	for kind, want := range map[plan.JoinKind]scan.TimeRange{
		plan.InnerJoin: {Min: 25, Max: 40}, plan.SemiJoin: {Min: 25, Max: 40}, plan.LeftJoin: {Min: 25, Max: 99}, plan.NullAntiJoin: {Min: 25, Max: 99},
	} {
		s.requests = nil
		node := joinOn(kind, s.relation, few)
		in := &plan.Scan{Relation: s, Project: []int{0}, Time: scan.TimeRange{Min: 25, Max: 99}}
		node.Left = in
		if _, err := runAny(node, envOf(1)); err != nil {
			t.Fatal(err)
		}
		if got := s.requests[0].Time; got != want || in.Time.Max != 99 {
			t.Errorf("%s: asked for %v, want %v", kindNames[kind], got, want)
		}
	}
}

// TestStoredKeys: keys are found again in the form in which tags are stored, and nothing else is.
func TestStoredKeys(t *testing.T) {
	for _, v := range []*column.Vector{
		column.NewStrings("", "a", "a\x00b", "long enough to be hashed in several steps"),
		column.NewInts(big, []int64{0, -1, 7, 1 << 62, -1 << 63}, nil),
		column.NewBools([]bool{true}, nil),
	} {
		index := newKeyIndex([]column.Type{v.Type})
		lookup := keyLookup{index: index, pool: mem.NewPool("test", 0, nil)}
		if err := lookup.number([]*column.Vector{v}, make([]uint32, v.Len)); err != nil {
			t.Fatal(err)
		}
		c := &index.columns[0]
		want := map[string]bool{}
		for i := range v.Len {
			// As segments and the head do it: the tag's key without its marker, text unescaped.
			value, _, _, err := key.Next(key.AppendValue(nil, v, i), v.Type, nil)
			if err != nil {
				t.Fatal(err)
			}
			want[string(value)] = true
			if !c.hasStored(value, false) {
				t.Errorf("%s %d is not found", v.Type, i)
			}
		}
		for _, value := range c.stored() {
			if !want[string(value)] {
				t.Errorf("%s: %x is listed", v.Type, value)
			}
		}
		if len(c.stored()) != v.Len || c.hasStored(nil, true) || c.hasStored(make([]byte, 8), false) != want[string(make([]byte, 8))] {
			t.Errorf("%s: %d values are listed of %d, or one too many is found", v.Type, len(c.stored()), v.Len)
		}
	}
}
