package meta

import (
	"slices"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
)

// CloneTable makes a table that has the columns and rows of another one at a version. It names the same files; from then on each goes its
// own way.
type CloneTable struct {
	Source      TableID    `json:"source"`
	At          Version    `json:"at,omitempty"` // 0 = the newest
	Database    DatabaseID `json:"database"`
	Schema      string     `json:"schema"`
	Name        string     `json:"name"`
	IfNotExists bool       `json:"if_not_exists,omitempty"`
	// ID is one that was reserved; 0 = the next.
	ID TableID `json:"id,omitempty"`
}

func (c *change) cloneTable(cmd *CloneTable) (Result, bool, error) {
	state := &c.Snapshot
	if cmd.At != 0 {
		var err error
		if state, err = state.At(cmd.At); err != nil {
			return Result{}, false, err
		}
	}
	source := state.tables[cmd.Source]
	if source == nil {
		return Result{}, false, errNoTable(cmd.Source)
	}
	r, made, err := c.createTable(&CreateTable{
		Database: cmd.Database, Schema: cmd.Schema, Name: cmd.Name, Columns: source.Columns, IfNotExists: cmd.IfNotExists, ID: cmd.ID,
	})
	if err != nil || !made {
		return r, made, err
	}
	// Segments know the ids of columns and the version of the schema that they were written for.
	next := source.Clone()
	id := TableID(r.ID)
	next.ID, next.Database, next.Schema, next.Name, next.Created = id, cmd.Database, cmd.Schema, cmd.Name, c.Version
	next.Constraints = slices.DeleteFunc(next.Constraints, func(k Constraint) bool { return k.Kind == ForeignConstraint })
	if err := c.cloneIdentity(source, next); err != nil {
		return Result{}, false, err
	}
	c.tables = withEntry(c.tables, id, next)
	var segments []*Segment
	homes := map[TableID][]SegmentID{}
	for s := range state.Manifest(source.ID).All() {
		if s.LiveRows() == 0 {
			continue
		}
		g := *s
		g.Home, g.Added, g.Rewritten = s.FilesOf(source.ID), c.Version, false
		segments = append(segments, &g)
		homes[g.Home] = append(homes[g.Home], g.ID)
	}
	if len(segments) == 0 {
		return r, true, nil
	}
	for home, ids := range homes {
		c.history.share(home, source.ID, id, ids)
	}
	c.manifests = c.manifests.edit(&byTable, []*Manifest{NewManifest(id, segments)}, nil)
	return r, true, nil
}

// cloneIdentity gives the identity columns of a clone sequences of their own, which go on where those of the source are. Columns of a source
// that is gone are filled by whoever writes.
func (c *change) cloneIdentity(source, next *Table) error {
	for i := range next.Columns.Fields {
		f := &next.Columns.Fields[i]
		if f.Identity == column.NoIdentity {
			continue
		}
		f.Identity = column.NoIdentity
		for _, q := range c.sequences {
			if q.Table != source.ID || q.Column != f.ID || !q.Identity {
				continue
			}
			own := *q
			own.Database, own.Schema, own.Table, own.Changed = next.Database, next.Schema, next.ID, c.Version
			for n := 0; ; n++ {
				own.Name = next.Name + "_" + f.Name + "_seq"
				if n > 0 {
					own.Name += strconv.Itoa(n)
				}
				id, existed, err := c.place(own.Database, own.Schema, own.Name, 0)
				if err != nil {
					return err
				}
				if existed == 0 {
					own.ID = id
					break
				}
			}
			c.sequences = withEntry(c.sequences, own.ID, &own)
			f.Identity = source.Columns.Fields[i].Identity
			break
		}
	}
	return nil
}

// findShared finds the segments that several tables name, of a catalog that was read: what share and unshare kept.
func (s *Snapshot) findShared() {
	homes := map[SegmentID]TableID{}
	each := func(f func(table TableID, g *Segment)) {
		for m := range s.manifests.all() {
			for g := range m.All() {
				f(m.Table, g)
			}
		}
		for p := range s.history.segments.all() {
			f(p.table, p.segment)
		}
	}
	each(func(_ TableID, g *Segment) {
		if g.Home != 0 {
			homes[g.ID] = g.Home
		}
	})
	if len(homes) == 0 {
		return
	}
	each(func(table TableID, g *Segment) {
		if home, ok := homes[g.ID]; ok {
			s.history.share(home, table, table, []SegmentID{g.ID})
		}
	})
}

// checkHome says what is wrong with the home of a segment that was read.
func (s *Snapshot) checkHome(table TableID, g *Segment) error {
	if g.Home == table || g.Home >= s.nextTable {
		return column.Errorf(column.Corrupt, "segment %d of table %d lies with table %d", g.ID, table, g.Home)
	}
	return nil
}
