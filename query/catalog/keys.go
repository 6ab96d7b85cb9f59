package catalog

import (
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/setting"
)

// uniqueKey is what is unique of a table's rows: a constraint to those who look for constraints, an index to those who look for indexes. It is a
// primary key, a UNIQUE constraint, or the key by which rows replace each other.
type uniqueKey struct {
	table            *meta.Table
	name             string
	columns          []column.ID
	primary          bool
	nullsNotDistinct bool
	number           int // of the table's
	// check is the expression of a CHECK, which is a constraint only; "" = it is a key.
	check    string
	notValid bool
	isIndex  bool // of CREATE UNIQUE INDEX: it is no constraint
}

// keysOf lists a table's keys.
func keysOf(t *meta.Table) []uniqueKey {
	var out []uniqueKey
	if t.Columns.Supersedes() {
		out = append(out, uniqueKey{table: t, name: keyName(t), columns: t.Columns.Key, nullsNotDistinct: true})
	}
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if c.Kind == meta.PrimaryConstraint || c.Kind == meta.UniqueConstraint {
			out = append(out, uniqueKey{
				table: t, name: c.Name, columns: c.Columns, primary: c.Kind == meta.PrimaryConstraint, nullsNotDistinct: c.NullsNotDistinct, number: len(out), isIndex: c.Index,
			})
		}
	}
	return out
}

// index and constraint are the key's numbers as either: of a table's first one among the table's own numbers, of others by their names.
func (k uniqueKey) index() int64      { return k.oid("index", indexOffset) }
func (k uniqueKey) constraint() int64 { return k.oid("constraint", constraintOffset) }

func (k uniqueKey) oid(what string, offset int64) int64 {
	if k.number == 0 && k.check == "" {
		return tableOID(k.table.ID) + offset
	}
	return hashOID(what, strconv.FormatUint(uint64(k.table.ID), 10), k.name)
}

func (k uniqueKey) fields() []column.Field {
	out := make([]column.Field, len(k.columns))
	for i, id := range k.columns {
		out[i] = k.table.Columns.Fields[k.table.Columns.Index(id)]
	}
	return out
}

// columnList writes the key's columns as SQL has them.
func (k uniqueKey) columnList() string {
	var names []string
	for _, f := range k.fields() {
		names = append(names, setting.QuoteIdent(f.Name))
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// nulls says in SQL how NULLs are compared, where that is not as usual.
func (k uniqueKey) nulls() string {
	if k.nullsNotDistinct {
		return " NULLS NOT DISTINCT"
	}
	return ""
}

// definition is the statement that would make the index in PostgreSQL.
func (k uniqueKey) definition() string {
	return "CREATE UNIQUE INDEX " + setting.QuoteIdent(k.name) + " ON " + setting.QuoteIdent(k.table.Schema) + "." + setting.QuoteIdent(k.table.Name) +
		" USING btree " + k.columnList() + k.nulls()
}

// constraintText is the constraint as SQL.
func (k uniqueKey) constraintText() string {
	if k.check != "" {
		text := "CHECK (" + parenthesized(k.check) + ")"
		if k.notValid {
			text += " NOT VALID"
		}
		return text
	}
	if k.primary {
		return "PRIMARY KEY " + k.columnList()
	}
	return "UNIQUE" + k.nulls() + " " + k.columnList()
}

// kind is what pg_constraint calls the constraint.
func (k uniqueKey) kind() string {
	switch {
	case k.check != "":
		return "c"
	case k.primary:
		return "p"
	}
	return "u"
}

// keys lists the constraints that are keys.
func (v *View) keys() []uniqueKey {
	var out []uniqueKey
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		out = append(out, slices.DeleteFunc(keysOf(t), func(k uniqueKey) bool { return k.isIndex })...)
	}
	return out
}

// constraints lists the keys and the checks.
func (v *View) constraints() []uniqueKey {
	out := v.keys()
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		for _, c := range t.Constraints {
			if c.Kind == meta.CheckConstraint {
				out = append(out, uniqueKey{table: t, name: c.Name, columns: c.Columns, check: c.Text, notValid: c.NotValid})
			}
		}
	}
	return out
}

// keyColumn is a column of a unique key, counted from 1.
type keyColumn struct {
	uniqueKey
	field  column.Field
	number int
}

func (v *View) keyColumns() []keyColumn {
	var out []keyColumn
	for _, k := range v.keys() {
		for i, f := range k.fields() {
			out = append(out, keyColumn{k, f, i + 1})
		}
	}
	return out
}

func init() {
	type k = uniqueKey
	register("pg_catalog.pg_constraint", eachOf((*View).constraints), columns[k]{
		"oid": func(_ *View, k k) any { return k.constraint() }, "conname": func(_ *View, k k) any { return k.name },
		"connamespace": func(_ *View, k k) any { return namespaceOID(k.table.Schema) }, "contype": func(_ *View, k k) any { return k.kind() }, "condeferrable": fixed[k](false),
		"condeferred": fixed[k](false), "convalidated": func(_ *View, k k) any { return !k.notValid }, "conrelid": func(_ *View, k k) any { return tableOID(k.table.ID) }, "contypid": fixed[k](0),
		"conindid": func(_ *View, k k) any {
			if k.check != "" {
				return 0
			}
			return k.index()
		}, "conbin": func(_ *View, k k) any { return orNull(k.check) }, "conparentid": fixed[k](0), "confrelid": fixed[k](0), "confupdtype": fixed[k](" "),
		"confdeltype": fixed[k](" "), "confmatchtype": fixed[k](" "), "conislocal": fixed[k](true), "coninhcount": fixed[k](0), "connoinherit": fixed[k](true),
		"conkey": func(_ *View, k k) any {
			out := []int64{}
			for _, f := range k.fields() {
				out = append(out, int64(f.Place()))
			}
			return out
		},
	})
	catalogName := func(v *View, _ k) any { return v.Database.Name }
	schemaName := func(_ *View, k k) any { return k.table.Schema }
	tableName := func(_ *View, k k) any { return k.table.Name }
	constraintName := func(_ *View, k k) any { return k.name }
	register("information_schema.table_constraints", eachOf((*View).constraints), columns[k]{
		"constraint_catalog": catalogName, "constraint_schema": schemaName, "constraint_name": constraintName, "table_catalog": catalogName,
		"table_schema": schemaName, "table_name": tableName, "constraint_type": func(_ *View, k k) any {
			switch {
			case k.check != "":
				return "CHECK"
			case k.primary:
				return "PRIMARY KEY"
			}
			return "UNIQUE"
		}, "is_deferrable": fixed[k]("NO"),
		"initially_deferred": fixed[k]("NO"), "enforced": fixed[k]("YES"), "nulls_distinct": func(_ *View, k k) any {
			switch {
			case k.primary, k.check != "":
				return nil
			case k.nullsNotDistinct:
				return "NO"
			}
			return "YES"
		},
	})
	register("information_schema.check_constraints", func(v *View, _ *rows, yield func(k) error) error {
		for _, c := range v.constraints() {
			if c.check == "" {
				continue
			}
			if err := yield(c); err != nil {
				return err
			}
		}
		return nil
	}, columns[k]{
		"constraint_catalog": catalogName, "constraint_schema": schemaName, "constraint_name": constraintName,
		"check_clause": func(_ *View, k k) any { return parenthesized(k.check) },
	})
	register("information_schema.constraint_table_usage", eachOf((*View).keys), columns[k]{
		"table_catalog": catalogName, "table_schema": schemaName, "table_name": tableName, "constraint_catalog": catalogName, "constraint_schema": schemaName,
		"constraint_name": constraintName,
	})
	type kc = keyColumn
	of := func(f func(*View, k) any) func(*View, kc) any {
		return func(v *View, c kc) any { return f(v, c.uniqueKey) }
	}
	columnName := func(_ *View, c kc) any { return c.field.Name }
	register("information_schema.key_column_usage", eachOf((*View).keyColumns), columns[kc]{
		"constraint_catalog": of(catalogName), "constraint_schema": of(schemaName), "constraint_name": of(constraintName), "table_catalog": of(catalogName),
		"table_schema": of(schemaName), "table_name": of(tableName), "column_name": columnName, "ordinal_position": func(_ *View, c kc) any { return c.number },
	})
	register("information_schema.constraint_column_usage", eachOf((*View).keyColumns), columns[kc]{
		"constraint_catalog": of(catalogName), "constraint_schema": of(schemaName), "constraint_name": of(constraintName), "table_catalog": of(catalogName),
		"table_schema": of(schemaName), "table_name": of(tableName), "column_name": columnName,
	})
}
