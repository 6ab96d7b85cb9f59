package bind

import (
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/sql"
)

var allTime = scan.AllTime

// columnName is the name of a result column that was given none: PostgreSQL's choice.
func columnName(e sql.Expr) string {
	name, _ := figureName(e)
	if name == "" {
		return "?column?"
	}
	return name
}

// figureName gives a name and how good it is: 2 a name of the user's or of a function, 1 a type, 0 none.
func figureName(e sql.Expr) (string, int) {
	switch n := e.(type) {
	case *sql.ColumnRef:
		return n.Parts[len(n.Parts)-1], 2
	case *sql.Star:
		if len(n.Qualifier) > 0 {
			return n.Qualifier[len(n.Qualifier)-1], 2
		}
	case *sql.FuncCall:
		if n.Special {
			switch n.Name.Name {
			case "user", "current_role", "session_user", "system_user":
				return n.Name.Name, 2
			case "substring_similar":
				return "substring", 2
			}
		}
		return n.Name.Name, 2
	case *sql.Cast:
		if name, strength := figureName(n.Expr); strength > 1 {
			return name, strength
		}
		return n.Type.Name, 1
	case *sql.TypedLiteral:
		return n.Type.Name, 1
	case *sql.Collate:
		return figureName(n.Expr)
	case *sql.Case:
		if n.Else != nil {
			if name, strength := figureName(n.Else); strength > 1 {
				return name, strength
			}
		}
		return "case", 1
	case *sql.Array, *sql.ArrayQuery:
		return "array", 2
	case *sql.Row:
		return "row", 2
	case *sql.Exists:
		return "exists", 2
	case *sql.Subquery:
		return firstName(n.Query), 2
	case *sql.Field:
		return n.Name, 2
	case *sql.Subscript:
		return figureName(n.Expr)
	}
	return "", 0
}

// firstName is the name of a query's first column.
func firstName(body sql.QueryBody) string {
	switch n := body.(type) {
	case *sql.Query:
		return firstName(n.Body)
	case *sql.SetOp:
		return firstName(n.Left)
	case *sql.Values:
		return "column1"
	case *sql.Select:
		if len(n.Targets) > 0 && n.Targets[0].Alias != "" {
			return n.Targets[0].Alias
		}
		if len(n.Targets) > 0 {
			return columnName(n.Targets[0].Expr)
		}
	}
	return "?column?"
}
