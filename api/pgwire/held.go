package pgwire

import (
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/query/catalog"
)

// held lists the portals that can be read on, and the prepared statements that have a name.
func (c *session) held() (out catalog.Held) {
	for name, p := range c.portals {
		if p.statement == nil || p.statement.prepared == nil || p.statement.columns() == nil {
			continue
		}
		out.Cursors = append(out.Cursors, catalog.Cursor{
			Name: name, Text: p.statement.prepared.Text, Holdable: p.held, Binary: p.binary, Created: p.created,
		})
	}
	for name, s := range c.statements {
		if name == "" || s.prepared == nil {
			continue
		}
		out.Prepared = append(out.Prepared, catalog.PreparedStatement{Name: name, Text: s.prepared.Text, Params: s.types, FromSQL: s.fromSQL, Created: s.created})
	}
	slices.SortFunc(out.Cursors, func(a, b catalog.Cursor) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Prepared, func(a, b catalog.PreparedStatement) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
