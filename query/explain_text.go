package query

import (
	"fmt"
	"strings"
)

// lines draws an explained plan: an operator a line, its details below it, its inputs indented.
func (e *explained) lines() [][]string {
	var out [][]string
	add := func(format string, args ...any) { out = append(out, []string{fmt.Sprintf(format, args...)}) }
	var draw func(s *step, depth int)
	draw = func(s *step, depth int) {
		indent, arrow := strings.Repeat("    ", depth), ""
		if depth > 0 {
			indent, arrow = strings.Repeat("    ", depth-1), "->  "
		}
		add("%s%s%s%s", indent, arrow, s.Operator, s.figures())
		inner := strings.Repeat("    ", depth) + "  "
		for _, d := range s.Details {
			add("%s%s", inner, d)
		}
		if text := s.Actual.workText(); text != "" {
			add("%s%s", inner, text)
		}
		if s.Actual != nil && s.Actual.isScan {
			add("%s%s", inner, s.Actual.scanText())
			add("%s%s", inner, s.Actual.readText())
		}
		for _, in := range s.Inputs {
			draw(in, depth+1)
		}
	}
	for _, w := range e.With {
		add("Changed first, for %s:", w.Parameter)
		draw(w.Plan, 1)
	}
	draw(e.Plan, 0)
	for _, f := range e.First {
		add("Run first, for %s:", f.Parameter)
		draw(f.Plan, 1)
	}
	if e.PlanMs == nil {
		return out // no summary
	}
	if len(e.Changed) > 0 {
		add("Rules: %s", strings.Join(e.Changed, ", "))
	}
	add("Planning: %.3f ms", *e.PlanMs)
	if e.RunMs != nil {
		add("Execution: %.3f ms, at most %d KiB", *e.RunMs, (*e.PeakBytes+1023)/1024)
	}
	return out
}

// figures is the part in parentheses behind an operator.
func (s *step) figures() string {
	var parts []string
	if s.Stored != nil {
		parts = append(parts, fmt.Sprintf("about %d rows stored", *s.Stored))
	}
	if s.Expected != nil {
		parts = append(parts, fmt.Sprintf("expected=%d", *s.Expected))
	}
	if a := s.Actual; a != nil {
		figures := fmt.Sprintf("rows=%d", a.Rows)
		if a.OwnMs != nil {
			figures += fmt.Sprintf(" own=%.3f ms total=%.3f ms", *a.OwnMs, *a.TotalMs)
		}
		parts = append(parts, figures)
		parts = append(parts, a.Notes...)
	}
	if len(parts) == 0 {
		return ""
	}
	return "  (" + strings.Join(parts, "; ") + ")"
}

// workText says how an operator worked that had to keep rows, or whose rows came in several parts.
func (a *actual) workText() string {
	if a == nil || a.Parts <= 1 && a.PeakBytes == 0 {
		return ""
	}
	text := fmt.Sprintf("parts=%d batches=%d", a.Parts, a.Batches)
	if a.WallMs != nil {
		text += fmt.Sprintf(" wall=%.3f ms", *a.WallMs)
	}
	if a.PeakBytes > 0 {
		text += fmt.Sprintf(" held=%d KiB", (a.PeakBytes+1023)/1024)
	}
	if a.SpilledBytes > 0 {
		text += fmt.Sprintf(" spilled=%d KiB", (a.SpilledBytes+1023)/1024)
	}
	return text
}

// readText says what reading segments came to.
func (a *actual) readText() string {
	return fmt.Sprintf("done: rows %d of segments, pages %d from the cache, %d decoded", a.SegmentRows, a.PagesCached, a.PagesRead)
}

// scanText says what a scan has to read and what it is spared.
func (a *actual) scanText() string {
	text := fmt.Sprintf("read: segments %d of %d, series %d of %d, pages %d of %d, head rows %d",
		a.Segments-a.SegmentsPruned, a.Segments, a.Series-a.SeriesPruned, a.Series, a.Pages-a.PagesPruned, a.Pages, a.HeadRows)
	if a.Indexed > 0 {
		text += fmt.Sprintf("; indexes of %d segments spared %d rows", a.Indexed, a.RowsSpared)
	}
	return text
}
