package aegis

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// liveSamples hides the rows of prometheus.samples whose value is NULL: stale markers, which say that a series ended
// and are no measurement.
type liveSamples struct {
	inner scan.Source
	value column.ID
}

// Morsels implements scan.Source. The value is always read, for its NULLs, and dropped again if nobody asked for it.
func (l *liveSamples) Morsels(ctx context.Context, req *scan.Request) ([]scan.Morsel, scan.Stats, error) {
	r := *req
	// Hidden rows would count against the limit, and stand at a series' end.
	r.Limit, r.Ends = 0, scan.Ends{}
	at := slices.Index(r.Columns, l.value)
	added := at < 0
	if added {
		at = len(r.Columns)
		r.Columns = append(slices.Clone(r.Columns), l.value)
	}
	morsels, stats, err := l.inner.Morsels(ctx, &r)
	for i, m := range morsels {
		morsels[i] = &liveMorsel{Morsel: m, at: at, added: added}
	}
	return morsels, stats, err
}

type liveMorsel struct {
	scan.Morsel
	at    int
	added bool
}

func (m *liveMorsel) Open(ctx context.Context, pool *mem.Pool) (scan.Reader, error) {
	r, err := m.Morsel.Open(ctx, pool)
	if err != nil {
		return nil, err
	}
	return &liveReader{Reader: r, m: m}, nil
}

type liveReader struct {
	scan.Reader
	m    *liveMorsel
	rows []int32
}

func (r *liveReader) Next(ctx context.Context) (*scan.Batch, error) {
	for {
		b, err := r.Reader.Next(ctx)
		if err != nil {
			return nil, err
		}
		values := b.Columns[r.m.at]
		if r.m.added {
			c := *b
			c.Columns = slices.Delete(slices.Clone(b.Columns), r.m.at, r.m.at+1)
			b = &c
		}
		if !values.HasNulls() {
			return b, nil
		}
		r.rows = r.rows[:0]
		for i := range values.Len {
			if b.Living.Get(i) && !values.IsNull(i) {
				r.rows = append(r.rows, int32(i))
			}
		}
		if len(r.rows) > 0 {
			return b.Compact(r.rows), nil
		}
	}
}
