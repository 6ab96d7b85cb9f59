package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/plan"
)

// schemasOf lists the schemas that a written name may mean, in the order in which they are looked in.
func (st *statement) schemasOf(n plan.TableName) ([]string, error) {
	if n.Schema == "" {
		return st.names.path, nil
	}
	if n.Schema != meta.MetricsSchema && n.Schema != catalog.Schema && n.Schema != catalog.InformationSchema &&
		!st.snap.Catalog().HasSchema(st.snap.Database().ID, n.Schema) {
		return nil, column.SQLErrorf(column.NotFound, "3F000", "schema \"%s\" does not exist", n.Schema)
	}
	return []string{n.Schema}, nil
}

// named is what a name of an index or a table means: one of the two, or neither.
type named struct {
	table *meta.Table
	index *meta.Index
	of    *meta.Table // whose key it is, in the place of an index
	key   string
}

func (st *statement) named(n plan.TableName) (named, error) {
	schemas, err := st.schemasOf(n)
	if err != nil {
		return named{}, err
	}
	c, db := st.snap.Catalog(), st.snap.Database().ID
	for _, schema := range schemas {
		out := named{table: c.Table(db, schema, n.Name), index: c.Index(db, schema, n.Name)}
		if out.table != nil || out.index != nil {
			return out, nil
		}
		for _, t := range c.Tables(db) {
			if k := t.Constraint(n.Name); t.Schema == schema && k != nil && k.IsKey() {
				return named{of: t, key: n.Name}, nil
			}
		}
	}
	return named{}, nil
}

func qualified(n plan.TableName) string {
	if n.Schema == "" {
		return n.Name
	}
	return n.Schema + "." + n.Name
}

func (st *statement) notice(state, format string, name string) {
	st.result.Notices = append(st.result.Notices, Notice{Severity: "NOTICE", SQLState: state, Message: strings.ReplaceAll(format, "%s", name)})
}

func (st *statement) createIndex(c *plan.CreateIndex) (*Result, error) {
	if err := st.beforeDDL("CREATE INDEX"); err != nil {
		return nil, err
	}
	t, err := st.indexable(c.Table)
	if err != nil {
		return nil, err
	}
	cmd := meta.CreateIndex{Table: t.ID, Name: c.Name, Method: c.Method, Bits: c.Bits, IfNotExists: c.IfNotExists}
	if rowindex.MethodNamed(c.Method) == 0 {
		return nil, column.SQLErrorf(column.Invalid, "42704", "access method \"%s\" does not exist", c.Method)
	}
	for i := range c.Columns {
		part, err := indexColumn(t, c.Method, &c.Columns[i])
		if err != nil {
			return nil, err
		}
		cmd.Columns = append(cmd.Columns, part)
	}
	if cmd.Name == "" {
		cmd.Name = freeIndexName(st.snap.Catalog(), t, c.Columns)
	}
	reserved, err := st.session.engine.store.Catalog().Propose(st.env.Expr.Ctx, meta.Command{ReserveIndexes: &meta.ReserveIndexes{Count: 1}})
	if err != nil {
		return nil, err
	}
	cmd.ID = meta.IndexID(reserved.ID)
	made, err := st.propose(meta.Command{CreateIndex: &cmd})
	if err == nil && made.Existed {
		st.notice("42P07", "relation \"%s\" already exists, skipping", cmd.Name)
	}
	return st.ended("CREATE INDEX", err)
}

// indexable finds a table whose rows can be indexed.
func (st *statement) indexable(n plan.TableName) (*meta.Table, error) {
	schemas, err := st.schemasOf(n)
	if err != nil {
		return nil, err
	}
	for _, schema := range schemas {
		t := st.snap.Catalog().Table(st.snap.Database().ID, schema, n.Name)
		if t != nil && t.Schema == meta.PrometheusSchema {
			return nil, column.SQLErrorf(column.Denied, "42501", "indexes of %s.%s are not needed: its series are found by their labels", t.Schema, t.Name)
		}
		if t != nil {
			return t, nil
		}
		r, err := st.names.in(st.env.Expr.Ctx, schema, n.Name)
		switch {
		case err == nil && (schema == catalog.Schema || schema == catalog.InformationSchema):
			return nil, column.SQLErrorf(column.Denied, "42501", "permission denied: \"%s\" is a system catalog", n.Name)
		case err == nil && r != nil:
			e := column.SQLErrorf(column.Invalid, "42809", "cannot create index on relation \"%s\"", n.Name)
			e.Detail = "This operation is not supported for views."
			return nil, e
		case err != nil && column.ClassOf(err) != column.NotFound:
			return nil, err
		}
	}
	return nil, column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", qualified(n))
}

// indexColumn checks a column of an index, as PostgreSQL does one after the other.
func indexColumn(t *meta.Table, method string, e *plan.IndexElem) (meta.IndexColumn, error) {
	out := meta.IndexColumn{Desc: e.Desc, NullsFirst: e.NullsFirst}
	f := t.Columns.Lookup(e.Column)
	if f < 0 {
		return out, column.SQLErrorf(column.NotFound, "42703", "column \"%s\" does not exist", e.Column)
	}
	field := &t.Columns.Fields[f]
	out.Column = field.ID
	class, err := operatorClass(method, field.Type, e.Class)
	if err != nil {
		return out, err
	}
	out.Class = class
	if e.Ordered && method != meta.IndexBTree {
		return out, column.SQLErrorf(column.Unsupported, "0A000", "access method \"%s\" does not support ASC/DESC options", method)
	}
	return out, nil
}

// operatorClass gives the class of a column that is kept, "" for that of its type.
func operatorClass(method string, t column.Type, class string) (string, error) {
	isText := t.Kind == column.Text || t.Kind == column.Varchar || t.Kind == column.BpChar
	accepts := true
	switch {
	case method != meta.IndexGIN:
		accepts = t.Kind != column.JSON
	case class == "":
		accepts = t.Kind == column.JSONB || t.IsArray()
	}
	if class == "" {
		if accepts {
			return "", nil
		}
		e := column.SQLErrorf(column.Invalid, "42704", "data type %s has no default operator class for access method \"%s\"", t, method)
		e.Hint = "You must specify an operator class for the index or define a default operator class for the data type."
		if method == meta.IndexGIN && isText {
			e.Hint += " gin_trgm_ops finds what LIKE and ILIKE look for."
		}
		return "", e
	}
	if method == meta.IndexGIN {
		switch class {
		case rowindex.Trigrams:
			accepts = isText
		case rowindex.JSONPaths, "jsonb_ops":
			accepts = t.Kind == column.JSONB
		case "array_ops":
			accepts = t.IsArray()
		default:
			return "", noClass(method, class)
		}
		if class == "jsonb_ops" || class == "array_ops" {
			return ifAccepted("", accepts, class, t)
		}
		return ifAccepted(class, accepts, class, t)
	}
	// The classes of ordinary types say what the type says already.
	want, known := ordinaryClasses[class]
	if !known {
		return "", noClass(method, class)
	}
	return ifAccepted("", slices.Contains(want, t.Kind) || want == nil && t.IsArray(), class, t)
}

func noClass(method, class string) error {
	return column.SQLErrorf(column.Invalid, "42704", "operator class \"%s\" does not exist for access method \"%s\"", class, method)
}

func ifAccepted(kept string, accepts bool, class string, t column.Type) (string, error) {
	if !accepts {
		return "", column.SQLErrorf(column.Invalid, "42804", "operator class \"%s\" does not accept data type %s", class, t)
	}
	return kept, nil
}

var ordinaryClasses = map[string][]column.Kind{
	"bool_ops": {column.Bool}, "int2_ops": {column.Int16}, "int4_ops": {column.Int32}, "int8_ops": {column.Int64}, "float4_ops": {column.Float32},
	"float8_ops": {column.Float64}, "numeric_ops": {column.Numeric}, "text_ops": {column.Text, column.Varchar}, "varchar_ops": {column.Text, column.Varchar},
	"text_pattern_ops": {column.Text, column.Varchar}, "varchar_pattern_ops": {column.Text, column.Varchar}, "bpchar_ops": {column.BpChar},
	"bpchar_pattern_ops": {column.BpChar}, "bytea_ops": {column.Bytea}, "date_ops": {column.Date}, "timestamp_ops": {column.Timestamp},
	"timestamptz_ops": {column.TimestampTZ}, "interval_ops": {column.IntervalKind}, "uuid_ops": {column.UUID}, "jsonb_ops": {column.JSONB}, "array_ops": nil,
}

// freeIndexName names an index as PostgreSQL does: after its table and columns, with a number if that is taken.
func freeIndexName(c *meta.Snapshot, t *meta.Table, columns []plan.IndexElem) string {
	names := make([]string, len(columns))
	for i, e := range columns {
		names[i] = e.Column
	}
	for n := 0; ; n++ {
		label := "idx"
		if n > 0 {
			label += strconv.Itoa(n)
		}
		name := objectName(t.Name, strings.Join(names, "_"), label)
		k := t.Constraint(name)
		if c.Index(t.Database, t.Schema, name) == nil && c.Relation(t.Database, t.Schema, name) == 0 && (k == nil || !k.IsKey()) {
			return name
		}
	}
}

// objectName joins the parts of a name; too long a one loses from its longer part first.
func objectName(table, middle, label string) string {
	room := 63 - len("__") - len(label)
	for len(table)+len(middle) > room {
		if len(table) > len(middle) {
			table = table[:len(table)-1]
		} else {
			middle = middle[:len(middle)-1]
		}
	}
	return table + "_" + middle + "_" + label
}

func (st *statement) dropIndexes(d *plan.DropIndexes) (*Result, error) {
	if err := st.beforeDDL("DROP INDEX"); err != nil {
		return nil, err
	}
	// All names are looked up before the first index goes: a wrong name drops nothing.
	var list []meta.Command
	altered := map[meta.TableID]*meta.Table{}
	for _, n := range d.Indexes {
		found, err := st.named(n)
		switch {
		case err != nil && !(d.IfExists && column.ClassOf(err) == column.NotFound):
			return nil, err
		case found.table != nil && found.index == nil:
			e := column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not an index", n.Name)
			e.Hint = "Use DROP TABLE to remove a table."
			return nil, e
		case found.index != nil:
			same := func(c meta.Command) bool { return c.DropIndex.Index == found.index.ID }
			if !slices.ContainsFunc(list, same) {
				list = append(list, meta.Command{DropIndex: &meta.DropIndex{Index: found.index.ID}})
			}
		case found.of != nil:
			if k := found.of.Constraint(found.key); !k.Index {
				e := column.SQLErrorf(column.Invalid, "2BP01", "cannot drop index %s because constraint %s on table %s requires it", k.Name, k.Name, found.of.Name)
				e.Hint = "You can drop constraint " + k.Name + " on table " + found.of.Name + " instead."
				return nil, e
			}
			if altered[found.of.ID] == nil {
				altered[found.of.ID] = found.of.Clone()
			}
			to := altered[found.of.ID]
			to.Constraints = slices.DeleteFunc(to.Constraints, func(k meta.Constraint) bool { return k.Name == found.key })
		case d.IfExists && err != nil:
			st.notice("00000", "schema \"%s\" does not exist, skipping", n.Schema)
		case d.IfExists:
			st.notice("00000", "index \"%s\" does not exist, skipping", qualified(n))
		default:
			return nil, column.SQLErrorf(column.NotFound, "42704", "index \"%s\" does not exist", qualified(n))
		}
	}
	for id, to := range altered {
		list = append(list, meta.Command{AlterTable: &meta.AlterTable{Table: id, From: to.Columns.Version, To: *to}})
	}
	return st.ended("DROP INDEX", st.proposeAll(list))
}

func (st *statement) renameIndex(r *plan.RenameIndex) (*Result, error) {
	if err := st.beforeDDL("ALTER INDEX"); err != nil {
		return nil, err
	}
	found, err := st.named(r.Index)
	switch {
	case err != nil:
		return nil, err
	case found.of != nil:
		return st.ended("ALTER INDEX", st.renameKey(found, r.Name))
	case found.index != nil:
	case found.table != nil:
		e := column.SQLErrorf(column.Unsupported, "0A000", "ALTER INDEX on a table is not supported")
		e.Hint, e.Position = "Use ALTER TABLE.", r.Index.Pos+1
		return nil, e
	case r.IfExists:
		st.notice("00000", "relation \"%s\" does not exist, skipping", qualified(r.Index))
		return st.ended("ALTER INDEX", nil)
	default:
		return nil, column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", qualified(r.Index))
	}
	_, err = st.propose(meta.Command{RenameIndex: &meta.RenameIndex{Index: found.index.ID, Name: r.Name}})
	return st.ended("ALTER INDEX", err)
}

// renameKey gives a key, and so the index that it is, another name.
func (st *statement) renameKey(of named, name string) error {
	taken, err := st.named(plan.TableName{Schema: of.of.Schema, Name: name})
	if err != nil {
		return err
	}
	if taken != (named{}) || st.snap.Catalog().Relation(of.of.Database, of.of.Schema, name) != 0 {
		return column.SQLErrorf(column.Conflict, "42P07", "relation \"%s\" already exists", name)
	}
	to := of.of.Clone()
	to.Constraint(of.key).Name = name
	_, err = st.propose(meta.Command{AlterTable: &meta.AlterTable{Table: to.ID, From: to.Columns.Version, To: *to}})
	return err
}

func (st *statement) reindex(r *plan.Reindex) (*Result, error) {
	if err := st.beforeDDL("REINDEX"); err != nil {
		return nil, err
	}
	list, err := st.toReindex(r)
	if err != nil || len(list) == 0 {
		return st.ended("REINDEX", err)
	}
	reserved, err := st.session.engine.store.Catalog().Propose(st.env.Expr.Ctx, meta.Command{ReserveIndexes: &meta.ReserveIndexes{Count: uint64(len(list))}})
	if err != nil {
		return nil, err
	}
	var commands []meta.Command
	for i, x := range list {
		commands = append(commands, meta.Command{RebuildIndex: &meta.RebuildIndex{Index: x.ID, File: meta.IndexID(reserved.ID) + meta.IndexID(i)}})
	}
	return st.ended("REINDEX", st.proposeAll(commands))
}

// toReindex lists the indexes that REINDEX means.
func (st *statement) toReindex(r *plan.Reindex) ([]*meta.Index, error) {
	c, db := st.snap.Catalog(), st.snap.Database()
	if r.What == "index" || r.What == "table" {
		found, err := st.named(r.Name)
		switch {
		case err != nil:
			return nil, err
		case r.What == "index" && found.of != nil:
			return nil, nil // there is no file of it
		case found.table == nil && found.index == nil:
			return nil, column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", qualified(r.Name))
		case r.What == "index" && found.index == nil:
			return nil, column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not an index", r.Name.Name)
		case r.What == "table" && found.table == nil:
			return nil, column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not a table or materialized view", r.Name.Name)
		case r.What == "index":
			return []*meta.Index{found.index}, nil
		}
		return c.Indexes(found.table.ID), nil
	}
	schema := ""
	switch {
	case r.What == "schema":
		schema = r.Name.Name
		if _, err := st.schemasOf(plan.TableName{Schema: schema}); err != nil {
			return nil, err
		}
	case r.Name.Name != db.Name:
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "can only reindex the currently open database")
	}
	var out []*meta.Index
	for _, t := range c.Tables(db.ID) {
		if schema == "" || t.Schema == schema {
			out = append(out, c.Indexes(t.ID)...)
		}
	}
	return out, nil
}
