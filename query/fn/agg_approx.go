package fn

import (
	"math"
	"unsafe"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/axiomhq/hyperloglog"
	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addApproximations adds aggregates that keep a sketch instead of the values, the same for millions of rows as for some hundred.
func addApproximations(r *Registry) {
	r.aggregate(
		expr.Aggregate{
			Name: "approx_percentile", Args: types(tFloat8, tFloat8), Result: tFloat8, Doc: "the value below which a share of the values lies, to 1 %",
			New: func() expr.State { return &quantileState{} },
		},
		expr.Aggregate{
			Name: "approx_count_distinct", Args: types(tAny), Result: tInt8, Doc: "about how many different values there are, to 1 % mostly",
			New: func() expr.State { return &distinctState{} },
		},
	)
}

// relativeAccuracy is how far an approximate percentile may be from a value that has its rank.
const relativeAccuracy = 0.01

// sketchBytes is what one sketch takes, about.
const sketchBytes = 2 << 10

// quantileState keeps a DDSketch (Masson, Rim and Lee, VLDB 2019) a group. Infinities and NaN, which it does not take, are counted.
type quantileState struct {
	slots []quantileCell
	held  int64
}

type quantileCell struct {
	sketch           *ddsketch.DDSketch
	share            float64
	seen             bool
	least, most, nan float64 // -infinities, infinities, NaNs
}

func (s *quantileState) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *quantileState) sketch(c *quantileCell) error {
	if c.sketch != nil {
		return nil
	}
	k, err := ddsketch.NewDefaultDDSketch(relativeAccuracy)
	if err != nil {
		return column.Errorf(column.Internal, "fn: a sketch: %w", err)
	}
	c.sketch = k
	s.held += sketchBytes
	return nil
}

func (s *quantileState) rows(group func(i int) uint32, args []*column.Vector, lo, hi int) error {
	shares, sm := floatsOf(args[0])
	values, vm := floatsOf(args[1])
	for i := lo; i < hi; i++ {
		if args[1].IsNull(i) {
			continue
		}
		c := &s.slots[group(i)]
		if !c.seen {
			if args[0].IsNull(i) || !(shares[i&sm] >= 0 && shares[i&sm] <= 1) {
				return sqlError("22003", "percentile value %v is not between 0 and 1", shares[i&sm])
			}
			c.share, c.seen = shares[i&sm], true
			if err := s.sketch(c); err != nil {
				return err
			}
		}
		switch v := values[i&vm]; {
		case v != v:
			c.nan++
		case math.IsInf(v, -1) || v < -c.sketch.MaxIndexableValue():
			c.least++
		case math.IsInf(v, 1) || v > c.sketch.MaxIndexableValue():
			c.most++
		default:
			if err := c.sketch.Add(v); err != nil {
				return column.Errorf(column.Internal, "fn: a sketch: %w", err)
			}
		}
	}
	return nil
}

func (s *quantileState) Add(groups []uint32, args []*column.Vector, n int) error {
	return s.rows(func(i int) uint32 { return groups[i] }, args, 0, n)
}

func (s *quantileState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	return s.rows(func(int) uint32 { return g }, args, lo, hi)
}

func (s *quantileState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*quantileState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into percentiles", other)
	}
	for i, g := range into {
		c, more := &s.slots[g], &o.slots[from[i]]
		if !more.seen {
			continue
		}
		if !c.seen {
			c.share, c.seen = more.share, true
			if err := s.sketch(c); err != nil {
				return err
			}
		}
		c.least, c.most, c.nan = c.least+more.least, c.most+more.most, c.nan+more.nan
		if err := c.sketch.MergeWith(more.sketch); err != nil {
			return column.Errorf(column.Internal, "fn: merging sketches: %w", err)
		}
	}
	return nil
}

func (s *quantileState) Finish(n int) (*column.Vector, error) {
	return finishSlots(tFloat8, s.slots, n, func(b *column.Builder, c *quantileCell) error {
		if !c.seen {
			b.AppendNull()
			return nil
		}
		v, err := c.quantile()
		if err != nil {
			return err
		}
		b.AppendFloat(v)
		return nil
	})
}

// quantile counts ranks from 0 over all values, NaN being the greatest.
func (c *quantileCell) quantile() (float64, error) {
	inside := c.sketch.GetCount()
	rank := c.share * (c.least + inside + c.most + c.nan - 1)
	switch {
	case rank < c.least:
		return math.Inf(-1), nil
	case rank >= c.least+inside+c.most:
		return math.NaN(), nil
	case rank > c.least+inside-1 && c.most+c.nan > 0 && math.Floor(rank) >= c.least+inside:
		return math.Inf(1), nil
	}
	share := 0.0
	if inside > 1 {
		share = min(1, (rank-c.least)/(inside-1))
	}
	v, err := c.sketch.GetValueAtQuantile(share)
	if err != nil {
		return 0, column.Errorf(column.Internal, "fn: a sketch: %w", err)
	}
	return v, nil
}

func (s *quantileState) SizeBytes() int64 {
	return int64(cap(s.slots))*int64(unsafe.Sizeof(quantileCell{})) + s.held
}

// distinctState keeps a HyperLogLog a group; values are hashed by their keys, which are equal where values are.
type distinctState struct {
	slots []distinctCell
	held  int64
	buf   []byte
}

type distinctCell struct {
	sketch *hyperloglog.Sketch
	rows   int // up to denseRows
}

// What a sketch takes while it lists few values, and once it has its registers.
const (
	sparseBytes = 4 << 10
	denseBytes  = 16 << 10
	denseRows   = 2000
)

// open makes the group's sketch, and accounts for its growth.
func (s *distinctState) open(c *distinctCell, rows int) {
	if c.sketch == nil {
		c.sketch = hyperloglog.New14()
		s.held += sparseBytes
	}
	if c.rows < denseRows {
		if c.rows += rows; c.rows >= denseRows {
			s.held += denseBytes
		}
	}
}

func (s *distinctState) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *distinctState) put(g uint32, v *column.Vector, i int) {
	if v.IsNull(i) {
		return
	}
	c := &s.slots[g]
	s.open(c, 1)
	s.buf = key.AppendValue(s.buf[:0], v, i)
	c.sketch.InsertHash(xxh3.Hash(s.buf))
}

func (s *distinctState) Add(groups []uint32, args []*column.Vector, n int) error {
	for i, g := range groups[:n] {
		s.put(g, args[0], i)
	}
	return nil
}

func (s *distinctState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	if args[0].Enc == column.Const {
		hi = min(hi, lo+1)
	}
	for i := lo; i < hi; i++ {
		s.put(g, args[0], i)
	}
	return nil
}

func (s *distinctState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*distinctState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into approx_count_distinct", other)
	}
	for i, g := range into {
		more := &o.slots[from[i]]
		if more.sketch == nil {
			continue
		}
		c := &s.slots[g]
		s.open(c, more.rows)
		if err := c.sketch.Merge(more.sketch); err != nil {
			return column.Errorf(column.Internal, "fn: merging sketches: %w", err)
		}
	}
	return nil
}

func (s *distinctState) Finish(n int) (*column.Vector, error) {
	return finishSlots(tInt8, s.slots, n, func(b *column.Builder, c *distinctCell) error {
		if c.sketch == nil {
			b.AppendInt(0)
		} else {
			b.AppendInt(int64(c.sketch.Estimate()))
		}
		return nil
	})
}

func (s *distinctState) SizeBytes() int64 {
	return int64(cap(s.slots))*int64(unsafe.Sizeof(distinctCell{})) + s.held
}
