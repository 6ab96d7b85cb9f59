package promql

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
	"github.com/prometheus/prometheus/schema"
	"github.com/prometheus/prometheus/util/annotations"
)

// classic is the buckets of one histogram, a series each, ascending.
type classic struct {
	labels  labels.Labels
	buckets []bucket
}

type bucket struct {
	upper  float64
	values []float64
}

// quantileOfBuckets recognizes histogram_quantile of a number that Prometheus says nothing about.
func quantileOfBuckets(n *parser.Call) (float64, bool) {
	if n.Func.Name != "histogram_quantile" {
		return 0, false
	}
	q, isNumber := number(n.Args[0])
	return q, isNumber && q >= 0 && q <= 1
}

// histograms gives the quantiles of classic histograms, which are all that is stored.
func (e *evaluation) histograms(ctx context.Context) ([]series, error) {
	list, err := e.part(ctx, e.inner)
	if err != nil {
		return nil, err
	}
	found, err := classics(list)
	if err != nil {
		return nil, err
	}
	steps := len(e.times)
	if err := e.q.pool.Grow(8 * int64(steps*len(found))); err != nil {
		return nil, err
	}
	all := e.q.floats(steps * len(found))
	out := make([]series, len(found))
	position := e.expr.(*parser.Call).Args[1].PositionRange()
	var mu sync.Mutex
	err = e.q.eachOf(ctx, len(found), 1, int64(steps*len(list)*8), func(i int) {
		values := all[i*steps : (i+1)*steps : (i+1)*steps]
		infos := found[i].quantiles(e.parameter, e.times, values, position)
		mu.Lock()
		e.infos.Merge(infos)
		mu.Unlock()
		out[i] = series{labels: found[i].labels, samples: samples{times: e.times, values: values}}
	})
	return out, err
}

// classics finds the histograms among series. What is no bucket is for the engine to warn of, and so are two of the same name.
func classics(list []series) ([]classic, error) {
	var out []classic
	known := map[string]int{}
	builder := labels.NewBuilder(labels.EmptyLabels())
	seen := newNames(0)
	var text []byte
	for i := range list {
		set := list[i].labels
		upper, err := strconv.ParseFloat(set.Get(labels.BucketLabel), 64)
		if err != nil {
			return nil, errAsWritten
		}
		text = set.BytesWithoutLabels(text, labels.BucketLabel)
		at, there := known[string(text)]
		if !there {
			at = len(out)
			known[string(text)] = at
			builder.Reset(set)
			name := builder.Del(nameLabel, labels.BucketLabel).Labels().DropReserved(schema.IsMetadataLabel)
			if !seen.add(name) {
				return nil, errAsWritten
			}
			out = append(out, classic{labels: name})
		}
		out[at].buckets = append(out[at].buckets, bucket{upper, list[i].values})
	}
	for i := range out {
		slices.SortStableFunc(out[i].buckets, func(a, b bucket) int { return cmp.Compare(a.upper, b.upper) })
	}
	return out, nil
}

func (c *classic) quantiles(q float64, times []int64, out []float64, position posrange.PositionRange) (infos annotations.Annotations) {
	var room promql.Buckets
	for k := range out {
		room = room[:0]
		for i := range c.buckets {
			if v := c.buckets[i].values[k]; !isNothing(v) {
				room = append(room, promql.Bucket{UpperBound: c.buckets[i].upper, Count: v})
			}
		}
		out[k] = nothing
		if len(room) == 0 {
			continue
		}
		v, forced, _, least, greatest, most := promql.BucketQuantile(q, room)
		out[k] = v
		if forced {
			infos.Add(annotations.NewHistogramQuantileForcedMonotonicityInfo("", position, times[k], least, greatest, most))
		}
	}
	return infos
}
