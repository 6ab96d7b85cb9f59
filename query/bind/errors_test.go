package bind_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestStatements binds statements, one a line: "bind" gives the error with its place or "ok", "plan" the plan.
func TestStatements(t *testing.T) {
	for _, path := range []string{"testdata/errors", "testdata/refused", "testdata/plans", "testdata/joins"} {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "plan" {
				return planText(t, d.Input)
			}
			var out []string
			for _, line := range strings.Split(d.Input, "\n") {
				out = append(out, bindText(t, line))
			}
			return strings.Join(out, "\n")
		})
	}
}

func bindText(t *testing.T, text string) string {
	st, err := mustParse(t, text)
	if err != nil {
		return showError(err)
	}
	_, err = bind.Bind(context.Background(), st.Stmt, options(time.UTC))
	if err == nil {
		return "ok"
	}
	out := showError(err)
	var e *column.Error
	if errors.As(bind.Locate(err, text), &e) && e.Position > 0 {
		out += fmt.Sprintf(" @%d", e.Position)
	}
	return out
}

func planText(t *testing.T, text string) string {
	st, err := mustParse(t, text)
	if err != nil {
		return showError(err)
	}
	s, params, err := bind.Describe(context.Background(), st.Stmt, options(time.UTC))
	if err != nil {
		return showError(err)
	}
	var b strings.Builder
	if len(params) > 0 {
		fmt.Fprintf(&b, "params %v\n", params)
	}
	switch s := s.(type) {
	case *plan.Query:
		writePlan(&b, s.Root, 0)
		writeFirst(&b, s.First)
	case *plan.Explain:
		fmt.Fprintf(&b, "explain analyze=%v json=%v\n", s.Analyze, s.JSON)
		writePlan(&b, s.Query.Root, 1)
	case *plan.Modify:
		for _, w := range s.With {
			fmt.Fprintf(&b, "with %s\n", w.Name)
			writePlan(&b, w.Change, 1)
			writeFirst(&b, w.First)
		}
		writePlan(&b, s.Root(), 0)
		writeFirst(&b, s.First)
	case *plan.Define:
		writeDefinition(&b, s)
	default:
		fmt.Fprintf(&b, "%T %+v\n", s, s)
	}
	return b.String()
}

// writeDefinition writes the commands as the log has them, but tables that are made as the other tests want them.
func writeDefinition(b *strings.Builder, d *plan.Define) {
	for _, n := range d.Notices {
		fmt.Fprintf(b, "%s %s: %s\n", n.Severity, n.State, n.Message)
	}
	for _, cmd := range d.Commands {
		c := cmd.CreateTable
		if c == nil {
			data, err := meta.AppendCommand(nil, cmd)
			fmt.Fprintf(b, "%s %v\n", data[1:], err)
			continue
		}
		fmt.Fprintf(b, "create %s.%s tags=%v time=%d key=%v partition=%d", c.Schema, c.Name, c.Columns.Tags, c.Columns.Time, c.Columns.Key, c.Columns.Partition)
		if c.Columns.Merge {
			b.WriteString(" merge")
		}
		b.WriteByte('\n')
		for _, f := range c.Columns.Fields {
			fmt.Fprintf(b, "  %d %s %s notnull=%v", f.ID, f.Name, f.Type.Format(f.Mod), f.NotNull)
			for what, text := range map[string]string{" default ": f.Default, " generated ": f.Generated} {
				if text != "" {
					b.WriteString(what + text)
				}
			}
			b.WriteByte('\n')
		}
		for _, k := range c.Constraints {
			fmt.Fprintf(b, "  %s %s %v %s\n", k.Name, k.Kind, k.Columns, k.Text)
		}
	}
}

func writeFirst(b *strings.Builder, list []plan.Subquery) {
	for _, q := range list {
		fmt.Fprintf(b, "first $%d\n", q.Param+1)
		writePlan(b, q.Root, 1)
	}
}

func writePlan(b *strings.Builder, n plan.Node, depth int) {
	var names []string
	for _, in := range n.Inputs() {
		for _, c := range in.Columns() {
			names = append(names, c.Name)
		}
	}
	list := func(es []expr.Expr) string {
		var out []string
		for _, e := range es {
			out = append(out, expr.String(e, names))
		}
		return strings.Join(out, ", ")
	}
	b.WriteString(strings.Repeat("  ", depth))
	switch n := n.(type) {
	case *plan.Scan:
		fmt.Fprintf(b, "scan %s", n.Relation.Name())
	case *plan.Filter:
		fmt.Fprintf(b, "filter %s", expr.String(n.Cond, names))
	case *plan.Project:
		fmt.Fprintf(b, "project %s -> %s", list(n.Exprs), strings.Join(n.Names, ", "))
	case *plan.Aggregate:
		fmt.Fprintf(b, "aggregate keys [%s]", list(n.Keys))
		for _, a := range n.Aggs {
			fmt.Fprintf(b, " %s(%s) %s", a.Fn.Name, list(a.Args), a.T)
			if a.Distinct {
				b.WriteString(" distinct")
			}
			if a.Filter != nil {
				b.WriteString(" where " + expr.String(a.Filter, names))
			}
		}
	case *plan.Sort:
		b.WriteString("sort")
		for _, k := range n.Keys {
			fmt.Fprintf(b, " %s desc=%v nullsfirst=%v", expr.String(k.Expr, names), k.Desc, k.NullsFirst)
		}
	case *plan.Limit:
		fmt.Fprintf(b, "limit %d offset %d", n.Count, n.Offset)
	case *plan.Change:
		fmt.Fprintf(b, "%s on %s addressed=%v choosing=%v whole=%v", strings.ToLower(n.Kind.String()), n.Table.Name(), n.Addressed, n.Choosing, n.Whole)
		for _, c := range n.Out {
			fmt.Fprintf(b, " %s %s", c.Name, c.Type)
		}
	case *plan.Given:
		fmt.Fprintf(b, "given %s", n.Name)
	case *plan.Join:
		kind := map[plan.JoinKind]string{
			plan.InnerJoin: "inner", plan.LeftJoin: "left", plan.RightJoin: "right", plan.FullJoin: "full", plan.SemiJoin: "semi",
			plan.AntiJoin: "anti", plan.NullAntiJoin: "null anti",
		}[n.Kind]
		fmt.Fprintf(b, "join %s", kind)
		for i := range n.LeftKeys {
			fmt.Fprintf(b, " %s = %s", expr.String(n.LeftKeys[i], names), expr.String(n.RightKeys[i], names[len(n.Left.Columns()):]))
		}
		if n.Cond != nil {
			fmt.Fprintf(b, " on %s", expr.String(n.Cond, names))
		}
	case *plan.Union:
		fmt.Fprintf(b, "union %v", n.Out)
	case *plan.Expand:
		b.WriteString("expand")
		for _, c := range n.Calls {
			fmt.Fprintf(b, " %s %s", c.Names, list(c.Args))
		}
	case *plan.Values:
		fmt.Fprintf(b, "values %v", n.Out)
		for _, r := range n.Rows {
			b.WriteString(" (" + list(r) + ")")
		}
	}
	b.WriteString("\n")
	for _, in := range n.Inputs() {
		writePlan(b, in, depth+1)
	}
}
