package meta

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// snapshotMagic begins an encoded snapshot; snapshotFormat follows it. FORMAT.md draws both.
const (
	snapshotMagic  = "AEGCAT"
	snapshotFormat = 1
)

// header is the part of a snapshot that is small and has names in it.
type header struct {
	Version      Version       `json:"version"`
	Applied      uint64        `json:"applied"`
	NextDatabase DatabaseID    `json:"next_database"`
	NextTable    TableID       `json:"next_table"`
	NextSegment  SegmentID     `json:"next_segment"`
	Databases    []*Database   `json:"databases"`
	Tables       []*Table      `json:"tables"`
	Shards       []Flushed     `json:"shards"`
	Users        []*User       `json:"users,omitempty"`
	Decided      []decidedSeqs `json:"decided,omitempty"`
	NextIndex    IndexID       `json:"next_index,omitempty"`
	Indexes      []*Index      `json:"indexes,omitempty"`
	Schemas      []*Schema     `json:"schemas,omitempty"`
	Views        []*View       `json:"views,omitempty"`
	Sequences    []*Sequence   `json:"sequences,omitempty"`

	History *historyHeader `json:"history,omitempty"`
}

// AppendSnapshot appends the whole state. Equal states give equal bytes. There is no checksum in it: the store that
// keeps it has one.
func AppendSnapshot(dst []byte, s *Snapshot) ([]byte, error) {
	h := header{
		Version: s.Version, Applied: s.applied,
		NextDatabase: s.nextDatabase, NextTable: s.nextTable, NextSegment: s.nextSegment,
		Databases: s.Databases(), Users: s.Users(), Decided: s.allDecided(), NextIndex: s.nextIndex, Indexes: s.allIndexes(), Schemas: s.allSchemas(),
	}
	h.History = s.historyHeader()
	for _, id := range slices.Sorted(maps.Keys(s.views)) {
		h.Views = append(h.Views, s.views[id])
	}
	for _, id := range slices.Sorted(maps.Keys(s.sequences)) {
		h.Sequences = append(h.Sequences, s.sequences[id])
	}
	for _, t := range s.tables {
		h.Tables = append(h.Tables, t)
	}
	slices.SortFunc(h.Tables, func(a, b *Table) int { return cmp.Compare(a.ID, b.ID) })
	for _, f := range s.shards {
		h.Shards = append(h.Shards, f)
	}
	slices.SortFunc(h.Shards, func(a, b Flushed) int { return cmp.Compare(a.Shard, b.Shard) })
	names, err := json.Marshal(h)
	if err != nil {
		return dst, column.Errorf(column.Internal, "encode catalog: %w", err)
	}
	dst = append(append(dst, snapshotMagic...), snapshotFormat)
	dst = binary.AppendUvarint(dst, uint64(len(names)))
	dst = append(dst, names...)

	dst = binary.AppendUvarint(dst, uint64(s.manifests.n))
	for m := range s.manifests.all() {
		dst = binary.AppendUvarint(dst, uint64(m.Table))
		dst = binary.AppendUvarint(dst, uint64(m.Len()))
		for seg := range m.All() {
			dst = appendSegment(dst, seg)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(s.garbage.n))
	for g := range s.garbage.all() {
		dst = binary.AppendUvarint(dst, uint64(g.Table))
		dst = binary.AppendUvarint(dst, uint64(g.Segment))
		dst = binary.AppendUvarint(dst, g.Vector)
		dst = binary.AppendUvarint(dst, uint64(g.Removed))
	}
	if h.History != nil {
		dst = s.history.append(dst)
	}
	return dst, nil
}

// The smallest encodings, which bound how many records the bytes that are left can hold.
const (
	minSegment  = 18 // 12 numbers of one byte and more, flags, a level, a sum
	minManifest = 2
	minGarbage  = 4
)

// The flags of a segment's record.
const (
	flagDeleted   = 1 << iota // a deletion vector follows
	flagRewritten             // its rows were in other segments before
	flagHome                  // its home follows, last
	flagsUnknown  = 0xff &^ (flagDeleted | flagRewritten | flagHome)
)

func appendSegment(dst []byte, s *Segment) []byte {
	var flags byte
	if s.Deleted != nil {
		flags |= flagDeleted
	}
	if s.Rewritten {
		flags |= flagRewritten
	}
	if s.Home != 0 {
		flags |= flagHome
	}
	dst = append(dst, flags, s.Level)
	dst = binary.AppendUvarint(dst, uint64(s.ID))
	dst = binary.AppendVarint(dst, s.Partition)
	dst = binary.AppendUvarint(dst, uint64(s.Rows))
	dst = binary.AppendVarint(dst, s.MinTime)
	dst = binary.AppendUvarint(dst, uint64(s.MaxTime)-uint64(s.MinTime))
	dst = binary.AppendUvarint(dst, uint64(s.MinSeq))
	dst = binary.AppendUvarint(dst, uint64(s.MaxSeq-s.MinSeq))
	dst = binary.AppendUvarint(dst, uint64(s.DataBytes))
	dst = binary.AppendUvarint(dst, uint64(s.SidecarBytes))
	dst = binary.LittleEndian.AppendUint32(dst, s.SidecarSum)
	dst = binary.AppendUvarint(dst, uint64(s.SchemaVersion))
	dst = binary.AppendUvarint(dst, uint64(s.Key))
	dst = binary.AppendUvarint(dst, uint64(s.Added))
	if d := s.Deleted; d != nil {
		dst = binary.AppendUvarint(dst, d.Version)
		dst = binary.AppendUvarint(dst, uint64(d.Rows))
		dst = binary.AppendUvarint(dst, uint64(d.Bytes))
		dst = binary.LittleEndian.AppendUint32(dst, d.Sum)
	}
	if s.Home != 0 {
		dst = binary.AppendUvarint(dst, uint64(s.Home))
	}
	return dst
}

// decoder reads numbers and keeps the first error; after it every number is 0.
type decoder struct {
	src []byte
	at  int
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = column.Errorf(column.Corrupt, "catalog snapshot, byte %d: %w", d.at, column.Errorf(column.Corrupt, format, args...))
		d.src = d.src[:d.at]
	}
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.src[d.at:])
	if n <= 0 {
		d.fail("a number ends too early or is too long")
		return 0
	}
	d.at += n
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.src[d.at:])
	if n <= 0 {
		d.fail("a number ends too early or is too long")
		return 0
	}
	d.at += n
	return v
}

// upTo reads a number of at most limit.
func (d *decoder) upTo(limit uint64, what string) uint64 {
	v := d.uvarint()
	if v > limit {
		d.fail("%s is %d, more than %d", what, v, limit)
		return 0
	}
	return v
}

// size reads a number that is an int64 and not negative.
func (d *decoder) size(what string) int64 { return int64(d.upTo(math.MaxInt64, what)) }

// take gives the next n bytes, nil when there are not so many.
func (d *decoder) take(n int) []byte {
	if n > len(d.src)-d.at {
		d.fail("%d bytes are missing", n-(len(d.src)-d.at))
		return nil
	}
	d.at += n
	return d.src[d.at-n : d.at]
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) sum() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) segment(s *Segment) {
	flags := d.byte()
	if flags&flagsUnknown != 0 {
		d.fail("flags %#x of a segment are not known to this version", flags)
	}
	s.Level = d.byte()
	s.ID = SegmentID(d.uvarint())
	s.Partition = d.varint()
	s.Rows = d.size("a row count")
	s.MinTime = d.varint()
	s.MaxTime = int64(uint64(s.MinTime) + d.uvarint())
	s.MinSeq = Seq(d.uvarint())
	s.MaxSeq = s.MinSeq + Seq(d.uvarint())
	s.DataBytes = d.size("a file size")
	s.SidecarBytes = d.size("a file size")
	s.SidecarSum = d.sum()
	s.SchemaVersion = uint32(d.upTo(math.MaxUint32, "a schema version"))
	s.Key = uint32(d.upTo(math.MaxUint32, "a key id"))
	s.Added = Version(d.uvarint())
	s.Rewritten = flags&flagRewritten != 0
	if flags&flagDeleted != 0 {
		s.Deleted = &DeletionVector{
			Version: d.uvarint(),
			Rows:    d.size("a row count"),
			Bytes:   d.size("a file size"),
			Sum:     d.sum(),
		}
	}
	if flags&flagHome != 0 {
		if s.Home = TableID(d.uvarint()); s.Home == 0 {
			d.fail("segment %d lies with no table", s.ID)
		}
	}
}
