package catalog

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/setting"
)

// uniqueKey is the key of a table that has one: a constraint to those who look for constraints, an index to those who look for indexes.
type uniqueKey struct{ table *meta.Table }

func (k uniqueKey) index() int64      { return tableOID(k.table.ID) + indexOffset }
func (k uniqueKey) constraint() int64 { return tableOID(k.table.ID) + constraintOffset }

func (k uniqueKey) fields() []column.Field {
	out := make([]column.Field, len(k.table.Columns.Key))
	for i, id := range k.table.Columns.Key {
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

// definition is the statement that would make the index in PostgreSQL.
func (k uniqueKey) definition() string {
	return "CREATE UNIQUE INDEX " + setting.QuoteIdent(keyName(k.table)) + " ON " + setting.QuoteIdent(k.table.Schema) + "." + setting.QuoteIdent(k.table.Name) +
		" USING btree " + k.columnList() + " NULLS NOT DISTINCT"
}

func (v *View) keys() []uniqueKey {
	var out []uniqueKey
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		if len(t.Columns.Key) > 0 {
			out = append(out, uniqueKey{t})
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
	perColumn := func(f func(column.Field) int64) func(*View, k) any {
		return func(_ *View, k k) any {
			out := numbered{}
			for _, c := range k.fields() {
				out = append(out, f(c))
			}
			return out
		}
	}
	register("pg_catalog.pg_index", eachOf((*View).keys), columns[k]{
		"indexrelid": func(_ *View, k k) any { return k.index() }, "indrelid": func(_ *View, k k) any { return tableOID(k.table.ID) },
		"indnatts": func(_ *View, k k) any { return len(k.table.Columns.Key) }, "indnkeyatts": func(_ *View, k k) any { return len(k.table.Columns.Key) },
		"indisunique": fixed[k](true), "indnullsnotdistinct": fixed[k](true), "indisprimary": fixed[k](false), "indisexclusion": fixed[k](false),
		"indimmediate": fixed[k](true), "indisclustered": fixed[k](false), "indisvalid": fixed[k](true), "indcheckxmin": fixed[k](false), "indisready": fixed[k](true),
		"indislive": fixed[k](true), "indisreplident": fixed[k](false), "indkey": perColumn(func(f column.Field) int64 { return int64(f.ID) }),
		"indcollation": perColumn(func(f column.Field) int64 { return factsOf(f.Type).collation }), "indclass": perColumn(func(column.Field) int64 { return 0 }),
		"indoption": perColumn(func(column.Field) int64 { return 0 }),
	})
	register("pg_catalog.pg_indexes", eachOf((*View).keys), columns[k]{
		"schemaname": func(_ *View, k k) any { return k.table.Schema }, "tablename": func(_ *View, k k) any { return k.table.Name },
		"indexname": func(_ *View, k k) any { return keyName(k.table) }, "indexdef": func(_ *View, k k) any { return k.definition() },
	})
	register("pg_catalog.pg_constraint", eachOf((*View).keys), columns[k]{
		"oid": func(_ *View, k k) any { return k.constraint() }, "conname": func(_ *View, k k) any { return keyName(k.table) },
		"connamespace": func(_ *View, k k) any { return namespaceOID(k.table.Schema) }, "contype": fixed[k]("u"), "condeferrable": fixed[k](false),
		"condeferred": fixed[k](false), "convalidated": fixed[k](true), "conrelid": func(_ *View, k k) any { return tableOID(k.table.ID) }, "contypid": fixed[k](0),
		"conindid": func(_ *View, k k) any { return k.index() }, "conparentid": fixed[k](0), "confrelid": fixed[k](0), "confupdtype": fixed[k](" "),
		"confdeltype": fixed[k](" "), "confmatchtype": fixed[k](" "), "conislocal": fixed[k](true), "coninhcount": fixed[k](0), "connoinherit": fixed[k](true),
		"conkey": func(_ *View, k k) any {
			out := []int64{}
			for _, f := range k.fields() {
				out = append(out, int64(f.ID))
			}
			return out
		},
	})
	for _, name := range []string{"pg_catalog.pg_stat_all_indexes", "pg_catalog.pg_stat_user_indexes"} {
		register(name, eachOf((*View).keys), columns[k]{
			"relid": func(_ *View, k k) any { return tableOID(k.table.ID) }, "indexrelid": func(_ *View, k k) any { return k.index() },
			"schemaname": func(_ *View, k k) any { return k.table.Schema }, "relname": func(_ *View, k k) any { return k.table.Name },
			"indexrelname": func(_ *View, k k) any { return keyName(k.table) },
		})
	}
	catalogName := func(v *View, _ k) any { return v.Database.Name }
	schemaName := func(_ *View, k k) any { return k.table.Schema }
	tableName := func(_ *View, k k) any { return k.table.Name }
	constraintName := func(_ *View, k k) any { return keyName(k.table) }
	register("information_schema.table_constraints", eachOf((*View).keys), columns[k]{
		"constraint_catalog": catalogName, "constraint_schema": schemaName, "constraint_name": constraintName, "table_catalog": catalogName,
		"table_schema": schemaName, "table_name": tableName, "constraint_type": fixed[k]("UNIQUE"), "is_deferrable": fixed[k]("NO"),
		"initially_deferred": fixed[k]("NO"), "enforced": fixed[k]("YES"), "nulls_distinct": fixed[k]("NO"),
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
