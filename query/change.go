package query

import (
	"context"
	"errors"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/exec"
	"github.com/automatanexus/aegis-db/query/plan"
)

// reserved are the schemas Aegis fills itself.
var reserved = map[string]string{
	meta.PrometheusSchema: "it holds what Prometheus writes",
	meta.MetricsSchema:    "its tables are computed from the metrics that were written",
	catalog.Schema:        "it shows what the database holds", catalog.InformationSchema: "it shows what the database holds",
}

func (st *statement) createTable(c *plan.CreateTable) (*Result, error) {
	if err := st.beforeDDL("CREATE TABLE"); err != nil {
		return nil, err
	}
	schema := c.Schema
	if schema == "" {
		var err error
		if schema, err = st.session.creationSchema(c.Pos); err != nil {
			return nil, err
		}
	}
	if why, ok := reserved[schema]; ok {
		return nil, column.SQLErrorf(column.Denied, "42501", "schema %q takes no new tables: %s", schema, why)
	}
	if schema != meta.PublicSchema {
		e := column.SQLErrorf(column.NotFound, "3F000", "schema %q does not exist", schema)
		e.Position = c.Pos + 1
		return nil, e
	}
	_, err := st.propose(meta.Command{CreateTable: &meta.CreateTable{
		Database: st.snap.Database().ID, Schema: schema, Name: c.Name, Columns: c.Columns, Constraints: c.Constraints, IfNotExists: c.IfNotExists,
	}})
	return st.ended("CREATE TABLE", err)
}

func (st *statement) dropTables(d *plan.DropTables) (*Result, error) {
	if err := st.beforeDDL("DROP TABLE"); err != nil {
		return nil, err
	}
	// All names are looked up before the first table goes: a wrong name drops nothing.
	var ids []meta.TableID
	for _, n := range d.Tables {
		schema := n.Schema
		if schema == "" {
			schema = st.dropSchema(n.Name)
		}
		if why, ok := reserved[schema]; ok {
			return nil, column.SQLErrorf(column.Denied, "42501", "%s.%s cannot be dropped: %s", schema, n.Name, why)
		}
		t := st.snap.Catalog().Table(st.snap.Database().ID, schema, n.Name)
		if t != nil {
			ids = append(ids, t.ID)
			continue
		}
		if !d.IfExists {
			e := column.SQLErrorf(column.NotFound, "42P01", "table %q does not exist", n.Name)
			if schema != meta.PublicSchema {
				e = column.SQLErrorf(column.NotFound, "3F000", "schema %q does not exist", schema)
			}
			e.Position = n.Pos + 1
			return nil, e
		}
	}
	for _, id := range ids {
		_, err := st.propose(meta.Command{DropTable: &meta.DropTable{Table: id}})
		if err != nil {
			return nil, err
		}
	}
	return st.ended("DROP TABLE", nil)
}

// dropSchema is the schema of a table that was named without one: the first of the search path that has it.
func (st *statement) dropSchema(name string) string {
	for _, schema := range st.names.path {
		if st.snap.Catalog().Table(st.snap.Database().ID, schema, name) != nil {
			return schema
		}
	}
	return meta.PublicSchema
}

// oneCommit says in an error about a limit what can be done: all that a statement changes becomes visible together, so it must
// fit into memory and into one record of the log.
func oneCommit(err error) error {
	var e *column.Error
	if !errors.As(err, &e) || e.Class != column.Limit {
		return err
	}
	out := *e
	out.Hint = "A statement makes all of its changes in one commit, or none: make them in parts, such as one range of time after the other."
	if out.SQLState == "" {
		out.SQLState = "53200"
	}
	return &out
}

// each runs a plan to its end.
func (st *statement) each(root plan.Node, f func(*scan.Batch) error) (*exec.Stats, error) {
	ctx := st.env.Expr.Ctx
	rows, err := st.begin(root)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Stats(), eachBatch(ctx, rows, f)
}

func eachBatch(ctx context.Context, rows *exec.Rows, f func(*scan.Batch) error) error {
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
	}
}
