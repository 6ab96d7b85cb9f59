package bind

import (
	"slices"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/sql"
)

// keyConstraints binds the PRIMARY KEY and UNIQUE constraints of CREATE TABLE, those of columns first, as PostgreSQL names them in that order.
func keyConstraints(n *sql.CreateTable, out *meta.Table) error {
	k := keys{table: n.Name.Name, schema: &out.Columns, list: out.Constraints}
	for _, def := range n.Columns {
		for _, c := range def.Constraints {
			if err := k.add(c, []sql.Ident{{Name: def.Name, Pos: c.Pos}}); err != nil {
				return err
			}
		}
	}
	for _, c := range n.Constraints {
		if err := k.add(c, c.Columns); err != nil {
			return err
		}
	}
	k.name()
	out.Constraints = k.list
	return nil
}

// keys collects constraints that say what of a table's rows is unique.
type keys struct {
	table  string
	schema *column.Schema
	list   []meta.Constraint
}

func (k *keys) add(c *sql.Constraint, columns []sql.Ident) error {
	if c.Kind != sql.ConPrimaryKey && c.Kind != sql.ConUnique {
		return nil
	}
	primary, what := c.Kind == sql.ConPrimaryKey, "UNIQUE"
	if primary {
		what = "PRIMARY KEY"
	}
	switch {
	case c.Deferrable || c.InitiallyDeferred:
		return unsupported(c.Pos, "deferrable constraints are not supported", "Leave DEFERRABLE out: a constraint is checked for all rows of a statement together.")
	case c.NotValid:
		return errorAt(c.Pos, "0A000", "%s constraints cannot be marked NOT VALID", what)
	case c.NoInherit:
		return errorAt(c.Pos, "0A000", "%s constraints cannot be marked NO INHERIT", what)
	case primary && slices.ContainsFunc(k.list, func(o meta.Constraint) bool { return o.Kind == meta.PrimaryConstraint }):
		return errorAt(c.Pos, "42P16", "multiple primary keys for table \"%s\" are not allowed", k.table)
	}
	out := meta.Constraint{Name: c.Name, Kind: meta.UniqueConstraint, NullsNotDistinct: c.NullsNotDistinct}
	if primary {
		out.Kind = meta.PrimaryConstraint
	}
	for _, name := range columns {
		i := k.schema.Lookup(name.Name)
		if i < 0 {
			return errorAt(c.Pos, "42703", "column \"%s\" named in key does not exist", name.Name)
		}
		f := &k.schema.Fields[i]
		if slices.Contains(out.Columns, f.ID) {
			return errorAt(c.Pos, "42701", "column \"%s\" appears twice in %s constraint", f.Name, map[bool]string{true: "primary key", false: "unique"}[primary])
		}
		if f.Type.Kind == column.JSON {
			e := errorAt(c.Pos, "42704", "data type json has no default operator class for access method \"btree\"")
			e.Hint = "You must specify an operator class for the index or define a default operator class for the data type."
			e.Position = 0
			return e
		}
		out.Columns = append(out.Columns, f.ID)
		f.NotNull = f.NotNull || primary
	}
	k.put(out)
	return nil
}

// put adds a constraint, unless it says what another one says.
func (k *keys) put(c meta.Constraint) {
	for i := range k.list {
		o := &k.list[i]
		same := o.Kind == meta.PrimaryConstraint || o.Kind == meta.UniqueConstraint
		if !same || !slices.Equal(o.Columns, c.Columns) || o.NullsNotDistinct != c.NullsNotDistinct {
			continue
		}
		if c.Kind == meta.PrimaryConstraint {
			o.Kind = c.Kind
		}
		if o.Name == "" {
			o.Name = c.Name
		}
		if c.Name == "" || o.Name == c.Name {
			return
		}
	}
	k.list = append(k.list, c)
}

// name names the constraints that have none: table_pkey, table_column_column_key, and a number behind where that is taken.
func (k *keys) name() {
	// The primary key first: PostgreSQL makes its index before the others.
	slices.SortStableFunc(k.list, func(a, b meta.Constraint) int { return rank(&a) - rank(&b) })
	for i := range k.list {
		c := &k.list[i]
		if c.Name != "" {
			continue
		}
		columns, suffix := "", "pkey"
		if c.Kind != meta.PrimaryConstraint {
			if suffix = "key"; c.Index {
				suffix = "idx"
			}
			for n, id := range c.Columns {
				if n > 0 {
					columns += "_"
				}
				columns += k.schema.Fields[k.schema.Index(id)].Name
			}
		}
		for n := 0; ; n++ {
			end := suffix
			if n > 0 {
				end += strconv.Itoa(n)
			}
			name := objectName(k.table, columns, end)
			if !slices.ContainsFunc(k.list, func(o meta.Constraint) bool { return o.Name == name }) {
				c.Name = name
				break
			}
		}
	}
}

func rank(c *meta.Constraint) int {
	if c.Kind == meta.PrimaryConstraint {
		return 0
	}
	return 1
}

// sortByKey makes the primary key the order of the table's rows, where they can lie in it: it holds every tag and the time column, so that rows of
// one key are of one series and one partition. Other primary keys are held too, by a look into every segment that cannot be ruled out.
func sortByKey(out *meta.Table, pos int) error {
	s := &out.Columns
	for i := range out.Constraints {
		c := &out.Constraints[i]
		if c.Kind != meta.PrimaryConstraint && c.Kind != meta.UniqueConstraint {
			continue
		}
		if len(s.Key) > 0 && !s.Enforced {
			return unsupported(pos, "a table whose rows replace each other has no PRIMARY KEY or UNIQUE constraints", "Leave unique_key out.")
		}
		if c.Kind == meta.PrimaryConstraint && sorts(s, c.Columns) {
			s.Key, s.Enforced = slices.Clone(c.Columns), true
		}
	}
	return nil
}

func sorts(s *column.Schema, columns []column.ID) bool {
	for _, id := range s.Tags {
		if !slices.Contains(columns, id) {
			return false
		}
	}
	if s.Time != 0 && !slices.Contains(columns, s.Time) {
		return false
	}
	return !slices.ContainsFunc(columns, func(id column.ID) bool {
		t := s.Fields[s.Index(id)].Type
		return t.Physical() == column.PhysInterval || t.Physical() == column.PhysBytes && !t.Bytewise()
	})
}
