package exec

import (
	"bytes"
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// orderedRows takes the batches of the only part of an input and holds them as they are, for as long as their rows come in the order that is asked
// for, as those of groups of time buckets often do. With the first row that does not they go to the sorter, as all that come after it.
type orderedRows struct {
	sorter *rowSorter
	intake *sortIntake // nil = all rows came in order
	list   []keyedBatch
	rows   int64
	held   int64  // bytes reserved for them
	last   []byte // the encoded key of the last row
	next   []byte // scratch
}

// keyedBatch is a batch with the keys of its rows.
type keyedBatch struct {
	batch *scan.Batch
	keys  []*column.Vector
}

func (o *orderedRows) add(ctx context.Context, w *worker, b *scan.Batch) error {
	keys, err := o.sorter.keys.eval(w, b)
	if err != nil {
		return err
	}
	if o.intake == nil {
		taken, err := o.take(keyedBatch{b, keys})
		if taken || err != nil {
			return err
		}
		if err := o.giveUp(ctx); err != nil {
			return err
		}
	}
	return o.intake.add(ctx, 0, b, keys)
}

// take holds a batch if its rows follow those before them, and there is room. Where only the first rows are wanted, many are the
// sorter's, which forgets what it does not need.
func (o *orderedRows) take(b keyedBatch) (bool, error) {
	limit, n := o.sorter.limit, int64(b.batch.Len)
	if limit > 0 && o.rows > 0 && o.rows+n > 2*limit+scan.BatchRows || !o.follow(b.keys, b.batch.Len) {
		return false, nil
	}
	size := b.batch.SizeBytes()
	ok, err := o.sorter.account.fits(size)
	if !ok || err != nil {
		return false, err
	}
	o.list, o.rows, o.held = append(o.list, b), o.rows+n, o.held+size
	return true, nil
}

// follow reports that n rows with these keys are in order, and come after what came before.
func (o *orderedRows) follow(values []*column.Vector, n int) bool {
	k := o.sorter.keys
	first := k.firstIntegers(values)
	encoded := -1 // the row whose key is in last
	for i := range n {
		if first != nil && i > 0 {
			a, b := first[i-1], first[i]
			if k[0].Desc {
				a, b = b, a
			}
			if a < b || a == b && len(k) == 1 {
				continue
			}
			if a > b {
				return false
			}
			if encoded != i-1 {
				o.last = k.append(o.last[:0], values, i-1)
			}
		}
		o.next = k.append(o.next[:0], values, i)
		if (i > 0 || len(o.list) > 0) && bytes.Compare(o.last, o.next) > 0 {
			return false
		}
		o.last, o.next, encoded = o.next, o.last, i
	}
	if encoded != n-1 {
		o.last = k.append(o.last[:0], values, n-1)
	}
	return true
}

// firstIntegers are the values of the first key if they are integers that compare as they are, none of them NULL.
func (k sortKeys) firstIntegers(values []*column.Vector) []int64 {
	if len(k) == 0 || !plainInteger(k[0].Expr.Type()) || values[0].Enc != column.Flat || values[0].HasNulls() {
		return nil
	}
	return values[0].Ints
}

// giveUp hands to the sorter what is held.
func (o *orderedRows) giveUp(ctx context.Context) error {
	o.intake = o.sorter.intake()
	o.sorter.account.shrink(o.held)
	list := o.list
	o.list, o.held = nil, 0
	for _, b := range list {
		if err := o.intake.add(ctx, 0, b.batch, b.keys); err != nil {
			return err
		}
	}
	return nil
}

// sorted gives all rows in order. Adding is over. Closing the stream closes the sorter.
func (o *orderedRows) sorted(ctx context.Context) (stream, error) {
	if o.intake != nil {
		return o.sorter.sorted(ctx)
	}
	o.sorter.stats.note("came in order")
	left := o.sorter.limit
	if left <= 0 {
		left = o.rows
	}
	var list []*scan.Batch
	for _, b := range o.list {
		n := int(min(left, int64(b.batch.Len)))
		if left -= int64(n); n == 0 {
			break
		}
		list = append(list, &scan.Batch{Len: n, Columns: b.batch.Slice(0, n).Columns})
	}
	return &groupStream{batches: batches{list: list}, done: o.sorter.close}, nil
}
