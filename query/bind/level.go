package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/sql"
)

// levels finds the queries around that expressions read.
type levels struct {
	*binder
	s *scope
	// local is where a column of the query itself is read, -1 if none is.
	local int
	// found is the innermost scope around that is read, links those on the way there.
	found *scope
	links []*link
}

// levelOf finds the query around that an aggregate, or GROUPING, belongs to: if its arguments read no column of the query it stands in, but of
// queries around it, it belongs to the innermost of these. links are those on the way there, the last that of the query right inside that scope; nil = it
// belongs to the query itself.
func (b *binder) levelOf(s *scope, n *sql.FuncCall) (*scope, []*link, error) {
	if s.outer == nil {
		return nil, nil, nil
	}
	at := &levels{binder: b, s: s, local: -1}
	direct := n.Args
	if !n.WithinGroup {
		direct = nil
		for _, a := range n.Args {
			at.note(a)
		}
	}
	for _, item := range n.OrderBy {
		at.note(item.Expr)
	}
	if n.Filter != nil {
		at.note(n.Filter)
	}
	if at.local >= 0 || at.found == nil {
		return nil, nil, nil
	}
	inner := &levels{binder: b, s: s, local: -1}
	for _, a := range direct {
		inner.note(a)
	}
	if inner.local >= 0 || inner.found != nil && len(inner.links) < len(at.links) {
		pos := n.Pos
		if inner.local >= 0 {
			pos = inner.local
		}
		return nil, nil, errorAt(pos, "42803", "outer-level aggregate cannot contain a lower-level variable in its direct arguments")
	}
	return at.found, at.links, nil
}

// note takes notice of what an expression reads.
func (l *levels) note(e sql.Expr) {
	sql.Walk(e, func(n sql.Node) bool {
		switch n := n.(type) {
		case *sql.ColumnRef:
			l.column(n)
		case *sql.Star:
			if len(n.Qualifier) > 0 {
				l.column(&sql.ColumnRef{Parts: n.Qualifier, Pos: n.Pos})
			}
		case *sql.Query:
			l.query(n)
			return false
		}
		return l.local < 0
	})
}

func (l *levels) column(ref *sql.ColumnRef) {
	if e, err := l.s.lookup(ref); e != nil || err != nil {
		l.local = ref.Pos
		return
	}
	var links []*link
	for out := l.s.outer; out != nil; out = out.outer {
		if out.link != nil {
			links = append(links, out.link)
		}
		if e, err := out.lookup(ref); e != nil || err != nil {
			l.reads(out, links)
			return
		}
	}
}

func (l *levels) reads(s *scope, links []*link) {
	if l.found == nil || len(links) < len(l.links) {
		l.found, l.links = s, links
	}
}

// query takes notice of what a query inside reads around it. It is bound for that, by a binder and in scopes of its own that are thrown away.
func (l *levels) query(q *sql.Query) {
	trial := *l.binder
	trial.places, trial.subqueries = slices.Clip(trial.places), slices.Clip(trial.subqueries)
	own := &link{}
	trial.outer = &scope{outer: trialScope(l.s), link: own}
	if _, err := trial.query(q); err != nil || len(own.params) > 0 {
		l.local = q.Pos // an error is one of the query itself
		return
	}
	var links []*link
	for at, copied := l.s.outer, trial.outer.outer.outer; at != nil; at, copied = at.outer, copied.outer {
		if at.link == nil {
			continue
		}
		links = append(links, at.link)
		if len(copied.link.params) == 0 {
			continue
		}
		for at != nil && len(at.sources) == 0 {
			at = at.outer
		}
		if at != nil {
			l.reads(at, links)
		}
		return
	}
}

// trialScope copies a scope and those around it, with links and aggregates of their own.
func trialScope(s *scope) *scope {
	if s == nil {
		return nil
	}
	out := *s
	out.outer = trialScope(s.outer)
	if s.link != nil {
		out.link = &link{}
	}
	if s.aggs != nil {
		out.aggs = &aggregates{}
	}
	if s.sets != nil {
		out.sets = &sets{}
	}
	if s.windows != nil {
		out.windows = &windows{defs: s.windows.defs}
	}
	if s.gaps != nil {
		out.gaps = &gaps{}
	}
	return &out
}
