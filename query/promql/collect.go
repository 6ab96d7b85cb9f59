package promql

import (
	"encoding/binary"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// piece is a stretch of rows of one series as a source gave it: views of its vectors, nothing copied. Its times ascend.
type piece struct {
	times  []int64   // in the unit of the time column
	floats []float64 // the values, or
	ints   []int64   // these, or
	bytes  []byte    // what these are above base
	base   int64
	valid  column.Bitmap // nil = no NULLs; bit first+i belongs to row i
	first  int
	starts *column.Vector // start timestamps of the batch, row first+i; nil = not asked for
}

// found is a series of one table as the scan meets it: what names it, and for each metric that is read its pieces.
type found struct {
	tags   []byte // the values of the tags, see appendTags
	pieces [][]piece
}

// collector is one worker's part of the series of a target.
type collector struct {
	pool    *mem.Pool
	tags    int // the first columns of a batch are tags, then comes time, then the metrics,
	metrics int
	starts  bool     // and last the start timestamps, if they were asked for
	reading *reading // nil = nobody asks
	series  []found
	known   map[string]int // by tags
	last    int            // the series of the run before; -1 = none
	scratch []byte
}

func newCollector(pool *mem.Pool, tags, metrics int, starts bool) *collector {
	return &collector{pool: pool, tags: tags, metrics: metrics, starts: starts, known: map[string]int{}, last: -1}
}

// seriesBytes is about what a series takes beside its tags and samples: its place in lists and maps.
const seriesBytes = 256

// add files the runs of a batch under their series. The batch stays in use until the query ends, and is accounted for.
func (c *collector) add(b *scan.Batch) error {
	bytes := 8 * int64(b.Len)
	values := make([]*column.Vector, c.metrics)
	for k := range values {
		v := b.Columns[c.tags+1+k]
		if v.Enc != column.Narrow {
			v = column.Flatten(v)
			bytes += 7 * int64(b.Len)
		}
		bytes += int64(b.Len)
		values[k] = v
	}
	if c.starts {
		bytes += 8 * int64(b.Len)
	}
	if err := c.pool.Grow(bytes); err != nil {
		return err
	}
	if c.reading != nil {
		if err := c.reading.add(int64(b.Len), bytes); err != nil {
			return err
		}
	}
	times := column.Flatten(b.Columns[c.tags]).Ints
	var starts *column.Vector
	if c.starts {
		starts = column.Flatten(b.Columns[c.tags+1+c.metrics])
	}
	for _, r := range b.Runs {
		s, err := c.find(b.Columns[:c.tags], int(r.Start))
		if err != nil {
			return err
		}
		lo, hi := int(r.Start), int(r.Start+r.Len)
		for k, v := range values {
			p := piece{times: times[lo:hi], first: lo, starts: starts}
			if v.HasNulls() && v.Valid.NextClear(lo, hi) < hi {
				p.valid = v.Valid
			}
			switch {
			case v.Enc == column.Narrow:
				p.bytes, p.base = v.Data[lo:hi], v.Base
			case v.Type.Physical() == column.PhysFloat:
				p.floats = v.Floats[lo:hi]
			default:
				p.ints = v.Ints[lo:hi]
			}
			s.pieces[k] = append(s.pieces[k], p)
		}
	}
	return nil
}

// find gives the series of row i.
func (c *collector) find(tags []*column.Vector, i int) (*found, error) {
	c.scratch = appendTags(c.scratch[:0], tags, i)
	if c.last >= 0 && string(c.series[c.last].tags) == string(c.scratch) {
		return &c.series[c.last], nil
	}
	at, known := c.known[string(c.scratch)]
	if !known {
		if err := c.pool.Grow(seriesBytes + 2*int64(len(c.scratch))); err != nil {
			return nil, err
		}
		at = len(c.series)
		c.series = append(c.series, found{tags: slices.Clone(c.scratch), pieces: make([][]piece, c.metrics)})
		c.known[string(c.scratch)] = at
	}
	c.last = at
	return &c.series[at], nil
}

// merge takes the series of another worker over.
func (c *collector) merge(other *collector) {
	for i := range other.series {
		s := &other.series[i]
		at, known := c.known[string(s.tags)]
		if !known {
			c.known[string(s.tags)] = len(c.series)
			c.series = append(c.series, *s)
			continue
		}
		for k := range s.pieces {
			c.series[at].pieces[k] = append(c.series[at].pieces[k], s.pieces[k]...)
		}
	}
	c.last = -1
}

// appendTags appends the label values of a row, each after its length. NULL is the empty value, as an absent label is.
func appendTags(dst []byte, tags []*column.Vector, i int) []byte {
	for _, v := range tags {
		start := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = appendText(dst, v, i)
		binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	}
	return dst
}

// nextTag splits the first value off what appendTags made.
func nextTag(tags []byte) (value, rest []byte) {
	n := 4 + binary.LittleEndian.Uint32(tags)
	return tags[4:n], tags[n:]
}
