package exec

import (
	"context"
	"io"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

func (r *joinRun) newTail() *joinTailStream {
	if r.shape.tail == markTail {
		return &joinTailStream{run: r, rows: firstBits(r.side.rows), hits: r.tailRows()}
	}
	return &joinTailStream{run: r, rows: r.tailRows()}
}

// tailRows are the rows of the build side that come out when all of the probe side was seen, of a markTail those with a partner: a bit each.
func (r *joinRun) tailRows() column.Bitmap {
	side := r.side
	if r.shape.tail == nullAntiTail {
		if !r.facts.sawRow.Load() {
			return firstBits(side.rows)
		}
		rows := column.NewBitmap(side.rows, false)
		if !r.facts.sawNull.Load() {
			r.setGroups(rows, false)
		}
		return rows
	}
	found := column.NewBitmap(side.rows, false)
	if r.node.Cond == nil {
		r.setGroups(found, true)
	} else {
		for i := range side.rows {
			if r.marks.get(uint32(i)) {
				found.Set(i)
			}
		}
	}
	if r.shape.tail == semiTail || r.shape.tail == markTail {
		return found
	}
	lone := firstBits(side.rows)
	for i := range lone {
		lone[i] &^= found[i]
	}
	return lone
}

// setGroups sets the rows of all groups that are marked, or that are not.
func (r *joinRun) setGroups(rows column.Bitmap, marked bool) {
	for g := uint32(1); g <= uint32(r.side.groups); g++ {
		if r.marks.get(g) != marked {
			continue
		}
		lo, hi := r.side.group(g)
		for ; lo < hi; lo++ {
			row := lo
			if r.side.order != nil {
				row = int(r.side.order[lo])
			}
			rows.Set(row)
		}
	}
}

// firstBits is a bitmap of n bits, all set, and none after them.
func firstBits(n int) column.Bitmap {
	b := column.NewBitmap(n, true)
	if r := n & 63; r != 0 {
		b[len(b)-1] = 1<<r - 1
	}
	return b
}

// joinTailStream gives rows of the build side, ascending.
type joinTailStream struct {
	run  *joinRun
	rows column.Bitmap
	hits column.Bitmap // of a markTail: the rows with a partner
	word int           // the first that has bits left
	list []int32
	done bool
}

func (s *joinTailStream) next(ctx context.Context) (*scan.Batch, error) {
	if err := cause(ctx); err != nil {
		return nil, err
	}
	limit := s.run.batchRows()
	s.list = s.list[:0]
	long, size := s.run.side.longValues(), 0
	for ; s.word < len(s.rows) && len(s.list) < limit; s.word++ {
		for s.rows[s.word] != 0 && len(s.list) < limit && size <= pairBytes {
			row := s.word<<6 + bits.TrailingZeros64(s.rows[s.word])
			s.list = append(s.list, int32(row))
			size += long.bytes(row)
			s.rows[s.word] &= s.rows[s.word] - 1
		}
		if s.rows[s.word] != 0 {
			break
		}
	}
	n := len(s.list)
	if n == 0 {
		return nil, io.EOF
	}
	build := s.run.gatherBuild(s.list)
	if s.hits != nil {
		marks := make([]bool, n)
		for i, row := range s.list {
			marks[i] = s.hits.Get(int(row))
		}
		build = append(build, column.NewBools(marks, nil))
	}
	if s.run.shape.tail != loneTail {
		return &scan.Batch{Len: n, Columns: build}, nil
	}
	return s.run.output(nulls(s.run.probeTypes, n), build, n, nil), nil
}

// close is for a tail that is a part of its own; one that follows a part of the probe side is closed with that.
func (s *joinTailStream) close() {
	if !s.done {
		s.done = true
		s.run.closed()
	}
}
