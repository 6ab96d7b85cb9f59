package meta

import "github.com/automatanexus/aegis-db/column"

func (c *change) truncate(cmd *Truncate) (Result, bool, error) {
	t := c.tables[cmd.Table]
	if t == nil {
		return Result{}, false, errNoTable(cmd.Table)
	}
	if cmd.From < t.From {
		return Result{}, false, column.Errorf(column.Invalid, "table %q has no rows up to %d: they cannot go up to %d", t.Name, t.From, cmd.From)
	}
	next := *t
	next.From = cmd.From
	c.tables = withEntry(c.tables, t.ID, &next)
	c.truncated = max(c.truncated, cmd.From)
	m := c.Manifest(t.ID)
	var gone []Garbage
	for s := range m.ids.all() {
		gone = appendGarbage(gone, t.ID, s, c.Version)
	}
	c.addGarbage(gone)
	if m.Len() > 0 {
		c.manifests = c.manifests.edit(&byTable, nil, []*Manifest{m})
	}
	return Result{ID: uint64(t.ID)}, cmd.From > t.From || len(gone) > 0, nil
}
