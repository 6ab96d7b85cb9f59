package query

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Past is a Snapshot from which states of the past can be reached.
type Past interface {
	// Past gives a state of the past, which lives as long as the snapshot. The zero value of at gives the newest state, after a flush.
	Past(ctx context.Context, at plan.AsOf) (Snapshot, error)
}

func past(ctx context.Context, snap Snapshot, at plan.AsOf) (Snapshot, error) {
	if held, ok := snap.(heldSnapshot); ok {
		snap = held.Snapshot
	}
	p, ok := snap.(Past)
	if !ok {
		return nil, errNoPast()
	}
	return p.Past(ctx, at)
}

// inPast gives the state of the past that the session reads, if it has set one.
func (s *Session) inPast(ctx context.Context, snap Snapshot) (Snapshot, error) {
	if s.settings.AsOf == "" {
		return snap, nil
	}
	at, err := plan.ParseAsOf(s.settings.AsOf, s.settings.ParseTime)
	if err != nil {
		return nil, err
	}
	return past(ctx, snap, at)
}

// history runs CREATE PIN, DROP PIN and CREATE TABLE … CLONE. What they name must have a version, so what is not flushed is flushed first.
func (st *statement) history(h *plan.History) (*Result, error) {
	what := h.Tag
	if h.Clone != nil {
		what = "CREATE TABLE ... CLONE"
	}
	if b := st.session.block; b != nil && b.explicit {
		return nil, column.SQLErrorf(column.Invalid, "25001", "%s cannot run inside a transaction block", what)
	}
	if err := st.beforeDDL(what); err != nil {
		return nil, err
	}
	ctx, catalog := st.env.Expr.Ctx, st.session.engine.store.Catalog()
	if h.DropPin != nil {
		_, err := catalog.Propose(ctx, meta.Command{DropPin: h.DropPin})
		if column.ClassOf(err) == column.NotFound && h.IfExists {
			st.result.Notices = append(st.result.Notices, Notice{
				Severity: "NOTICE", SQLState: "00000", Message: "pin \"" + h.DropPin.Name + "\" does not exist, skipping",
			})
			err = nil
		}
		return st.ended(h.Tag, err)
	}
	state, err := past(ctx, st.snap, h.At)
	if err != nil {
		return nil, err
	}
	version := meta.Version(0) // the newest, where nothing else was asked for
	if h.At != (plan.AsOf{}) {
		version = state.Catalog().Version
	}
	if h.CreatePin != nil {
		pin := *h.CreatePin
		pin.Version = version
		r, err := catalog.Propose(ctx, meta.Command{CreatePin: &pin})
		st.existed(r, "pin", pin.Name)
		return st.ended(h.Tag, err)
	}
	return st.clone(h.Clone, state, version)
}

// existed tells that nothing was made because there is one of the name.
func (st *statement) existed(r meta.Result, what, name string) {
	if r.Existed {
		st.result.Notices = append(st.result.Notices, Notice{
			Severity: "NOTICE", SQLState: "42710", Message: what + " \"" + name + "\" already exists, skipping",
		})
	}
}

func (st *statement) clone(c *plan.Clone, state Snapshot, version meta.Version) (*Result, error) {
	schema := c.Schema
	if schema == "" {
		var err error
		if schema, err = st.creationSchema(c.Pos); err != nil {
			return nil, err
		}
	}
	if why, ok := reserved[schema]; ok {
		return nil, column.SQLErrorf(column.Denied, "42501", "schema %q takes no new tables: %s", schema, why)
	}
	source := st.cloneSource(c, state)
	if source == nil {
		e := column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", c.SourceName)
		if version != 0 {
			e = column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist as of version %d", c.SourceName, version)
		}
		e.Position = c.SourcePos + 1
		return nil, e
	}
	if _, ok := reserved[source.Schema]; ok {
		e := column.SQLErrorf(column.Unsupported, "0A000", "table %s.%s cannot be cloned", source.Schema, source.Name)
		e.Position, e.Hint = c.SourcePos+1, "Make a table with CREATE TABLE and INSERT ... SELECT."
		return nil, e
	}
	r, err := st.session.engine.store.Catalog().Propose(st.env.Expr.Ctx, meta.Command{CloneTable: &meta.CloneTable{
		Source: source.ID, At: version, Database: st.snap.Database().ID, Schema: schema, Name: c.Name, IfNotExists: c.IfNotExists,
	}})
	st.existed(r, "relation", c.Name)
	return st.ended("CREATE TABLE", err)
}

// reserved are the schemas that Aegis fills itself.
var reserved = map[string]string{
	meta.PrometheusSchema: "it holds what Prometheus writes",
	meta.MetricsSchema:    "its tables are computed from the metrics that were written",
	catalog.Schema:        "it shows what the database holds", catalog.InformationSchema: "it shows what the database holds",
}

// cloneSource finds the table that is cloned, as it was.
func (st *statement) cloneSource(c *plan.Clone, state Snapshot) *meta.Table {
	path := st.names.path
	if c.SourceSchema != "" {
		path = []string{c.SourceSchema}
	}
	for _, schema := range path {
		if t := state.Catalog().Table(st.snap.Database().ID, schema, c.SourceName); t != nil {
			return t
		}
	}
	return nil
}
