package meta

import (
	"cmp"
	"iter"
	"slices"
)

// Manifest is the set of segments a table has at one catalog version. Immutable; safe for concurrent use. A nil
// *Manifest is not valid: Snapshot.Manifest never gives one.
type Manifest struct {
	Table TableID

	place sorted[*Segment] // by partition, then id
	ids   sorted[*Segment] // by id
	rows  int64            // live
	bytes int64
}

var (
	byPlace = order[*Segment]{
		compare: func(a, b *Segment) int {
			if c := cmp.Compare(a.Partition, b.Partition); c != 0 {
				return c
			}
			return cmp.Compare(a.ID, b.ID)
		},
		span: func(s *Segment) (lo, hi int64) { return s.MinTime, s.MaxTime },
	}
	byID    = order[*Segment]{compare: func(a, b *Segment) int { return cmp.Compare(a.ID, b.ID) }}
	byTable = order[*Manifest]{compare: func(a, b *Manifest) int { return cmp.Compare(a.Table, b.Table) }}
)

// NewManifest makes a manifest of segments in any order, for tests and tools: catalogs make theirs by Apply. Ids must be
// distinct.
func NewManifest(table TableID, segments []*Segment) *Manifest {
	m := &Manifest{
		Table: table,
		place: newSorted(&byPlace, slices.Clone(segments)),
		ids:   newSorted(&byID, slices.Clone(segments)),
	}
	for _, s := range segments {
		m.count(s, 1)
	}
	return m
}

// Len is the number of segments.
func (m *Manifest) Len() int { return m.place.n }

// LiveRows is the number of rows readers see in all segments.
func (m *Manifest) LiveRows() int64 { return m.rows }

// Bytes is the size of all data files and sidecars, without deletion vectors.
func (m *Manifest) Bytes() int64 { return m.bytes }

// All gives the segments by partition, then id.
func (m *Manifest) All() iter.Seq[*Segment] { return m.place.all() }

// InTime gives the segments whose [MinTime, MaxTime] meets [minTime, maxTime] (both ends belong to it), by partition,
// then id. It is of use only for tables with a time column: all segments of others lie at 0.
func (m *Manifest) InTime(minTime, maxTime int64) iter.Seq[*Segment] {
	return m.place.overlapping(&byPlace, minTime, maxTime)
}

// InPartition gives the segments of one partition by id.
func (m *Manifest) InPartition(partition int64) iter.Seq[*Segment] {
	return func(yield func(*Segment) bool) {
		for s := range m.place.from(&byPlace, &Segment{Partition: partition}) {
			if s.Partition != partition || !yield(s) {
				return
			}
		}
	}
}

// Partitions gives the numbers of the partitions that have segments, ascending.
func (m *Manifest) Partitions() []int64 {
	var out []int64
	for s := range m.place.all() {
		if len(out) == 0 || out[len(out)-1] != s.Partition {
			out = append(out, s.Partition)
		}
	}
	return out
}

// Segment finds a segment by id, nil if it is not in the manifest.
func (m *Manifest) Segment(id SegmentID) *Segment {
	s, _ := m.ids.find(&byID, &Segment{ID: id})
	return s
}

func (m *Manifest) count(s *Segment, sign int64) {
	m.rows += sign * s.LiveRows()
	m.bytes += sign * (s.DataBytes + s.SidecarBytes)
}

// with gives the manifest after an edit; a put segment replaces the one of the same id, which has the same partition.
func (m *Manifest) with(puts, dels []*Segment) *Manifest {
	out := &Manifest{Table: m.Table, rows: m.rows, bytes: m.bytes}
	for _, s := range puts {
		if old := m.Segment(s.ID); old != nil {
			out.count(old, -1)
		}
		out.count(s, 1)
	}
	for _, s := range dels {
		out.count(s, -1)
	}
	slices.SortFunc(puts, byPlace.compare)
	slices.SortFunc(dels, byPlace.compare)
	out.place = m.place.edit(&byPlace, puts, dels)
	slices.SortFunc(puts, byID.compare)
	slices.SortFunc(dels, byID.compare)
	out.ids = m.ids.edit(&byID, puts, dels)
	return out
}
