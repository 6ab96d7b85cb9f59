package meta

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// historyHeader is the part of a history that has names in it. It is there exactly if the numbers follow the garbage.
type historyHeader struct {
	Before Version        `json:"before"`
	Marks  []TableHorizon `json:"marks,omitempty"`
	Pins   []*Pin         `json:"pins,omitempty"`
	Tables []oldTable     `json:"tables,omitempty"`
}

type oldTable struct {
	Until Version `json:"until"`
	Table *Table  `json:"table"`
}

func (s *Snapshot) historyHeader() *historyHeader {
	h := &s.history
	if h.before == 0 && len(h.pins) == 0 {
		return nil
	}
	out := &historyHeader{Before: h.before, Pins: s.Pins()}
	for t, mark := range h.marks {
		out.Marks = append(out.Marks, TableHorizon{Table: t, Before: mark})
	}
	slices.SortFunc(out.Marks, func(a, b TableHorizon) int { return cmp.Compare(a.Table, b.Table) })
	for p := range h.tables.all() {
		out.Tables = append(out.Tables, oldTable{Until: p.until, Table: p.table})
	}
	return out
}

func (s *Snapshot) fromHistoryHeader(in *historyHeader) error {
	if in == nil {
		return nil
	}
	h := &s.history
	h.before = in.Before
	for _, m := range in.Marks {
		if h.marks == nil {
			h.marks = map[TableID]Version{}
		}
		h.marks[m.Table] = m.Before
	}
	for _, p := range in.Pins {
		if p == nil || h.pins[p.Name] != nil || p.Version > s.Version || checkName("pin", p.Name) != nil {
			return column.Errorf(column.Corrupt, "the list of pins holds an impossible entry")
		}
		h.pins = h.withPins()
		h.pins[p.Name] = p
	}
	var tables []*pastTable
	for _, t := range in.Tables {
		if t.Table == nil || t.Table.ID == 0 || t.Table.ID >= s.nextTable || t.Until > s.Version {
			return column.Errorf(column.Corrupt, "the list of past tables holds an impossible entry")
		}
		if err := CheckSchema(&t.Table.Columns); err != nil {
			return column.Errorf(classOfSchema(err), "past table %q: %w", t.Table.Name, err)
		}
		tables = append(tables, &pastTable{table: t.Table, until: t.Until})
	}
	h.tables = newSorted(&byPastTable, tables)
	return nil
}

// The flags of a past segment.
const (
	pastRewritten = 1 << iota
	pastUnknown   = 0xff &^ pastRewritten
)

// The smallest encodings of a version and a past segment.
const (
	minVersion = 3
	minPast    = 3 + minSegment
)

func (h *history) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(h.versions.n))
	var last VersionTime
	for v := range h.versions.all() {
		dst = binary.AppendUvarint(dst, uint64(v.Version-last.Version))
		dst = binary.AppendVarint(dst, v.At-last.At)
		dst = append(dst, byte(v.Kind))
		last = v
	}
	dst = binary.AppendUvarint(dst, uint64(h.segments.n))
	for p := range h.segments.all() {
		dst = binary.AppendUvarint(dst, uint64(p.table))
		dst = binary.AppendUvarint(dst, uint64(p.until))
		var flags byte
		if p.rewritten {
			flags |= pastRewritten
		}
		dst = appendSegment(append(dst, flags), p.segment)
	}
	return dst
}

func (s *Snapshot) decodeHistory(d *decoder) {
	h := &s.history
	n := d.upTo(uint64(len(d.src)-d.at)/minVersion, "the number of versions")
	versions := make([]VersionTime, 0, n)
	var last VersionTime
	for range n {
		last.Version += Version(d.uvarint())
		last.At += d.varint()
		last.Kind = VersionKind(d.byte())
		if k := len(versions); k > 0 && versions[k-1].Version >= last.Version || last.Version > s.Version {
			d.fail("versions are out of order")
		}
		if d.err != nil {
			return
		}
		versions = append(versions, last)
	}
	h.versions = newSorted(&byVersion, versions)
	n = d.upTo(uint64(len(d.src)-d.at)/minPast, "the number of past segments")
	past := make([]*pastSegment, 0, n)
	for range n {
		p := &pastSegment{table: TableID(d.uvarint()), until: Version(d.uvarint()), segment: &Segment{}}
		flags := d.byte()
		p.rewritten = flags&pastRewritten != 0
		d.segment(p.segment)
		if k := len(past); k > 0 && byPast.compare(past[k-1], p) >= 0 {
			d.fail("past segments are out of order")
		}
		if flags&pastUnknown != 0 || p.until > s.Version || p.segment.Added >= p.until || p.segment.ID >= s.nextSegment || p.table >= s.nextTable {
			d.fail("the past of segment %d is impossible", p.segment.ID)
		}
		if d.err != nil {
			return
		}
		past = append(past, p)
	}
	h.segments = newSorted(&byPast, past)
}
