package bind

import (
	"errors"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// A view is a query that stands where its name does. Its text is bound as it would have been when it was written: names mean the relations they meant, with
// the columns these had, under the names they had.

// maxViews bounds how deep views may read each other.
const maxViews = 64

// viewAround is the view that is being bound, and the one around it.
type viewAround struct {
	view  *meta.View
	outer *viewAround
	depth int
}

// use is what a name means in the view that is being bound; nil if nothing is noted of it.
func (v *viewAround) use(n sql.Name) *meta.Use {
	if v == nil {
		return nil
	}
	for i := range v.view.Uses {
		if u := &v.view.Uses[i]; u.Schema == n.Schema && u.Name == n.Name {
			return u
		}
	}
	return nil
}

// resolve finds the relation that a name in FROM means, and which of its columns the view that is being bound knows (nil = all).
func (b *binder) resolve(n sql.Name) (plan.Relation, *meta.Use, error) {
	if b.view == nil {
		rel, err := b.Resolver.Resolve(b.ctx, n.Schema, n.Name)
		return rel, nil, err
	}
	if u := b.view.use(n); u != nil {
		if by, ok := b.Resolver.(plan.ByID); ok {
			rel, err := by.ResolveID(b.ctx, u.Relation)
			return rel, u, err
		}
	}
	if n.Schema != "" {
		rel, err := b.Resolver.Resolve(b.ctx, n.Schema, n.Name)
		return rel, nil, err
	}
	for _, schema := range b.view.view.Path {
		rel, err := b.Resolver.Resolve(b.ctx, schema, n.Name)
		if err == nil || column.ClassOf(err) != column.NotFound {
			return rel, nil, err
		}
	}
	rel, err := b.Resolver.Resolve(b.ctx, n.Schema, n.Name)
	return rel, nil, err
}

// viewQuery binds the query of a view.
func (b *binder) viewQuery(v *meta.View) (plan.Node, error) {
	around := &viewAround{view: v, outer: b.view}
	if b.view != nil {
		around.depth = b.view.depth + 1
	}
	if around.depth > maxViews {
		return nil, column.SQLErrorf(column.Limit, "54001", "views read each other more than %d levels deep", maxViews)
	}
	parsed, err := sql.ParseOne(v.Query, sql.Options{})
	if err != nil {
		return nil, column.Errorf(column.Corrupt, "the query of view %q cannot be read: %w", v.Name, err)
	}
	q, ok := parsed.Stmt.(*sql.Query)
	if !ok {
		return nil, column.Errorf(column.Corrupt, "the text of view %q is no query", v.Name)
	}
	restore := b.alone()
	defer restore()
	before := b.view
	b.view = around
	defer func() { b.view = before }()
	node, err := b.query(sql.Unplaced(q))
	if err != nil {
		return nil, inView(err, v)
	}
	return b.asDeclared(node, v)
}

// asDeclared gives the columns of a view's query the names and types that the view has.
func (b *binder) asDeclared(node plan.Node, v *meta.View) (plan.Node, error) {
	columns := node.Columns()
	if len(columns) != len(v.Columns) {
		return nil, column.Errorf(column.Internal, "the query of view %q gives %d columns, not %d", v.Name, len(columns), len(v.Columns))
	}
	same := true
	p := &plan.Project{Input: node}
	for i, c := range columns {
		if c.Type != v.Columns[i].Type {
			return nil, column.SQLErrorf(column.Invalid, "42804", "column \"%s\" of view \"%s\" has become %s: it was %s", c.Name, v.Name, c.Type, v.Columns[i].Type)
		}
		same = same && c.Name == v.Columns[i].Name
		p.Exprs = append(p.Exprs, &expr.Column{Index: i, Name: v.Columns[i].Name, T: c.Type, At: -1})
		p.Names = append(p.Names, v.Columns[i].Name)
	}
	if same {
		return node, nil
	}
	return p, nil
}

// inView takes the place out of an error: it is one of the view's text.
func inView(err error, v *meta.View) error {
	var e *column.Error
	if !errors.As(err, &e) {
		return column.Errorf(column.ClassOf(err), "view %q: %w", v.Name, err)
	}
	out := *e
	out.Position = 0
	return &out
}

// viewItem makes the item of FROM that a view is.
func (f *fromClause) viewItem(t *sql.Table, rel plan.Relation, v *meta.View, use *meta.Use) (*item, error) {
	node, err := f.viewQuery(v)
	if err != nil {
		return nil, place(err, t.Name.Pos)
	}
	f.operators += weigh(node)
	if f.operators > maxOperators {
		return nil, errorAt(t.Pos, "54001", "references to views make a plan of more than %d operators", maxOperators)
	}
	src := &source{schema: t.Name.Schema, name: t.Name.Name, rel: rel, fields: f.columnsOf(node)}
	for i := range src.fields {
		src.fields[i].name = v.Columns[i].Name
	}
	if use != nil { // columns that have come since are not seen, and names are those of then
		if len(use.Columns) < len(src.fields) {
			p := &plan.Project{Input: node}
			for i := range use.Columns {
				c := node.Columns()[i]
				p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: i, Name: c.Name, T: c.Type, At: -1}), append(p.Names, c.Name)
			}
			node, src.fields = p, src.fields[:len(use.Columns)]
		}
		for i := range src.fields {
			src.fields[i].name = use.Columns[i].Name
		}
	}
	return f.leaf(node, src, t.Alias)
}

// knownColumns are the columns of a relation that can be seen, as places, and their names: all of them, or those that the view knows which is being bound.
func knownColumns(columns []plan.RelationColumn, use *meta.Use) (places []int, names []string) {
	if use == nil {
		for i, c := range columns {
			places, names = append(places, i), append(names, c.Name)
		}
		return places, names
	}
	for _, u := range use.Columns {
		if i := slices.IndexFunc(columns, func(c plan.RelationColumn) bool { return c.ID == u.ID }); i >= 0 {
			places, names = append(places, i), append(names, u.Name)
		}
	}
	return places, names
}
