package segment

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
)

// FindRows gives the rows of a series (encoded tags, in either form) whose order key (package key, over Schema.Order) is among orderKeys, which
// ascend; the rows ascend too. A table whose order has no columns has the empty order key.
func (r *Reader) FindRows(ctx context.Context, series []byte, orderKeys [][]byte) ([]uint32, error) {
	i, err := r.FindSeries(series)
	if err != nil || i < 0 || len(orderKeys) == 0 {
		return nil, err
	}
	s, err := r.Series(i)
	if err != nil {
		return nil, err
	}
	return r.findRows(ctx, s, orderKeys, nil)
}

func (r *Reader) findRows(ctx context.Context, s Series, orderKeys [][]byte, pool *mem.Pool) ([]uint32, error) {
	var rows []uint32
	err := r.matchRows(ctx, s, orderKeys, pool, func(row uint32, _ int) { rows = append(rows, row) })
	return rows, err
}

// matchRows gives each row of a series whose order key is among orderKeys, which ascend, and the number of that key. The rows ascend.
func (r *Reader) matchRows(ctx context.Context, s Series, orderKeys [][]byte, pool *mem.Pool, found func(row uint32, k int)) error {
	schema := &r.meta.schema
	order := schema.Order()
	if len(order) == 1 && order[0] == schema.Time && r.meta.timeSorted {
		return r.matchTimes(ctx, s, orderKeys, pool, found)
	}
	readers := make([]*columnReader, len(order))
	for i, id := range order {
		c, err := r.columnReader(schema.Index(id), pool)
		if err != nil {
			return err
		}
		defer c.close()
		readers[i] = c
	}
	if len(readers) == 0 { // all rows have the empty key
		for row := s.First; row < s.First+s.Rows && len(orderKeys) > 0; row++ {
			found(row, 0)
		}
		return nil
	}
	rows := newSortedRows(readers)
	if order[0] == schema.Time && !r.meta.timeSorted {
		return rows.scan(ctx, s.First, s.First+s.Rows, orderKeys, found)
	}
	return rows.match(ctx, s.First, s.First+s.Rows, orderKeys, found)
}

// matchTimes looks sorted times up in a sorted run: both sides only move forward.
func (r *Reader) matchTimes(ctx context.Context, s Series, orderKeys [][]byte, pool *mem.Pool, found func(row uint32, k int)) error {
	t := r.meta.schema.Fields[r.meta.schema.Index(r.meta.schema.Time)].Type
	c, err := r.columnReader(r.meta.schema.Index(r.meta.schema.Time), pool)
	if err != nil {
		return err
	}
	defer c.close()
	row, end := s.First, s.First+s.Rows
	for k, orderKey := range orderKeys {
		wanted, null, err := timeOf(orderKey, t)
		if err != nil {
			return err
		}
		if null || wanted < s.Min || wanted > s.Max {
			continue
		}
		if row, err = c.search(ctx, row, end, wanted); err != nil {
			return err
		}
		for ; row < end; row++ {
			v, i, _, err := c.part(ctx, row, row+1)
			if err != nil {
				return err
			}
			if v.Ints[i] != wanted {
				break
			}
			found(row, k)
		}
		if row >= end {
			break
		}
	}
	return nil
}

// timeOf reads the time that an order key begins with.
func timeOf(orderKey []byte, t column.Type) (at int64, null bool, err error) {
	value, null, _, err := key.Next(orderKey, t, nil)
	if err != nil || null {
		return 0, null, err
	}
	return key.Int(value), false, nil
}
