package query

import (
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/query/plan"
)

// explainModify describes a statement that changes rows. ANALYZE carries it out.
func (st *statement) explainModify(e *plan.Explain) (*Result, error) {
	m, started := e.Modify, time.Now()
	out := explained{Changed: []string{}}
	if e.Analyze {
		return st.analyzeModify(&out, e)
	}
	for i, w := range m.With {
		root, _, err := st.optimize(w.Change)
		if err != nil {
			return nil, err
		}
		out.With = append(out.With, &first{Parameter: changeName(m, i), Plan: describe(root, nil, st.expected())})
		if err := st.explainFirst(&out, e, w.First); err != nil {
			return nil, err
		}
	}
	if err := st.explainFirst(&out, e, m.First); err != nil {
		return nil, err
	}
	root, applied, err := st.optimize(m.Root())
	if err != nil {
		return nil, err
	}
	out.note(applied)
	planning := ms(time.Since(started))
	out.PlanMs, out.Plan = &planning, describe(root, nil, st.expected())
	return st.explained(&out, e, root)
}

func (st *statement) analyzeModify(out *explained, e *plan.Explain) (*Result, error) {
	started := time.Now()
	result, log, err := st.modified(e.Modify)
	if err != nil {
		return nil, err
	}
	for i, r := range log[:len(log)-1] {
		out.With = append(out.With, &first{Parameter: changeName(e.Modify, i), Plan: describe(r.root, r.stats, st.expected())})
	}
	last := log[len(log)-1]
	out.note(last.applied)
	planned := time.Duration(0)
	for _, r := range log {
		planned += r.planned
	}
	planning, run, peak := ms(planned), ms(time.Since(started)-planned), st.peak()
	out.Plan, out.PlanMs, out.RunMs, out.PeakBytes = describe(last.root, last.stats, st.expected()), &planning, &run, &peak
	if e.Modify.Change != nil {
		out.Plan.Details = append(out.Plan.Details, "changed: "+strconv.FormatInt(result.Affected, 10)+" rows")
	}
	result.Affected = 0
	return st.explained(out, e, last.root)
}

// changeName is what a change in WITH is called.
func changeName(m *plan.Modify, i int) string { return "WITH " + m.With[i].Name }

// describeChange shows what is done with the rows of the input.
func describeChange(s *step, n *plan.Change) {
	s.Operator = n.Kind.String() + " on " + n.Table.Name()
	if x := n.Conflict; x != nil {
		what := map[bool]string{true: "update", false: "nothing"}[x.Update]
		var keys []string
		for _, k := range x.Keys {
			var names []string
			for _, f := range k.Fields {
				names = append(names, n.Table.Schema().Fields[f].Name)
			}
			keys = append(keys, "("+strings.Join(names, ", ")+")")
		}
		s.Details = append(s.Details, "on conflict "+strings.Join(keys, ", ")+": "+what+"; the second input is what is proposed")
	}
	for _, c := range n.Checks {
		s.Details = append(s.Details, "check: "+c.Name)
	}
	if n.Out != nil {
		names := make([]string, len(n.Out))
		for i, c := range n.Out {
			names[i] = c.Name
		}
		s.Details = append(s.Details, "returning: "+strings.Join(names, ", "))
	}
}
