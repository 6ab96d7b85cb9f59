package promql

import (
	"context"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/automatanexus/aegis-db/column"
	set "github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// What is asked about series and labels, not about samples, is read from the dictionaries of series: these scans ask for tags
// only, so that no page of values is touched.

// textSet is a set of texts that is accounted for. Safe for concurrent use.
type textSet struct {
	pool *mem.Pool
	mu   sync.Mutex
	seen map[string]bool
}

// entryBytes is about what a text takes in a set beside its bytes.
const entryBytes = 64

func (s *textSet) add(text []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[string(text)] {
		return nil
	}
	if err := s.pool.Grow(int64(len(text)) + entryBytes); err != nil {
		return err
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[string(text)] = true
	return nil
}

func (s *textSet) sorted() []string {
	out := make([]string, 0, len(s.seen))
	for text := range s.seen {
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// eachRun calls f with every stretch of equal values of the one tag, or label, that a request asks for; NULL is left out. f
// is called by several workers at a time.
func (q *querier) eachRun(ctx context.Context, source scan.Source, req *scan.Request, f func(value []byte) error) error {
	return q.scan(ctx, source, req, func() sink {
		var text, last []byte
		return func(b *scan.Batch) error {
			values := b.Columns[0]
			if values.Enc == column.RunEnd || values.Enc == column.Const {
				values = values.Child
			}
			for i := range values.Len {
				text = appendText(text[:0], values, i)
				if len(text) == 0 || string(text) == string(last) {
					continue
				}
				last = append(last[:0], text...)
				if err := f(text); err != nil {
					return err
				}
			}
			return nil
		}
	})
}

// distinct collects the values of the one tag, or label, that a request asks for.
func (q *querier) distinct(ctx context.Context, source scan.Source, req *scan.Request, into *textSet) error {
	return q.eachRun(ctx, source, req, into.add)
}

// exists reports whether a request has rows.
func (q *querier) exists(ctx context.Context, source scan.Source, req *scan.Request) (bool, error) {
	var mu sync.Mutex
	there := false
	err := q.scan(ctx, source, req, func() sink {
		return func(*scan.Batch) error {
			mu.Lock()
			defer mu.Unlock()
			there = true
			return errEnough
		}
	})
	return there, err
}

// readSeries gives the series that match and have rows in a range, without samples, sorted by labels.
func (q *querier) readSeries(ctx context.Context, times timeRange, matchers []*labels.Matcher) ([]series, error) {
	targets, err := q.targets(ctx, matchers)
	if err != nil {
		return nil, err
	}
	var out []series
	for _, t := range targets {
		found, err := q.seriesOf(ctx, t, times)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b series) int { return labels.Compare(a.labels, b.labels) })
	return slices.CompactFunc(out, func(a, b series) bool { return labels.Equal(a.labels, b.labels) }), nil
}

// seriesOf gives the series of a target.
func (q *querier) seriesOf(ctx context.Context, t *target, times timeRange) ([]series, error) {
	tags := t.table.Columns.Tags
	found := textSet{pool: q.pool}
	err := q.scan(ctx, t.source, &scan.Request{Columns: tags, Series: t.filters, Time: times.of(layoutOf(t).clock)}, func() sink {
		var text, last []byte
		return func(b *scan.Batch) error {
			for _, r := range b.Runs {
				text = appendTags(text[:0], b.Columns, int(r.Start))
				if string(text) == string(last) {
					continue
				}
				last = append(last[:0], text...)
				if err := found.add(text); err != nil {
					return err
				}
			}
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	var out []series
	n := newNamer(t)
	for key := range found.seen {
		for k := range max(1, len(t.metrics)) {
			made, err := n.labels([]byte(key), k)
			if err != nil {
				return nil, err
			}
			if err := q.pool.Grow(int64(made.ByteSize()) + entryBytes); err != nil {
				return nil, err
			}
			out = append(out, series{labels: made})
		}
	}
	return out, nil
}

// values gives the values of a label, ascending.
func (q *querier) values(ctx context.Context, times timeRange, label string, matchers []*labels.Matcher) ([]string, error) {
	targets, err := q.targets(ctx, matchers)
	if err != nil {
		return nil, err
	}
	found := textSet{pool: q.pool}
	for _, t := range targets {
		if err := q.valuesOf(ctx, t, times, label, &found); err != nil {
			return nil, err
		}
	}
	return found.sorted(), nil
}

func (q *querier) valuesOf(ctx context.Context, t *target, times timeRange, label string, into *textSet) error {
	schema := &t.table.Columns
	req := &scan.Request{Series: t.filters, Time: times.of(layoutOf(t).clock)}
	at := schema.Lookup(label)
	switch {
	case t.samples() && label == nameLabel:
		req.Columns = schema.Tags[:1]
	case t.samples():
		req.Labels = []string{label}
	case label == nameLabel:
		if there, err := q.exists(ctx, t.source, req); err != nil || !there {
			return err
		}
		for _, m := range t.metrics {
			if err := into.add([]byte(m.name)); err != nil {
				return err
			}
		}
		return nil
	case at >= 0 && schema.IsTag(schema.Fields[at].ID):
		req.Columns = []column.ID{schema.Fields[at].ID}
	default:
		return nil
	}
	return q.distinct(ctx, t.source, req, into)
}

// labelNames gives the names of the labels that the matching series have, ascending.
func (q *querier) labelNames(ctx context.Context, times timeRange, matchers []*labels.Matcher) ([]string, error) {
	targets, err := q.targets(ctx, matchers)
	if err != nil {
		return nil, err
	}
	found := textSet{pool: q.pool}
	for _, t := range targets {
		if t.samples() {
			err = q.namesOfSets(ctx, t, times, &found)
		} else {
			err = q.namesOfTags(ctx, t, times, &found)
		}
		if err != nil {
			return nil, err
		}
	}
	return found.sorted(), nil
}

// namesOfSets collects the names of the members of label sets, and of the metric's name.
func (q *querier) namesOfSets(ctx context.Context, t *target, times timeRange, into *textSet) error {
	req := &scan.Request{Columns: t.table.Columns.Tags[1:2], Series: t.filters, Time: times.of(layoutOf(t).clock)}
	there := false
	var mu sync.Mutex
	err := q.eachRun(ctx, t.source, req, func(value []byte) error {
		mu.Lock()
		defer mu.Unlock()
		there = true
		var full error
		err := set.Visit(value, func(name, _ []byte) {
			if full == nil {
				full = into.add(name)
			}
		})
		if err != nil {
			return column.Errorf(column.Corrupt, "labels of a metric: %w", err)
		}
		return full
	})
	if err == nil && there {
		err = into.add([]byte(nameLabel))
	}
	return err
}

// namesOfTags collects the names of the tags that some series has.
func (q *querier) namesOfTags(ctx context.Context, t *target, times timeRange, into *textSet) error {
	schema := &t.table.Columns
	for i, name := range tagNames(schema) {
		req := &scan.Request{Columns: schema.Tags[i : i+1], Series: t.filters, Time: times.of(layoutOf(t).clock)}
		there := false
		var mu sync.Mutex
		err := q.eachRun(ctx, t.source, req, func([]byte) error {
			mu.Lock()
			defer mu.Unlock()
			there = true
			return errEnough
		})
		if err != nil {
			return err
		}
		if there {
			if err := into.add([]byte(name)); err != nil {
				return err
			}
		}
	}
	there, err := q.exists(ctx, t.source, &scan.Request{Series: t.filters, Time: times.of(layoutOf(t).clock)})
	if err == nil && there {
		err = into.add([]byte(nameLabel))
	}
	return err
}
