package head

import (
	"cmp"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// Own is what a transaction has written that nobody else sees: rows in a generation of their own, with dictionaries of their own, and the rows
// that it has ended, of others and of itself. Its rows are numbered from 0, table by table, and their seqs are above those of all commits, so that they
// supersede what is committed. Changes come one at a time; reading is for all.
type Own struct {
	mu     sync.RWMutex // guards the maps, and the deaths
	tables map[meta.TableID]*ownTable
	clock  meta.Seq // counts what was ended: the seqs of the deaths
}

// ownTable is one table's part. Rewind replaces it, so that what was viewed before stays.
type ownTable struct {
	table    *meta.Table // the first description that came
	part     *part
	places   []uint64 // of the rows, by number: series << 32 | position
	segments map[meta.SegmentID]*deaths
	rows     map[int64]map[uint32]*deaths // by generation and series; 0 is the own one
	from     meta.Seq                     // what TRUNCATE had left of the table when the first row of others ended
}

// ownSeq is the seq of a transaction's first row.
const ownSeq meta.Seq = 1 << 62

// NewOwn makes an empty one.
func NewOwn() *Own { return &Own{tables: map[meta.TableID]*ownTable{}} }

// Dict gives the dictionary of a table's own rows.
func (o *Own) Dict(t *meta.Table) *Dict { return o.table(t).part.dict }

func (o *Own) table(t *meta.Table) *ownTable {
	o.mu.Lock()
	defer o.mu.Unlock()
	have := o.tables[t.ID]
	if have == nil {
		have = newOwnTable(t, newDict(1))
		o.tables[t.ID] = have
	}
	return have
}

func newOwnTable(t *meta.Table, d *Dict) *ownTable {
	p := newPart(t, d)
	p.own = true
	return &ownTable{table: t, part: p, segments: map[meta.SegmentID]*deaths{}, rows: map[int64]map[uint32]*deaths{}}
}

// Append adds rows, whose refs are of the table's Dict, and gives the bytes that they take.
func (o *Own) Append(b *Batch) int64 {
	t := o.table(b.Table)
	before := t.part.dict.Bytes()
	from := len(t.places)
	places := make([]uint64, 0, b.Rows)
	grown := t.part.append(ownSeq+meta.Seq(from), b, nil, func(at, position uint32) {
		places = append(places, uint64(at)<<32|uint64(position))
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	t.places = append(t.places, places...)
	return grown + 8*int64(len(places)) + t.part.dict.Bytes() - before
}

// End ends rows of a table, by their addresses, and gives the bytes that this takes. Rows that have ended already are left out.
func (o *Own) End(table *meta.Table, set *scan.RowSet) (grown int64, err error) {
	t := o.table(table)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock++
	if !t.endsInHead() {
		t.from = table.From
	}
	for id, rows := range set.Segments {
		grown += addTo(t.segments, meta.SegmentID(id), o.clock, rows)
	}
	for place, rows := range set.Others {
		if place == scan.OwnRows {
			if rows, err = t.ownPlaces(rows); err != nil {
				return grown, err
			}
		}
		grown += t.endOthers(o.clock, -place, rows)
	}
	return grown, nil
}

// ownPlaces gives own rows, which are named by their numbers, as rows of others are: by series and position.
func (t *ownTable) ownPlaces(numbers *roaring64.Bitmap) (*roaring64.Bitmap, error) {
	out := roaring64.New()
	for it := numbers.Iterator(); it.HasNext(); {
		row := it.Next()
		if row >= uint64(len(t.places)) {
			return nil, column.Errorf(column.Internal, "table %q: own row %d of %d ends", t.table.Name, row, len(t.places))
		}
		out.Add(t.places[row])
	}
	return out, nil
}

// endOthers notes deaths of rows of a generation; 0 is the own one.
func (t *ownTable) endOthers(clock meta.Seq, number int64, rows *roaring64.Bitmap) (grown int64) {
	bySeries := map[uint32]*roaring.Bitmap{}
	for it := rows.Iterator(); it.HasNext(); {
		row := it.Next()
		b := bySeries[uint32(row>>32)]
		if b == nil {
			b = roaring.New()
			bySeries[uint32(row>>32)] = b
		}
		b.Add(uint32(row))
	}
	if t.rows[number] == nil {
		t.rows[number] = map[uint32]*deaths{}
	}
	for at, b := range bySeries {
		grown += addTo(t.rows[number], at, clock, b)
	}
	return grown
}

// addTo notes the deaths of those rows that are alive.
func addTo[K comparable](all map[K]*deaths, k K, seq meta.Seq, rows *roaring.Bitmap) int64 {
	d := all[k]
	if d != nil {
		rows = roaring.AndNot(rows, d.all)
	}
	if rows.IsEmpty() {
		return 0
	}
	if d == nil {
		d = &deaths{}
		all[k] = d
	}
	return d.add(seq, rows)
}

// DeathBytes bounds the bytes that the deaths of some rows take.
func DeathBytes(rows *scan.RowSet) int64 {
	n := (deathsBytes+commitDeaths)*int64(len(rows.Segments)) + deathBytes*rows.Len()
	for _, r := range rows.Others {
		n += (deathsBytes + commitDeaths) * int64(r.GetCardinality()) // of as many series, at worst
	}
	return n
}

// Ends reports whether rows have ended.
func (o *Own) Ends() bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, t := range o.tables {
		if len(t.segments) > 0 {
			return true
		}
		for _, series := range t.rows {
			if len(series) > 0 {
				return true
			}
		}
	}
	return false
}

// Tables lists the tables that something was done to, by id, as they came first.
func (o *Own) Tables() []*meta.Table {
	o.mu.RLock()
	defer o.mu.RUnlock()
	out := make([]*meta.Table, 0, len(o.tables))
	for _, t := range o.tables {
		out = append(out, t.table)
	}
	slices.SortFunc(out, func(a, b *meta.Table) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// OwnMark is a moment of a transaction.
type OwnMark struct{ clock meta.Seq }

// Mark gives the present moment, for Rewind.
func (o *Own) Mark() OwnMark {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return OwnMark{o.clock}
}

// Rewind forgets the deaths since a moment, and of tables in rows all rows but those that are given, which are then appended anew. What was viewed before
// stays as it is.
func (o *Own) Rewind(m OwnMark, rows map[meta.TableID][]*Batch) {
	o.mu.Lock()
	before := o.tables
	o.tables = make(map[meta.TableID]*ownTable, len(before))
	for id, t := range before {
		o.tables[id] = t.until(m.clock)
	}
	o.mu.Unlock()
	for id, batches := range rows {
		t := before[id]
		if t == nil {
			continue
		}
		o.mu.Lock()
		next := o.tables[id]
		next.places = nil
		next.part = &part{dict: t.part.dict, time: t.part.time, seal: t.part.seal, perOne: t.part.perOne, own: true}
		o.mu.Unlock()
		for _, b := range batches {
			o.Append(b)
		}
	}
}

// without is the table without deaths.
func (t *ownTable) without() *ownTable {
	out := *t
	out.segments, out.rows = map[meta.SegmentID]*deaths{}, map[int64]map[uint32]*deaths{}
	return &out
}

// until is the table with the deaths up to a moment.
func (t *ownTable) until(clock meta.Seq) *ownTable {
	out := t.without()
	for id, d := range t.segments {
		if left := d.until(clock); left != nil {
			out.segments[id] = left
		}
	}
	for number, series := range t.rows {
		for at, d := range series {
			left := d.until(clock)
			if left == nil {
				continue
			}
			if out.rows[number] == nil {
				out.rows[number] = map[uint32]*deaths{}
			}
			out.rows[number][at] = left
		}
	}
	return out
}

// Bytes is about the memory that all of it takes.
func (o *Own) Bytes() int64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	n := int64(0)
	for _, t := range o.tables {
		n += t.part.dict.Bytes() + 8*int64(len(t.places)) + t.part.bytes()
		for _, d := range t.segments {
			n += d.bytes()
		}
		for _, series := range t.rows {
			for _, d := range series {
				n += d.bytes()
			}
		}
	}
	return n
}

// Ended gives the rows of a table that have ended, own rows by their numbers.
func (o *Own) Ended(table meta.TableID) *scan.RowSet {
	o.mu.RLock()
	defer o.mu.RUnlock()
	out := &scan.RowSet{}
	t := o.tables[table]
	if t == nil {
		return out
	}
	for id, d := range t.segments {
		out.AddSegment(uint64(id), d.all)
	}
	for number, series := range t.rows {
		if number == 0 {
			continue
		}
		for at, d := range series {
			for it := d.all.Iterator(); it.HasNext(); {
				out.Add(-number, address(at, it.Next()))
			}
		}
	}
	if own := t.rows[0]; own != nil {
		for row, place := range t.places {
			if d := own[uint32(place>>32)]; d != nil && d.all.Contains(uint32(place)) {
				out.Add(scan.OwnRows, int64(row))
			}
		}
	}
	return out
}

// ownView is what a statement sees of its transaction: what was there when it began, and none of its own.
type ownView struct {
	own    *Own
	clock  meta.Seq
	tables map[meta.TableID]ownShown
}

type ownShown struct {
	*ownTable
	count int // rows
}

// With shows, over what is committed, what a transaction has written so far. It fails with ErrGone where rows that the transaction has ended are not where
// they were any more: flushed is the mark of the catalog snapshot that it is combined with, and live says which segments that has.
func (s *Snapshot) With(o *Own, flushed meta.Seq, live func(meta.TableID, meta.SegmentID) bool) (*Snapshot, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	v := &ownView{own: o, clock: o.clock, tables: make(map[meta.TableID]ownShown, len(o.tables))}
	for id, t := range o.tables {
		v.tables[id] = ownShown{t, len(t.places)}
		for segment := range t.segments {
			if !live(id, segment) {
				return nil, ErrGone
			}
		}
		for number := range t.rows {
			if number != 0 && !s.Shows(number, flushed) {
				return nil, ErrGone
			}
		}
	}
	out := *s
	out.own = v
	return &out, nil
}

// Shows reports whether the snapshot shows rows of a generation.
func (s *Snapshot) Shows(number int64, flushed meta.Seq) bool {
	for _, g := range s.gens {
		if g.number == number {
			g.mu.RLock()
			defer g.mu.RUnlock()
			return g.last > flushed
		}
	}
	return false
}

// shown gives the transaction's rows of a table, nil if there are none.
func (v *ownView) shown(table meta.TableID, ever bool) *shown {
	t, ok := v.tables[table]
	if !ok || t.count == 0 {
		return nil
	}
	return &shown{part: t.part, upTo: ownSeq + meta.Seq(t.count) - 1, ever: ever, own: v, table: t.ownTable}
}

// dead gives the rows of a series of a generation that the transaction has ended, nil if there are none.
func (v *ownView) dead(t *ownTable, number int64, at uint32) *roaring.Bitmap {
	v.own.mu.RLock()
	defer v.own.mu.RUnlock()
	if d := t.rows[number][at]; d != nil {
		return d.at(v.clock)
	}
	return nil
}

// OwnEnded gives the rows of a segment that the snapshot's transaction has ended, nil if there are none.
func (s *Snapshot) OwnEnded(table meta.TableID, segment meta.SegmentID) *roaring.Bitmap {
	if s.own == nil {
		return nil
	}
	t, ok := s.own.tables[table]
	if !ok {
		return nil
	}
	s.own.own.mu.RLock()
	defer s.own.own.mu.RUnlock()
	if d := t.segments[segment]; d != nil {
		return d.at(s.own.clock)
	}
	return nil
}

// ownEndedRows is how many rows of a table's segments the transaction has ended.
func (v *ownView) ownEndedRows(table meta.TableID) int64 {
	t, ok := v.tables[table]
	if !ok {
		return 0
	}
	v.own.mu.RLock()
	defer v.own.mu.RUnlock()
	n := 0
	for _, d := range t.segments {
		n += d.upTo(v.clock)
	}
	return int64(n)
}
