package bind

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// ordinal reads an integer constant that stands for a column of the select list; -1 if e is something else.
func ordinal(e sql.Expr, clause string, n int) (int, error) {
	l, ok := e.(*sql.Literal)
	if !ok {
		return -1, nil
	}
	if l.Kind != sql.LitInt {
		return -1, errorAt(l.Pos, "42601", "non-integer constant in %s", clause)
	}
	k, err := strconv.Atoi(l.Text)
	if err != nil || k < 1 || k > n {
		return -1, errorAt(l.Pos, "42P10", "%s position %s is not in select list", clause, l.Text)
	}
	return k - 1, nil
}

// byAlias finds the output column of a bare name, -1 if there is none.
func byAlias(e sql.Expr, targets []target) (int, error) {
	c, ok := e.(*sql.ColumnRef)
	if !ok || len(c.Parts) != 1 {
		return -1, nil
	}
	found := -1
	for i, t := range targets {
		if t.name != c.Parts[0] {
			continue
		}
		if found >= 0 && !expr.Equal(targets[found].bound, t.bound) {
			return -1, errorAt(c.Pos, "42702", "ORDER BY \"%s\" is ambiguous", c.Parts[0])
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
}

// orderKeys binds ORDER BY to columns of the select list; what is not there is appended to it, out of sight.
func (b *binder) orderKeys(s *scope, items []sql.OrderItem, targets []target, distinct bool) ([]plan.SortKey, []target, error) {
	var keys []plan.SortKey
	visible := targets
	for _, item := range items {
		k, err := ordinal(item.Expr, "ORDER BY", len(visible))
		if err == nil && k < 0 {
			k, err = byAlias(item.Expr, visible)
		}
		if err != nil {
			return nil, nil, err
		}
		if k < 0 {
			e, err := b.value(s, item.Expr)
			if err != nil {
				return nil, nil, err
			}
			for i, t := range targets {
				if expr.Equal(t.bound, e) {
					k = i
					break
				}
			}
			if k < 0 {
				if distinct {
					return nil, nil, errorAt(item.Expr.Position(), "42P10", "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
				}
				k = len(targets)
				targets = append(targets[:len(targets):len(targets)], target{name: columnName(item.Expr), bound: e})
			}
		}
		key, err := sortKey(item, targets[k], k)
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, key)
	}
	return keys, targets, nil
}

func sortKey(item sql.OrderItem, t target, k int) (plan.SortKey, error) {
	desc := item.Desc
	switch item.Using {
	case "", "<":
	case ">":
		desc = true
	default:
		return plan.SortKey{}, errorAt(item.Pos, "42809", "operator %s is not a valid ordering operator", item.Using)
	}
	if kind := t.bound.Type().Kind; kind == column.JSON || kind == column.JSONPath {
		e := errorAt(item.Pos, "42883", "could not identify an ordering operator for type %s", t.bound.Type())
		e.Hint = "Order by a member: column ->> 'name'."
		if kind == column.JSONPath {
			e.Hint = "Order by its text: path::text."
		}
		return plan.SortKey{}, e
	}
	return plan.SortKey{
		Expr: &expr.Column{Index: k, Name: t.name, T: t.bound.Type(), At: t.bound.Pos()},
		Desc: desc, NullsFirst: item.Nulls == sql.NullsFirst || item.Nulls == sql.NullsDefault && desc,
	}, nil
}
