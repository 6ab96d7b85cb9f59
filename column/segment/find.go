package segment

import (
	"bytes"
	"context"
	"sort"

	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
)

// FindRows gives the rows of a series (encoded tags) whose order key (package key, over Schema.Order) is among orderKeys, which ascend; the
// rows ascend too. A table whose order has no columns has the empty order key.
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
	schema := &r.meta.schema
	order := schema.Order()
	if len(order) == 1 && order[0] == schema.Time && r.meta.timeSorted {
		return r.findTimes(ctx, s, orderKeys, pool)
	}
	readers := make([]*columnReader, len(order))
	for i, id := range order {
		c, err := r.columnReader(schema.Index(id), pool)
		if err != nil {
			return nil, err
		}
		defer c.close()
		readers[i] = c
	}
	var rows []uint32
	var encoded []byte
	for row := s.First; row < s.First+s.Rows; row++ {
		encoded = encoded[:0]
		for _, c := range readers {
			v, i, _, err := c.part(ctx, row, row+1)
			if err != nil {
				return nil, err
			}
			encoded = key.AppendValue(encoded, v, i)
		}
		k := sort.Search(len(orderKeys), func(i int) bool { return bytes.Compare(orderKeys[i], encoded) >= 0 })
		if k < len(orderKeys) && bytes.Equal(orderKeys[k], encoded) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// findTimes looks sorted times up in a sorted run: both sides only move forward.
func (r *Reader) findTimes(ctx context.Context, s Series, orderKeys [][]byte, pool *mem.Pool) ([]uint32, error) {
	t := r.meta.schema.Fields[r.meta.schema.Index(r.meta.schema.Time)].Type
	c, err := r.columnReader(r.meta.schema.Index(r.meta.schema.Time), pool)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var rows []uint32
	row, end := s.First, s.First+s.Rows
	for _, k := range orderKeys {
		value, null, _, err := key.Next(k, t, nil)
		if err != nil {
			return nil, err
		}
		if null {
			continue
		}
		wanted := key.Int(value)
		if wanted < s.Min || wanted > s.Max {
			continue
		}
		if row, err = c.search(ctx, row, end, func(t int64) bool { return t >= wanted }); err != nil {
			return nil, err
		}
		for row < end {
			v, i, _, err := c.part(ctx, row, row+1)
			if err != nil {
				return nil, err
			}
			if v.Ints[i] != wanted {
				break
			}
			rows = append(rows, row)
			row++
		}
		if row >= end {
			break
		}
	}
	return rows, nil
}
