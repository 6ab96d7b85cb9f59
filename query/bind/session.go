package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

func (b *binder) explain(n *sql.Explain) (plan.Statement, error) {
	out := &plan.Explain{Analyze: n.Analyze}
	for _, o := range n.Options {
		on := o.Value.Kind == sql.OptNone || o.Value.Text == "on" || o.Value.Text == "true" || o.Value.Text == "1"
		switch strings.ToLower(o.Name) {
		case "analyze":
			out.Analyze = on
		case "format":
			switch f := strings.ToLower(o.Value.Text); f {
			case "json":
				out.JSON = true
			case "text":
			default:
				return nil, errorAt(o.Pos, "22023", "unrecognized value for EXPLAIN option \"format\": \"%s\"", f)
			}
		case "verbose", "costs", "buffers", "timing", "summary", "settings", "wal":
		default:
			return nil, errorAt(o.Pos, "42601", "unrecognized EXPLAIN option \"%s\"", o.Name)
		}
	}
	q, ok := n.Stmt.(*sql.Query)
	if !ok {
		return nil, unsupported(n.Stmt.Position(), "EXPLAIN takes a query only", "")
	}
	root, err := b.query(q)
	if err != nil {
		return nil, err
	}
	out.Query = &plan.Query{Root: root, First: b.subqueries}
	return out, nil
}

func (b *binder) show(n *sql.Show) (plan.Statement, error) {
	if n.All {
		return &plan.Show{Name: "all"}, nil
	}
	return &plan.Show{Name: n.Name}, nil
}

// set gives the values as texts; which of them a setting takes is the session's to say.
func (b *binder) set(n *sql.Set) (plan.Statement, error) {
	out := &plan.Set{Name: n.Name, Local: n.Local}
	for _, v := range n.Values {
		switch e := v.Value.(type) {
		case *sql.Literal:
			out.Values = append(out.Values, e.Text)
		case *sql.TypedLiteral: // SET TIME ZONE INTERVAL '2:30' HOUR TO MINUTE
			bound, err := b.typedLiteral(e)
			if err != nil {
				return nil, err
			}
			value := plan.Literal(bound)
			if value == nil || value.Type.Kind != column.IntervalKind {
				return nil, errorAt(v.Pos, "42601", "SET takes words, strings, numbers and, as a time zone, an interval")
			}
			out.Values = append(out.Values, "INTERVAL '"+string(literal.AppendInterval(nil, value.Interval(0)))+"'")
		default:
			return nil, errorAt(v.Pos, "42601", "SET takes words, strings and numbers")
		}
	}
	return out, nil
}
