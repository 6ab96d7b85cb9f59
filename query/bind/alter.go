package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// alter is ALTER of everything that has a name in the catalog but sequences' options and roles.
func (b *binder) alter(n *sql.AlterTable) (plan.Statement, error) {
	switch n.Kind {
	case sql.ObjSchema, sql.ObjDatabase:
		return nil, unsupported(n.Pos, "ALTER "+map[sql.ObjectKind]string{sql.ObjSchema: "SCHEMA", sql.ObjDatabase: "DATABASE"}[n.Kind]+" is not supported", "")
	case sql.ObjTable, sql.ObjView, sql.ObjSequence:
	default:
		return nil, unsupported(n.Pos, "this kind of object cannot be altered", "")
	}
	word := map[sql.ObjectKind]string{sql.ObjTable: "TABLE", sql.ObjView: "VIEW", sql.ObjSequence: "SEQUENCE"}[n.Kind]
	d, err := b.defining("ALTER "+word, n.Pos)
	if err != nil {
		return nil, err
	}
	f := d.find(n.Name)
	switch {
	case f == nil && n.IfExists:
		d.skipping("relation", n.Name)
		return d.finish()
	case f == nil:
		return nil, d.missing("relation", n.Name)
	case f.computed && (f.table == nil || !onlyOptions(n.Actions)):
		return nil, denied("%s.%s cannot be altered: %s", f.schema, f.name, reservedSchemas[f.schema])
	case n.Kind == sql.ObjView && f.view == nil || n.Kind == sql.ObjSequence && f.sequence == nil:
		kind := map[sql.ObjectKind]string{sql.ObjView: "view", sql.ObjSequence: "sequence"}[n.Kind]
		return nil, column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not a %s", f.name, kind)
	}
	a := &alteration{tableDefinition: tableDefinition{definition: d}, of: f, stmt: n}
	if f.table != nil {
		a.table, a.id = d.change(f.table).now, f.table.ID
	}
	for _, n := range passes(n.Actions) {
		if err := a.action(n); err != nil {
			return nil, err
		}
	}
	if err := a.complete(); err != nil {
		return nil, err
	}
	out, err := d.finish()
	if err == nil && len(a.retyped) > 0 {
		err = a.reindex(d.out)
	}
	return out, err
}

// alteration is an ALTER being worked out. Its table is the one that is altered, as it will be.
type alteration struct {
	tableDefinition
	of   *found
	stmt *sql.AlterTable
	// retyped are columns whose values are computed anew, by their ids before and after.
	retyped [][2]column.ID
}

// onlyOptions reports actions that say for how long rows are kept: also those that Prometheus writes.
func onlyOptions(list []sql.AlterAction) bool {
	return !slices.ContainsFunc(list, func(n sql.AlterAction) bool {
		return n.Kind != sql.AlterSetOptions && n.Kind != sql.AlterResetOptions || slices.ContainsFunc(n.Options, func(o sql.Option) bool { return o.Name != "retention" && o.Name != "history" })
	})
}

// passes gives the actions in the order in which PostgreSQL does them: what goes, then other types, then new columns, then what is said about columns and of rows.
func passes(list []sql.AlterAction) []*sql.AlterAction {
	out := make([]*sql.AlterAction, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	slices.SortStableFunc(out, func(a, b *sql.AlterAction) int { return pass(a) - pass(b) })
	return out
}

func pass(n *sql.AlterAction) int {
	switch n.Kind {
	case sql.AlterDropColumn, sql.AlterDropConstraint, sql.AlterDropDefault, sql.AlterDropNotNull, sql.AlterDropExpression, sql.AlterDropIdentity:
		return 0
	case sql.AlterColumnType:
		return 1
	case sql.AlterAddColumn:
		return 2
	case sql.AlterSetNotNull, sql.AlterSetIdentity:
		return 3
	case sql.AlterAddConstraint:
		if n.Constraint.Kind == sql.ConPrimaryKey || n.Constraint.Kind == sql.ConUnique {
			return 4
		}
		return 5
	case sql.AlterSetDefault, sql.AlterAddIdentity:
		return 5
	}
	return 6
}

// description is the change of the table that is altered.
func (a *alteration) description() *changedDescription { return a.change(a.of.table) }

func (a *alteration) action(n *sql.AlterAction) error {
	switch n.Kind {
	case sql.AlterRename:
		return a.renameTo(n.NewName)
	case sql.AlterSetSchema:
		return a.setSchema(n)
	case sql.AlterRenameColumn:
		return a.renameColumn(n)
	case sql.AlterOwner:
		return a.owner(n)
	}
	if a.of.table == nil {
		return a.viewAction(n)
	}
	switch n.Kind {
	case sql.AlterAddColumn:
		return a.addOne(n)
	case sql.AlterDropColumn:
		return a.dropOne(n)
	case sql.AlterColumnType:
		return a.setType(n)
	case sql.AlterSetDefault, sql.AlterDropDefault, sql.AlterDropExpression:
		return a.setDefault(n)
	case sql.AlterSetNotNull, sql.AlterDropNotNull:
		return a.setNotNull(n)
	case sql.AlterAddIdentity, sql.AlterSetIdentity, sql.AlterDropIdentity:
		return a.identity(n)
	case sql.AlterAddConstraint:
		return a.addConstraint(n)
	case sql.AlterDropConstraint:
		return a.dropConstraint(n)
	case sql.AlterRenameConstraint:
		return a.renameConstraint(n)
	case sql.AlterValidateConstraint:
		return a.validate(n)
	case sql.AlterSetOptions, sql.AlterResetOptions:
		return a.setOptions(n)
	}
	return unsupported(n.Pos, "this change of a table is not supported", "")
}

// viewAction is an action of ALTER TABLE or ALTER VIEW on what is no table.
func (a *alteration) viewAction(n *sql.AlterAction) error {
	if a.of.view != nil && (n.Kind == sql.AlterSetOptions || n.Kind == sql.AlterResetOptions) {
		return unsupported(n.Pos, "options of views are not supported", "")
	}
	name := map[sql.AlterKind]string{
		sql.AlterAddColumn: "ADD COLUMN", sql.AlterDropColumn: "DROP COLUMN", sql.AlterColumnType: "ALTER COLUMN ... TYPE", sql.AlterSetDefault: "ALTER COLUMN ... SET DEFAULT",
		sql.AlterDropDefault: "ALTER COLUMN ... DROP DEFAULT", sql.AlterSetNotNull: "ALTER COLUMN ... SET NOT NULL", sql.AlterDropNotNull: "ALTER COLUMN ... DROP NOT NULL",
		sql.AlterAddConstraint: "ADD CONSTRAINT", sql.AlterDropConstraint: "DROP CONSTRAINT", sql.AlterSetOptions: "SET", sql.AlterResetOptions: "RESET",
		sql.AlterValidateConstraint: "VALIDATE CONSTRAINT", sql.AlterDropExpression: "ALTER COLUMN ... DROP EXPRESSION", sql.AlterAddIdentity: "ALTER COLUMN ... ADD IDENTITY",
		sql.AlterSetIdentity: "ALTER COLUMN ... SET", sql.AlterDropIdentity: "ALTER COLUMN ... DROP IDENTITY", sql.AlterRenameConstraint: "RENAME CONSTRAINT",
	}[n.Kind]
	e := column.SQLErrorf(column.Invalid, "42809", "ALTER action %s cannot be performed on relation \"%s\"", name, a.of.name)
	e.Detail = "This operation is not supported for " + a.of.kind() + "s."
	return e
}

// owner accepts the owner that everything has.
func (a *alteration) owner(n *sql.AlterAction) error {
	switch n.NewName {
	case "current_user", "session_user", "current_role", a.User:
		return nil
	}
	if a.Catalog.User(n.NewName) == nil {
		return column.SQLErrorf(column.NotFound, "42704", "role \"%s\" does not exist", n.NewName)
	}
	return unsupported(n.Pos, "relations of other users are not supported", "Whoever may log in may read and write everything.")
}

func (a *alteration) renameTo(name string) error {
	schema := a.of.schema
	if a.hasName(schema, name) {
		return errDuplicate(name)
	}
	return a.move(schema, name)
}

func (a *alteration) setSchema(n *sql.AlterAction) error {
	if !a.Catalog.HasSchema(a.Database.ID, n.NewName) {
		return column.SQLErrorf(column.NotFound, "3F000", "schema \"%s\" does not exist", n.NewName)
	}
	if why, ok := reservedSchemas[n.NewName]; ok {
		return denied("schema \"%s\" takes no new tables: %s", n.NewName, why)
	}
	if n.NewName == a.of.schema {
		return nil
	}
	if q := a.of.sequence; q != nil && q.Table != 0 {
		e := column.SQLErrorf(column.Unsupported, "0A000", "cannot move an owned sequence into another schema")
		e.Detail = "Sequence \"" + q.Name + "\" is linked to table \"" + a.Catalog.TableByID(q.Table).Name + "\"."
		return e
	}
	if a.hasName(n.NewName, a.of.name) {
		return column.SQLErrorf(column.Conflict, "42P07", "relation \"%s\" already exists in schema \"%s\"", a.of.name, n.NewName)
	}
	if a.of.table != nil { // its sequences move with it
		for _, q := range a.Catalog.Sequences(a.Database.ID) {
			if q.Table == a.of.id {
				a.do(meta.Command{MoveRelation: &meta.MoveRelation{Relation: q.ID, Schema: n.NewName, Name: q.Name}})
			}
		}
	}
	return a.move(n.NewName, a.of.name)
}

func (a *alteration) move(schema, name string) error {
	if a.of.table != nil {
		now := a.description().now
		now.Schema, now.Name = schema, name
		return nil
	}
	a.do(meta.Command{MoveRelation: &meta.MoveRelation{Relation: a.of.id, Schema: schema, Name: name}})
	return nil
}

func (a *alteration) renameColumn(n *sql.AlterAction) error {
	missing := column.SQLErrorf(column.Invalid, "42703", "column \"%s\" does not exist", n.Name)
	taken := column.SQLErrorf(column.Invalid, "42701", "column \"%s\" of relation \"%s\" already exists", n.NewName, a.of.name)
	if v := a.of.view; v != nil {
		names := make([]string, len(v.Columns))
		at := -1
		for i, c := range v.Columns {
			if names[i] = c.Name; c.Name == n.Name {
				at = i
			}
		}
		switch {
		case at < 0:
			return missing
		case slices.Contains(names, n.NewName):
			return taken
		}
		names[at] = n.NewName
		a.do(meta.Command{MoveRelation: &meta.MoveRelation{Relation: v.ID, Schema: v.Schema, Name: v.Name, Columns: names}})
		return nil
	}
	if a.of.table == nil {
		e := column.SQLErrorf(column.Invalid, "42809", "cannot rename columns of relation \"%s\"", a.of.name)
		e.Detail = "This operation is not supported for " + a.of.kind() + "s."
		return e
	}
	s := &a.table.Columns
	i := s.Lookup(n.Name)
	switch {
	case i < 0:
		return missing
	case s.Lookup(n.NewName) >= 0:
		return taken
	}
	s.Fields[i].Name = n.NewName
	for k := range s.Fields {
		if f := &s.Fields[k]; f.Generated != "" {
			text, err := renamed(f.Generated, n.Name, n.NewName)
			if err != nil {
				return err
			}
			f.Generated = text
		}
	}
	for k := range a.table.Constraints {
		if c := &a.table.Constraints[k]; c.Text != "" {
			text, err := renamed(c.Text, n.Name, n.NewName)
			if err != nil {
				return err
			}
			c.Text = text
		}
	}
	return nil
}

// field finds a column of the table.
func (a *alteration) field(name string) (*column.Field, error) {
	if i := a.table.Columns.Lookup(name); i >= 0 {
		return &a.table.Columns.Fields[i], nil
	}
	return nil, column.SQLErrorf(column.Invalid, "42703", "column \"%s\" of relation \"%s\" does not exist", name, a.of.name)
}

func (a *alteration) dropOne(n *sql.AlterAction) error {
	i := a.table.Columns.Lookup(n.Name)
	if i < 0 {
		if n.IfExists {
			a.notice("00000", "column \"%s\" of relation \"%s\" does not exist, skipping", n.Name, a.of.name)
			return nil
		}
		return column.SQLErrorf(column.Invalid, "42703", "column \"%s\" of relation \"%s\" does not exist", n.Name, a.of.name)
	}
	id := a.table.Columns.Fields[i].ID
	if err := a.removable(n, id); err != nil {
		return err
	}
	if a.of.table.Columns.Index(id) >= 0 { // not one that the statement itself has added
		o := object{relation: a.of.id, column: id}
		if err := a.release(a.describe(o), []object{o}, n.Cascade); err != nil {
			return err
		}
	}
	a.description().dropColumn(id)
	return nil
}

// removable refuses to drop columns that say how rows lie.
func (a *alteration) removable(n *sql.AlterAction, id column.ID) error {
	s := &a.table.Columns
	what := ""
	switch {
	case len(s.Fields) == 1:
		return unsupported(n.Pos, "a table needs a column", "Drop the table.")
	case s.Time == id:
		what = "the time column"
	case s.IsTag(id):
		what = "a tag"
	case slices.Contains(s.Key, id):
		what = "part of the key"
	default:
		return nil
	}
	return unsupported(n.Pos, "column \""+n.Name+"\" cannot be dropped: it is "+what+", by which the rows are stored", "Make a new table with CREATE TABLE AS.")
}

// complete binds what waits for all actions, and asks rows that are there to satisfy what is new.
func (a *alteration) complete() error {
	if a.of.table == nil {
		return nil
	}
	before := len(a.table.Constraints)
	if err := a.resolve(); err != nil {
		return err
	}
	for _, k := range a.table.Constraints[before:] {
		if k.Kind == meta.CheckConstraint {
			a.hold(k)
		}
	}
	if len(a.generated)+len(a.checks) > 0 {
		a.description().strict = true
	}
	if err := a.rewriting(); err != nil {
		return err
	}
	for _, q := range a.sequences {
		q.Table = a.of.id
		a.do(meta.Command{CreateSequence: &meta.CreateSequence{Sequence: q}})
	}
	return a.settleHolds()
}
