package segment

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// KeyOf is what a unique constraint asks of a segment: the columns of its tuples, and the table's schema, which knows those that the segment
// does not have.
type KeyOf struct {
	Columns []column.ID
	Schema  *column.Schema
}

// SortedBy reports whether the rows are in the order of a key, so that a few are found without reading all.
func (r *Reader) SortedBy(of KeyOf) bool { return slices.Equal(r.meta.schema.Key, of.Columns) }

// FindKeys gives the rows whose tuple of the key's columns (package key) is among keys, which ascend, each once; also rows that are dead. The
// rows come in no order. Where the segment is sorted by the key, pages that cannot have one are not read.
func (r *Reader) FindKeys(ctx context.Context, of KeyOf, keys [][]byte, pool *mem.Pool, found func(row uint32, k int)) error {
	if len(keys) == 0 || r.meta.rows == 0 {
		return nil
	}
	schema := &r.meta.schema
	if !r.SortedBy(of) {
		return r.searchKeys(ctx, of, keys, pool, found)
	}
	if len(schema.Tags) == 0 {
		s, err := r.Series(0)
		if err != nil {
			return err
		}
		return r.matchRows(ctx, s, keys, pool, found)
	}
	list, err := r.bySeries(keys)
	if err != nil {
		return err
	}
	for lo := 0; lo < len(list); {
		hi := lo + 1
		for hi < len(list) && bytes.Equal(list[hi].series, list[lo].series) {
			hi++
		}
		if err := r.findInSeries(ctx, list[lo:hi], pool, found); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// seriesKey is a key taken apart: the tags, and the columns that order rows inside a series.
type seriesKey struct {
	series, order []byte
	k             int
}

// bySeries takes keys apart and sorts them as the segment's rows are.
func (r *Reader) bySeries(keys [][]byte) ([]seriesKey, error) {
	schema := &r.meta.schema
	at := make([]int, len(schema.Tags)) // of the tags, in the key
	for i, id := range schema.Tags {
		at[i] = slices.Index(schema.Key, id)
	}
	types := make([]column.Type, len(schema.Key))
	for i, id := range schema.Key {
		types[i] = schema.Fields[schema.Index(id)].Type
	}
	out := make([]seriesKey, 0, len(keys))
	parts := make([][]byte, len(types))
	for k, rest := range keys {
		for i, t := range types {
			_, _, next, err := key.Next(rest, t, nil)
			if err != nil {
				return nil, err
			}
			parts[i] = rest[:len(rest)-len(next)]
			rest = next
		}
		s := seriesKey{k: k}
		for _, i := range at {
			s.series = append(s.series, parts[i]...)
		}
		for i, part := range parts {
			if !slices.Contains(at, i) {
				s.order = append(s.order, part...)
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b seriesKey) int {
		return cmp.Or(bytes.Compare(a.series, b.series), bytes.Compare(a.order, b.order))
	})
	return out, nil
}

func (r *Reader) findInSeries(ctx context.Context, list []seriesKey, pool *mem.Pool, found func(row uint32, k int)) error {
	i, err := r.FindSeries(list[0].series)
	if err != nil || i < 0 {
		return err
	}
	s, err := r.Series(i)
	if err != nil {
		return err
	}
	orders := make([][]byte, len(list))
	for i := range list {
		orders[i] = list[i].order
	}
	return r.matchRows(ctx, s, orders, pool, func(row uint32, k int) { found(row, list[k].k) })
}

// searchKeys is FindKeys where the rows are in another order: it reads every page of the columns that the first one's bounds admit.
func (r *Reader) searchKeys(ctx context.Context, of KeyOf, keys [][]byte, pool *mem.Pool, found func(row uint32, k int)) error {
	admits, err := r.admits(of, keys)
	if err != nil {
		return err
	}
	if ints := intKeys(of, keys); ints != nil {
		return r.searchInts(ctx, of, ints, admits, pool, found)
	}
	index := make(map[string]int, len(keys))
	for k, b := range keys {
		index[string(b)] = k
	}
	return r.eachKey(ctx, of, admits, pool, func(row uint32, encoded []byte, _ bool) {
		if k, ok := index[string(encoded)]; ok {
			found(row, k)
		}
	})
}

// admits says for a row whether a page of the first column may have one of the keys, and up to which row that holds; nil = all may.
func (r *Reader) admits(of KeyOf, keys [][]byte) (func(row uint32) (bool, uint32), error) {
	field := r.meta.schema.Index(of.Columns[0])
	if field < 0 || r.meta.schema.IsTag(of.Columns[0]) {
		return nil, nil
	}
	t := r.meta.schema.Fields[field].Type
	lo, hi, ok := firstValue(keys[0], t), firstValue(keys[len(keys)-1], t), true
	p, err := r.pagesOf(field)
	if err != nil || lo.null || hi.null || !lo.known {
		return nil, err
	}
	f := scan.ColumnFilter{IntMin: lo.int, IntMax: hi.int, TextMin: lo.text, TextMax: hi.text}
	return func(row uint32) (bool, uint32) {
		n := p.find(row)
		ok = p.pages[n].zone.Admits(&f, t)
		return ok, p.end(n)
	}, nil
}

// intKeys gives the keys as integers where the key is one such column and none is NULL.
func intKeys(of KeyOf, keys [][]byte) []int64 {
	t := of.Schema.Fields[of.Schema.Index(of.Columns[0])].Type
	if len(of.Columns) != 1 || t.Physical() != column.PhysInt {
		return nil
	}
	out := make([]int64, len(keys))
	for i, k := range keys {
		v := firstValue(k, t)
		if !v.known || v.null {
			return nil
		}
		out[i] = v.int
	}
	return out
}

// searchInts looks for integers, which ascend, among those of a column. A table of bits tells nearly all values apart in a nanosecond.
func (r *Reader) searchInts(ctx context.Context, of KeyOf, wanted []int64, admits func(uint32) (bool, uint32), pool *mem.Pool, found func(row uint32, k int)) error {
	field := r.meta.schema.Index(of.Columns[0])
	if field < 0 || r.meta.schema.IsTag(of.Columns[0]) {
		return r.eachKey(ctx, of, admits, pool, func(row uint32, encoded []byte, null bool) {
			if v := firstValue(encoded, of.Schema.Fields[of.Schema.Index(of.Columns[0])].Type); !null {
				if k, ok := slices.BinarySearch(wanted, v.int); ok {
					found(row, k)
				}
			}
		})
	}
	var bits [1 << 10]uint64
	slot := func(v int64) uint64 { return uint64(v) * 0x9e3779b97f4a7c15 >> 48 }
	for _, v := range wanted {
		bits[slot(v)>>6] |= 1 << (slot(v) & 63)
	}
	c, err := r.columnReader(field, pool)
	if err != nil {
		return err
	}
	defer c.close()
	for row := uint32(0); row < r.meta.rows; {
		if ok, end := admits(row); !ok {
			row = end
			continue
		}
		v, from, to, err := c.part(ctx, row, r.meta.rows)
		if err != nil {
			return err
		}
		for i, x := range v.Ints[from:to] {
			if s := slot(x); bits[s>>6]>>(s&63)&1 == 0 || v.Valid != nil && !v.Valid.Get(from+i) {
				continue
			}
			if k, ok := slices.BinarySearch(wanted, x); ok {
				found(row+uint32(i), k)
			}
		}
		row += uint32(to - from)
	}
	return nil
}

// keyHashes gives the hash of each row's tuple, but for those with a NULL where distinct is set.
func (r *Reader) keyHashes(ctx context.Context, of KeyOf, distinct bool, pool *mem.Pool, add func(hash uint64)) error {
	field := r.meta.schema.Index(of.Columns[0])
	if len(of.Columns) == 1 && field >= 0 && !r.meta.schema.IsTag(of.Columns[0]) && r.meta.schema.Fields[field].Type.Physical() == column.PhysInt {
		return r.intHashes(ctx, field, distinct, pool, add)
	}
	return r.eachKey(ctx, of, nil, pool, func(_ uint32, encoded []byte, null bool) {
		if !null || !distinct {
			add(key.Hash(encoded))
		}
	})
}

func (r *Reader) intHashes(ctx context.Context, field int, distinct bool, pool *mem.Pool, add func(hash uint64)) error {
	c, err := r.columnReader(field, pool)
	if err != nil {
		return err
	}
	defer c.close()
	for row := uint32(0); row < r.meta.rows; {
		v, from, to, err := c.part(ctx, row, r.meta.rows)
		if err != nil {
			return err
		}
		for i := from; i < to; i++ {
			switch {
			case v.Valid == nil || v.Valid.Get(i):
				add(key.HashInt(v.Ints[i]))
			case !distinct:
				add(key.Hash(key.AppendNull(nil)))
			}
		}
		row += uint32(to - from)
	}
	return nil
}

// EachKey gives the tuple of each row, dead or not, until each gives an error. What it gives is good until the next.
func (r *Reader) EachKey(ctx context.Context, of KeyOf, pool *mem.Pool, each func(row uint32, encoded []byte, null bool) error) error {
	var bad error
	err := r.eachKey(ctx, of, nil, pool, func(row uint32, encoded []byte, null bool) {
		if bad == nil {
			bad = each(row, encoded, null)
		}
	})
	if bad != nil {
		return bad
	}
	return err
}

// eachKey gives the encoded tuple of each row, and whether a value in it is NULL. The bytes are good until the next call.
func (r *Reader) eachKey(ctx context.Context, of KeyOf, admits func(uint32) (bool, uint32), pool *mem.Pool, each func(row uint32, encoded []byte, null bool)) error {
	k, err := r.keyColumns(of, pool)
	if err != nil {
		return err
	}
	defer k.close()
	for n := range int(r.meta.series) {
		s, err := r.Series(n)
		if err != nil {
			return err
		}
		if err := k.start(s.Key); err != nil {
			return err
		}
		for row := s.First; row < s.First+s.Rows; {
			if admits != nil {
				if ok, end := admits(row); !ok {
					row = end
					continue
				}
			}
			encoded, null, err := k.encode(ctx, row)
			if err != nil {
				return err
			}
			each(row, encoded, null)
			row++
		}
	}
	return nil
}

// keyColumns reads tuples of columns, tags and others.
type keyColumns struct {
	r       *Reader
	columns []keyColumn
	parts   [][]byte // encoded tags of the series at hand
	scratch []byte
}

type keyColumn struct {
	reader *columnReader
	tag    int    // its number among the tags, -1 = none
	fixed  []byte // of a column that the segment does not have
}

func (r *Reader) keyColumns(of KeyOf, pool *mem.Pool) (*keyColumns, error) {
	k := &keyColumns{r: r, parts: make([][]byte, len(r.meta.schema.Tags))}
	for _, id := range of.Columns {
		c := keyColumn{tag: -1}
		switch field := r.meta.schema.Index(id); {
		case field < 0:
			v, err := of.Schema.Fields[of.Schema.Index(id)].InitialValues(1)
			if err != nil {
				k.close()
				return nil, err
			}
			c.fixed = key.AppendValue(nil, v, 0)
		case r.meta.schema.IsTag(id):
			c.tag = slices.Index(r.meta.schema.Tags, id)
		default:
			var err error
			if c.reader, err = r.columnReader(field, pool); err != nil {
				k.close()
				return nil, err
			}
		}
		k.columns = append(k.columns, c)
	}
	return k, nil
}

func (k *keyColumns) close() {
	for _, c := range k.columns {
		if c.reader != nil {
			c.reader.close()
		}
	}
}

// start turns to a series.
func (k *keyColumns) start(series []byte) error {
	for i, t := range k.r.meta.tags {
		_, _, rest, err := key.Next(series, t, nil)
		if err != nil {
			return err
		}
		k.parts[i] = series[:len(series)-len(rest)]
		series = rest
	}
	return nil
}

func (k *keyColumns) encode(ctx context.Context, row uint32) (encoded []byte, null bool, err error) {
	dst := k.scratch[:0]
	for _, c := range k.columns {
		at := len(dst)
		switch {
		case c.reader != nil:
			v, i, _, err := c.reader.part(ctx, row, row+1)
			if err != nil {
				return nil, false, err
			}
			dst = key.AppendValue(dst, v, i)
		case c.tag >= 0:
			dst = append(dst, k.parts[c.tag]...)
		default:
			dst = append(dst, c.fixed...)
		}
		null = null || key.IsNull(dst[at:])
	}
	k.scratch = dst
	return dst, null, nil
}

// KeyBounds are what the first values of a segment's tuples lie between; the zero value says nothing.
type KeyBounds struct {
	known  bool
	t      column.Type
	lo, hi value
	open   bool // there is no upper bound
	none   bool // no tuple has a first value
}

// KeyBounds gives the bounds of a key's first column.
func (r *Reader) KeyBounds(of KeyOf) (KeyBounds, error) {
	id := of.Columns[0]
	field := r.meta.schema.Index(id)
	if field < 0 || r.meta.schema.IsTag(id) {
		return KeyBounds{}, nil
	}
	b := KeyBounds{t: r.meta.schema.Fields[field].Type, none: true}
	if b.t.Physical() != column.PhysInt && (b.t.Physical() != column.PhysBytes || !b.t.Bytewise()) {
		return KeyBounds{}, nil
	}
	p, err := r.pagesOf(field)
	if err != nil {
		return KeyBounds{}, err
	}
	for i := range p.pages {
		z := &p.pages[i].zone
		if z.Nulls > 0 {
			return KeyBounds{}, nil
		}
		b.add(z)
	}
	b.known = true
	return b, nil
}

func (b *KeyBounds) add(z *index.Zone) {
	lo, hi := value{known: true, int: z.IntMin, text: z.TextMin}, value{known: true, int: z.IntMax, text: z.TextMax}
	if b.none || lo.compare(b.lo, b.t) < 0 {
		b.lo = lo
	}
	if b.none || hi.compare(b.hi, b.t) > 0 {
		b.hi = hi
	}
	b.open, b.none = b.open || z.TextOpen, false
}

func (v value) compare(o value, t column.Type) int {
	if t.Physical() == column.PhysInt {
		return cmp.Compare(v.int, o.int)
	}
	return bytes.Compare(v.text, o.text)
}

// Apart reports that no tuple of the segment lies between two others.
func (b *KeyBounds) Apart(lo, hi []byte) bool {
	if !b.known {
		return false
	}
	l, h := firstValue(lo, b.t), firstValue(hi, b.t)
	if l.null {
		return true // NULL comes after every value, and the segment has none
	}
	return l.known && (!b.open && l.compare(b.hi, b.t) > 0 || !h.null && h.compare(b.lo, b.t) < 0)
}

// KeyFilter gives a filter of the hashes (key.Hash) of the segment's tuples, also those of dead rows; it is read where the segment has it, and made
// elsewhere. Tuples with a NULL are left out where distinct is set, as they equal no other then.
func (r *Reader) KeyFilter(ctx context.Context, of KeyOf, distinct bool, pool *mem.Pool) (*index.Filter, error) {
	f := index.NewFilter(int64(r.meta.rows), r.filterBits(of))
	hashes := make([]uint64, 0, scan.BatchRows)
	err := r.keyHashes(ctx, of, distinct, pool, func(hash uint64) {
		if hashes = append(hashes, hash); len(hashes) == cap(hashes) {
			f.AddAll(hashes)
			hashes = hashes[:0]
		}
	})
	f.AddAll(hashes)
	return f, err
}

// KeyFilterBytes is the size that a filter will have.
func (r *Reader) KeyFilterBytes(of KeyOf) int64 {
	return index.FilterBytes(int64(r.meta.rows), r.filterBits(of))
}

// The bits that a tuple has in a filter: where it is found by halves, being wrong once in a thousand times is of no matter; where all rows must
// be read for it, it is.
const (
	sortedBits   = 16
	unsortedBits = 32
)

func (r *Reader) filterBits(of KeyOf) int {
	if r.SortedBy(of) {
		return sortedBits
	}
	return unsortedBits
}
