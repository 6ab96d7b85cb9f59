package promql

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// Queries ask for several metrics of the same series: fields of one table, or a counter above and below a stroke. What differs in the metric's name
// alone is read at once, so that series are looked up, and their times read, once.

// leaf is a selector of a shape, and what is read for it.
type leaf struct {
	shape  *shape
	tracks []track
	read   bool
}

// markers says that stale markers are wanted: functions over windows see none.
func (l *leaf) markers() bool { return l.shape.call == nil }

// leaves are the selectors of the shapes of a query; those that can be read together stand together.
type leaves map[*shape][]*leaf

// collect adds the selectors of a shape, by what they have in common.
func (l leaves) collect(s *shape, alike map[string][]*leaf) {
	if s.selector == nil {
		for _, part := range s.parts() {
			l.collect(part, alike)
		}
		return
	}
	one := &leaf{shape: s}
	key := alikeKey(s)
	alike[key] = append(alike[key], one)
}

func newLeaves(roots []*shape) leaves {
	l, alike := leaves{}, map[string][]*leaf{}
	for _, s := range roots {
		l.collect(s, alike)
	}
	for _, list := range alike {
		for _, one := range list {
			l[one.shape] = list
		}
	}
	return l
}

// alikeKey is what selectors have in common that can be read together.
func alikeKey(s *shape) string {
	var b strings.Builder
	t := s.times()
	var conditions []string
	for _, m := range s.selector.LabelMatchers {
		if m.Name != nameLabel {
			conditions = append(conditions, m.String())
		}
	}
	slices.Sort(conditions)
	for _, n := range []millis{t.min, t.max} {
		for range 8 {
			b.WriteByte(byte(n))
			n >>= 8
		}
	}
	if s.call == nil {
		b.WriteByte('m')
	}
	for _, c := range conditions {
		b.WriteByte(0)
		b.WriteString(c)
	}
	return b.String()
}

// tracksOf reads the selector of a shape, and those that are like it. What was read is given once.
func (q *querier) tracksOf(ctx context.Context, s *shape) ([]track, error) {
	list := q.leaves[s]
	if list == nil {
		list = []*leaf{{shape: s}}
	}
	at := slices.IndexFunc(list, func(l *leaf) bool { return l.shape == s })
	if !list[at].read {
		if err := q.readLeaves(ctx, list); err != nil {
			return nil, err
		}
	}
	out := list[at].tracks
	list[at].tracks = nil
	return out, nil
}

// readLeaves reads selectors that are alike.
func (q *querier) readLeaves(ctx context.Context, list []*leaf) error {
	merged := &selection{q: q, times: list[0].shape.times(), window: list[0].shape.back(), bare: true}
	var targets []*target
	wanted := make([]wants, len(list))
	for i, l := range list {
		own, err := q.targets(ctx, l.shape.selector.LabelMatchers)
		if err != nil {
			return err
		}
		for _, t := range own {
			targets = wanted[i].add(targets, t, l.shape.selector.LabelMatchers)
		}
	}
	first := make([]int, len(targets)+1) // part of each target
	for k, t := range targets {
		if err := merged.readTarget(ctx, t); err != nil {
			return err
		}
		first[k+1] = len(merged.parts)
	}
	for i, l := range list {
		s := &selection{q: q, times: merged.times, bare: true}
		for k := range targets {
			w, asked := wanted[i][k]
			if !asked {
				continue
			}
			for n := first[k]; n < first[k+1]; n++ {
				if p := &merged.parts[n]; w.all || slices.Contains(w.metrics, p.metric) {
					s.parts = append(s.parts, *p)
				}
			}
		}
		var err error
		if l.tracks, err = s.tracks(ctx, l.markers()); err != nil {
			return err
		}
		l.read = true
	}
	return nil
}

// wants are, by target, which of its metrics a selector asks for.
type wants map[int]wish

type wish struct {
	all     bool // the target is that of Prometheus' samples
	metrics []int
}

// add adds a target of a selector to the list of all, where its table is there already its metrics to those.
func (w *wants) add(list []*target, t *target, matchers []*labels.Matcher) []*target {
	if *w == nil {
		*w = wants{}
	}
	at := slices.IndexFunc(list, func(other *target) bool {
		// Of Prometheus' samples conditions on names are filters.
		return other.table == t.table && (!t.samples() || sameMatchers(other.matchers, matchers))
	})
	if at < 0 {
		at = len(list)
		list = append(list, &target{table: t.table, source: t.source, filters: t.filters, matchers: matchers})
	}
	into, mine := list[at], wish{all: t.samples()}
	for _, m := range t.metrics {
		k := slices.IndexFunc(into.metrics, func(other metric) bool { return other.field.ID == m.field.ID && other.name == m.name })
		if k < 0 {
			k = len(into.metrics)
			into.metrics = append(into.metrics, m)
		}
		mine.metrics = append(mine.metrics, k)
	}
	(*w)[at] = mine
	return list
}

func sameMatchers(a, b []*labels.Matcher) bool {
	return slices.EqualFunc(a, b, func(x, y *labels.Matcher) bool {
		return x.Type == y.Type && x.Name == y.Name && x.Value == y.Value
	})
}
