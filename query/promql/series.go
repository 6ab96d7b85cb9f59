package promql

import (
	"math"
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// series is one series of an answer: its samples in the order of their times, which are distinct milliseconds.
type series struct {
	labels labels.Labels
	samples
}

// Labels implements storage.Series.
func (s *series) Labels() labels.Labels { return s.labels }

// Iterator implements storage.Series.
func (s *series) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	it, ok := reuse.(*iterator)
	if !ok {
		it = &iterator{}
	}
	*it = iterator{samples: s.samples, at: -1}
	return it
}

// iterator implements chunkenc.Iterator over slices.
type iterator struct {
	samples
	at int // -1 before the first sample, len(times) after the last one
}

func (it *iterator) Next() chunkenc.ValueType {
	if it.at+1 >= len(it.times) {
		it.at = len(it.times)
		return chunkenc.ValNone
	}
	it.at++
	return chunkenc.ValFloat
}

// millis is a time in milliseconds since 1970.
type millis = int64

// Seek looks near the present sample first: the engine asks for ascending times.
func (it *iterator) Seek(t millis) chunkenc.ValueType {
	lo := max(it.at, 0)
	if lo >= len(it.times) {
		return chunkenc.ValNone
	}
	if it.times[lo] < t {
		step := 1
		for lo+step < len(it.times) && it.times[lo+step] < t {
			lo += step
			step *= 2
		}
		hi := min(lo+step, len(it.times))
		lo += 1 + sort.Search(hi-lo-1, func(i int) bool { return it.times[lo+1+i] >= t })
	}
	it.at = lo
	if lo == len(it.times) {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

func (it *iterator) At() (int64, float64) { return it.times[it.at], it.values[it.at] }
func (it *iterator) AtT() int64           { return it.times[it.at] }
func (it *iterator) Err() error           { return nil }

// AtST is when the counter began that the present sample belongs to; 0 = unknown.
func (it *iterator) AtST() int64 {
	if it.starts == nil {
		return 0
	}
	return it.starts[it.at]
}

// AtHistogram is never asked for: no sample says that it is a histogram.
func (it *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return math.MinInt64, nil
}

// AtFloatHistogram is never asked for either.
func (it *iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return math.MinInt64, nil
}

// seriesSet implements storage.SeriesSet. It reads when it is first asked, so that the engine's selectors cost nothing before.
type seriesSet struct {
	load func() ([]series, error)
	list []series
	at   int
	err  error
	// evaluate gives, instead of load, the whole set of a shape.
	evaluate func() (*seriesSet, error)
	warnings annotations.Annotations
}

func (s *seriesSet) Next() bool {
	if s.evaluate != nil {
		made, err := s.evaluate()
		if *s = (seriesSet{at: -1, err: err}); err == nil {
			s.list, s.warnings = made.list, made.warnings
		}
	}
	if s.load != nil {
		s.list, s.err = s.load()
		s.load, s.at = nil, -1
	}
	if s.err != nil || s.at+1 >= len(s.list) {
		return false
	}
	s.at++
	return true
}

func (s *seriesSet) At() storage.Series                { return &s.list[s.at] }
func (s *seriesSet) Err() error                        { return s.err }
func (s *seriesSet) Warnings() annotations.Annotations { return s.warnings }
