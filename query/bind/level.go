package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/sql"
)

// levelOf finds the query around that an aggregate belongs to: if its arguments read no column of the query it stands in, but of queries
// around it, it is an aggregate of the innermost of these. links are those on the way there; nil = it is an aggregate of the query itself.
func (b *binder) levelOf(s *scope, n *sql.FuncCall) (*scope, []*link) {
	if s.outer == nil {
		return nil, nil
	}
	var found *scope
	var way []*link
	local := false
	note := func(ref *sql.ColumnRef) {
		if e, err := s.lookup(ref); e != nil || err != nil {
			local = true
			return
		}
		var links []*link
		for out := s.outer; out != nil; out = out.outer {
			if out.link != nil {
				links = append(links, out.link)
			}
			if e, err := out.lookup(ref); e != nil || err != nil {
				if found == nil || len(links) < len(way) {
					found, way = out, links
				}
				return
			}
		}
	}
	for _, part := range append(slices.Clone(n.Args), n.Filter) {
		if part == nil {
			continue
		}
		sql.Walk(part, func(n sql.Node) bool {
			switch n := n.(type) {
			case *sql.ColumnRef:
				note(n)
			case *sql.Query:
				local = true // what a subquery in there reads is not looked at
			}
			return !local
		})
	}
	if local {
		return nil, nil
	}
	return found, way
}
