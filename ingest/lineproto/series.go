package lineproto

import (
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest"
)

// resolve finds the series of all rows and makes those known that are not. Only the tags of unknown ones are looked at, and tags that
// their table does not have are noted. A series that is wrong makes its lines bad.
func (d *decoder) resolve(sink Sink) error {
	for _, t := range d.order {
		if len(t.times) == 0 {
			continue
		}
		t.refs = make([]uint32, len(t.hashes))
		epoch, missing := sink.Lookup(t.table.ID, t.hashes, t.refs)
		t.epoch = epoch
		for i := 0; missing > 0 && i < len(t.refs); i++ {
			if t.refs[i] != ingest.NoRef {
				continue
			}
			missing--
			if err := d.define(sink, t, i); err != nil {
				return err
			}
		}
		if t.spoilt {
			for row, s := range t.of {
				if bad := t.series[s].bad; bad != nil {
					d.problems.add(int(t.lines[row]), bad)
				}
			}
		}
	}
	return nil
}

// define makes series i of a table known, unless it is wrong or needs a column first.
func (d *decoder) define(sink Sink, t *table, i int) error {
	s := &t.series[i]
	err := d.parseTags(t, s.tags)
	if err == nil {
		err = d.growTags(t, 0)
	}
	if err != nil {
		s.bad, t.spoilt = err, true
		return nil
	}
	if d.asks {
		return nil // everything is read again when the columns are there
	}
	d.key = d.encodeTags(d.key[:0], t)
	ref, err := sink.Define(t.table.ID, t.epoch, t.hashes[i], d.key)
	if errors.Is(err, column.Limit) {
		s.bad, t.spoilt = err, true
		return nil
	}
	if err != nil {
		return err
	}
	t.refs[i] = ref
	d.report.Defined++
	return nil
}

// batches gives the rows of good series.
func (d *decoder) batches() ([]ingest.PointBatch, error) {
	var out []ingest.PointBatch
	for _, t := range d.order {
		var keep []int32
		refs := make([]uint32, 0, len(t.of))
		for row, s := range t.of {
			if t.series[s].bad != nil {
				continue
			}
			refs = append(refs, t.refs[s])
			if t.spoilt {
				keep = append(keep, int32(row))
			}
		}
		if len(refs) == 0 {
			continue
		}
		columns, err := t.columns(keep)
		if err != nil {
			return nil, err
		}
		for _, c := range columns[1:] {
			d.report.Values += c.Vector.Valid.Count(c.Vector.Len)
		}
		d.report.Stored += len(refs)
		out = append(out, ingest.PointBatch{Table: t.table, Epoch: t.epoch, Rows: len(refs), Refs: refs, Columns: columns})
	}
	return out, nil
}
