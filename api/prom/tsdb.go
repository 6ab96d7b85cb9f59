package prom

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// stat is a name and how often it is met.
type stat struct {
	Name  string `json:"name"`
	Value uint64 `json:"value"`
}

// cardinality counts what series there are, over the whole of the store: Prometheus counts those of its head.
type cardinality struct {
	series  uint64
	metrics map[string]uint64
	pairs   map[pair]uint64
	values  map[string]uint64 // distinct ones by label
	bytes   map[string]uint64 // of the distinct ones
}

type pair struct{ name, value string }

// tsdbStatus is /api/v1/status/tsdb.
func (a *API) tsdbStatus(r *http.Request) answer {
	const usual, most = 10, 10_000
	limit := usual
	if text := r.FormValue("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			return refused(errors.New("limit must be a positive number"))
		}
		if limit > most {
			return refused(errors.New("limit must not exceed " + strconv.Itoa(most)))
		}
	}
	c := &cardinality{metrics: map[string]uint64{}, pairs: map[pair]uint64{}, values: map[string]uint64{}, bytes: map[string]uint64{}}
	_, refusal := a.search(r, func(ctx context.Context, q storage.Querier, s *search, _ []*labels.Matcher) error {
		named := labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
		set := q.Select(ctx, false, &storage.SelectHints{Start: s.start, End: s.end, Func: "series"}, named)
		for set.Next() {
			c.add(set.At().Labels())
		}
		return set.Err()
	})
	if refusal != nil {
		return *refusal
	}
	return value(map[string]any{
		// The other members of headStats are about Prometheus' chunks.
		"headStats":                   map[string]any{"numSeries": c.series, "numLabelPairs": len(c.pairs)},
		"seriesCountByMetricName":     top(c.metrics, limit),
		"labelValueCountByLabelName":  top(c.values, limit),
		"memoryInBytesByLabelName":    top(c.bytes, limit),
		"seriesCountByLabelValuePair": top(c.pairCounts(), limit),
	})
}

func (c *cardinality) add(set labels.Labels) {
	c.series++
	set.Range(func(l labels.Label) {
		if l.Name == model.MetricNameLabel {
			c.metrics[l.Value]++
		}
		p := pair{l.Name, l.Value}
		if c.pairs[p]++; c.pairs[p] == 1 {
			c.values[l.Name]++
			c.bytes[l.Name] += uint64(len(l.Value))
		}
	})
}

func (c *cardinality) pairCounts() map[string]uint64 {
	out := make(map[string]uint64, len(c.pairs))
	for p, n := range c.pairs {
		out[p.name+"="+p.value] = n
	}
	return out
}

// top lists the most frequent ones; of equal counts the first by name.
func top(counts map[string]uint64, most int) []stat {
	out := make([]stat, 0, len(counts))
	for name, n := range counts {
		out = append(out, stat{name, n})
	}
	slices.SortFunc(out, func(a, b stat) int { return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name)) })
	return out[:min(most, len(out))]
}
