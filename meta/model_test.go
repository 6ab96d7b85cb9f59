package meta

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// model is the catalog as plain maps that are changed in place: what Apply is compared with. ok is the class for "no
// error".
type model struct {
	version  Version
	dbs      map[string]uint64
	tables   map[TableID]*modelTable
	shards   map[ShardID]Flushed
	garbage  map[Garbage]Version // key without Removed
	nextDB   uint64
	nextTab  TableID
	nextSegm SegmentID
}

type modelTable struct {
	db, schema, name string
	timed            bool
	version          uint32
	columns          int
	tags             []column.ID
	nextColumn       column.ID
	segments         map[SegmentID]Segment
}

const ok = column.Class(255)

func newModel() *model {
	return &model{
		dbs: map[string]uint64{}, tables: map[TableID]*modelTable{}, shards: map[ShardID]Flushed{},
		garbage: map[Garbage]Version{}, nextDB: 1, nextTab: 1, nextSegm: 1,
	}
}

// clone is deep enough: a failed command of the model is undone by going back to the clone.
func (m *model) clone() *model {
	c := *m
	c.dbs, c.shards, c.garbage = maps.Clone(m.dbs), maps.Clone(m.shards), maps.Clone(m.garbage)
	c.tables = map[TableID]*modelTable{}
	for id, t := range m.tables {
		u := *t
		u.segments = maps.Clone(t.segments)
		c.tables[id] = &u
	}
	return &c
}

// do applies a command and gives the class of its error, or ok, and whether something changed.
func (m *model) do(cmd Command) (column.Class, bool) {
	before := m.clone()
	class := m.try(cmd)
	if class != ok {
		*m = *before
		return class, false
	}
	if m.dump() == before.dump() {
		return ok, false
	}
	m.version++
	return ok, true
}

func (m *model) try(cmd Command) column.Class {
	now := m.version + 1
	switch {
	case cmd.CreateDatabase != nil:
		c := cmd.CreateDatabase
		if c.Name == "" {
			return column.Invalid
		}
		if m.dbs[c.Name] != 0 {
			return orExists(c.IfNotExists)
		}
		m.dbs[c.Name] = m.nextDB
		m.nextDB++
	case cmd.CreateTable != nil:
		return m.createTable(cmd.CreateTable)
	case cmd.DropTable != nil:
		t := m.tables[cmd.DropTable.Table]
		if t == nil {
			return column.NotFound
		}
		for _, s := range t.segments {
			m.bury(cmd.DropTable.Table, s, now)
		}
		delete(m.tables, cmd.DropTable.Table)
	case cmd.AddColumns != nil:
		t := m.tables[cmd.AddColumns.Table]
		if t == nil {
			return column.NotFound
		}
		if t.version != cmd.AddColumns.From {
			return column.Conflict
		}
		t.version++
		for range cmd.AddColumns.Columns {
			if cmd.AddColumns.Tags {
				t.tags = append(slices.Clip(t.tags), t.nextColumn)
			}
			t.columns++
			t.nextColumn++
		}
	case cmd.OpenShard != nil:
		f := m.shards[cmd.OpenShard.Shard]
		f.Shard, f.Epoch = cmd.OpenShard.Shard, f.Epoch+1
		m.shards[f.Shard] = f
	case cmd.ReserveIDs != nil:
		if cmd.ReserveIDs.Count == 0 {
			return column.Invalid
		}
		m.nextSegm += SegmentID(cmd.ReserveIDs.Count)
	case cmd.Commit != nil:
		return m.commit(cmd.Commit, now)
	case cmd.Forget != nil:
		for _, g := range cmd.Forget.Garbage {
			key := g
			key.Removed = 0
			if m.garbage[key] == g.Removed {
				delete(m.garbage, key)
			}
		}
	}
	return ok
}

func orExists(ifNotExists bool) column.Class {
	if ifNotExists {
		return ok
	}
	return column.Conflict
}

func (m *model) createTable(c *CreateTable) column.Class {
	db := ""
	for name, id := range m.dbs {
		if id == uint64(c.Database) {
			db = name
		}
	}
	if db == "" {
		return column.NotFound
	}
	for _, t := range m.tables {
		if t.db == db && t.schema == c.Schema && t.name == c.Name {
			return orExists(c.IfNotExists)
		}
	}
	m.tables[m.nextTab] = &modelTable{
		db: db, schema: c.Schema, name: c.Name, timed: c.Columns.Time != 0, version: 1, columns: len(c.Columns.Fields),
		tags: c.Columns.Tags, nextColumn: c.Columns.Fields[len(c.Columns.Fields)-1].ID + 1, segments: map[SegmentID]Segment{},
	}
	m.nextTab++
	return ok
}

func (m *model) bury(table TableID, s Segment, now Version) {
	m.garbage[Garbage{Table: table, Segment: s.ID}] = now
	if s.Deleted != nil {
		m.garbage[Garbage{Table: table, Segment: s.ID, Vector: s.Deleted.Version}] = now
	}
}

func (m *model) commit(c *Commit, now Version) column.Class {
	for i := range c.Edits {
		if class := m.edit(&c.Edits[i], now); class != ok {
			return class
		}
	}
	if c.Flushed == nil {
		return ok
	}
	f := m.shards[c.Flushed.Shard]
	if f.Epoch == 0 || f.Epoch != c.Flushed.Epoch || f.Seq != c.PrevFlushed {
		return column.Conflict
	}
	if c.Flushed.Seq < f.Seq {
		return column.Invalid
	}
	next := *c.Flushed
	if next.Deletes = max(f.Deletes, next.Deletes); next.Deletes <= next.Seq {
		next.Deletes = 0
	}
	m.shards[f.Shard] = next
	return ok
}

func (m *model) edit(e *Edit, now Version) column.Class {
	t := m.tables[e.Table]
	if t == nil {
		if e.Table == 0 || e.Table >= m.nextTab {
			return column.NotFound
		}
		for _, s := range e.Add {
			if s.ID == 0 || s.ID >= m.nextSegm {
				return column.Invalid
			}
			m.bury(e.Table, s, now)
		}
		return ok
	}
	named := map[SegmentID]bool{}
	isLive := func(at SegmentAt) bool {
		s, live := t.segments[at.ID]
		return live && vectorOf(&s) == at.Vector
	}
	for _, r := range e.Remove {
		if !isLive(r) {
			return column.Conflict
		}
	}
	for _, v := range e.Vectors {
		if !isLive(v.SegmentAt) {
			return column.Conflict
		}
		if v.New.Version <= v.Vector || v.New.Rows > t.segments[v.ID].Rows {
			return column.Invalid
		}
	}
	for _, r := range e.Remove {
		if named[r.ID] {
			return column.Invalid
		}
		named[r.ID] = true
	}
	for _, v := range e.Vectors {
		if named[v.ID] {
			return column.Invalid
		}
		named[v.ID] = true
	}
	added := map[SegmentID]bool{}
	for _, s := range e.Add {
		if s.ID == 0 || s.ID >= m.nextSegm {
			return column.Invalid
		}
		_, live := t.segments[s.ID]
		buried := false
		for g := range m.garbage {
			buried = buried || g.Segment == s.ID && g.Vector == 0 && g.Table != 0
		}
		if live || buried {
			return column.Conflict
		}
		if s.Rows <= 0 || s.SchemaVersion > t.version || t.timed && s.MaxTime/100 != s.Partition {
			return column.Invalid
		}
	}
	for _, s := range e.Add {
		if added[s.ID] {
			return column.Invalid
		}
		added[s.ID] = true
	}
	for _, r := range e.Remove {
		m.bury(e.Table, t.segments[r.ID], now)
		delete(t.segments, r.ID)
	}
	for _, v := range e.Vectors {
		s := t.segments[v.ID]
		if s.Deleted != nil {
			m.garbage[Garbage{Table: e.Table, Segment: s.ID, Vector: s.Deleted.Version}] = now
		}
		s.Deleted = &v.New
		t.segments[v.ID] = s
	}
	for _, s := range e.Add {
		s.Added = now
		t.segments[s.ID] = s
	}
	return ok
}

// dump writes all the model knows, by ids; dumpSnapshot does the same of a snapshot.
func (m *model) dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "v%d next %d %d %d\n", m.version, m.nextDB, m.nextTab, m.nextSegm)
	for _, name := range slices.Sorted(maps.Keys(m.dbs)) {
		fmt.Fprintf(&b, "db %s %d\n", name, m.dbs[name])
	}
	for _, id := range slices.Sorted(maps.Keys(m.tables)) {
		t := m.tables[id]
		fmt.Fprintf(&b, "table %d %s.%s.%s v%d %d columns, tags %v\n", id, t.db, t.schema, t.name, t.version, t.columns, t.tags)
		segments := slices.Collect(maps.Values(t.segments))
		slices.SortFunc(segments, func(a, b Segment) int { return byPlace.compare(&a, &b) })
		for i := range segments {
			dumpSegment(&b, &segments[i])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.shards)) {
		fmt.Fprintf(&b, "shard %v\n", m.shards[id])
	}
	garbage := slices.SortedFunc(maps.Keys(m.garbage), byFile.compare)
	for _, g := range garbage {
		g.Removed = m.garbage[g]
		fmt.Fprintf(&b, "garbage %v\n", g)
	}
	return b.String()
}

func dumpSegment(b *strings.Builder, s *Segment) {
	record := *s
	record.Deleted = nil
	fmt.Fprintf(b, "  %v", record)
	if s.Deleted != nil {
		fmt.Fprintf(b, " deleted %v", *s.Deleted)
	}
	b.WriteString("\n")
}

func dumpSnapshot(s *Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "v%d next %d %d %d\n", s.Version, s.nextDatabase, s.nextTable, s.nextSegment)
	names := map[DatabaseID]string{}
	for _, d := range s.Databases() {
		fmt.Fprintf(&b, "db %s %d\n", d.Name, d.ID)
		names[d.ID] = d.Name
	}
	for _, id := range slices.Sorted(maps.Keys(s.tables)) {
		t := s.TableByID(id)
		if s.Table(t.Database, t.Schema, t.Name) != t {
			fmt.Fprintf(&b, "table %d is not found by its name\n", id)
		}
		fmt.Fprintf(&b, "table %d %s.%s.%s v%d %d columns, tags %v\n",
			id, names[t.Database], t.Schema, t.Name, t.Columns.Version, len(t.Columns.Fields), t.Columns.Tags)
		m := s.Manifest(id)
		var rows int64
		for seg := range m.All() {
			dumpSegment(&b, seg)
			rows += seg.LiveRows()
			if m.Segment(seg.ID) != seg {
				fmt.Fprintf(&b, "segment %d is not found by its id\n", seg.ID)
			}
		}
		if rows != m.LiveRows() || m.ids.n != m.place.n {
			fmt.Fprintf(&b, "%d rows in %d segments, the manifest says %d in %d\n", rows, m.ids.n, m.LiveRows(), m.Len())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.shards)) {
		fmt.Fprintf(&b, "shard %v\n", s.Shard(id))
	}
	for _, g := range s.Garbage() {
		fmt.Fprintf(&b, "garbage %v\n", g)
	}
	return b.String()
}
