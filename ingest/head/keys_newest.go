package head

import (
	"context"
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/meta"
)

// FindNewest is FindKeys for who rarely needs more than the newest row of a tuple: rows are found one after the other, the newest first, until he says of their
// number that he needs no more. Where rows replace each other chains cannot be cut, since one that has ended says that there is none.
func (h *Head) FindNewest(ctx context.Context, table *meta.Table, k *BatchKeys, found func(i int, row KeyRow) (more bool)) error {
	left := *k
	left.Free = slices.Clone(k.Free)
	if left.Free == nil {
		left.Free = make([]bool, len(k.Hashes))
	}
	return h.eachKeyIndex(ctx, table, k, func(_ *Generation, p *part, x *keyIndex, _ bool) error {
		long, err := left.take(ctx, x, p, longChain, found)
		if err != nil {
			return err
		}
		if len(long) > 0 {
			rest := left
			rest.Free = slices.Repeat([]bool{true}, len(left.Free))
			for _, i := range long {
				rest.Free[i] = false
			}
			if _, err := rest.take(ctx, x, p, math.MaxInt, found); err != nil {
				return err
			}
			for _, i := range long {
				left.Free[i] = rest.Free[i]
			}
		}
		return nil
	})
}

// newest is find, with so many rows of each tuple at most.
func (x *keyIndex) newest(ctx context.Context, p *part, k *BatchKeys, most int) ([]foundRow, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var rows []keyFound
	err := k.inPieces(ctx, func(lo, hi int) {
		rows = x.table.findNewest(rows, lo, k.Hashes[:hi], k.Free, wholeChain, most)
	})
	return x.foundLocked(p, rows), err
}

// take hands the newest rows on, and gives the numbers of those of which there may be more than were found. Those that need no more are free afterwards.
func (k *BatchKeys) take(ctx context.Context, x *keyIndex, p *part, most int, found func(i int, row KeyRow) (more bool)) (long []int, err error) {
	rows, err := x.newest(ctx, p, k, most)
	if err != nil {
		return nil, err
	}
	n := 0
	for at, f := range rows {
		if at%rowsAtOnce == 0 {
			if err := unwanted(ctx); err != nil {
				return nil, err
			}
		}
		if n++; at == 0 || rows[at-1].i != f.i {
			n = 1
		}
		if k.Free[f.i] {
			continue
		}
		if !found(f.i, f.row) {
			k.Free[f.i] = true
		} else if n == most {
			long = append(long, f.i)
		}
	}
	return long, nil
}
