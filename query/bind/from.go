package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// item is a bound part of FROM: where its rows come from, and what names mean over them. Its columns stand from place
// first on among those of the whole FROM: however joins nest, their output keeps the order of the text.
type item struct {
	node    plan.Node
	first   int
	sources []*source
	fields  []binding
	// params are set from rows of items to the left that it reads (LATERAL), over the columns of the whole FROM.
	params []plan.ApplyParam
}

// fromClause is a FROM being bound.
type fromClause struct {
	*binder
	outer    *scope          // around the SELECT
	all      []*source       // met so far, visible or not
	work     bool            // one is the recursive query that is being bound
	left     []*item         // those to the left, which LATERAL may read
	width    int             // columns so far
	rowNames map[string]bool // see from
}

// from makes the input of a SELECT, and the scope of its names. rows are names that may mean rows of items, which may be absent.
func (b *binder) from(list []sql.TableExpr, rows map[string]bool) (plan.Node, *scope, error) {
	s := &scope{aggs: &aggregates{}, sets: &sets{}, windows: &windows{}, gaps: &gaps{}, outer: b.outer}
	if len(list) == 0 {
		return &plan.Values{Rows: [][]expr.Expr{{}}}, s, nil
	}
	f := &fromClause{binder: b, outer: b.outer, rowNames: rows}
	node, err := f.besides(s, nil, list)
	return node, s, err
}

// besides joins the items of a list with a node, which is nil at first, and adds their names to a scope.
func (f *fromClause) besides(s *scope, node plan.Node, list []sql.TableExpr) (plan.Node, error) {
	for _, t := range list {
		it, err := f.item(t)
		if err != nil {
			return nil, err
		}
		if err := clash(s.sources, it.sources); err != nil {
			return nil, err
		}
		s.add(it)
		f.left = append(f.left, it)
		switch {
		case node == nil:
			node = it.node
		case len(it.params) > 0:
			node = &plan.Apply{Left: node, Right: it.node, Kind: plan.InnerJoin, Params: it.params}
		default:
			node = &plan.Join{Left: node, Right: it.node, Kind: plan.InnerJoin}
		}
	}
	s.hidden, s.work = f.all, f.work
	return node, nil
}

// clash refuses two sources with one name. Tables of different schemas may share theirs, and a subquery may have none. It has
// no position, as in PostgreSQL.
func clash(left, right []*source) error {
	for _, l := range left {
		for _, r := range right {
			if l.name == "" || l.name != r.name || l.rel != nil && r.rel != nil && !l.alias && !r.alias && l.rel.Name() != r.rel.Name() {
				continue
			}
			return column.SQLErrorf(column.Invalid, "42712", "table name \"%s\" specified more than once", l.name)
		}
	}
	return nil
}

// maxSources bounds the items of one FROM: the work on their names, and on the order of their joins, grows with its square.
const maxSources = 256

func (f *fromClause) item(t sql.TableExpr) (*item, error) {
	if len(f.all) >= maxSources {
		return nil, errorAt(t.Position(), "54001", "more than %d items in one FROM", maxSources)
	}
	switch t := t.(type) {
	case *sql.Table:
		return f.table(t)
	case *sql.Join:
		return f.join(t)
	case *sql.Derived:
		return f.derived(t)
	case *sql.TableFunc:
		return f.function(t)
	}
	return nil, unsupported(t.Position(), "this item of FROM is not supported", "")
}

// leaf makes the item of one source, whose columns are those of its node, renamed by the alias.
func (f *fromClause) leaf(node plan.Node, src *source, alias *sql.Alias) (*item, error) {
	it := &item{node: node, first: f.width, sources: []*source{src}}
	if alias != nil {
		src.schema, src.name, src.alias = "", alias.Name, true
		if err := rename(src, "table", alias.Columns); err != nil {
			return nil, err
		}
	}
	it.fields = src.fields
	f.width += len(src.fields)
	if f.rowNames[src.name] {
		it.node, src.present = marked(node), &expr.Column{Index: f.width, Name: presentName, T: boolType}
		f.width++
	}
	f.all = append(f.all, src)
	return it, nil
}

// rename applies the columns of an alias. Its error has no position, as in PostgreSQL.
func rename(src *source, what string, names []sql.Ident) error {
	if len(names) > len(src.fields) {
		return column.SQLErrorf(column.Invalid, "42P10", "%s \"%s\" has %d columns available but %d columns specified", what, src.name, len(src.fields), len(names))
	}
	for i, n := range names {
		src.fields[i].name = n.Name
	}
	return nil
}

// columnsOf makes the fields of a node's output.
func (f *fromClause) columnsOf(node plan.Node) []binding {
	cols := node.Columns()
	out := make([]binding, len(cols))
	for i, c := range cols {
		e := &expr.Column{Index: f.width + i, Name: c.Name, T: c.Type}
		if c.Type == recordType {
			e.Shape = outputShape(node, i)
		}
		out[i] = binding{name: c.Name, e: e}
	}
	return out
}

// table resolves a table, or a query of WITH, which hides a table of its name.
func (f *fromClause) table(t *sql.Table) (*item, error) {
	if t.Name.Schema == "" && t.AsOf == nil {
		if c := f.with.find(t.Name.Name); c != nil {
			if t.Sample != nil {
				return nil, noSample(t)
			}
			if c.silent {
				return nil, errorAt(t.Pos, "0A000", "WITH query \"%s\" does not have a RETURNING clause", c.name)
			}
			node, err := f.reference(c, t.Pos)
			if err != nil {
				return nil, err
			}
			if _, ok := c.node.(*plan.Work); ok {
				f.work = true
			}
			src := &source{name: t.Name.Name, fields: f.columnsOf(node)}
			for i := range src.fields {
				src.fields[i].name = c.names[i]
				src.fields[i].unlisted = i >= len(src.fields)-c.added
			}
			return f.leaf(node, src, t.Alias)
		}
	}
	if t.AsOf != nil {
		rel, err := f.relation(t)
		if err != nil {
			return nil, place(err, t.Name.Pos)
		}
		return f.stored(t, rel, nil)
	}
	rel, use, err := f.resolve(t.Name)
	if err != nil {
		return nil, place(err, t.Name.Pos)
	}
	return f.stored(t, rel, use)
}

// stored makes the item of a relation. use is what the view at hand uses of it; nil outside of views.
func (f *fromClause) stored(t *sql.Table, rel plan.Relation, use *meta.Use) (*item, error) {
	if v, ok := rel.(plan.View); ok {
		if t.Sample != nil {
			return nil, noSample(t)
		}
		return f.viewItem(t, rel, v.Definition(), use)
	}
	schema := rel.Schema()
	order := schema.Order()
	sorted := schema.Time != 0 && len(order) > 0 && order[0] == schema.Time
	src := &source{schema: t.Name.Schema, name: t.Name.Name, rel: rel}
	columns := rel.Columns()
	project, names := knownColumns(columns, use)
	for i, at := range project {
		c := columns[at]
		src.fields = append(src.fields, binding{name: names[i], e: &expr.Column{Index: f.width + i, Name: c.Name, T: c.Type, Sorted: c.Time && sorted}})
	}
	if t.AsOf == nil {
		known := make([]plan.RelationColumn, len(project))
		for i, at := range project {
			known[i] = columns[at]
		}
		src.key = primaryKey(rel, known)
	}
	var node plan.Node = newScan(rel, project)
	if t.Sample != nil {
		var err error
		if node, err = f.sample(t, rel, project); err != nil {
			return nil, err
		}
	}
	it, err := f.leaf(node, src, t.Alias)
	for i := range src.fields {
		src.fields[i].e.(*expr.Column).Name = src.fields[i].name
	}
	return it, err
}

// derived binds a subquery in FROM. It sees what is around the SELECT, and with LATERAL what stands to its left.
func (f *fromClause) derived(t *sql.Derived) (*item, error) {
	around, l := &scope{outer: f.outer, hidden: f.all}, &link{}
	if t.Lateral {
		around = f.beside(l)
	}
	node, err := f.inner(t.Query, around)
	if err != nil {
		return nil, err
	}
	it, err := f.leaf(node, &source{fields: f.columnsOf(node)}, t.Alias)
	if it != nil {
		it.params = l.params
	}
	return it, err
}

// inner binds a query in FROM.
func (f *fromClause) inner(q *sql.Query, around *scope) (plan.Node, error) {
	defer f.around(around)()
	return f.query(q)
}

// beside is the scope around what may read the items to its left.
func (f *fromClause) beside(l *link) *scope {
	s := &scope{outer: f.outer, hidden: f.all, clause: "FROM clause of their own query level"}
	for _, it := range f.left {
		s.add(it)
	}
	return &scope{outer: s, link: l}
}
