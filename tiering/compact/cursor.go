package compact

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/tiering/segments"
)

// cursor walks the live rows of one input in series order, a run at a time.
type cursor struct {
	age     int // place among the inputs: of equal keys the older row comes first
	reader  *segment.RunReader
	order   []int // fields that order rows inside a series
	run     segment.Run
	at      int // first row of run that was not merged yet
	done    bool
	scratch [2][]byte
}

func openCursor(ctx context.Context, h *segments.Handle, schema *column.Schema, age int, pool *mem.Pool) (*cursor, error) {
	r, err := h.Reader.Runs(ctx, segment.View{Schema: schema, Deleted: h.Deleted}, pool)
	if err != nil {
		return nil, err
	}
	c := &cursor{age: age, reader: r}
	for _, id := range schema.Order() {
		c.order = append(c.order, schema.Index(id))
	}
	return c, c.load(ctx)
}

// load fetches the next run.
func (c *cursor) load(ctx context.Context) error {
	run, err := c.reader.Next(ctx)
	c.run, c.at = run, 0
	if errors.Is(err, io.EOF) {
		c.done = true
		return nil
	}
	return err
}

// advance moves past n rows.
func (c *cursor) advance(ctx context.Context, n int) error {
	c.at += n
	if c.at < c.run.Len {
		return nil
	}
	return c.load(ctx)
}

// compare orders row i of c's run against row j of o's; the series are equal. Tables without order keep age order.
func (c *cursor) compare(i int, o *cursor, j int) int {
	if len(c.order) == 1 {
		a, b := c.run.Columns[c.order[0]], o.run.Columns[o.order[0]]
		if a.Enc == column.Flat && b.Enc == column.Flat && a.Type.Physical() == column.PhysInt && a.Valid == nil && b.Valid == nil {
			switch x, y := a.Ints[i], b.Ints[j]; {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	x, y := c.scratch[0][:0], c.scratch[1][:0]
	for k := range c.order {
		x = key.AppendValue(x, c.run.Columns[c.order[k]], i)
		y = key.AppendValue(y, o.run.Columns[o.order[k]], j)
	}
	c.scratch[0], c.scratch[1] = x, y
	return bytes.Compare(x, y)
}

// before reports whether c's next row comes before o's.
func (c *cursor) before(o *cursor) bool {
	if r := bytes.Compare(c.run.Series, o.run.Series); r != 0 {
		return r < 0
	}
	if len(c.order) == 0 {
		return c.age < o.age
	}
	if r := c.compare(c.at, o, o.at); r != 0 {
		return r < 0
	}
	return c.age < o.age
}

// ahead counts how many rows of c's run come before o's next row: they can be copied in one go.
func (c *cursor) ahead(o *cursor) int {
	left := c.run.Len - c.at
	if o == nil || len(c.order) == 0 || !bytes.Equal(c.run.Series, o.run.Series) {
		return left
	}
	return sort.Search(left, func(k int) bool {
		r := c.compare(c.at+k, o, o.at)
		return r > 0 || r == 0 && c.age > o.age
	})
}
