package head

import (
	"bytes"
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// Mask names the order keys that the head's rows with a seq in (after, Seq] supersede. It is nil where the table has no key
// or the head no such rows.
func (s *Snapshot) Mask(table *meta.Table, after meta.Seq) scan.Mask {
	if !table.Columns.Supersedes() || s.own == nil && !s.Holds(table.ID, after) {
		return nil
	}
	parts := s.Ever().parts(table.ID, after) // what has ended supersedes what is older all the same
	if len(parts) == 0 {
		return nil
	}
	p, err := newPlan(&table.Columns, &scan.Request{Time: scan.AllTime}, after, true)
	if err != nil {
		return nil // no column was asked for: cannot happen
	}
	m := &mask{plan: p, parts: parts}
	m.timed = len(p.order) > 0 && p.order[0] == p.schema.Time
	return m
}

type mask struct {
	plan  *plan
	parts []*shown
	timed bool // order keys begin with the time
}

// Superseded implements scan.Mask.
func (m *mask) Superseded(series, lo, hi []byte) ([][]byte, error) {
	short, err := key.Short(series, m.plan.tags)
	if err != nil {
		return nil, err
	}
	times := m.times(lo, hi)
	var pieces []piece
	for _, in := range m.parts {
		p := in.part
		ref := p.dict.Find(short)
		if ref == NoRef {
			continue
		}
		p.mu.RLock()
		at := uint32(0)
		if int(ref) < len(p.local) {
			at = p.local[ref]
		}
		p.mu.RUnlock()
		if at != 0 {
			pieces = place{in, at - 1}.pieces(pieces, m.plan.after, times, nil, m.wanted)
		}
	}
	if len(pieces) == 0 {
		return nil, nil
	}
	var keys [][]byte
	var d decoder
	for i := range pieces {
		g, err := m.plan.decodeGroup(&d, pieces[i:i+1])
		if err != nil {
			return nil, err
		}
		for _, k := range m.plan.orderKeys(g.vectors, g.n) {
			if (lo == nil || bytes.Compare(k, lo) >= 0) && (hi == nil || bytes.Compare(k, hi) <= 0) {
				keys = append(keys, k)
			}
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal), nil
}

func (m *mask) wanted(fields []column.Field) []bool {
	r := reader{plan: m.plan}
	return r.wantedCopy(fields)
}

// times is the range of times that order keys between lo and hi can have: chunks outside of it need no look.
func (m *mask) times(lo, hi []byte) scan.TimeRange {
	if !m.timed {
		return scan.AllTime
	}
	r := scan.AllTime
	typ := column.T(column.TimestampTZ) // all time types are stored alike
	if lo != nil {
		if v, null, _, err := key.Next(lo, typ, nil); err == nil && !null {
			r.Min = key.Int(v)
		} else if null {
			r.Min = math.MaxInt64
		}
	}
	if hi != nil {
		if v, null, _, err := key.Next(hi, typ, nil); err == nil && !null {
			r.Max = key.Int(v)
		}
	}
	return r
}
