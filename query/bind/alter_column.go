package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// addOne adds a column. Rows that are there get the value that its default has now.
func (a *alteration) addOne(n *sql.AlterAction) error {
	if a.table.Columns.Lookup(n.Column.Name) >= 0 {
		if n.IfExists {
			a.notice("42701", "column \"%s\" of relation \"%s\" already exists, skipping", n.Column.Name, a.of.name)
			return nil
		}
		return column.SQLErrorf(column.Conflict, "42701", "column \"%s\" of relation \"%s\" already exists", n.Column.Name, a.of.name)
	}
	if err := noKey(n.Column); err != nil {
		return err
	}
	if err := a.addColumn(n.Column, a.table.NextColumn); err != nil {
		return err
	}
	a.table.NextColumn++
	f := &a.table.Columns.Fields[len(a.table.Columns.Fields)-1]
	initial, err := a.initial(f)
	if err != nil {
		return err
	}
	f.Initial = initial
	if len(a.generated) > 0 && a.generated[len(a.generated)-1].column == f.Name {
		a.empty(n.Pos, "a generated column can only be added to an empty table", "Make a new table with CREATE TABLE, and INSERT the rows.")
		return nil
	}
	if f.NotNull && initial == "" {
		f.NotNull = false
		return a.demand(f)
	}
	return nil
}

// initial is the value that a new column's default has now, for the rows that are there.
func (a *alteration) initial(f *column.Field) (column.Datum, error) {
	if f.Identity != column.NoIdentity {
		a.empty(-1, "an identity column can only be added to an empty table", "Make a new table with CREATE TABLE, and INSERT the rows.")
		return "", nil
	}
	if f.Default == "" {
		return "", nil
	}
	n, err := parseRule(f.Default)
	if err != nil {
		return "", err
	}
	e, err := a.rule(defaultRule, "", nil, 0, n)
	if err != nil {
		return "", err
	}
	if e, err = a.valueRule(e, f); err != nil {
		return "", err
	}
	if expr.Volatile(e) {
		// A value for each row.
		a.empty(-1, "a column whose default differs from row to row can only be added to an empty table", "Add the column without a default, UPDATE the rows, and set the default then.")
		return "", nil
	}
	v, err := expr.Eval(a.fold, e, nil, 1)
	if err != nil {
		return "", err
	}
	return column.DatumOf(v, 0), nil
}

// setType changes a column's type where what is stored reads the same.
func (a *alteration) setType(n *sql.AlterAction) error {
	f, err := a.field(n.Name)
	if err != nil {
		return err
	}
	if n.Collation != nil {
		if err := collation(n.Collation); err != nil {
			return err
		}
	}
	t, err := typeOf(n.Type)
	if err != nil {
		return err
	}
	mod, err := modOf(n.Type, t)
	if err != nil {
		return err
	}
	if f.Generated != "" && n.Expr != nil {
		e := column.SQLErrorf(column.Invalid, "42611", "cannot specify USING when altering type of generated column")
		e.Detail = "Column \"" + f.Name + "\" is a generated column."
		return e
	}
	if err := a.typeIsFree(f); err != nil {
		return err
	}
	if err := a.castable(n, f, t); err != nil {
		return err
	}
	if f.Identity != column.NoIdentity && !t.IsInteger() {
		return column.SQLErrorf(column.Invalid, "22023", "identity column type must be smallint, integer, or bigint")
	}
	if n.Expr != nil && !isColumn(n.Expr, f.Name) && !castOfColumn(n.Expr, f.Name) || !f.Type.Widens(f.Mod, t, mod) {
		return a.rewrite(n, f, t, mod)
	}
	before := *f
	f.Type, f.Mod = t, mod
	if f.Default != "" {
		return a.keepDefault(f, &before)
	}
	return nil
}

// typeIsFree refuses a change of type under a view or a generated column.
func (a *alteration) typeIsFree(f *column.Field) error {
	o := object{relation: a.of.id, column: f.ID}
	for _, by := range a.dependents(o) {
		if v := a.Catalog.ViewByID(by.relation); v != nil {
			e := column.SQLErrorf(column.Unsupported, "0A000", "cannot alter type of a column used by a view or rule")
			e.Detail = "rule _RETURN on " + a.describe(by) + " depends on column \"" + f.Name + "\""
			return e
		}
		if t := a.Catalog.TableByID(by.relation); t != nil && t.ID == a.of.id && by.column != 0 && !by.isDefault {
			e := column.SQLErrorf(column.Unsupported, "0A000", "cannot alter type of a column used by a generated column")
			e.Detail = "Column \"" + f.Name + "\" is used by generated column \"" + t.Columns.Fields[t.Columns.Index(by.column)].Name + "\"."
			return e
		}
	}
	return nil
}

// castable refuses a type that the values cannot be brought to.
func (a *alteration) castable(n *sql.AlterAction, f *column.Field, t column.Type) error {
	to := column.Field{Name: f.Name, Type: t}
	if n.Expr == nil {
		if !a.Functions.CanCast(f.Type, t, fn.Assignment) {
			e := column.SQLErrorf(column.Invalid, "42804", "column \"%s\" cannot be cast automatically to type %s", f.Name, t)
			e.Hint = "You might need to specify \"USING " + quoted(f.Name) + "::" + t.Format(modOrZero(n.Type, t)) + "\"."
			if f.Generated != "" {
				e.Hint = ""
			}
			return e
		}
		return nil
	}
	e, err := a.rule(&ruleKind{"transform expression", "transform expressions", true}, a.of.name, &a.of.table.Columns, 0, n.Expr)
	if err != nil {
		return err
	}
	if from := e.Type(); from != unknown && !a.Functions.CanCast(from, t, fn.Assignment) {
		e := column.SQLErrorf(column.Invalid, "42804", "result of USING clause for column \"%s\" cannot be cast automatically to type %s", to.Name, t)
		e.Hint = "You might need to add an explicit cast."
		return e
	}
	return nil
}

func modOrZero(n *sql.TypeName, t column.Type) column.Mod {
	mod, _ := modOf(n, t)
	return mod
}

func isColumn(n sql.Expr, name string) bool {
	c, ok := n.(*sql.ColumnRef)
	return ok && c.Parts[len(c.Parts)-1] == name
}

// castOfColumn reports column::type, whatever the type: the column's new one decides.
func castOfColumn(n sql.Expr, name string) bool {
	c, ok := n.(*sql.Cast)
	return ok && isColumn(c.Expr, name)
}

// rewrite gives a column another type where its values have to be computed anew: that is possible while there are none.
func (a *alteration) rewrite(n *sql.AlterAction, f *column.Field, t column.Type, mod column.Mod) error {
	s := &a.table.Columns
	what := ""
	switch {
	case s.Time == f.ID:
		what = "the time column"
	case s.IsTag(f.ID):
		what = "a tag"
	case slices.Contains(s.Key, f.ID):
		what = "part of the key"
	}
	if what != "" {
		return unsupported(n.Pos, "the type of column \""+f.Name+"\" cannot change to "+t.Format(mod)+": it is "+what+", by which the rows are stored", "Make a new table with CREATE TABLE AS.")
	}
	a.empty(n.Pos, "the values of column \""+f.Name+"\" would have to be computed anew as "+t.Format(mod),
		"Add a column of the new type, UPDATE it, drop the old one and rename the new one.")
	before := *f
	old := f.ID
	f.Type, f.Mod, f.Initial, f.Added = t, mod, "", 0
	f.ID = a.table.NextColumn
	a.table.NextColumn++
	for i := range a.table.Constraints {
		for k, id := range a.table.Constraints[i].Columns {
			if id == old {
				a.table.Constraints[i].Columns[k] = f.ID
			}
		}
	}
	if text := a.table.ColumnComments[old]; text != "" {
		delete(a.table.ColumnComments, old)
		a.table.ColumnComments[f.ID] = text
	}
	if before.Default != "" {
		return a.keepDefault(f, &before)
	}
	return nil
}

// keepDefault checks that a default fits its column's new type.
func (a *alteration) keepDefault(f, before *column.Field) error {
	n, err := parseRule(f.Default)
	if err != nil {
		return err
	}
	e, err := a.rule(defaultRule, "", nil, 0, n)
	if err != nil {
		return err
	}
	if from := e.Type(); from != unknown && !a.Functions.CanCast(from, f.Type, fn.Assignment) {
		return column.SQLErrorf(column.Invalid, "42804", "default for column \"%s\" cannot be cast automatically to type %s", f.Name, f.Type)
	}
	return nil
}

func (a *alteration) setDefault(n *sql.AlterAction) error {
	f, err := a.field(n.Name)
	if err != nil {
		return err
	}
	switch {
	case n.Kind == sql.AlterDropExpression:
		if f.Generated == "" {
			if n.IfExists {
				a.notice("00000", "column \"%s\" of relation \"%s\" is not a stored generated column, skipping", f.Name, a.of.name)
				return nil
			}
			return column.SQLErrorf(column.Invalid, "55000", "column \"%s\" of relation \"%s\" is not a stored generated column", f.Name, a.of.name)
		}
		f.Generated = ""
		return nil
	case f.Identity != column.NoIdentity:
		e := column.SQLErrorf(column.Invalid, "42601", "column \"%s\" of relation \"%s\" is an identity column", f.Name, a.of.name)
		if n.Kind == sql.AlterDropDefault {
			e.Hint = "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead."
		}
		return e
	case f.Generated != "":
		e := column.SQLErrorf(column.Invalid, "42601", "column \"%s\" of relation \"%s\" is a generated column", f.Name, a.of.name)
		if n.Kind == sql.AlterDropDefault {
			e.Hint = "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead."
		}
		return e
	case n.Kind == sql.AlterDropDefault:
		f.Default = ""
		return nil
	}
	f.Default, err = a.defaultText(f, n.Expr)
	return err
}

func (a *alteration) setNotNull(n *sql.AlterAction) error {
	f, err := a.field(n.Name)
	if err != nil {
		return err
	}
	if n.Kind == sql.AlterSetNotNull {
		if f.NotNull {
			return nil
		}
		return a.demand(f)
	}
	s := &a.table.Columns
	switch {
	case f.Identity != column.NoIdentity:
		return column.SQLErrorf(column.Invalid, "42601", "column \"%s\" of relation \"%s\" is an identity column", f.Name, a.of.name)
	case slices.ContainsFunc(a.table.Constraints, func(k meta.Constraint) bool {
		return k.Kind == meta.PrimaryConstraint && slices.Contains(k.Columns, f.ID)
	}):
		return column.SQLErrorf(column.Invalid, "42P16", "column \"%s\" is in a primary key", f.Name)
	case s.Time == f.ID, slices.Contains(s.Key, f.ID) && !s.IsTag(f.ID):
		return column.SQLErrorf(column.Invalid, "42P16", "column \"%s\" cannot be NULL: rows are stored by it", f.Name)
	}
	f.NotNull = false
	return nil
}

// identity adds, changes and drops that a column numbers its rows.
func (a *alteration) identity(n *sql.AlterAction) error {
	f, err := a.field(n.Name)
	if err != nil {
		return err
	}
	if n.Kind == sql.AlterAddIdentity {
		return a.addOneIdentity(n, f)
	}
	if f.Identity == column.NoIdentity {
		if n.IfExists {
			a.notice("00000", "column \"%s\" of relation \"%s\" is not an identity column, skipping", f.Name, a.of.name)
			return nil
		}
		return column.SQLErrorf(column.Invalid, "55000", "column \"%s\" of relation \"%s\" is not an identity column", f.Name, a.of.name)
	}
	var own *meta.Sequence
	for _, q := range a.Catalog.Sequences(a.Database.ID) {
		if q.Table == a.of.id && q.Column == f.ID && q.Identity {
			own = q
		}
	}
	if n.Kind == sql.AlterDropIdentity {
		f.Identity, f.Default = column.NoIdentity, ""
		if own != nil {
			a.do(meta.Command{DropRelation: &meta.DropRelation{Relation: own.ID}})
		}
		return nil
	}
	if n.Constraint.Kind == sql.ConIdentity {
		if f.Identity = column.IdentityByDefault; n.Constraint.Always {
			f.Identity = column.IdentityAlways
		}
	}
	if len(n.Constraint.Sequence) == 0 || own == nil {
		return nil
	}
	q := *own
	c := &meta.AlterSequence{From: q.Changed}
	if err := a.sequenceOptions(&q, n.Constraint.Sequence, &c.Restart); err != nil {
		return err
	}
	c.Sequence = q
	a.do(meta.Command{AlterSequence: c})
	return nil
}

func (a *alteration) addOneIdentity(n *sql.AlterAction, f *column.Field) error {
	switch {
	case !f.NotNull:
		return column.SQLErrorf(column.Invalid, "55000", "column \"%s\" of relation \"%s\" must be declared NOT NULL before identity can be added", f.Name, a.of.name)
	case f.Identity != column.NoIdentity:
		return column.SQLErrorf(column.Invalid, "55000", "column \"%s\" of relation \"%s\" is already an identity column", f.Name, a.of.name)
	case f.Default != "":
		return column.SQLErrorf(column.Invalid, "55000", "column \"%s\" of relation \"%s\" already has a default value", f.Name, a.of.name)
	}
	return a.addIdentity(f, n.Constraint)
}

// setOptions changes what stands behind WITH.
func (a *alteration) setOptions(n *sql.AlterAction) error {
	s := &a.table.Columns
	for _, o := range n.Options {
		switch o.Name {
		case "retention":
			if n.Kind == sql.AlterResetOptions {
				a.table.Retention = 0
				continue
			}
			t := tableOptions{schema: s, opt: a.literalOptions()}
			if err := t.retain(o); err != nil {
				return err
			}
			if s.Time == 0 {
				return errorAt(o.Pos, "22023", "retention needs a time_column")
			}
			a.table.Retention = t.retention
		case "partition_interval":
			t := tableOptions{schema: s, opt: a.literalOptions(), partition: defaultPartition}
			if n.Kind == sql.AlterSetOptions {
				if err := t.partitionInterval(o); err != nil {
					return err
				}
			}
			if s.Time == 0 {
				return errorAt(o.Pos, "22023", "partition_interval needs a time_column")
			}
			before := s.Partition
			s.Partition = t.partition / literal.MicrosPerSecond * t.field(s.Time).Type.UnitsPerSecond()
			if s.Partition != before {
				a.unstored(o.Pos)
			}
		case "time_column", "time", "tags", "tag_columns", "unique_key", "key", "merge_fields":
			return unsupported(o.Pos, "the "+o.Name+" of a table cannot change: its rows are stored by it", "Make a new table with CREATE TABLE AS.")
		default:
			e := errorAt(o.Pos, "22023", "unrecognized parameter \"%s\"", o.Name)
			e.Hint = "Known are partition_interval and retention."
			return e
		}
	}
	return nil
}

// unstored refuses another partition length where rows are stored already.
func (a *alteration) unstored(pos int) {
	a.out.Unstored = &plan.Unstored{Table: a.of.table, Pos: pos}
}
