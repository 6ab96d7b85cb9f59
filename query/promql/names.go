package promql

import (
	"context"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// nameLabel is the label that holds a metric's name.
const nameLabel = model.MetricNameLabel

// field is a numeric field of a tagged table, which is a metric. It is called table_field; where that is also the name of a
// metric of Prometheus, or of another table's field, it is called table:field.
type field struct {
	table *meta.Table
	field column.Field
	plain string // table_field
	colon string // table:field
	twice bool   // another table has a field of the same plain name
}

// fields are the metrics that the tables of a database make, by both names they may have.
type fields struct {
	version meta.Version
	all     []field
	named   map[string][]int // places in all
}

// fieldNames remembers the fields of each database as of the newest catalog version that was asked for.
type fieldNames struct {
	mu sync.Mutex
	of map[meta.DatabaseID]*fields
}

func (n *fieldNames) get(catalog *meta.Snapshot, database meta.DatabaseID) *fields {
	n.mu.Lock()
	known := n.of[database]
	n.mu.Unlock()
	if known != nil && known.version == catalog.Version {
		return known
	}
	made := fieldsOf(catalog, database)
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := n.of[database]; last == nil || last.version < made.version {
		if n.of == nil {
			n.of = map[meta.DatabaseID]*fields{}
		}
		n.of[database] = made
	}
	return made
}

func fieldsOf(catalog *meta.Snapshot, database meta.DatabaseID) *fields {
	f := &fields{version: catalog.Version, named: map[string][]int{}}
	plain := map[string]int{}
	for _, t := range catalog.Tables(database) {
		s := &t.Columns
		if t.Schema != meta.PublicSchema || s.Time == 0 || len(s.Tags) == 0 {
			continue
		}
		for _, c := range s.Fields {
			if s.IsTag(c.ID) || !c.Type.IsInteger() && !c.Type.IsFloat() {
				continue
			}
			one := field{table: t, field: c, plain: t.Name + "_" + c.Name, colon: t.Name + ":" + c.Name}
			if other, there := plain[one.plain]; there {
				one.twice, f.all[other].twice = true, true
			}
			at := len(f.all)
			plain[one.plain] = at
			f.named[one.plain] = append(f.named[one.plain], at)
			f.named[one.colon] = append(f.named[one.colon], at)
			f.all = append(f.all, one)
		}
	}
	return f
}

// matching gives the places of the fields of which one name or the other satisfies the conditions on names.
func (f *fields) matching(names []*labels.Matcher) []int {
	for _, m := range names {
		if m.Type == labels.MatchEqual {
			return f.keep(f.named[m.Value], names)
		}
	}
	every := make([]int, len(f.all))
	for i := range every {
		every[i] = i
	}
	return f.keep(every, names)
}

func (f *fields) keep(places []int, names []*labels.Matcher) []int {
	var out []int
	for _, at := range places {
		if one := &f.all[at]; matchesAll(names, one.plain) || matchesAll(names, one.colon) {
			out = append(out, at)
		}
	}
	return out
}

func matchesAll(matchers []*labels.Matcher, value string) bool {
	for _, m := range matchers {
		if !m.Matches(value) {
			return false
		}
	}
	return true
}

// target is a table to read, and what of it is asked for.
type target struct {
	table   *meta.Table
	source  scan.Source
	filters []scan.SeriesFilter
	// metrics are fields of an ordinary table; none where the table is that of Prometheus' samples.
	metrics []metric
	// matchers are those of the selector, or of one of several that are read together.
	matchers []*labels.Matcher
}

// metric is a field under the name it has.
type metric struct {
	name  string
	field column.Field
}

func (t *target) samples() bool { return t.table.Schema == meta.PrometheusSchema }

// targets finds what a selector reads: the samples of Prometheus, and the tables with a field of a name that matches.
func (q *querier) targets(ctx context.Context, matchers []*labels.Matcher) ([]*target, error) {
	var names, others []*labels.Matcher
	for _, m := range matchers {
		if m.Name == nameLabel {
			names = append(names, m)
		} else {
			others = append(others, m)
		}
	}
	catalog, database := q.snapshot.Catalog(), q.snapshot.Database().ID
	var out []*target
	samples := catalog.Table(database, meta.PrometheusSchema, meta.SamplesTable)
	if samples != nil {
		out = append(out, q.samplesTarget(samples, matchers))
	}
	known := q.engine.names.get(catalog, database)
	places := known.matching(names)
	if len(places) == 0 {
		return out, nil
	}
	taken, err := q.taken(ctx, samples, known, places)
	if err != nil {
		return nil, err
	}
	var last *target // fields of one table stand together
	for _, at := range places {
		f := &known.all[at]
		name := f.plain
		if f.twice || taken[name] {
			name = f.colon
		}
		if !matchesAll(names, name) {
			continue
		}
		if last == nil || last.table != f.table {
			filters, possible := tagFilters(&f.table.Columns, others)
			if !possible {
				continue
			}
			last = &target{table: f.table, source: q.snapshot.Source(f.table), filters: filters}
			out = append(out, last)
		}
		last.metrics = append(last.metrics, metric{name: name, field: f.field})
	}
	return out, nil
}

// samplesTarget reads prometheus.samples, whose first tag is the metric's name and whose second is the set of all other labels.
func (q *querier) samplesTarget(t *meta.Table, matchers []*labels.Matcher) *target {
	s := &t.Columns
	name, set := s.Fields[s.Index(s.Tags[0])], s.Fields[s.Index(s.Tags[1])]
	out := &target{table: t, source: q.snapshot.Source(t)}
	for _, m := range matchers {
		if m.Name == nameLabel {
			out.filters = append(out.filters, filterOf(m, name, ""))
		} else {
			out.filters = append(out.filters, filterOf(m, set, m.Name))
		}
	}
	return out
}

// tagFilters are the conditions on the tags of a table; possible is false where a condition is on a label that it cannot have.
func tagFilters(s *column.Schema, matchers []*labels.Matcher) (filters []scan.SeriesFilter, possible bool) {
	for _, m := range matchers {
		if i := s.Lookup(m.Name); i >= 0 && s.IsTag(s.Fields[i].ID) {
			filters = append(filters, filterOf(m, s.Fields[i], ""))
		} else if !m.Matches("") {
			return nil, false
		}
	}
	return filters, true
}

// taken tells which of the plain names Prometheus' metrics have. It reads tags only.
func (q *querier) taken(ctx context.Context, samples *meta.Table, known *fields, places []int) (map[string]bool, error) {
	if samples == nil {
		return nil, nil
	}
	wanted := make(map[string]bool, len(places))
	name := samples.Columns.Tags[0]
	filter := scan.SeriesFilter{Tag: name, Match: func(value []byte, null bool) bool { return !null && wanted[string(value)] }}
	for _, at := range places {
		if plain := known.all[at].plain; !wanted[plain] {
			wanted[plain] = true
			filter.Equal = append(filter.Equal, []byte(plain))
		}
	}
	found := textSet{pool: q.pool}
	err := q.distinct(ctx, q.snapshot.Source(samples), &scan.Request{
		Columns: []column.ID{name}, Series: []scan.SeriesFilter{filter}, Time: scan.AllTime,
	}, &found)
	return found.seen, err
}
