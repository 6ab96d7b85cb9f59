package query

import (
	"context"
	"errors"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/plan"
)

// names finds relations as a session means them: a name without a schema is looked for along its search path.
type names struct {
	snap Snapshot
	path []string
	view *catalog.View
}

// view is the database as a statement sees it.
func (s *Session) view(ctx context.Context, snap Snapshot, path []string, now time.Time) *catalog.View {
	return &catalog.View{
		Ctx: ctx, Catalog: snap.Catalog(), Database: snap.Database(), Store: snap, Functions: s.engine.functions, Settings: s.settings, Path: path,
		Activity: s.engine.sessions.list, Started: s.engine.started, Now: now, PID: s.pid, Sequences: sessionSequences{s}, Advisory: sessionLocks{s}, Draws: &s.draws, Holds: s.holds,
	}
}

// searchPath lists the schemas that names without one are looked for in. pg_catalog comes first unless the setting says where it comes.
func (s *Session) searchPath(snap Snapshot) []string {
	out := make([]string, 1, len(s.settings.Path)+1)
	out[0] = catalog.Schema
	first := 0
	for _, name := range s.settings.Path {
		if name == "$user" {
			name = s.settings.User
		}
		if name == catalog.Schema {
			first = 1
		}
		if snap.Catalog().HasSchema(snap.Database().ID, name) {
			out = append(out, name)
		}
	}
	return out[first:]
}

// Resolve implements plan.Resolver.
func (n *names) Resolve(ctx context.Context, schema, name string) (plan.Relation, error) {
	if schema != "" {
		return n.in(ctx, schema, name)
	}
	for _, in := range n.path {
		if in == catalog.Schema { // the usual case: it comes first and does not have the name
			if r := n.view.Find(in, name); r != nil {
				return r, nil
			}
			continue
		}
		r, err := n.in(ctx, in, name)
		if err == nil || column.ClassOf(err) != column.NotFound {
			return r, err
		}
	}
	return nil, column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", name)
}

// errNoPast says that a store knows no past.
func errNoPast() error {
	return column.SQLErrorf(column.Unsupported, "0A000", "the past cannot be read here")
}

// ResolveAsOf implements plan.Past.
func (n *names) ResolveAsOf(ctx context.Context, schema, name string, at plan.AsOf) (plan.Relation, error) {
	past, ok := n.snap.(plan.Past)
	if !ok {
		return nil, errNoPast()
	}
	return n.along(schema, func(in string) (plan.Relation, error) { return past.ResolveAsOf(ctx, in, name, at) })
}

// ResolveChanges implements plan.Past.
func (n *names) ResolveChanges(ctx context.Context, schema, name string, from, to plan.AsOf) (plan.Relation, error) {
	past, ok := n.snap.(plan.Past)
	if !ok {
		return nil, errNoPast()
	}
	return n.along(schema, func(in string) (plan.Relation, error) { return past.ResolveChanges(ctx, in, name, from, to) })
}

// along looks into a schema, or into those of the search path that hold tables.
func (n *names) along(schema string, f func(in string) (plan.Relation, error)) (r plan.Relation, err error) {
	if schema != "" {
		return f(schema)
	}
	err = column.SQLErrorf(column.NotFound, "42P01", "no schema has been selected to look in")
	for _, in := range n.path {
		if in == catalog.Schema || in == catalog.InformationSchema {
			continue
		}
		var found plan.Relation
		found, e := f(in)
		var known *column.Error
		if e == nil || !errors.As(e, &known) || known.SQLState != "42P01" {
			return found, e
		}
		if r == nil && err != nil {
			err = e
		}
	}
	return nil, err
}

// in finds a relation of a schema.
func (n *names) in(ctx context.Context, schema, name string) (plan.Relation, error) {
	if schema == catalog.Schema || schema == catalog.InformationSchema || schema == catalog.AegisSchema {
		if r := n.view.Find(schema, name); r != nil {
			return r, nil
		}
	}
	c := n.snap.Catalog()
	if id := c.Relation(n.snap.Database().ID, schema, name); id != 0 && c.TableByID(id) == nil {
		return n.ResolveID(ctx, id)
	}
	return n.snap.Resolve(ctx, schema, name)
}

// ResolveID implements plan.ByID.
func (n *names) ResolveID(ctx context.Context, id meta.TableID) (plan.Relation, error) {
	c := n.snap.Catalog()
	if t := c.TableByID(id); t != nil {
		return n.snap.Resolve(ctx, t.Schema, t.Name)
	}
	if v := c.ViewByID(id); v != nil {
		return &viewRelation{definition: v}, nil
	}
	if q := c.SequenceByID(id); q != nil {
		return n.view.SequenceRelation(q), nil
	}
	return nil, column.SQLErrorf(column.NotFound, "42P01", "relation with OID %d does not exist", catalog.RelationOID(id))
}

// viewRelation is a view.
type viewRelation struct {
	definition *meta.View
	schema     column.Schema
}

func (v *viewRelation) Name() string                { return v.definition.Schema + "." + v.definition.Name }
func (v *viewRelation) Definition() *meta.View      { return v.definition }
func (v *viewRelation) Schema() *column.Schema      { return &v.schema }
func (v *viewRelation) Series() []scan.SeriesFilter { return nil }
func (v *viewRelation) Source() scan.Source         { return nil }
func (v *viewRelation) Rows() int64                 { return 0 }

// Columns are those of the definition, numbered by their places.
func (v *viewRelation) Columns() []plan.RelationColumn {
	out := make([]plan.RelationColumn, len(v.definition.Columns))
	for i, c := range v.definition.Columns {
		out[i] = plan.RelationColumn{Name: c.Name, Type: c.Type, ID: column.ID(i + 1), Mod: c.Mod}
	}
	return out
}

// creationSchema is the schema that new tables go to: the first that the search path names, if it is there.
func (st *statement) creationSchema(pos int) (string, error) {
	for _, name := range st.session.settings.Path {
		if name == "$user" {
			name = st.session.settings.User
		}
		if st.snap.Catalog().HasSchema(st.snap.Database().ID, name) {
			return name, nil
		}
	}
	e := column.SQLErrorf(column.Invalid, "3F000", "no schema has been selected to create in")
	e.Position = pos + 1
	return "", e
}

// sessionNames translates names outside of a statement, such as those that are values of parameters: each in the newest state of the database.
type sessionNames struct{ session *Session }

func (n sessionNames) view() (*catalog.View, func(), error) {
	s := n.session
	base, err := s.openSnapshot()
	if err != nil {
		return nil, nil, err
	}
	snap, _, err := s.overlaid(context.Background(), base)
	if err != nil {
		base.Close()
		return nil, nil, err
	}
	done := func() { snap.Close(); base.Close() } // both may be one: a second Close does nothing
	return s.view(context.Background(), snap, s.searchPath(snap), s.now()), done, nil
}

// NameOf implements literal.Names.
func (n sessionNames) NameOf(t column.Type, oid int64) (name string, ok bool) {
	v, done, err := n.view()
	if err != nil {
		return "", false
	}
	defer done()
	return v.NameOf(t, oid)
}

// NumberOf implements literal.Names.
func (n sessionNames) NumberOf(t column.Type, name string) (int64, error) {
	v, done, err := n.view()
	if err != nil {
		return 0, err
	}
	defer done()
	return v.NumberOf(t, name)
}
