package meta

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/column"
)

// OldestVersion is the oldest version that can be read, pins aside.
func (s *Snapshot) OldestVersion() Version {
	if s.history.before == 0 {
		return s.Version
	}
	return min(s.history.oldest(), s.Version)
}

// Versions lists the versions since the oldest that can be read in which tables or segments changed, ascending.
func (s *Snapshot) Versions() []VersionTime {
	return slices.AppendSeq(make([]VersionTime, 0, s.history.versions.n), s.history.versions.all())
}

// TimeOf is when the state of a version came to be, in microseconds since 1970; 0 = unknown.
func (s *Snapshot) TimeOf(v Version) int64 {
	at := int64(0)
	for t := range s.history.versions.all() {
		if t.Version > v {
			break
		}
		at = t.At
	}
	if at == 0 {
		for _, p := range s.history.pins {
			if p.Version == v {
				return p.At
			}
		}
	}
	return at
}

// VersionAt is the newest version that was there at a time, in microseconds since 1970. An error says that it is not kept any more.
func (s *Snapshot) VersionAt(at int64) (Version, error) {
	v := Version(0)
	for t := range s.history.versions.all() {
		if t.At > at {
			break
		}
		v = t.Version
	}
	if v == 0 {
		e := column.SQLErrorf(column.NotFound, stateTooOld, "what was there at that time is not kept any more")
		e.Hint = "aegis.versions lists what is kept. Longer history is kept with the option history, single versions with CREATE PIN."
		return 0, e
	}
	return max(v, s.OldestVersion()), nil // nothing changed between the oldest and the first of the list
}

// checkVersion says why a version cannot be read.
func (s *Snapshot) checkVersion(v Version) error {
	switch {
	case v > s.Version:
		return column.SQLErrorf(column.Invalid, stateNoVersion, "there is no version %d yet: the newest is %d", v, s.Version)
	case v == s.Version || s.history.pinned(v, v+1):
		return nil
	case s.history.before == 0 || v < s.history.oldest():
		return errTooOld(v)
	}
	return nil
}

// At gives the catalog as it was in a version that is kept: tables, their names and segments. Databases, users, views and the like are those
// of s, and there are no indexes. Tables whose past is kept for less are missing. Manifests are made when they are asked for.
func (s *Snapshot) At(v Version) (*Snapshot, error) {
	if err := s.checkVersion(v); err != nil {
		return nil, err
	}
	if v == s.Version {
		return s, nil
	}
	if s.past != nil {
		return s.past.of.At(v)
	}
	out := *s
	out.Version = v
	out.indexes, out.indexNames, out.tableIndexes = nil, nil, nil
	out.names = maps.Clone(s.names)
	for _, t := range s.tables {
		delete(out.names, tableName{t.Database, t.Schema, t.Name})
	}
	pinned := s.history.pinned(v, v+1)
	out.tables = map[TableID]*Table{}
	keep := func(t *Table) {
		if out.tables[t.ID] == nil && t.Created <= v && (pinned || v >= s.history.horizon(t.ID)) {
			out.tables[t.ID] = t
			out.names[tableName{t.Database, t.Schema, t.Name}] = t.ID
		}
	}
	for p := range s.history.tables.all() { // of a table's descriptions the oldest first
		if p.until > v {
			keep(p.table)
		}
	}
	for _, t := range s.tables {
		keep(t)
	}
	out.manifests = sorted[*Manifest]{}
	out.past = &pastManifests{of: s, version: v, tables: out.tables, made: map[TableID]*Manifest{}}
	return &out, nil
}

// pastManifests makes the manifests of a version when they are asked for: a statement reads a few tables of thousands.
type pastManifests struct {
	of      *Snapshot
	version Version
	tables  map[TableID]*Table

	mu   sync.Mutex
	made map[TableID]*Manifest
}

func (p *pastManifests) manifest(id TableID) *Manifest {
	if p.tables[id] == nil {
		return &Manifest{Table: id}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.made[id]
	if m == nil {
		m = p.of.manifestAt(id, p.version)
		p.made[id] = m
	}
	return m
}

// manifestAt gives the segments that a table had in a version.
func (s *Snapshot) manifestAt(table TableID, v Version) *Manifest {
	now := s.Manifest(table)
	var old []*Segment // in force at v and not now
	last := SegmentID(0)
	for p := range s.pastOf(table) {
		if p.until > v && p.segment.Added <= v && p.segment.ID != last {
			old = append(old, p.segment)
			last = p.segment.ID
		}
	}
	var dels []*Segment
	for g := range now.ids.all() {
		if g.Added > v {
			dels = append(dels, g)
		}
	}
	if len(old)+len(dels) == 0 {
		return now
	}
	return now.with(old, dels)
}

func (s *Snapshot) pastOf(table TableID) func(yield func(*pastSegment) bool) {
	return func(yield func(*pastSegment) bool) {
		for p := range s.history.segments.from(&byPast, &pastSegment{table: table, segment: &Segment{}}) {
			if p.table != table || !yield(p) {
				return
			}
		}
	}
}

// Change is what one version did to the rows of one segment.
type Change struct {
	Version Version
	// Old is the segment before, nil if its rows came with this version; New is the segment after, nil if they went. With both, what died is
	// what the deletion vector of New has more.
	Old, New *Segment
}

// Changes lists what became of a table's rows after version from, up to version to, by version. Merges of segments change nothing.
// Both versions must be in the history that is kept; a pin alone does not keep what came after it.
func (s *Snapshot) Changes(table TableID, from, to Version) ([]Change, error) {
	h := &s.history
	for _, v := range []Version{from, to} {
		if v > s.Version {
			return nil, s.checkVersion(v)
		}
		if v != s.Version && (h.before == 0 || v < h.horizon(table)) {
			return nil, errTooOld(v)
		}
	}
	var out []Change
	inside := func(v Version) bool { return v > from && v <= to }
	came := func(g *Segment) {
		if inside(g.Added) && !g.Rewritten && g.LiveRows() > 0 {
			out = append(out, Change{Version: g.Added, New: g})
		}
	}
	var last *pastSegment
	next := func(g *Segment) { // of the segment of last, or of another one
		switch {
		case last == nil || !inside(last.until):
		case g != nil && g.ID == last.segment.ID:
			out = append(out, Change{Version: last.until, Old: last.segment, New: g})
		case !last.rewritten:
			out = append(out, Change{Version: last.until, Old: last.segment})
		}
	}
	now := s.Manifest(table)
	for p := range s.pastOf(table) {
		if last == nil || last.segment.ID != p.segment.ID {
			if last != nil {
				next(now.Segment(last.segment.ID))
			}
			came(p.segment)
		} else {
			next(p.segment)
		}
		last = p
	}
	if last != nil {
		next(now.Segment(last.segment.ID))
	}
	for g := range now.ids.all() {
		if !s.hasPast(table, g.ID) {
			came(g)
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return cmp.Compare(a.Version, b.Version) })
	return out, nil
}

func (s *Snapshot) hasPast(table TableID, id SegmentID) bool {
	for p := range s.history.segments.from(&byPast, &pastSegment{table: table, segment: &Segment{ID: id}}) {
		return p.table == table && p.segment.ID == id
	}
	return false
}

// Files calls f with every file that the catalog names: in manifests, in the past, and as garbage. Vector 0 stands for a segment's own
// files. A file that clones share comes several times.
func (s *Snapshot) Files(f func(home TableID, id SegmentID, vector uint64)) {
	named := func(table TableID, g *Segment) {
		f(g.FilesOf(table), g.ID, 0)
		if g.Deleted != nil {
			f(g.FilesOf(table), g.ID, g.Deleted.Version)
		}
	}
	for m := range s.manifests.all() {
		for g := range m.All() {
			named(m.Table, g)
		}
	}
	for p := range s.history.segments.all() {
		named(p.table, p.segment)
	}
	for g := range s.garbage.all() {
		f(g.Table, g.Segment, g.Vector)
	}
}

// Horizons gives the Expire command that keeps of every table the versions since a time, or since the time that the table asks for. All
// is in microseconds; a negative history keeps nothing.
func (s *Snapshot) Horizons(now, history int64) *Expire {
	out := &Expire{Before: s.horizonAt(now, history)}
	seen := map[TableID]bool{}
	own := func(t *Table) {
		if t.History != 0 && !seen[t.ID] {
			out.Tables = append(out.Tables, TableHorizon{Table: t.ID, Before: s.horizonAt(now, t.History)})
		}
		seen[t.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(s.tables)) {
		own(s.tables[id])
	}
	var dropped []*Table
	for p := range s.history.tables.all() {
		dropped = append(dropped, p.table)
	}
	for _, t := range slices.Backward(dropped) { // the last description of each counts
		own(t)
	}
	slices.SortFunc(out.Tables, func(a, b TableHorizon) int { return cmp.Compare(a.Table, b.Table) })
	return out
}

func (s *Snapshot) horizonAt(now, history int64) Version {
	if history < 0 {
		return s.Version
	}
	v := s.history.oldest() // tables that keep more have versions from before the others' mark
	for t := range s.history.versions.all() {
		if t.At > now-history {
			break
		}
		v = t.Version
	}
	return v
}
