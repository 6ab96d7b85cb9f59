package meta

import (
	"github.com/automatanexus/aegis-db/column"
)

// DecodeSnapshot reads what AppendSnapshot wrote; src must hold nothing else. Bytes of a newer version are an error of
// class Unsupported; what no writer can have written, one of class Corrupt that names the byte.
func DecodeSnapshot(src []byte) (*Snapshot, error) {
	d := &decoder{src: src}
	if magic := d.take(len(snapshotMagic)); string(magic) != snapshotMagic {
		return nil, column.Errorf(column.Corrupt, "catalog snapshot: it does not begin with %q", snapshotMagic)
	}
	if format := d.byte(); d.err == nil && format != snapshotFormat {
		return nil, column.Errorf(column.Unsupported, "catalog snapshot: format %d is not known to this version, which reads %d", format, snapshotFormat)
	}
	names := d.take(int(d.upTo(uint64(len(src)), "the length of the header")))
	if d.err != nil {
		return nil, d.err
	}
	var h header
	if err := strictJSON(names, &h); err != nil {
		return nil, column.Errorf(classOfJSON(err), "catalog snapshot: header: %w", err)
	}
	s, err := fromHeader(&h)
	if err != nil {
		return nil, column.Errorf(column.ClassOf(err), "catalog snapshot: header: %w", err)
	}
	s.decodeManifests(d)
	s.decodeGarbage(d)
	if h.History != nil && d.err == nil {
		s.decodeHistory(d)
	}
	s.findShared()
	if d.err == nil && d.at != len(d.src) {
		d.fail("%d bytes follow the end", len(d.src)-d.at)
	}
	if d.err != nil {
		return nil, d.err
	}
	return s, nil
}

func fromHeader(h *header) (*Snapshot, error) {
	s := NewSnapshot()
	s.Version, s.applied = h.Version, h.Applied
	s.nextDatabase, s.nextTable, s.nextSegment = h.NextDatabase, h.NextTable, h.NextSegment
	s.databases = make(map[string]*Database, len(h.Databases))
	ids := make(map[DatabaseID]bool, len(h.Databases))
	for _, db := range h.Databases {
		if db == nil || db.ID == 0 || db.ID >= h.NextDatabase || ids[db.ID] || s.databases[db.Name] != nil {
			return nil, column.Errorf(column.Corrupt, "the list of databases holds an impossible entry")
		}
		s.databases[db.Name] = db
		ids[db.ID] = true
	}
	s.tables = make(map[TableID]*Table, len(h.Tables))
	s.names = make(map[tableName]TableID, len(h.Tables))
	for _, t := range h.Tables {
		if t == nil || t.ID == 0 || t.ID >= h.NextTable || s.tables[t.ID] != nil || !ids[t.Database] {
			return nil, column.Errorf(column.Corrupt, "the list of tables holds an impossible entry")
		}
		name := tableName{t.Database, t.Schema, t.Name}
		if _, twice := s.names[name]; twice {
			return nil, column.Errorf(column.Corrupt, "there are two tables of the name %q", t.Name)
		}
		if err := checkTable(t); err != nil {
			return nil, column.Errorf(classOfSchema(err), "table %q: %w", t.Name, err)
		}
		if maxColumn(t.Columns.Fields) >= t.NextColumn || t.Columns.Version == 0 {
			return nil, column.Errorf(column.Corrupt, "table %q has an impossible column id or schema version", t.Name)
		}
		s.tables[t.ID], s.names[name] = t, t.ID
	}
	s.truncated = lastTruncated(s.tables)
	if err := s.fromHistoryHeader(h.History); err != nil {
		return nil, err
	}
	s.shards = make(map[ShardID]Flushed, len(h.Shards))
	for _, f := range h.Shards {
		if _, twice := s.shards[f.Shard]; twice {
			return nil, column.Errorf(column.Corrupt, "shard %d is there twice", f.Shard)
		}
		s.shards[f.Shard] = f
	}
	if err := s.fromDecided(h.Decided); err != nil {
		return nil, err
	}
	if err := s.fromIndexes(h.NextIndex, h.Indexes); err != nil {
		return nil, err
	}
	var err error
	if s.users, err = fromUsers(h.Users); err != nil {
		return nil, err
	}
	return s, s.fromRelations(h, ids)
}

// classOfSchema tells a type of a newer version from damage.
func classOfSchema(err error) column.Class {
	if column.ClassOf(err) == column.Unsupported {
		return column.Unsupported
	}
	return column.Corrupt
}

func (s *Snapshot) decodeManifests(d *decoder) {
	n := d.upTo(uint64(len(d.src)-d.at)/minManifest, "the number of manifests")
	manifests := make([]*Manifest, 0, n)
	for range n {
		m := s.decodeManifest(d)
		if k := len(manifests); k > 0 && manifests[k-1].Table >= m.Table {
			d.fail("manifests are out of order")
		}
		if d.err != nil {
			return
		}
		manifests = append(manifests, m)
	}
	s.manifests = newSorted(&byTable, manifests)
}

func (s *Snapshot) decodeManifest(d *decoder) *Manifest {
	id := TableID(d.uvarint())
	t := s.tables[id]
	if t == nil {
		d.fail("a manifest belongs to table %d, which does not exist", id)
		return &Manifest{}
	}
	n := d.upTo(uint64(len(d.src)-d.at)/minSegment, "the number of segments")
	segments := make([]*Segment, n)
	// Records come in blocks: an allocation for each is slow at 100,000, and one for all would stay as long as any lives.
	var block []Segment
	for i := range segments {
		if len(block) == 0 {
			block = make([]Segment, min(chunkMax, len(segments)-i))
		}
		seg := &block[0]
		block = block[1:]
		d.segment(seg)
		if d.err != nil {
			return &Manifest{}
		}
		if i > 0 && byPlace.compare(segments[i-1], seg) >= 0 {
			d.fail("segment %d is out of order", seg.ID)
		}
		if seg.ID == 0 || seg.ID >= s.nextSegment || seg.Added > s.Version {
			d.fail("segment %d was never reserved, or added in a version to come", seg.ID)
		}
		if err := checkSegment(t, seg); err != nil {
			d.fail("%w", err)
		}
		if err := s.checkHome(id, seg); err != nil {
			d.fail("%w", err)
		}
		segments[i] = seg
	}
	m := NewManifest(id, segments)
	last := SegmentID(0)
	for seg := range m.ids.all() {
		if seg.ID == last {
			d.fail("segment %d is there twice", seg.ID)
			break
		}
		last = seg.ID
	}
	return m
}

func (s *Snapshot) decodeGarbage(d *decoder) {
	n := d.upTo(uint64(len(d.src)-d.at)/minGarbage, "the number of garbage records")
	garbage := make([]Garbage, n)
	for i := range garbage {
		garbage[i] = Garbage{
			Table: TableID(d.uvarint()), Segment: SegmentID(d.uvarint()), Vector: d.uvarint(), Removed: Version(d.uvarint()),
		}
		if i > 0 && byFile.compare(garbage[i-1], garbage[i]) >= 0 {
			d.fail("garbage is out of order")
		}
		if d.err != nil {
			return
		}
	}
	s.garbage = newSorted(&byFile, garbage)
}
