package bind

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// cte is a query of WITH. It is bound where it is defined, and its plan stands wherever it is referred to.
type cte struct {
	name  string
	node  plan.Node
	names []string // of the columns, aliases applied
	size  int      // operators of the plan
	// volatile plans may stand once only: PostgreSQL computes a query of WITH once, whoever reads it.
	volatile bool
	used     bool
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

// define binds the queries of a WITH and makes them visible, until the function it returns is called.
func (b *binder) define(n *sql.With) (restore func(), err error) {
	before := b.with
	restore = func() { b.with = before }
	if n == nil {
		return restore, nil
	}
	if n.Recursive {
		return restore, unsupported(n.Pos, "WITH RECURSIVE is not supported", "Write WITH if no query refers to itself.")
	}
	for i, c := range n.CTEs {
		for _, other := range n.CTEs[:i] {
			if other.Name == c.Name {
				return restore, errorAt(c.Pos, "42712", "WITH query name \"%s\" specified more than once", c.Name)
			}
		}
	}
	for _, c := range n.CTEs {
		bound, err := b.defineOne(c)
		if err != nil {
			return restore, err
		}
		b.with = &withScope{cte: bound, outer: b.with}
	}
	return restore, nil
}

func (b *binder) defineOne(n *sql.CTE) (*cte, error) {
	q, ok := n.Stmt.(*sql.Query)
	if !ok {
		return nil, unsupported(n.Stmt.Position(), "statements that change data are not supported in WITH", "")
	}
	root, err := b.query(q)
	if err != nil {
		return nil, err
	}
	out := &cte{name: n.Name, node: root}
	for _, c := range root.Columns() {
		out.names = append(out.names, c.Name)
	}
	if len(n.Columns) > len(out.names) {
		return nil, errorAt(n.Pos, "42P10", "WITH query \"%s\" has %d columns available but %d columns specified", n.Name, len(out.names), len(n.Columns))
	}
	for i, c := range n.Columns {
		out.names[i] = c.Name
	}
	out.size, out.volatile = weigh(root)
	return out, nil
}

// weigh counts the operators of a plan and tells whether running it twice may give two answers.
func weigh(n plan.Node) (operators int, volatile bool) {
	operators = 1
	for _, e := range plan.AllExpressions(n) {
		volatile = volatile || expr.Volatile(e)
	}
	for _, in := range n.Inputs() {
		more, v := weigh(in)
		operators, volatile = operators+more, volatile || v
	}
	return operators, volatile
}

// reference gives the plan of a query of WITH.
func (b *binder) reference(c *cte, pos int) (plan.Node, error) {
	if c.volatile && c.used {
		return nil, unsupported(pos, "the query \""+c.name+"\" of WITH calls a volatile function and is referred to more than once", "Store its rows in a table first.")
	}
	c.used = true
	b.operators += c.size
	if b.operators > maxOperators {
		return nil, errorAt(pos, "54001", "references to queries of WITH make a plan of more than %d operators", maxOperators)
	}
	return c.node, nil
}
