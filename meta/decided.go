package meta

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Decided says that a commit of a shard counts which is in the shard's log on condition: it changes rows together with the catalog, and whether it does is
// decided by the batch that has its changes of the catalog and this. It is conditional on the shard's epoch being the newest.
type Decided struct {
	Shard ShardID `json:"shard"`
	Epoch uint64  `json:"epoch"`
	Seq   Seq     `json:"seq"`
}

// decidedSeqs are the commits of a shard that count, as far as they are above the flushed mark, ascending.
type decidedSeqs struct {
	Shard ShardID `json:"shard"`
	Seqs  []Seq   `json:"seqs"`
}

func (c *change) decide(d *Decided) (Result, bool, error) {
	now := c.shards[d.Shard]
	list := c.decided[d.Shard]
	switch {
	case d.Epoch == 0 || d.Epoch != now.Epoch:
		return Result{}, false, column.Errorf(column.Conflict, "shard %d is at epoch %d: its owner of epoch %d is fenced off", d.Shard, now.Epoch, d.Epoch)
	case d.Seq <= now.Seq || len(list) > 0 && d.Seq <= list[len(list)-1]:
		return Result{}, false, column.Errorf(column.Invalid, "commit %d of shard %d was decided before", d.Seq, d.Shard)
	}
	c.decided = withEntry(c.decided, d.Shard, append(slices.Clip(slices.Clone(list)), d.Seq))
	return Result{}, true, nil
}

// settleDecided forgets the commits that are in segments.
func (c *change) settleDecided(shard ShardID, flushed Seq) {
	list := c.decided[shard]
	n, _ := slices.BinarySearch(list, flushed+1)
	switch {
	case n == 0:
	case n == len(list):
		c.decided = withoutEntry(c.decided, shard)
	default:
		c.decided = withEntry(c.decided, shard, slices.Clone(list[n:]))
	}
}

// Counts reports whether a commit that is in a shard's log on condition counts. It is to be asked of commits above the flushed mark.
func (s *Snapshot) Counts(shard ShardID, seq Seq) bool {
	_, found := slices.BinarySearch(s.decided[shard], seq)
	return found
}

// DecidedSeq is the newest commit of a shard that counts by a decision and is not flushed, 0 if there is none. Whoever reads this catalog has to read the
// shard's rows up to it, too.
func (s *Snapshot) DecidedSeq(shard ShardID) Seq {
	if list := s.decided[shard]; len(list) > 0 {
		return list[len(list)-1]
	}
	return 0
}

func (s *Snapshot) allDecided() []decidedSeqs {
	var out []decidedSeqs
	for _, f := range s.shards {
		if list := s.decided[f.Shard]; len(list) > 0 {
			out = append(out, decidedSeqs{f.Shard, list})
		}
	}
	slices.SortFunc(out, func(a, b decidedSeqs) int { return int(a.Shard) - int(b.Shard) })
	return out
}

func (s *Snapshot) fromDecided(list []decidedSeqs) error {
	for _, d := range list {
		f, ok := s.shards[d.Shard]
		if !ok || s.decided[d.Shard] != nil || len(d.Seqs) == 0 || d.Seqs[0] <= f.Seq || !slices.IsSorted(d.Seqs) {
			return column.Errorf(column.Corrupt, "the list of decided commits holds an impossible entry")
		}
		s.decided = withEntry(s.decided, d.Shard, d.Seqs)
	}
	return nil
}
