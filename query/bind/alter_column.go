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
	numbered := slices.ContainsFunc(a.out.Rewrite, func(c plan.Computed) bool { return c.Column == f.ID && c.Numbers != nil })
	if f.NotNull && initial == "" && !numbered {
		f.NotNull = false
		if err := a.demand(f); err != nil {
			return err
		}
	}
	for _, c := range n.Column.Constraints {
		if c.Kind == sql.ConPrimaryKey || c.Kind == sql.ConUnique {
			of := *c
			of.Columns = []sql.Ident{{Name: f.Name, Pos: n.Column.Pos}}
			if err := a.addKey(&of); err != nil {
				return err
			}
		}
	}
	return nil
}

// initial is the value that a new column's default has now, for the rows that are there.
func (a *alteration) initial(f *column.Field) (column.Datum, error) {
	for i := range a.sequences { // the column's own
		if q := a.sequences[i]; q.Column == f.ID {
			a.recompute(plan.Computed{Column: f.ID, Numbers: &q})
			return "", nil
		}
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
		a.recompute(plan.Computed{Column: f.ID, Value: e}) // a value for each row
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
	if err := storable([]plan.Column{{Name: f.Name, Type: t}}); err != nil {
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
		return a.retype(n, f, t, mod)
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
		if t := a.Catalog.TableByID(by.relation); t != nil && t.ID == a.of.id && by.column != 0 && !by.isDefault && a.table.Columns.Index(by.column) >= 0 {
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
	e, err := a.rule(transformRule, a.of.name, &a.of.table.Columns, 0, n.Expr)
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
		case "history":
			var t tableOptions
			if n.Kind == sql.AlterSetOptions {
				if err := t.remember(o); err != nil {
					return err
				}
			}
			a.table.History = t.history
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
			e.Hint = "Known are partition_interval, retention and history."
			return e
		}
	}
	return nil
}

// unstored refuses another partition length where rows are stored already.
func (a *alteration) unstored(pos int) {
	a.out.Unstored = &plan.Unstored{Table: a.of.table, Pos: pos}
}
