package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/sql"
)

// otherNames are what other dialects call types.
var otherNames = map[string]column.Kind{"string": column.Text, "double": column.Float64}

// known are PostgreSQL types that are not built.
var known = map[string]string{
	"inet": "Use text.", "money": "Use numeric.", "xml": "Use text.", "bit": "Use bytea.", "varbit": "Use bytea.",
	"serial": "Use bigint and number the rows yourself.", "bigserial": "Use bigint and number the rows yourself.",
	"smallserial": "Use bigint and number the rows yourself.", "serial4": "Use bigint and number the rows yourself.",
	"serial8": "Use bigint and number the rows yourself.", "serial2": "Use bigint and number the rows yourself.", "hstore": "Use jsonb.",
	"point": "Use two columns.", "cidr": "Use text.", "macaddr": "Use text.", "tsvector": "Use text.",
}

// typeOf resolves a written type, without its modifiers.
func typeOf(n *sql.TypeName) (column.Type, error) {
	if n.SetOf {
		return column.Type{}, unsupported(n.Pos, "sets are not supported as a type", "")
	}
	t, err := simpleType(n)
	if err != nil || len(n.Dims) == 0 {
		return t, err
	}
	if t.IsArray() {
		return t, errorAt(n.Pos, "42704", "type \"%s[]\" does not exist", n.Name)
	}
	return column.ArrayOf(t), nil
}

// simpleType resolves the name, which the parser has brought to PostgreSQL's internal one.
func simpleType(n *sql.TypeName) (column.Type, error) {
	if n.Schema == "" || n.Schema == "pg_catalog" {
		if t, ok := column.TypeOfWord(n.Name); ok {
			return t, nil
		}
		if hint, ok := known[n.Name]; ok {
			return column.Type{}, unsupported(n.Pos, "type "+n.Name+" is not supported", hint)
		}
	}
	if k, ok := otherNames[n.Name]; ok && n.Schema == "" {
		return column.T(k), nil
	}
	if n.Schema != "" && n.Schema != "pg_catalog" {
		return column.Type{}, errorAt(n.Pos, "3F000", "schema \"%s\" does not exist", n.Schema)
	}
	name := n.Name
	return column.Type{}, errorAt(n.Pos, "42704", "type \"%s\" does not exist", name)
}
