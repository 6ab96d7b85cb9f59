package query

import (
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/query/plan"
)

// choose leaves out of an answer what the options of EXPLAIN do not want, and adds what they do.
func (e *explained) choose(o *plan.Explain, root plan.Node) {
	e.Plan.choose(o)
	for _, f := range slices.Concat(e.First, e.With) {
		f.Plan.choose(o)
	}
	if o.Verbose {
		e.Plan.outputs(root)
	}
	if o.NoSummary {
		e.PlanMs, e.RunMs, e.PeakBytes, e.Changed = nil, nil, nil, []string{}
	}
}

func (s *step) choose(o *plan.Explain) {
	if o.NoCosts {
		s.Expected, s.Stored = nil, nil
	}
	if a := s.Actual; a != nil {
		if o.NoTiming {
			a.OwnMs, a.TotalMs, a.WallMs = nil, nil, nil
		}
		if o.NoBuffers {
			a.isScan = false
			a.Pages, a.PagesPruned, a.PagesCached, a.PagesRead = 0, 0, 0, 0
		}
	}
	for _, in := range s.Inputs {
		in.choose(o)
	}
}

// outputs adds the columns that each operator gives.
func (s *step) outputs(n plan.Node) {
	names := make([]string, 0, len(n.Columns()))
	for _, c := range n.Columns() {
		names = append(names, c.Name+" "+c.Type.String())
	}
	s.Details = append(s.Details, "output: "+strings.Join(names, ", "))
	for i, in := range n.Inputs() {
		s.Inputs[i].outputs(in)
	}
}

// peak is the most memory that the statement held; what was reserved for its work and not used does not count.
func (st *statement) peak() int64 {
	n := st.env.Pool.Peak()
	if st.env.Held != nil {
		n += st.env.Held.Peak()
	}
	return n
}
