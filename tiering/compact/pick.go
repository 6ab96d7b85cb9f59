package compact

import (
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/meta"
)

// The shape of a partition. With a fan-in of 4, a row is written once per factor of four its partition grows, and a
// partition of n flushes has at most 3 segments per level: a day of hourly flushes 3 + 3.
const (
	fanIn = 4
	// defaultFullRows is where a segment stops growing: merging two of them gains nothing for reading, and costs a rewrite.
	defaultFullRows = 64 << 20
	// defaultFullBytes is the same by size, so that a segment stays a comfortable object to upload, move and read.
	defaultFullBytes = 1 << 30
	// deadShare is the share of deleted rows that is worth a rewrite: scans pay for dead rows, one in five is felt. However rows are deleted,
	// four are written anew at the most for each that goes.
	deadShare = 0.2
	// defaultCheapRows is how many rows are rewritten for a single dead one: it takes some milliseconds, and other programs can read the
	// Parquet file without our deletion vector then.
	defaultCheapRows = 64 << 10
)

// job is a set of segments of one partition to merge into one level.
type job struct {
	table     meta.TableID
	partition int64
	inputs    []*meta.Segment // by age: the rows of earlier ones were written first
	level     uint8
	why       string
}

// pick chooses the next job of a partition, or none: the lowest level that has fanIn segments, then a segment full of
// dead rows. all makes one job of everything that is not one segment yet; quiet says of a segment with dead rows whether no row of it has
// died lately.
func (o *Options) pick(table meta.TableID, partition int64, list []*meta.Segment, all bool, quiet func(*meta.Segment) bool) (job, bool) {
	j := job{table: table, partition: partition}
	if all {
		if len(list) < 2 && !slices.ContainsFunc(list, func(s *meta.Segment) bool { return s.Deleted != nil || s.Level == 0 }) {
			return j, false
		}
		if !slices.ContainsFunc(list, func(s *meta.Segment) bool { return !o.full(s) || s.Deleted != nil }) {
			return j, false
		}
		return j.of(list, "all"), true
	}
	levels := map[uint8][]*meta.Segment{}
	top := uint8(0)
	for _, s := range list {
		if !o.full(s) {
			levels[s.Level] = append(levels[s.Level], s)
			top = max(top, s.Level)
		}
	}
	for l := uint8(0); l <= top; l++ {
		if len(levels[l]) >= fanIn {
			return j.of(levels[l], "level"), true
		}
		if l == top {
			break
		}
	}
	for _, s := range list {
		if s.Deleted != nil && (float64(s.Deleted.Rows) >= deadShare*float64(s.Rows) || s.Rows <= o.CheapRows && quiet(s)) {
			return j.of([]*meta.Segment{s}, "deleted rows"), true
		}
	}
	return j, false
}

func (o *Options) full(s *meta.Segment) bool {
	return s.Rows >= o.FullRows || s.DataBytes >= o.FullBytes
}

// of makes the job of merging these segments.
func (j job) of(inputs []*meta.Segment, why string) job {
	j.inputs, j.why = slices.Clone(inputs), why
	slices.SortFunc(j.inputs, func(a, b *meta.Segment) int {
		return cmp.Or(cmp.Compare(a.MinSeq, b.MinSeq), cmp.Compare(a.ID, b.ID))
	})
	for _, s := range inputs {
		j.level = max(j.level, s.Level)
	}
	// One segment that is only rewritten stays among its equals: else it would climb out of every later merge. Level 0 is what flushes
	// write, and for nothing else.
	if j.level < 255 && (len(inputs) > 1 || j.level == 0) {
		j.level++
	}
	return j
}
