package fn

import (
	"math"
	"sort"
	"strings"
	"unsafe"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Aggregates over the samples of one series in the order of their times, whatever order the rows come in: what counters and gauges have
// done within a group. They keep a group's samples, 16 bytes each, because late rows and other workers may bring any of them later.

// sample is a value and its time, in the unit of the time's type.
type sample struct {
	time  int64
	value float64
}

// samplesOf says what is made of the samples of a group: two or more, in order of time. perSecond is the time's unit. ok is false for NULL.
type samplesOf func(s []sample, perSecond float64) (v float64, ok bool)

func addSampleAggregates(r *Registry) {
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS} {
		for _, f := range []struct {
			name, doc string
			compute   samplesOf
		}{
			{"increase", "by how much a counter went up: where it fell it began again from 0", increase},
			{"rate", "increase a second, between the first and the last time", rate},
			{"irate", "increase a second, between the last two times", irate},
			{"delta", "difference of the last value and the first", func(s []sample, _ float64) (float64, bool) { return s[len(s)-1].value - s[0].value, true }},
			{"idelta", "difference of the last two values", func(s []sample, _ float64) (float64, bool) {
				return s[len(s)-1].value - s[len(s)-2].value, true
			}},
		} {
			r.aggregate(expr.Aggregate{
				Name: f.name, Args: types(tFloat8, t), Result: tFloat8, Doc: f.doc,
				New: func() expr.State { return &sampleState{time: t, result: tFloat8, compute: f.compute} },
			})
		}
		for _, f := range []struct {
			name, doc string
			counts    func(a, b float64) bool
		}{
			{"resets", "how often a counter began again from 0", func(a, b float64) bool { return b < a }},
			{"changes", "how often a value changed", func(a, b float64) bool { return a != b && (a == a || b == b) }},
		} {
			r.aggregate(expr.Aggregate{Name: f.name, Args: types(tFloat8, t), Result: tInt8, Doc: f.doc, New: func() expr.State {
				return &sampleState{time: t, result: tInt8, compute: func(s []sample, _ float64) (float64, bool) {
					n := 0.0
					for i := 1; i < len(s); i++ {
						if f.counts(s[i-1].value, s[i].value) {
							n++
						}
					}
					return n, true
				}}
			}})
		}
		r.aggregate(expr.Aggregate{
			Name: "time_weight", Args: types(tText, t, tFloat8), Result: tFloat8, Doc: "average over time: values hold until the next one ('locf') or change evenly ('linear')",
			New: func() expr.State { return &sampleState{time: t, result: tFloat8, method: true} },
		})
	}
}

func increase(s []sample, _ float64) (float64, bool) {
	sum := s[len(s)-1].value - s[0].value
	for i := 1; i < len(s); i++ {
		if s[i].value < s[i-1].value {
			sum += s[i-1].value
		}
	}
	return sum, true
}

func rate(s []sample, perSecond float64) (float64, bool) {
	span := float64(s[len(s)-1].time-s[0].time) / perSecond
	up, _ := increase(s, perSecond)
	return up / span, span > 0
}

func irate(s []sample, perSecond float64) (float64, bool) {
	a, b := s[len(s)-2], s[len(s)-1]
	span := float64(b.time-a.time) / perSecond
	up := b.value - a.value
	if up < 0 {
		up = b.value
	}
	return up / span, span > 0
}

// weighed is the area below the values divided by the time.
func weighed(s []sample, linear bool) (float64, bool) {
	area := 0.0
	for i := 1; i < len(s); i++ {
		height := s[i-1].value
		if linear {
			height = (s[i-1].value + s[i].value) / 2
		}
		area += height * float64(s[i].time-s[i-1].time)
	}
	span := float64(s[len(s)-1].time - s[0].time)
	return area / span, span > 0
}

// sampleState keeps samples by group.
type sampleState struct {
	time, result column.Type
	compute      samplesOf
	method       bool // the first argument says how, the others stand in the order of time_weight
	slots        []sampleCell
	held         int64
}

type sampleCell struct {
	list     []sample
	unsorted bool
	method   weighing
}

type weighing uint8

const (
	noMethod weighing = iota
	linearMethod
	holdMethod
)

func (s *sampleState) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *sampleState) put(c *sampleCell, t int64, v float64) {
	before := cap(c.list)
	if n := len(c.list); n > 0 && t < c.list[n-1].time {
		c.unsorted = true
	}
	c.list = append(c.list, sample{t, v})
	s.held += int64(cap(c.list)-before) * int64(unsafe.Sizeof(sample{}))
}

// rows takes rows [lo, hi), whose groups group gives.
func (s *sampleState) rows(group func(i int) uint32, args []*column.Vector, lo, hi int) error {
	value, when := args[0], args[len(args)-1]
	if s.method {
		value, when = args[2], args[1]
	}
	vs, vm := floatsOf(value)
	ts, tm := intsOf(when)
	for i := lo; i < hi; i++ {
		if value.IsNull(i) || when.IsNull(i) {
			continue
		}
		t := ts[i&tm]
		if isInfinite(t) {
			return sqlError("22008", "an infinite time has no place in a series")
		}
		c := &s.slots[group(i)]
		if s.method && c.method == noMethod {
			m, err := methodOf(args[0], i)
			if err != nil {
				return err
			}
			c.method = m
		}
		s.put(c, t, vs[i&vm])
	}
	return nil
}

func methodOf(v *column.Vector, i int) (weighing, error) {
	name := ""
	if !v.IsNull(i) {
		name = string(v.Bytes(i))
	}
	switch {
	case strings.EqualFold(name, "linear"):
		return linearMethod, nil
	case strings.EqualFold(name, "locf"):
		return holdMethod, nil
	}
	return 0, sqlError("22023", "unrecognized method \"%s\" of time_weight: it is 'linear' or 'locf'", name)
}

func (s *sampleState) Add(groups []uint32, args []*column.Vector, n int) error {
	return s.rows(func(i int) uint32 { return groups[i] }, args, 0, n)
}

func (s *sampleState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	return s.rows(func(int) uint32 { return g }, args, lo, hi)
}

func (s *sampleState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*sampleState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into samples", other)
	}
	for i, g := range into {
		c, more := &s.slots[g], &o.slots[from[i]]
		if len(more.list) == 0 {
			continue
		}
		if c.method == noMethod {
			c.method = more.method
		}
		c.unsorted = c.unsorted || more.unsorted || len(c.list) > 0 && more.list[0].time < c.list[len(c.list)-1].time
		before := cap(c.list)
		c.list = append(c.list, more.list...)
		s.held += int64(cap(c.list)-before) * int64(unsafe.Sizeof(sample{}))
	}
	return nil
}

func (s *sampleState) Finish(n int) (*column.Vector, error) {
	perSecond := float64(s.time.UnitsPerSecond())
	return finishSlots(s.result, s.slots, n, func(b *column.Builder, c *sampleCell) error {
		if c.unsorted {
			sort.SliceStable(c.list, func(i, j int) bool { return c.list[i].time < c.list[j].time })
			c.unsorted = false
		}
		v, ok := 0.0, false
		switch {
		case s.result == tInt8 && len(c.list) == 1:
			ok = true
		case len(c.list) < 2:
		case s.method:
			v, ok = weighed(c.list, c.method == linearMethod)
		default:
			v, ok = s.compute(c.list, perSecond)
		}
		switch {
		case !ok:
			b.AppendNull()
		case s.result == tInt8:
			b.AppendInt(int64(math.Round(v)))
		default:
			b.AppendFloat(v)
		}
		return nil
	})
}

func (s *sampleState) SizeBytes() int64 {
	return int64(cap(s.slots))*int64(unsafe.Sizeof(sampleCell{})) + s.held
}
