package meta

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// maxReserve bounds the ids of one reservation: a flush or an import takes some hundreds, and a wrong count must not use
// the ids up.
const maxReserve = 1 << 20

func (c *change) openShard(cmd *OpenShard) (Result, bool, error) {
	f := c.shards[cmd.Shard]
	f.Shard = cmd.Shard
	f.Epoch++
	c.shards = withEntry(c.shards, cmd.Shard, f)
	return Result{ID: f.Epoch}, true, nil
}

func (c *change) reserveIDs(cmd *ReserveIDs) (Result, bool, error) {
	if cmd.Count == 0 || cmd.Count > maxReserve {
		return Result{}, false, column.Errorf(column.Invalid, "%d segment ids cannot be reserved, only 1 to %d", cmd.Count, maxReserve)
	}
	id := c.nextSegment
	c.nextSegment += SegmentID(cmd.Count)
	return Result{ID: uint64(id)}, true, nil
}

func (c *change) commit(cmd *Commit) (Result, bool, error) {
	changed := false
	for i := range cmd.Edits {
		e := &cmd.Edits[i]
		for j := range i {
			if cmd.Edits[j].Table == e.Table {
				return Result{}, false, column.Errorf(column.Invalid, "a commit has two edits of table %d", e.Table)
			}
		}
		edited, err := c.edit(e)
		if err != nil {
			return Result{}, false, err
		}
		changed = changed || edited
	}
	moved, err := c.moveFlushed(cmd)
	return Result{}, changed || moved, err
}

func (c *change) moveFlushed(cmd *Commit) (bool, error) {
	f := cmd.Flushed
	if f == nil {
		if cmd.PrevFlushed != 0 {
			return false, column.Errorf(column.Invalid, "a commit names the mark %d that it moves, but not where to", cmd.PrevFlushed)
		}
		return false, nil
	}
	now := c.shards[f.Shard]
	switch {
	case f.Epoch == 0 || f.Epoch != now.Epoch:
		return false, column.Errorf(column.Conflict, "shard %d is at epoch %d: its owner of epoch %d is fenced off", f.Shard, now.Epoch, f.Epoch)
	case cmd.PrevFlushed != now.Seq:
		return false, column.Errorf(column.Conflict, "shard %d is flushed up to %d, the commit expects %d", f.Shard, now.Seq, cmd.PrevFlushed)
	case f.Seq < now.Seq:
		return false, column.Errorf(column.Invalid, "the flushed mark of shard %d cannot go back from %d to %d", f.Shard, now.Seq, f.Seq)
	}
	next := *f
	if next.Deletes = max(next.Deletes, now.Deletes); next.Deletes <= next.Seq {
		next.Deletes = 0
	}
	if next == now {
		return false, nil
	}
	c.shards = withEntry(c.shards, f.Shard, next)
	c.settleDecided(f.Shard, next.Seq)
	return true, nil
}

// edit applies the change of one manifest and reports whether anything changed.
func (c *change) edit(e *Edit) (bool, error) {
	t := c.tables[e.Table]
	if t == nil {
		return c.voidEdit(e)
	}
	m := c.Manifest(e.Table)
	c.rewriting = e.Rewrite
	defer func() { c.rewriting = false }()
	puts := make([]*Segment, 0, len(e.Add)+len(e.Vectors))
	dels := make([]*Segment, 0, len(e.Remove))
	var gone []Garbage
	for _, r := range e.Remove {
		s, err := live(t, m, r)
		if err != nil {
			return false, err
		}
		dels = append(dels, s)
		gone = appendGarbage(gone, t.ID, s, c.Version)
	}
	for i := range e.Vectors {
		v := &e.Vectors[i]
		s, err := live(t, m, v.SegmentAt)
		if err != nil {
			return false, err
		}
		if err := checkVector(s, v); err != nil {
			return false, err
		}
		if v.Vector != 0 {
			gone = append(gone, Garbage{Table: t.ID, Segment: s.ID, Vector: v.Vector, Removed: c.Version})
		} else if c.at != 0 && c.before.Manifest(t.ID).Segment(s.ID) != nil {
			gone = append(gone, Garbage{Table: t.ID, Segment: s.ID, Removed: c.Version}) // without a vector, it is past
		}
		next, vector := *s, v.New
		next.Deleted = &vector
		puts = append(puts, &next)
	}
	if id, twice := repeated(dels, puts); twice {
		return false, column.Errorf(column.Invalid, "an edit of table %q names segment %d twice", t.Name, id)
	}
	replaced := len(puts)
	for i := range e.Add {
		s, err := c.newSegment(t, m, &e.Add[i])
		if err != nil {
			return false, err
		}
		puts = append(puts, s)
	}
	if id, twice := repeated(puts[replaced:], nil); twice {
		return false, column.Errorf(column.Invalid, "an edit of table %q adds segment %d twice", t.Name, id)
	}
	if len(puts)+len(dels) == 0 {
		return false, nil
	}
	c.manifests = c.manifests.edit(&byTable, []*Manifest{m.with(puts, dels)}, nil)
	c.addGarbage(gone)
	return true, nil
}

// voidEdit turns what was to be added to a dropped table into garbage.
func (c *change) voidEdit(e *Edit) (bool, error) {
	if e.Table == 0 || e.Table >= c.nextTable {
		return false, errNoTable(e.Table)
	}
	var gone []Garbage
	for i := range e.Add {
		if err := c.checkReserved(&e.Add[i]); err != nil {
			return false, err
		}
		gone = appendGarbage(gone, e.Table, &e.Add[i], c.Version)
	}
	c.addGarbage(gone)
	return len(gone) > 0, nil
}

// live finds a segment and checks that its deletion vector is the one that the command saw.
func live(t *Table, m *Manifest, at SegmentAt) (*Segment, error) {
	s := m.Segment(at.ID)
	if s == nil {
		return nil, column.Errorf(column.Conflict, "segment %d of table %q is not live any more", at.ID, t.Name)
	}
	if v := vectorOf(s); v != at.Vector {
		return nil, column.Errorf(column.Conflict, "segment %d of table %q has deletion vector %d, the command was made from %d",
			at.ID, t.Name, v, at.Vector)
	}
	return s, nil
}

// vectorOf gives the version of a segment's deletion vector, 0 if it has none.
func vectorOf(s *Segment) uint64 {
	if s.Deleted == nil {
		return 0
	}
	return s.Deleted.Version
}

func checkVector(s *Segment, v *VectorChange) error {
	switch {
	case v.New.Version <= v.Vector:
		return column.Errorf(column.Invalid, "deletion vector %d of segment %d cannot follow %d", v.New.Version, s.ID, v.Vector)
	case v.New.Rows < 0 || v.New.Rows > s.Rows || v.New.Bytes < 0:
		return column.Errorf(column.Invalid, "deletion vector %d of segment %d has %d rows in %d bytes, the segment has %d rows",
			v.New.Version, s.ID, v.New.Rows, v.New.Bytes, s.Rows)
	}
	return nil
}

// newSegment checks a segment to be added and copies it.
func (c *change) newSegment(t *Table, m *Manifest, in *Segment) (*Segment, error) {
	if err := c.checkReserved(in); err != nil {
		return nil, err
	}
	if m.Segment(in.ID) != nil {
		return nil, column.Errorf(column.Conflict, "segment %d of table %q is live already", in.ID, t.Name)
	}
	if c.wasRemoved(in.ID) || c.inPast(t.ID, in.ID, 0) {
		return nil, column.Errorf(column.Conflict, "segment %d was removed before: its files may be gone", in.ID)
	}
	if err := checkSegment(t, in); err != nil {
		return nil, err
	}
	s := *in
	s.Added, s.Rewritten, s.Home = c.Version, c.rewriting, 0
	if in.Deleted != nil {
		v := *in.Deleted
		s.Deleted = &v
	}
	return &s, nil
}

// wasRemoved says whether a segment is garbage. Its own record, vector 0, comes before those of its vectors.
func (c *change) wasRemoved(id SegmentID) bool {
	for g := range c.garbage.from(&byFile, Garbage{Segment: id}) {
		return g.Segment == id && g.Vector == 0
	}
	return false
}

func (c *change) checkReserved(s *Segment) error {
	if s.ID == 0 || s.ID >= c.nextSegment {
		return column.Errorf(column.Invalid, "segment id %d was never reserved", s.ID)
	}
	return nil
}

// checkSegment compares a segment's record with its table.
func checkSegment(t *Table, s *Segment) error {
	wrong := ""
	schema := &t.Columns
	switch {
	case s.Rows <= 0:
		wrong = "it has no rows"
	case s.MinSeq > s.MaxSeq:
		wrong = "its commits end before they begin"
	case s.DataBytes < 0 || s.SidecarBytes < 0:
		wrong = "a size is negative"
	case s.SchemaVersion == 0 || s.SchemaVersion > schema.Version:
		wrong = "its schema version is not one of the table's"
	case s.MinTime > s.MaxTime:
		wrong = "its time ends before it begins"
	case schema.Time == 0 && (s.MinTime != 0 || s.MaxTime != 0 || s.Partition != 0):
		wrong = "it has a time or partition and the table has none"
	case schema.PartitionOf(s.MinTime) != s.Partition || schema.PartitionOf(s.MaxTime) != s.Partition:
		wrong = "its time is not inside its partition"
	case s.Deleted != nil && (s.Deleted.Version == 0 || s.Deleted.Rows < 0 || s.Deleted.Rows > s.Rows || s.Deleted.Bytes < 0):
		wrong = "its deletion vector is out of range"
	default:
		return nil
	}
	return column.Errorf(column.Invalid, "segment %d cannot be added to table %q: %s", s.ID, t.Name, wrong)
}

// repeated finds an id that is in the lists more than once.
func repeated(a, b []*Segment) (SegmentID, bool) {
	ids := make([]SegmentID, 0, len(a)+len(b))
	for _, s := range a {
		ids = append(ids, s.ID)
	}
	for _, s := range b {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] {
			return ids[i], true
		}
	}
	return 0, false
}

// appendGarbage appends the records of a removed segment: its files, and its deletion vector's.
func appendGarbage(dst []Garbage, table TableID, s *Segment, v Version) []Garbage {
	dst = append(dst, Garbage{Table: table, Segment: s.ID, Removed: v})
	if s.Deleted != nil {
		dst = append(dst, Garbage{Table: table, Segment: s.ID, Vector: s.Deleted.Version, Removed: v})
	}
	return dst
}

// putGarbage takes files that nothing names any more.
func (c *change) putGarbage(gone []Garbage) {
	if len(gone) == 0 {
		return
	}
	slices.SortFunc(gone, byFile.compare)
	gone = slices.CompactFunc(gone, func(a, b Garbage) bool { return byFile.compare(a, b) == 0 })
	c.garbage = c.garbage.edit(&byFile, gone, nil)
}

// forget drops records; those that are not there, because the same command came before, are skipped.
func (c *change) forget(cmd *Forget) (Result, bool, error) {
	gone := slices.Clone(cmd.Garbage)
	slices.SortFunc(gone, byFile.compare)
	gone = slices.CompactFunc(gone, func(a, b Garbage) bool { return byFile.compare(a, b) == 0 })
	gone = slices.DeleteFunc(gone, func(g Garbage) bool {
		// A record of another version is not the one whose files were deleted.
		have, ok := c.garbage.find(&byFile, g)
		return !ok || have.Removed != g.Removed
	})
	if len(gone) == 0 {
		return Result{}, false, nil
	}
	c.garbage = c.garbage.edit(&byFile, nil, gone)
	return Result{}, true, nil
}
