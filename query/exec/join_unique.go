package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// pairUnique gives the pairs of a batch where no row has two partners and there is no condition: what is left of the
// batch, runs included, as if it had been filtered, with the partners beside it. Where the key comes in runs, so do the partners: a
// dimension that is joined by a tag is as cheap to group by as the tag itself.
func (s *joinStream) pairUnique() *scan.Batch {
	if len(s.keys) == 1 && !s.run.env.Plain {
		switch v := s.keys[0]; v.Enc {
		case column.Const:
			return s.pairRuns([]int32{int32(s.b.Len)})
		case column.RunEnd:
			return s.pairRuns(v.Ends)
		}
	}
	probe, build := resized(s.probeRows, s.b.Len), resized(s.buildRows, s.b.Len)
	s.probeRows, s.buildRows = probe, build
	k := 0
	for i, g := range s.groups {
		probe[k], build[k] = int32(i), int32(g)-1
		if g != 0 {
			k++
		}
	}
	if k == 0 {
		return nil
	}
	kept := compactRead(s.b, probe[:k], s.run.probeRead)
	return s.run.output(kept.Columns, s.run.gatherBuild(build[:k]), k, kept.Runs)
}

// pairRuns is pairUnique where the key changes at the given ends only.
func (s *joinStream) pairRuns(ends []int32) *scan.Batch {
	probe, build := resized(s.probeRows, s.b.Len)[:0], s.buildRows[:0]
	kept := make([]int32, 0, len(ends)) // ends among the rows that stay
	start := int32(0)
	for _, end := range ends {
		if g := s.groups[start]; g != 0 {
			for r := start; r < end; r++ {
				probe = append(probe, r)
			}
			build = append(build, int32(g)-1)
			kept = append(kept, int32(len(probe)))
		}
		start = end
	}
	s.probeRows, s.buildRows = probe, build
	n := len(probe)
	if n == 0 {
		return nil
	}
	partners := s.run.gatherBuild(build)
	for i, v := range partners {
		partners[i] = &column.Vector{Type: v.Type, Enc: column.RunEnd, Len: n, Child: column.Flatten(v), Ends: kept}
	}
	rows := compactRead(s.b, probe, s.run.probeRead)
	return s.run.output(rows.Columns, partners, n, rows.Runs)
}
