package meta

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
)

// history is what a catalog remembers of its past: enough to make the state of any version from the oldest that is kept on, and that of
// every pin. It has a record for each segment that was removed, and for each deletion vector and description of a table that was replaced, with
// the version that did it; what is still in force is where it always is.
//
// Keeping whole old states would be free in memory, where versions share what they have in common, but they would have to be written out
// again at each start; an undo log would have to be walked back version by version.
type history struct {
	segments sorted[*pastSegment]
	tables   sorted[*pastTable]
	versions sorted[VersionTime] // that changed tables or segments
	// before is the oldest version that can be read of every table without a mark of its own in marks; 0 = nothing was remembered yet.
	before Version
	marks  map[TableID]Version
	pins   map[string]*Pin
	shared sorted[*share]
}

// pastSegment is the record of a segment as a manifest had it until a version.
type pastSegment struct {
	table   TableID
	segment *Segment
	until   Version
	// rewritten says that its rows went on in other segments.
	rewritten bool
}

// pastTable is the description of a table until a version.
type pastTable struct {
	table *Table
	until Version
}

// share says which tables name the files of a segment: a clone and what it was made of.
type share struct {
	segment SegmentID
	home    TableID
	tables  []TableID // ascending, two or more
}

// VersionTime says when a version was made, and by what.
type VersionTime struct {
	Version Version
	At      int64 // microseconds since 1970
	Kind    VersionKind
}

// VersionKind says what made a version.
type VersionKind uint8

// The kinds of versions that change tables or segments.
const (
	VersionSchema     VersionKind = 1 // tables were made, changed or dropped
	VersionRows       VersionKind = 2 // rows came or went
	VersionCompaction VersionKind = 3 // segments were merged; no row came or went
)

func (k VersionKind) String() string {
	switch k {
	case VersionSchema:
		return "schema"
	case VersionRows:
		return "rows"
	}
	return "compaction"
}

var (
	byPast = order[*pastSegment]{compare: func(a, b *pastSegment) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.segment.ID, b.segment.ID), cmp.Compare(a.until, b.until))
	}}
	byPastTable = order[*pastTable]{compare: func(a, b *pastTable) int {
		return cmp.Or(cmp.Compare(a.table.ID, b.table.ID), cmp.Compare(a.until, b.until))
	}}
	byVersion = order[VersionTime]{compare: func(a, b VersionTime) int { return cmp.Compare(a.Version, b.Version) }}
	byShared  = order[*share]{compare: func(a, b *share) int { return cmp.Compare(a.segment, b.segment) }}
)

// remember notes what a command did to the state before it, once it is known to have changed something.
func (c *change) remember(cmd *Command) {
	tables := reflect.ValueOf(c.tables).Pointer() != reflect.ValueOf(c.before.tables).Pointer() // maps are copied to be changed
	if !tables && sameChunks(&c.manifests, &c.before.manifests) {
		return
	}
	h := &c.history
	if cmd.At == 0 { // nobody keeps the time, and so no past: it begins anew
		if h.before != 0 {
			h.before, h.versions = c.Version, sorted[VersionTime]{}
		}
		return
	}
	if h.before == 0 {
		h.before = c.before.Version
	}
	if tables {
		var gone []*pastTable
		for id, t := range c.before.tables {
			if c.tables[id] != t {
				gone = append(gone, &pastTable{table: t, until: c.Version})
			}
		}
		slices.SortFunc(gone, byPastTable.compare)
		if len(gone) > 0 {
			h.tables = h.tables.edit(&byPastTable, gone, nil)
		}
	}
	at := cmd.At
	if last, ok := h.newest(); ok {
		at = max(at, last.At) // clocks go back sometimes, versions do not
	}
	h.versions = h.versions.edit(&byVersion, []VersionTime{{Version: c.Version, At: at, Kind: kindOf(cmd, tables)}}, nil)
}

func sameChunks[V any](a, b *sorted[V]) bool {
	return len(a.chunks) == len(b.chunks) && (len(a.chunks) == 0 || &a.chunks[0] == &b.chunks[0])
}

func kindOf(cmd *Command, tables bool) VersionKind {
	if tables {
		return VersionSchema
	}
	if cmd.Commit == nil {
		return VersionRows
	}
	for i := range cmd.Commit.Edits {
		if !cmd.Commit.Edits[i].Rewrite {
			return VersionRows
		}
	}
	return VersionCompaction
}

func (h *history) newest() (VersionTime, bool) {
	if n := len(h.versions.chunks); n > 0 {
		items := h.versions.chunks[n-1].items
		return items[len(items)-1], true
	}
	return VersionTime{}, false
}

// horizon is the oldest version in which a table can be read, but for pins.
func (h *history) horizon(t TableID) Version {
	if mark, ok := h.marks[t]; ok {
		return mark
	}
	return h.before
}

// oldest is the least horizon of all.
func (h *history) oldest() Version {
	v := h.before
	for _, mark := range h.marks {
		v = min(v, mark)
	}
	return v
}

// pinned reports whether a pin is in [from, until).
func (h *history) pinned(from, until Version) bool {
	for _, p := range h.pins {
		if p.Version >= from && p.Version < until {
			return true
		}
	}
	return false
}

// addGarbage takes what manifests name no more: what they named before the command belongs to the past, the rest is garbage.
func (c *change) addGarbage(gone []Garbage) {
	var past []*pastSegment
	var garbage []Garbage
	for _, g := range gone {
		s := c.before.Manifest(g.Table).Segment(g.Segment)
		if s != nil && c.at != 0 && (g.Vector == 0 || g.Vector == vectorOf(s)) {
			past = append(past, &pastSegment{table: g.Table, segment: s, until: c.Version, rewritten: c.rewriting})
		} else if !c.namedElsewhere(g) {
			g.Table = c.home(g.Table, g.Segment, s)
			garbage = append(garbage, g)
		}
	}
	if len(past) > 0 {
		slices.SortFunc(past, byPast.compare)
		past = slices.CompactFunc(past, func(a, b *pastSegment) bool { return byPast.compare(a, b) == 0 })
		c.history.segments = c.history.segments.edit(&byPast, past, nil)
	}
	c.putGarbage(garbage)
}

// home is the table in whose folder the files of a segment lie.
func (c *change) home(table TableID, id SegmentID, s *Segment) TableID {
	if s != nil {
		return s.FilesOf(table)
	}
	if sh, ok := c.history.shared.find(&byShared, &share{segment: id}); ok {
		return sh.home
	}
	return table
}

// namedElsewhere reports whether another table, or the past, names a file that a table's manifest does not name any more.
func (c *change) namedElsewhere(g Garbage) bool {
	if c.inPast(g.Table, g.Segment, g.Vector) {
		return true
	}
	sh, ok := c.history.shared.find(&byShared, &share{segment: g.Segment})
	if !ok {
		return false
	}
	for _, t := range sh.tables {
		if t != g.Table && c.named(t, g.Segment, g.Vector) {
			return true
		}
	}
	return false
}

// named reports whether a table's manifest or past names a file: a deletion vector, or, with vector 0, the segment's own.
func (c *change) named(table TableID, id SegmentID, vector uint64) bool {
	if s := c.Manifest(table).Segment(id); s != nil && (vector == 0 || vectorOf(s) == vector) {
		return true
	}
	return c.inPast(table, id, vector)
}

func (c *change) inPast(table TableID, id SegmentID, vector uint64) bool {
	for p := range c.history.segments.from(&byPast, &pastSegment{table: table, segment: &Segment{ID: id}}) {
		if p.table != table || p.segment.ID != id {
			return false
		}
		if vector == 0 || vectorOf(p.segment) == vector {
			return true
		}
	}
	return false
}

// Expire forgets the past before a version, but for what pins name: its files become garbage.
type Expire struct {
	// Before is the oldest version that has to stay complete.
	Before Version `json:"before"`
	// Tables have another.
	Tables []TableHorizon `json:"tables,omitempty"`
}

// TableHorizon is the oldest version in which a table has to stay readable.
type TableHorizon struct {
	Table  TableID `json:"table"`
	Before Version `json:"before"`
}

// expire drops what no version that is kept needs. A command that would drop nothing changes nothing.
func (c *change) expire(cmd *Expire) (Result, bool, error) {
	h := &c.history
	if h.before == 0 {
		return Result{}, false, nil
	}
	next := *h
	next.before = max(h.before, min(cmd.Before, c.before.Version))
	next.marks = map[TableID]Version{}
	for _, t := range cmd.Tables {
		next.marks[t.Table] = max(h.horizon(t.Table), min(t.Before, c.before.Version))
	}
	for t, mark := range h.marks { // what a shorter history has lost does not come back with a longer one
		if _, named := next.marks[t]; !named && mark > next.before {
			next.marks[t] = mark
		}
	}
	var segments []*pastSegment
	last := &pastSegment{segment: &Segment{}}
	for p := range h.segments.all() {
		from := p.segment.Added
		if last.table == p.table && last.segment.ID == p.segment.ID {
			from = max(from, last.until)
		}
		if p.until <= next.horizon(p.table) && !h.pinned(from, p.until) {
			segments = append(segments, p)
		}
		last = p
	}
	var tables []*pastTable
	before := &pastTable{table: &Table{}}
	for p := range h.tables.all() {
		from := p.table.Created
		if before.table.ID == p.table.ID {
			from = max(from, before.until)
		}
		if p.until <= next.horizon(p.table.ID) && !h.pinned(from, p.until) {
			tables = append(tables, p)
		}
		before = p
	}
	versions := h.versionsUntil(next.oldest())
	if len(segments)+len(tables)+len(versions) == 0 {
		return Result{}, false, nil
	}
	if len(next.marks) == 0 {
		next.marks = nil
	}
	next.segments = h.segments.edit(&byPast, nil, segments)
	next.tables = h.tables.edit(&byPastTable, nil, tables)
	next.versions = h.versions.edit(&byVersion, nil, versions)
	c.history = next
	c.release(segments)
	return Result{}, true, nil
}

// versionsUntil lists the versions before the one that was in force at v.
func (h *history) versionsUntil(v Version) []VersionTime {
	var out []VersionTime
	for t := range h.versions.all() {
		if t.Version > v {
			break
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil
	}
	return out[:len(out)-1]
}

// release makes garbage of the files that nothing names any more now that these records are gone.
func (c *change) release(gone []*pastSegment) {
	var garbage []Garbage
	for _, p := range gone {
		home := p.segment.FilesOf(p.table)
		whole := Garbage{Table: p.table, Segment: p.segment.ID}
		last := !c.named(p.table, p.segment.ID, 0)
		for _, g := range []Garbage{whole, {Table: p.table, Segment: p.segment.ID, Vector: vectorOf(p.segment)}} {
			if g == whole && !last || g.Vector != 0 && c.named(p.table, g.Segment, g.Vector) || c.namedElsewhere(g) {
				continue
			}
			g.Table, g.Removed = home, c.Version
			garbage = append(garbage, g)
		}
	}
	for _, p := range gone {
		if !c.named(p.table, p.segment.ID, 0) {
			c.unshare(p.table, p.segment.ID)
		}
	}
	c.putGarbage(garbage)
}

// unshare takes a table off the list of those that name a segment.
func (c *change) unshare(table TableID, id SegmentID) {
	h := &c.history
	sh, ok := h.shared.find(&byShared, &share{segment: id})
	if !ok {
		return
	}
	rest := slices.DeleteFunc(slices.Clone(sh.tables), func(t TableID) bool { return t == table })
	if len(rest) == 0 || len(rest) == 1 && rest[0] == sh.home {
		h.shared = h.shared.edit(&byShared, nil, []*share{sh})
		return
	}
	h.shared = h.shared.edit(&byShared, []*share{{segment: id, home: sh.home, tables: rest}}, nil)
}

// share puts a table on that list.
func (h *history) share(home, from, to TableID, ids []SegmentID) {
	var puts []*share
	for _, id := range ids {
		next := &share{segment: id, home: home, tables: []TableID{from, to}}
		if sh, ok := h.shared.find(&byShared, next); ok {
			next.home = sh.home
			next.tables = append(next.tables, sh.tables...)
		}
		slices.Sort(next.tables)
		next.tables = slices.Compact(next.tables)
		puts = append(puts, next)
	}
	slices.SortFunc(puts, byShared.compare)
	h.shared = h.shared.edit(&byShared, puts, nil)
}

// withPins copies the pins to change them.
func (h *history) withPins() map[string]*Pin {
	if h.pins == nil {
		return map[string]*Pin{}
	}
	return maps.Clone(h.pins)
}
