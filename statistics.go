package aegis

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/stats"
	"github.com/automatanexus/aegis-db/meta"
)

// Descriptions of columns stand in the segments; those of a whole table are merged when a plan first asks. Segments that come are merged into what is kept;
// what goes cannot be taken out again, so that the column is merged anew when that is too much.

const (
	keptStatistics = 2048 // columns whose descriptions are kept, of about 8 KB each
	// describedSegments bounds how many segments of a table are looked at, the largest first. Merged ones have nearly all rows.
	describedSegments = 512
	// statisticsDrift is the share of a table's rows that must have come or gone before it is looked at again.
	statisticsDrift = 0.02
	// A column is merged anew when so much of it is gone, or after so many additions, each of which makes bounds a little coarser.
	statisticsGone  = 0.2
	statisticsSteps = 32
)

// tableStatistics keeps the descriptions of columns. Safe for concurrent use.
type tableStatistics struct {
	mu   sync.Mutex
	kept map[statisticsKey]*keptStatistic
}

type statisticsKey struct {
	table  meta.TableID
	column column.ID
}

// keptStatistic is the description of a column and the live rows of the segments that are in it.
type keptStatistic struct {
	mu       sync.Mutex // held while segments are read: others wait for what they would do themselves
	manifest *meta.Manifest
	field    column.Field
	merged   *stats.Column
	segments map[meta.SegmentID]int64
	steps    int
}

func (t *tableStatistics) of(key statisticsKey) *keptStatistic {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.kept[key]
	if k == nil {
		if t.kept == nil {
			t.kept = map[statisticsKey]*keptStatistic{}
		}
		for other := range t.kept { // whichever comes: a table that is asked about again is merged again
			if len(t.kept) < keptStatistics {
				break
			}
			delete(t.kept, other)
		}
		k = &keptStatistic{}
		t.kept[key] = k
	}
	return k
}

// Statistics implements plan.Described. What a metric shows of a table's rows, and the past, are not described.
func (r *relation) Statistics(ctx context.Context, c int) (*stats.Column, error) {
	source, ok := r.source.(*tableSource)
	if !ok || len(r.series) > 0 || r.columns[c].ID == 0 {
		return nil, nil
	}
	return source.snapshot.Statistics(ctx, r.table, r.columns[c].ID)
}

// Statistics describes a column of a table by its segments; nil if nothing is known, as of the past.
func (s *Snapshot) Statistics(ctx context.Context, t *meta.Table, id column.ID) (*stats.Column, error) {
	at := t.Columns.Index(id)
	if at < 0 || s.isPast {
		return nil, nil
	}
	k := s.db.statistics.of(statisticsKey{t.ID, id})
	k.mu.Lock()
	defer k.mu.Unlock()
	m := s.catalog.Manifest(t.ID)
	f := t.Columns.Fields[at]
	if k.manifest == m && k.field == f {
		return k.merged, nil
	}
	added, gone := k.changes(m)
	total := float64(m.LiveRows())
	drift := float64(gone)
	for _, x := range added {
		drift += float64(x.LiveRows())
	}
	if k.field == f && k.merged != nil && drift <= statisticsDrift*total {
		k.manifest = m
		return k.merged, nil
	}
	if k.field != f || k.steps >= statisticsSteps || float64(gone) > statisticsGone*total {
		k.merged, k.segments, k.steps = nil, nil, 0
		added, _ = k.changes(m)
	}
	parts := []*stats.Column{k.merged}
	described := map[meta.SegmentID]int64{}
	for _, x := range added {
		c, err := s.describe(ctx, t.ID, x, &f)
		if err != nil {
			return nil, err
		}
		described[x.ID] = x.LiveRows()
		if c != nil {
			parts = append(parts, c.Of(float64(x.LiveRows())))
		}
	}
	for id, rows := range k.segments {
		described[id] = rows
	}
	k.merged, k.segments, k.manifest, k.field = stats.Merge(parts), described, m, f
	k.steps++
	return k.merged, nil
}

// changes lists the segments that are not in a description, and counts the rows of those that are in it and gone.
func (k *keptStatistic) changes(m *meta.Manifest) (added []*meta.Segment, gone int64) {
	there := int64(0)
	for x := range m.All() {
		if rows, ok := k.segments[x.ID]; ok {
			there += rows
			continue
		}
		added = append(added, x)
	}
	for _, rows := range k.segments {
		gone += rows
	}
	if len(added) > describedSegments {
		slices.SortFunc(added, func(a, b *meta.Segment) int { return cmp.Compare(b.LiveRows(), a.LiveRows()) })
		added = added[:describedSegments]
	}
	return added, gone - there
}

func (s *Snapshot) describe(ctx context.Context, table meta.TableID, x *meta.Segment, f *column.Field) (*stats.Column, error) {
	h, err := s.db.segments.Acquire(ctx, table, x)
	if err != nil {
		return nil, err
	}
	defer h.Release()
	return h.Reader.Statistics(f)
}

// Analyze forgets what is kept of tables, so that the next plan looks at them anew.
func (s store) Analyze(tables []meta.TableID) {
	s.db.statistics.forget(tables)
	s.db.samples.forget(tables)
}

func (t *tableStatistics) forget(tables []meta.TableID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.kept {
		if slices.Contains(tables, k.table) {
			delete(t.kept, k)
		}
	}
}

func (s *relationSamples) forget(tables []meta.TableID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.kept {
		if slices.Contains(tables, k.table) {
			delete(s.kept, k)
		}
	}
}
