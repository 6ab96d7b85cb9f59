package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// worthShare is the share of the rows that an index may leave: rows that it picks cost some times as much as those that are read in a row.
const worthShare = 0.125

// indexConditions finds what the conjuncts of a filter ask of indexes. Of the indexes over a column each may be asked; those that are expected to leave
// too many rows are not, and neither is one whose tests another makes already.
func indexConditions(ctx *context, root plan.Node) plan.Node {
	return onScans(root, func(s *plan.Scan, conds []expr.Expr) (*plan.Scan, []expr.Expr) {
		rel, ok := s.Relation.(plan.Indexed)
		if !ok || len(s.Index) > 0 {
			return s, conds
		}
		var found []plan.IndexCond
		for _, x := range rel.Indexes() {
			if c := (&indexed{scan: s, index: x}).condition(conds); len(c.Tests) > 0 {
				found = append(found, c)
			}
		}
		kept := paying(newEstimator(ctx), s, found)
		if len(kept) == 0 {
			return s, conds
		}
		out := *s
		out.Index = kept
		return &out, conds
	})
}

// paying leaves the conditions that pay: the most selective first, and none whose tests are those of one before it.
func paying(e *estimator, s *plan.Scan, found []plan.IndexCond) []plan.IndexCond {
	type rated struct {
		cond  plan.IndexCond
		share float64
	}
	var list []rated
	for _, c := range found {
		if share := e.indexShare(s, &c); share <= worthShare {
			list = append(list, rated{c, share})
		}
	}
	slices.SortStableFunc(list, func(a, b rated) int {
		switch {
		case a.share < b.share:
			return -1
		case a.share > b.share:
			return 1
		}
		return len(b.cond.Tests) - len(a.cond.Tests)
	})
	var out []plan.IndexCond
	var asked []expr.Expr
	for _, r := range list {
		news := false
		for i := range r.cond.Tests {
			if t := r.cond.Tests[i].Cond; !slices.Contains(asked, t) {
				news, asked = true, append(asked, t)
			}
		}
		if news {
			out = append(out, r.cond)
		}
	}
	return out
}

// indexShare is the part of a scan's rows that is expected to pass the tests of an index, by a sample of the rows if there is one.
func (s *estimator) indexShare(n *plan.Scan, c *plan.IndexCond) float64 {
	var conds []expr.Expr
	guessed := 1.0
	for i := range c.Tests {
		e := c.Tests[i].Cond
		if !slices.Contains(conds, e) {
			conds = append(conds, e)
			guessed *= guess(e, nil)
		}
	}
	unknown := slices.ContainsFunc(c.Tests, func(t plan.IndexTest) bool { return t.Param != nil })
	if unknown { // the files know more when they are asked
		return min(guessed, worthShare)
	}
	rel, ok := n.Relation.(plan.Sampled)
	if !ok || s.c.expr.Ctx == nil {
		return guessed
	}
	var columns []int
	for _, e := range conds {
		for _, at := range expr.Columns(e) {
			if col := n.Project[at]; !slices.Contains(columns, col) {
				columns = append(columns, col)
			}
		}
	}
	taken, err := rel.Sample(s.c.expr.Ctx, columns)
	if err != nil || taken.Len == 0 {
		return min(guessed, worthShare) // all rows are in memory, or the query itself will meet what is wrong
	}
	from := &sample{columns: make([]*column.Vector, len(n.Project)), rows: taken.Len}
	for i, col := range n.Project {
		if slices.Contains(columns, col) {
			from.columns[i] = taken.Columns[col].Values
		}
	}
	return s.share(from, conjunction(conds))
}

// indexed looks for what a scan's conditions ask of one index.
type indexed struct {
	scan  *plan.Scan
	index *meta.Index
}

// part gives the place of a column of the scan's output in the index.
func (x *indexed) part(e expr.Expr) (place int, class string, ok bool) {
	c, isColumn := asText(e).(*expr.Column)
	if !isColumn {
		return 0, "", false
	}
	id := x.scan.Relation.Columns()[x.scan.Project[c.Index]].ID
	for i, p := range x.index.Columns {
		if id != 0 && p.Column == id {
			return i, p.Class, true
		}
	}
	return 0, "", false
}

// condition collects the tests of all conjuncts. A btree is only of use from its first column on.
func (x *indexed) condition(conds []expr.Expr) plan.IndexCond {
	out := plan.IndexCond{Index: x.index}
	for _, e := range conds {
		if expr.Volatile(e) {
			continue
		}
		var t plan.IndexTest
		var ok bool
		if x.index.Method == meta.IndexGIN {
			t, ok = x.ginTest(e)
		} else {
			t, ok = x.test(e)
		}
		if ok {
			t.Cond = e
			out.Tests = append(out.Tests, t)
		}
	}
	if x.index.Method != meta.IndexBTree {
		return out
	}
	// What comes behind a column that is not compared by equality, or not at all, is of no use.
	usable := 0
	for part := range x.index.Columns {
		if !slices.ContainsFunc(out.Tests, func(t plan.IndexTest) bool { return t.Part == part }) {
			break
		}
		usable = part + 1
		if !slices.ContainsFunc(out.Tests, func(t plan.IndexTest) bool {
			return t.Part == part && (t.Op == plan.OpEqual || t.Op == plan.OpIn || t.Op == plan.OpNull)
		}) {
			break
		}
	}
	out.Tests = slices.DeleteFunc(out.Tests, func(t plan.IndexTest) bool { return t.Part >= usable })
	return out
}

var comparisons = map[string]plan.IndexOp{
	"=": plan.OpEqual, "<": plan.OpLess, "<=": plan.OpLessEqual, ">": plan.OpGreater, ">=": plan.OpGreaterEqual,
}

// test reads a condition that an index of values knows: comparisons, lists, NULL, and what a text begins with.
func (x *indexed) test(e expr.Expr) (t plan.IndexTest, ok bool) {
	bloom := x.index.Method == meta.IndexBloom
	switch e := e.(type) {
	case *expr.IsNull:
		t.Part, _, ok = x.part(e.Arg)
		t.Op = plan.OpNull
		if e.Negate {
			t.Op = plan.OpNotNull
		}
		return t, ok && !(bloom && e.Negate)
	case *expr.In:
		t.Part, _, ok = x.part(e.Arg)
		t.Op, t.Value = plan.OpIn, e.List
		if len(e.Params) > 0 {
			t.Value, t.List = nil, e
		}
		return t, ok && !e.Negate
	case *expr.Call:
		if b, isBound := asBound(e); isBound {
			t.Part, _, ok = x.part(&expr.Column{Index: b.column})
			t.Op, t.Value, t.Param = comparisons[b.op], b.value, b.param
			return t, ok && !(bloom && t.Op != plan.OpEqual)
		}
		if (e.Fn.Name == "~~" || e.Fn.Name == "like") && len(e.Args) == 2 && !bloom && isText(e.Args[0]) {
			t.Part, _, ok = x.part(e.Args[0])
			t.Op = plan.OpLike
			return t, ok && t.Take(e.Args[1])
		}
	}
	return t, false
}

func isText(e expr.Expr) bool {
	k := asText(e).Type().Kind
	return k == column.Text || k == column.Varchar
}

// ginTest reads a condition that an index of terms knows.
func (x *indexed) ginTest(e expr.Expr) (t plan.IndexTest, ok bool) {
	call, isCall := e.(*expr.Call)
	if !isCall || len(call.Args) != 2 {
		return t, false
	}
	left, right := call.Args[0], call.Args[1]
	class := ""
	switch call.Fn.Name {
	case "~~", "~~*", "like", "ilike":
		t.Part, class, ok = x.part(left)
		t.Op = plan.OpHasLike
		return t, ok && class == rowindex.Trigrams && isText(left) && t.Take(right)
	case "= any":
		t.Part, _, ok = x.part(right)
		t.Op = plan.OpElement
		return t, ok && right.Type().IsArray() && left.Type() == right.Type().Element() && t.Take(left)
	case "<@":
		left, right = right, left
		t.Op = plan.OpContains
	case "@>":
		t.Op = plan.OpContains
	case "&&":
		t.Op = plan.OpOverlaps
		if t.Part, _, ok = x.part(left); !ok {
			left, right = right, left
		}
	case "?":
		t.Op = plan.OpExists
	case "?|":
		t.Op = plan.OpExistsAny
	case "?&":
		t.Op = plan.OpExistsAll
	case "=":
		return x.memberTest(left, right)
	default:
		return t, false
	}
	t.Part, class, ok = x.part(left)
	switch {
	case !ok:
		return t, false
	case left.Type().Kind == column.JSONB:
		if t.Op != plan.OpContains && class == rowindex.JSONPaths {
			return t, false
		}
		if t.Op == plan.OpContains && right.Type().Kind != column.JSONB {
			return t, false
		}
	case !left.Type().IsArray() || right.Type() != left.Type():
		return t, false
	}
	return t, t.Take(right)
}

// memberTest reads document ->> 'member' = 'text', also behind members of members.
func (x *indexed) memberTest(left, right expr.Expr) (t plan.IndexTest, ok bool) {
	path, document, isMember := memberPath(left)
	if !isMember {
		left, right = right, left
		if path, document, isMember = memberPath(left); !isMember {
			return t, false
		}
	}
	t.Part, _, ok = x.part(document)
	t.Op, t.Path = plan.OpMemberEqual, path
	return t, ok && right.Type().Kind == column.Text && t.Take(right)
}

// memberPath takes document -> 'a' ->> 'b' apart.
func memberPath(e expr.Expr) (path [][]byte, document expr.Expr, ok bool) {
	call, isCall := e.(*expr.Call)
	if !isCall || call.Fn.Name != "->>" || len(call.Args) != 2 {
		return nil, nil, false
	}
	for {
		name := plan.Literal(call.Args[1])
		if name == nil || name.IsNull(0) || name.Type.Kind != column.Text || call.Args[0].Type().Kind != column.JSONB {
			return nil, nil, false
		}
		path = append([][]byte{name.Bytes(0)}, path...)
		document = call.Args[0]
		inner, isCall := document.(*expr.Call)
		if !isCall || inner.Fn.Name != "->" || len(inner.Args) != 2 {
			return path, document, true
		}
		call = inner
	}
}
