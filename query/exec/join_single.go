package exec

import "github.com/automatanexus/aegis-db/column/mem"

// singlePairs numbers the pairs of two key columns where one of both has no value twice: its number leads to the one value that the other column
// has beside it, which is compared. So nothing is hashed, and what is looked up lies in an array of half the size of a hash table's at most.
type singlePairs struct {
	second bool // it is the second column that has no value twice
	pairs  []singlePair
}

// singlePair is what stands beside a value: the number in the other column, and that of the pair; 0 = there is none.
type singlePair struct{ other, number uint32 }

const singlePairBytes = 8

// newSinglePairs makes room for the pairs of so many rows.
func newSinglePairs(second bool, rows int, pool *mem.Pool) (*singlePairs, error) {
	if err := pool.Grow(int64(rows) * singlePairBytes); err != nil {
		return nil, err
	}
	return &singlePairs{second: second, pairs: make([]singlePair, rows)}, nil
}

// sides says which numbers lead to the pairs, and which are compared.
func (s *singlePairs) sides(first, second []uint32) (lead, other []uint32) {
	if s.second {
		return second, first
	}
	return first, second
}

// add replaces the numbers of the first column by those of the pairs, from count + 1 on, and gives the new count. A pair with a 0 has none.
func (s *singlePairs) add(first, second []uint32, count int) int {
	lead, other := s.sides(first, second)
	for i, l := range lead {
		o := other[i]
		if l == 0 || o == 0 {
			first[i] = 0
			continue
		}
		count++
		s.pairs[l-1] = singlePair{o, uint32(count)}
		first[i] = uint32(count)
	}
	return count
}

// find replaces the numbers of the first column by those of the pairs, 0 where there is none.
func (s *singlePairs) find(first, second []uint32) {
	lead, other := s.sides(first, second)
	for i, l := range lead {
		g := uint32(0)
		if l != 0 {
			if p := s.pairs[l-1]; p.other == other[i] {
				g = p.number
			}
		}
		first[i] = g
	}
}

func (s *singlePairs) sizeBytes() int64 { return int64(len(s.pairs)) * singlePairBytes }
