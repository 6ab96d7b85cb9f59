package bind

import (
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// tableDefinition is a table whose columns and constraints are being declared.
type tableDefinition struct {
	*definition
	table *meta.Table
	id    meta.TableID // 0 = not known yet
	// later are the declarations that need all columns.
	generated []declared
	checks    []declared
	sequences []meta.Sequence // Table is set when its id is known
	indexes   []meta.CreateIndex
}

// declared is a constraint of a column; column "" = of the table.
type declared struct {
	column string
	*sql.Constraint
}

// serials are the types that number themselves.
var serials = map[string]column.Kind{
	"smallserial": column.Int16, "serial2": column.Int16, "serial": column.Int32, "serial4": column.Int32, "bigserial": column.Int64, "serial8": column.Int64,
}

// addColumn declares a column. Generated columns and checks wait for resolve, when all columns are there.
func (t *tableDefinition) addColumn(c *sql.ColumnDef, id column.ID) error {
	if t.table.Columns.Lookup(c.Name) >= 0 {
		return errorAt(c.Pos, "42701", "column \"%s\" specified more than once", c.Name)
	}
	if c.Type == nil {
		return errorAt(c.Pos, "42601", "column \"%s\" has no type", c.Name)
	}
	serial, isSerial := serials[c.Type.Name]
	if isSerial = isSerial && c.Type.Schema == ""; isSerial && len(c.Type.Dims) > 0 {
		return errorAt(c.Type.Pos, "0A000", "array of serial is not implemented")
	}
	f := column.Field{ID: id, Name: c.Name, Type: column.T(serial), NotNull: isSerial}
	if !isSerial {
		var err error
		if f, err = t.plainField(c, id); err != nil {
			return err
		}
	}
	d := columnDeclarations{t: t, def: c, field: &f}
	if isSerial {
		d.given = "default"
		if err := t.addSequence(&f, c.Pos, nil, false); err != nil {
			return err
		}
	}
	for _, k := range c.Constraints {
		if err := d.add(k); err != nil {
			return err
		}
	}
	t.table.Columns.Fields = append(t.table.Columns.Fields, f)
	return nil
}

func (t *tableDefinition) plainField(c *sql.ColumnDef, id column.ID) (column.Field, error) {
	f := column.Field{ID: id, Name: c.Name}
	if c.Collation != nil {
		if err := collation(c.Collation); err != nil {
			return f, err
		}
	}
	var err error
	if f.Type, err = typeOf(c.Type); err != nil {
		return f, err
	}
	if err := storable([]plan.Column{{Name: f.Name, Type: f.Type}}); err != nil {
		return f, err
	}
	f.Mod, err = modOf(c.Type, f.Type)
	return f, err
}

func collation(n *sql.Name) error {
	if n.Name != "C" && n.Name != "default" && n.Name != "POSIX" {
		return unsupported(n.Pos, "collation \""+n.Name+"\" is not supported", "Text is ordered by its bytes: COLLATE \"C\".")
	}
	return nil
}

// columnDeclarations reads the constraints of one column.
type columnDeclarations struct {
	t     *tableDefinition
	def   *sql.ColumnDef
	field *column.Field
	given string // "default", "identity" or "generation expression"
	null  bool
}

func (d *columnDeclarations) add(k *sql.Constraint) error {
	f, table := d.field, d.t.table.Name
	switch k.Kind {
	case sql.ConNotNull:
		if d.null {
			return errorAt(k.Pos, "42601", "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", f.Name, table)
		}
		f.NotNull = true
	case sql.ConNull:
		if f.NotNull {
			return errorAt(k.Pos, "42601", "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", f.Name, table)
		}
		d.null = true
	case sql.ConDefault:
		if err := d.gives("default", k.Pos); err != nil {
			return err
		}
		text, err := d.t.defaultText(f, k.Expr)
		f.Default = text
		return err
	case sql.ConGenerated:
		if err := d.gives("generation expression", k.Pos); err != nil {
			return err
		}
		d.t.generated = append(d.t.generated, declared{f.Name, k})
	case sql.ConIdentity:
		if err := d.gives("identity", k.Pos); err != nil {
			return err
		}
		if d.null {
			return errorAt(k.Pos, "42601", "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", f.Name, table)
		}
		return d.t.addIdentity(f, k)
	case sql.ConCheck:
		d.t.checks = append(d.t.checks, declared{f.Name, k})
	case sql.ConPrimaryKey, sql.ConUnique, sql.ConForeignKey:
		return constraint(k)
	}
	return nil
}

// gives notes what gives the column its values where a row does not.
func (d *columnDeclarations) gives(what string, pos int) error {
	column, table := d.field.Name, d.t.table.Name
	both := func(a, b string) error {
		return errorAt(pos, "42601", "both %s and %s specified for column \"%s\" of table \"%s\"", a, b, column, table)
	}
	switch {
	case d.given == "":
		d.given = what
		return nil
	case d.given == what:
		many := map[string]string{"default": "default values", "generation expression": "generation clauses", "identity": "identity specifications"}[what]
		verb := " specified for column"
		if what == "identity" {
			return errorAt(pos, "42601", "multiple identity specifications for column \"%s\" of table \"%s\"", column, table)
		}
		return errorAt(pos, "42601", "multiple %s%s \"%s\" of table \"%s\"", many, verb, column, table)
	case d.given == "default" || what == "default":
		return both("default", map[bool]string{true: d.given, false: what}[what == "default"])
	}
	return both("identity", "generation expression")
}

// defaultText checks the expression of a default and gives the text that is kept; "" for NULL.
func (d *definition) defaultText(f *column.Field, n sql.Expr) (string, error) {
	n, err := d.numberSequences(n)
	if err != nil {
		return "", err
	}
	e, err := d.rule(defaultRule, "", nil, 0, n)
	if err != nil {
		return "", err
	}
	if e, err = d.valueRule(e, f); err != nil {
		return "", err
	}
	if v := plan.Literal(e); v != nil && v.IsNull(0) {
		return "", nil
	}
	return sql.Format(typedDefault(n, f)), nil
}

// typedDefault writes a bare string of a default with its column's type, as PostgreSQL keeps it.
func typedDefault(n sql.Expr, f *column.Field) sql.Expr {
	if l, ok := n.(*sql.Literal); ok && l.Kind == sql.LitString {
		name := f.Type.String()
		if kind := column.T(column.BpChar); f.Type == kind || f.Type == column.ArrayOf(kind) {
			name = strings.Replace(name, kind.String(), kind.Word(), 1) // character alone would be character(1)
		}
		if t, err := sql.ParseExpr("NULL::"+name, sql.Options{}); err == nil {
			c := t.(*sql.Cast)
			c.Expr = l
			return c
		}
	}
	return n
}

// numberSequences puts the numbers of sequences in the place of their names, so that the text outlives their being renamed.
func (d *definition) numberSequences(n sql.Expr) (sql.Expr, error) {
	var err error
	n = sql.Clone(n)
	sql.Walk(n, func(n sql.Node) bool {
		call, ok := n.(*sql.FuncCall)
		if err != nil || !ok || len(call.Args) == 0 || call.Name.Name != "nextval" && call.Name.Name != "currval" && call.Name.Name != "setval" {
			return err == nil
		}
		name, ok := regclassText(call.Args[0])
		if !ok {
			return true
		}
		oid, failed := d.sequenceOID(name, call.Pos)
		if failed != nil {
			err = failed
			return false
		}
		call.Args[0] = regclassNumber(oid)
		return true
	})
	return n, err
}

// regclassText is the string that names a relation: 'x' or 'x'::regclass.
func regclassText(n sql.Expr) (string, bool) {
	if c, ok := n.(*sql.Cast); ok && c.Type.Name == "regclass" {
		n = c.Expr
	}
	l, ok := n.(*sql.Literal)
	if !ok || l.Kind != sql.LitString {
		return "", false
	}
	return l.Text, true
}

func (d *definition) sequenceOID(name string, pos int) (int64, error) {
	lit := &expr.Literal{Value: column.NewStrings(name).As(column.T(column.Unknown)), At: pos}
	e, err := d.coerce(lit, column.T(column.RegClass), fn.Implicit)
	if err != nil {
		return 0, err
	}
	v := plan.Literal(e)
	if v == nil {
		if v, err = expr.Eval(d.fold, e, nil, 1); err != nil {
			return 0, err
		}
	}
	return v.Int(0), nil
}

// addIdentity makes a column number its rows.
func (t *tableDefinition) addIdentity(f *column.Field, k *sql.Constraint) error {
	if !f.Type.IsInteger() {
		return column.SQLErrorf(column.Invalid, "22023", "identity column type must be smallint, integer, or bigint")
	}
	f.NotNull, f.Identity = true, column.IdentityByDefault
	if k.Always {
		f.Identity = column.IdentityAlways
	}
	return t.addSequence(f, k.Pos, k.Sequence, true)
}

// addSequence makes the sequence of a column, and its default.
func (t *tableDefinition) addSequence(f *column.Field, pos int, options []sql.SequenceOption, identity bool) error {
	q := meta.Sequence{Database: t.Database.ID, Schema: t.table.Schema, Type: f.Type.Kind, Column: f.ID, Identity: identity}
	for _, o := range options {
		if o.Word == "as" || o.Word == "owned by" || o.Word == "restart" {
			return errorAt(o.Pos, "42601", "sequence option \"%s\" not supported here", map[string]string{"as": "as", "owned by": "owned by", "restart": "restart"}[o.Word])
		}
	}
	if err := t.sequenceOptions(&q, options, nil); err != nil {
		return err
	}
	q.Name = t.freeName(t.table.Schema, t.table.Name, f.Name, "seq")
	t.taken[[2]string{q.Schema, q.Name}] = true
	var err error
	if q.ID, err = t.Reserve(1); err != nil {
		return err
	}
	if !identity { // that of an identity column is found by its owner
		f.Default = sql.Format(nextOf(q.ID))
	}
	t.sequences = append(t.sequences, q)
	return nil
}

// resolve binds what needs all columns: generated ones and checks.
func (t *tableDefinition) resolve() error {
	for _, g := range t.generated {
		if err := t.generate(g); err != nil {
			return err
		}
	}
	for _, c := range t.checks {
		if err := t.check(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *tableDefinition) generate(g declared) error {
	s := &t.table.Columns
	f := &s.Fields[s.Lookup(g.column)]
	text := sql.Format(bare(g.Expr))
	e, err := t.rule(generatedRule, t.table.Name, s, 0, g.Expr)
	if err != nil {
		return err
	}
	for _, id := range fieldsIn(e, s, 0) {
		of := &s.Fields[s.Index(id)]
		if of.Generated != "" || slices.ContainsFunc(t.generated, func(o declared) bool { return o.column == of.Name }) {
			e := errorAt(placeOf(g.Expr, of.Name), "42P17", "cannot use generated column \"%s\" in column generation expression", of.Name)
			e.Detail = "A generated column cannot reference another generated column."
			return e
		}
	}
	if e, err = t.valueRule(e, f); err != nil {
		return err
	}
	if !t.immutable(g.Expr, e) {
		return column.SQLErrorf(column.Invalid, "42P17", "generation expression is not immutable")
	}
	f.Generated = text
	return nil
}

// placeOf is where an expression names a column.
func placeOf(n sql.Expr, name string) int {
	at := n.Position()
	sql.Walk(n, func(n sql.Node) bool {
		if c, ok := n.(*sql.ColumnRef); ok && c.Parts[len(c.Parts)-1] == name {
			at = c.Pos
		}
		return true
	})
	return at
}

// check adds a CHECK constraint.
func (t *tableDefinition) check(c declared) error {
	s := &t.table.Columns
	n := c.Expr
	e, err := t.rule(checkRule, t.table.Name, s, 0, n)
	if err != nil {
		return err
	}
	if _, err = t.condition(e, "CHECK"); err != nil {
		return err
	}
	k := meta.Constraint{Name: c.Name, Kind: meta.CheckConstraint, Columns: fieldsIn(e, s, 0), NotValid: c.NotValid}
	if k.Name == "" {
		of := ""
		if len(k.Columns) == 1 {
			of = s.Fields[s.Index(k.Columns[0])].Name
		}
		for i := 0; k.Name == "" || hasConstraint(t.table.Constraints, k.Name); i++ {
			k.Name = objectName(t.table.Name, of, numberedLabel("check", i))
		}
	} else if hasConstraint(t.table.Constraints, k.Name) {
		return column.SQLErrorf(column.Conflict, "42710", "check constraint \"%s\" already exists", k.Name)
	}
	k.Text = sql.Format(bare(n))
	t.table.Constraints = append(t.table.Constraints, k)
	return nil
}
