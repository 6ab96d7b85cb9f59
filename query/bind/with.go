package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// cte is a query of WITH. It is bound where it is defined, and its plan stands wherever it is referred to: as it is, so that conditions around it
// reach its tables, or as one that is computed once.
type cte struct {
	name   string
	node   plan.Node
	names  []string // of the columns, aliases applied
	size   int      // operators of the plan
	shared bool     // it is computed once
	silent bool     // it changes rows and returns none
	added  int      // columns at the end that * does not stand for
	id     *plan.SharedID
	// outer is the scope around the query that it belongs to; correlated says that it reads what is there.
	outer      *scope
	correlated bool
}

// withScope is the queries of WITH that can be seen, the innermost first.
type withScope struct {
	cte   *cte
	outer *withScope
}

func (w *withScope) find(name string) *cte {
	for ; w != nil; w = w.outer {
		if w.cte.name == name {
			return w.cte
		}
	}
	return nil
}

// maxOperators bounds the operators that references to WITH may add to a statement: each reference repeats its plan, so that
// a chain of queries that read the one before twice doubles it at every step.
const maxOperators = 10_000

// define binds the queries of a WITH and makes them visible, until the function it returns is called. around is the query that it belongs to; nil = a
// change of rows.
func (b *binder) define(n *sql.With, around *sql.Query) (restore func(), err error) {
	before := b.with
	restore = func() { b.with = before }
	if n == nil {
		return restore, nil
	}
	for i, c := range n.CTEs {
		for _, other := range n.CTEs[:i] {
			if other.Name == c.Name {
				return restore, errorAt(c.Pos, "42712", "WITH query name \"%s\" specified more than once", c.Name)
			}
		}
	}
	list := n.CTEs
	if n.Recursive {
		if list, err = inOrder(list); err != nil {
			return restore, err
		}
	}
	for _, c := range list {
		bound, err := b.defineOne(c, n, around)
		if err != nil {
			return restore, err
		}
		b.with = &withScope{cte: bound, outer: b.with}
	}
	return restore, nil
}

func (b *binder) defineOne(n *sql.CTE, with *sql.With, around *sql.Query) (*cte, error) {
	recursive := with.Recursive
	q, ok := n.Stmt.(*sql.Query)
	if !ok {
		if with != b.top {
			return nil, errorAt(n.Pos, "0A000", "WITH clause containing a data-modifying statement must be at the top level")
		}
		return b.changedIn(n)
	}
	out := &cte{name: n.Name, id: &plan.SharedID{}}
	var err error
	recursive = recursive && refersTo(q, n.Name)
	switch {
	case recursive:
		out.node, err = b.recursive(n, q)
	case n.Search != nil || n.Cycle != nil:
		return nil, errorAt(n.Pos, "42601", "WITH query is not recursive")
	default:
		out.node, err = b.query(q)
	}
	if err != nil {
		return nil, err
	}
	if out.names, err = cteNames(n, out.node.Columns()); err != nil {
		return nil, err
	}
	out.size, out.outer = weigh(out.node), b.outer
	out.correlated = slices.ContainsFunc(plan.FreeParams(out.node), func(p int) bool {
		return !slices.ContainsFunc(b.subqueries, func(first plan.Subquery) bool { return first.Param == p })
	})
	volatile := plan.Volatile(out.node)
	out.shared = recursive || volatile || n.Materialize == sql.MaterializeAlways || b.computedOnce(n, out.node, around)
	if out.shared && !shareable(out.node) {
		if volatile {
			return nil, unsupported(n.Pos, "the query \""+n.Name+"\" of WITH calls a volatile function and reads the query around it", "Write it as a subquery where it is read.")
		}
		out.shared = false
	}
	return out, nil
}

// cteNames are the names of the columns of a query of WITH.
func cteNames(n *sql.CTE, columns []plan.Column) ([]string, error) {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	if len(n.Columns) > len(names) {
		return nil, errorAt(n.Pos, "42P10", "WITH query \"%s\" has %d columns available but %d columns specified", n.Name, len(names), len(n.Columns))
	}
	for i, c := range n.Columns {
		names[i] = c.Name
	}
	return names, nil
}

// shareable reports a plan that has the same rows wherever it stands in the statement.
func shareable(n plan.Node) bool { return len(plan.FreeParams(n)) == 0 && !readsWork(n) }

// readsWork reports that a plan reads the rows of a step of a recursive query around it.
func readsWork(n plan.Node) bool {
	inside := map[*plan.SharedID]bool{}
	var walk func(n plan.Node) bool
	walk = func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Work:
			return !inside[n.ID]
		case *plan.Recursive:
			inside[n.ID] = true
		}
		return slices.ContainsFunc(n.Inputs(), walk)
	}
	return walk(n)
}

// weigh counts the operators of a plan.
func weigh(n plan.Node) int {
	operators := 1
	for _, in := range n.Inputs() {
		operators += weigh(in)
	}
	return operators
}

// reference gives the plan of a query of WITH.
func (b *binder) reference(c *cte, pos int) (plan.Node, error) {
	b.operators += c.size
	if b.operators > maxOperators {
		return nil, errorAt(pos, "54001", "references to queries of WITH make a plan of more than %d operators", maxOperators)
	}
	if c.shared {
		return &plan.Shared{Input: c.node, Name: c.name, ID: c.id}, nil
	}
	if c.correlated { // what is between its query and the reader reads the same things around
		for s := b.outer; s != nil && s != c.outer; s = s.outer {
			if s.link != nil {
				s.link.crossed = true
			}
		}
	}
	return c.node, nil
}
