package bind

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/sql"
)

// typeNames maps PostgreSQL's internal names, which the parser has resolved spellings to, and our own.
var typeNames = map[string]column.Kind{
	"bool": column.Bool, "int2": column.Int16, "int4": column.Int32, "int8": column.Int64, "float4": column.Float32, "float8": column.Float64,
	"numeric": column.Numeric, "text": column.Text, "varchar": column.Text, "bpchar": column.Text, "name": column.Text, "bytea": column.Bytea,
	"date": column.Date, "timestamp": column.Timestamp, "timestamptz": column.TimestampTZ, "timestamp_ns": column.TimestampNS,
	"interval": column.IntervalKind, "json": column.JSON,
	// What other dialects call them.
	"string": column.Text, "double": column.Float64,
}

// known are PostgreSQL types that are not built.
var known = map[string]string{
	"jsonb": "Use json.", "time": "Use interval, or timestamp.", "timetz": "Use timestamptz.", "uuid": "Use text.", "inet": "Use text.",
	"money": "Use numeric.", "xml": "Use text.", "bit": "Use bytea.", "varbit": "Use bytea.", "oid": "Use bigint.",
	"serial": "Use bigint and number the rows yourself.", "bigserial": "Use bigint and number the rows yourself.",
	"smallserial": "Use bigint and number the rows yourself.", "serial4": "Use bigint and number the rows yourself.",
	"serial8": "Use bigint and number the rows yourself.", "serial2": "Use bigint and number the rows yourself.", "hstore": "Use json.",
	"point": "Use two columns.", "cidr": "Use text.", "macaddr": "Use text.", "tsvector": "Use text.", "regclass": "Use text.",
}

// typeOf resolves a written type, without its modifiers.
func typeOf(n *sql.TypeName) (column.Type, error) {
	if len(n.Dims) > 0 || n.SetOf {
		return column.Type{}, unsupported(n.Pos, "array types are not supported", "")
	}
	if n.Schema == "" || n.Schema == "pg_catalog" {
		if k, ok := typeNames[n.Name]; ok {
			return column.T(k), nil
		}
		if hint, ok := known[n.Name]; ok {
			return column.Type{}, unsupported(n.Pos, "type "+n.Name+" is not supported", hint)
		}
	}
	if n.Schema != "" && n.Schema != "pg_catalog" {
		return column.Type{}, errorAt(n.Pos, "3F000", "schema \"%s\" does not exist", n.Schema)
	}
	name := n.Name
	return column.Type{}, errorAt(n.Pos, "42704", "type \"%s\" does not exist", name)
}

// modifiers reads the integers in parentheses behind a type.
func modifiers(n *sql.TypeName) ([]int64, error) {
	var out []int64
	for _, m := range n.Mods {
		l, ok := m.(*sql.Literal)
		if !ok || l.Kind != sql.LitInt {
			return nil, errorAt(n.Pos, "22023", "type modifiers must be simple constants or identifiers")
		}
		v, err := strconv.ParseInt(l.Text, 10, 32)
		if err != nil {
			return nil, errorAt(l.Pos, "22023", "invalid type modifier")
		}
		out = append(out, v)
	}
	return out, nil
}
