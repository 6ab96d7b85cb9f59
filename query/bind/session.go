package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

func (b *binder) explain(n *sql.Explain) (plan.Statement, error) {
	out := &plan.Explain{Analyze: n.Analyze, Verbose: n.Verbose}
	timing, buffers := 0, 0 // where they were asked for
	for _, o := range n.Options {
		name := strings.ToLower(o.Name)
		if name == "format" {
			if err := explainFormat(out, o); err != nil {
				return nil, err
			}
			continue
		}
		on, err := explainSwitch(o)
		if err != nil {
			return nil, err
		}
		switch name {
		case "analyze", "analyse":
			out.Analyze = on
		case "verbose":
			out.Verbose = on
		case "costs":
			out.NoCosts = !on
		case "summary":
			out.NoSummary = !on
		case "timing":
			out.NoTiming = !on
			if on {
				timing = o.Pos + 1
			}
		case "buffers":
			out.NoBuffers = !on
			if on {
				buffers = o.Pos + 1
			}
		case "generic_plan":
			out.Generic = on
		case "settings", "wal":
			if on {
				return nil, unsupported(o.Pos, "EXPLAIN ("+strings.ToUpper(name)+")", "Leave it out; SHOW ALL shows the settings.")
			}
		default:
			return nil, errorAt(o.Pos, "42601", "unrecognized EXPLAIN option \"%s\"", o.Name)
		}
	}
	if timing > 0 && !out.Analyze {
		return nil, errorAt(timing-1, "22023", "EXPLAIN option TIMING requires ANALYZE")
	}
	if out.Generic && out.Analyze {
		return nil, errorAt(n.Pos, "22023", "EXPLAIN options ANALYZE and GENERIC_PLAN cannot be used together")
	}
	if buffers > 0 && !out.Analyze {
		return nil, unsupported(buffers-1, "EXPLAIN (BUFFERS) without ANALYZE", "Pages are counted when they are read: add ANALYZE.")
	}
	switch n.Stmt.(type) {
	case *sql.Query, *sql.Insert, *sql.Update, *sql.Delete, *sql.Merge:
	default:
		return nil, unsupported(n.Stmt.Position(), "EXPLAIN takes a query, or a statement that changes rows", "")
	}
	bound, err := b.withRows(n.Stmt)
	if err != nil {
		return nil, err
	}
	out.Query, _ = bound.(*plan.Query)
	out.Modify, _ = bound.(*plan.Modify)
	return out, nil
}

// explainFormat sets the format of the answer.
func explainFormat(out *plan.Explain, o sql.Option) error {
	switch f := strings.ToLower(o.Value.Text); f {
	case "json":
		out.JSON = true
	case "text":
		out.JSON = false
	case "xml", "yaml":
		return unsupported(o.Pos, "EXPLAIN (FORMAT "+strings.ToUpper(f)+")", "Use FORMAT JSON.")
	default:
		return errorAt(o.Pos, "22023", "unrecognized value for EXPLAIN option \"format\": \"%s\"", f)
	}
	return nil
}

// explainSwitch reads the value of an option that is on or off.
func explainSwitch(o sql.Option) (bool, error) {
	if o.Value.Kind == sql.OptNone {
		return true, nil
	}
	switch strings.ToLower(o.Value.Text) {
	case "on", "true", "1":
		return true, nil
	case "off", "false", "0":
		return false, nil
	}
	return false, errorAt(o.Pos, "42601", "%s requires a Boolean value", o.Name)
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
