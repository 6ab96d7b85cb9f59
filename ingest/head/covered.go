package head

import (
	"slices"
	"sort"

	"github.com/automatanexus/aegis-db/meta"
)

// Where rows replace each other a row that is written over and over leaves chunks behind of which no row counts any more. The first reader who sees that of a sealed
// chunk notes it, and those who see at least what he saw pass it: so the versions that memory holds of a row are read once, not by every reader.
//
// A row of a chunk that is covered has one of its key behind it in the same series, which is visible to who sees up to the noted seq. It counts, or has ended and
// supersedes what is older all the same.

// cover notes which sealed chunks of a group have no row among the newest of their keys. after is the seq up to which rows are left out.
func (g *group) cover(after meta.Seq, newest []int32) {
	some := make([]bool, len(g.pieces))
	left := len(some)
	for _, row := range newest {
		at := sort.SearchInts(g.ends, int(row)+1)
		if some[at] {
			continue
		}
		if some[at] = true; left == 1 {
			return
		}
		left--
	}
	for i := range g.pieces {
		if g.pieces[i].place.in.part.own {
			return // what a transaction has written covers nothing for others
		}
	}
	for lo := 0; lo < len(some); {
		where := g.pieces[lo].place
		var covered []*chunk
		for ; lo < len(some) && g.pieces[lo].place == where; lo++ {
			if c := &g.pieces[lo].chunk; !some[lo] && c.first > after && c.last <= where.in.upTo && g.ends[lo] > startOf(g.ends, lo) {
				covered = append(covered, c)
			}
		}
		if len(covered) > 0 {
			where.cover(covered)
		}
	}
}

// startOf is where the rows of a piece begin in its group.
func startOf(ends []int, i int) int {
	if i == 0 {
		return 0
	}
	return ends[i-1]
}

// cover notes that chunks are covered for who sees what the place's reader does. The open one is never among them: its last row is the newest of its key.
func (p place) cover(covered []*chunk) {
	part := p.in.part
	part.mu.Lock()
	defer part.mu.Unlock()
	s := part.seriesLocked(p.at)
	chunks, noted := s.chunks, false
	for _, c := range covered {
		i := sort.Search(len(chunks), func(i int) bool { return chunks[i].base >= c.base })
		if i == len(chunks) || chunks[i].base != c.base || chunks[i].covered != 0 && chunks[i].covered <= p.in.upTo {
			continue
		}
		if !noted { // readers hold the list without the lock
			chunks, noted = slices.Clone(chunks), true
		}
		chunks[i].covered = p.in.upTo
	}
	if noted {
		s.chunks = chunks
	}
}
