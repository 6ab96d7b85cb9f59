package head

import (
	"bytes"
	"math/bits"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// BatchKeys are the tuples of a batch's rows that a unique constraint looks at.
type BatchKeys struct {
	Columns []column.ID
	// Distinct says that rows with a NULL in their tuple are never equal to others; Free says which they are, nil = there are none.
	Distinct bool
	Free     []bool
	Hashes   []uint64 // key.Hash by row
	// Lo and Hi are the least and the greatest tuple (package key).
	Lo, Hi []byte
}

// of reports whether an index is of these tuples.
func (k *BatchKeys) of(x *keyIndex) bool {
	return k.Distinct == x.distinct && slices.Equal(k.Columns, x.columns)
}

func (k *BatchKeys) free(i int) bool { return k.Free != nil && k.Free[i] }

// KeyRow is where the head has a row.
type KeyRow struct {
	part     *part
	at       uint32 // series
	position uint32 // in the series
}

// keyIndex finds the newest row of each tuple among a part's rows. It is filled when it is first asked, and from then on by every append: while
// tuples only ascend nobody asks, and a load pays nothing. What it finds goes by hashes alone: who needs to be sure reads the row.
//
// Of two rows of one tuple the older was dead when the newer came, so the newest decides.
type keyIndex struct {
	columns  []column.ID
	distinct bool
	filling  sync.Mutex

	mu     sync.RWMutex
	lo, hi []byte // bounds of all tuples; nil = none
	whole  bool   // bounds are known of all rows
	blind  bool   // there are rows that it was not told of
	slots  []keySlot
	used   int
	taken  []uint32 // rows that are in it, by series
	rows   int64    // the same, of all series
}

// keySlot is a row; next to it, or behind others of the same place, are those of the same hash.
type keySlot struct {
	hash uint64
	row  uint64 // series << 32 | position, + 1; 0 = free
}

const keySlotBytes = 16

// keyIndexOf gives the index of a constraint's columns, made where it is missing.
func (p *part) keyIndexOf(k *BatchKeys) *keyIndex {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.keys {
		if k.of(x) {
			return x
		}
	}
	x := &keyIndex{columns: k.Columns, distinct: k.Distinct, whole: p.rows == 0}
	p.keys = append(p.keys[:len(p.keys):len(p.keys)], x)
	return x
}

// appendKeysLocked tells the indexes about rows [lo, hi) of a batch, before their chunks are sealed.
func (p *part) appendKeysLocked(b *Batch, lo, hi int) (grown int64) {
	if p.rows == 0 && len(p.keys) == 0 {
		for i := range b.Keys {
			p.keys = append(p.keys, &keyIndex{columns: b.Keys[i].Columns, distinct: b.Keys[i].Distinct, whole: true})
		}
	}
	for _, x := range p.keys {
		i := slices.IndexFunc(b.Keys, func(k BatchKeys) bool { return k.of(x) })
		if i >= 0 {
			grown += x.append(p, &b.Keys[i], lo, hi)
			continue
		}
		x.mu.Lock()
		x.blind = true // the constraint came while the batch was on its way, or is gone
		x.mu.Unlock()
	}
	return grown
}

func (x *keyIndex) append(p *part, k *BatchKeys, lo, hi int) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cover(k.Lo, k.Hi)
	if x.rows < p.rows || x.slots == nil {
		return 0 // not asked yet, or not lately
	}
	before := len(x.slots)
	for i := lo; i < hi; i++ {
		at := p.locals[i-lo]
		x.take(at)
		if !k.free(i) {
			x.put(k.Hashes[i], at, p.seriesLocked(at).sealed+p.rowIdx[i-lo])
		}
	}
	return int64(len(x.slots)-before) * keySlotBytes
}

// cover widens the bounds.
func (x *keyIndex) cover(lo, hi []byte) {
	if lo == nil {
		return
	}
	if x.lo == nil || bytes.Compare(lo, x.lo) < 0 {
		x.lo = bytes.Clone(lo)
	}
	if x.hi == nil || bytes.Compare(hi, x.hi) > 0 {
		x.hi = bytes.Clone(hi)
	}
}

// apart reports that no tuple of the part lies between two others.
func (x *keyIndex) apart(lo, hi []byte) bool {
	return x.whole && !x.blind && (x.lo == nil || bytes.Compare(hi, x.lo) < 0 || bytes.Compare(lo, x.hi) > 0)
}

func (x *keyIndex) isApart(k *BatchKeys) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.apart(k.Lo, k.Hi)
}

// take notes that the next row of a series is in the index.
func (x *keyIndex) take(at uint32) {
	for int(at) >= len(x.taken) {
		x.taken = append(x.taken, 0)
	}
	x.taken[at]++
	x.rows++
}

func (x *keyIndex) put(hash uint64, at, position uint32) {
	if 4*(x.used+1) > 3*len(x.slots) {
		x.grow()
	}
	x.place(keySlot{hash, (uint64(at)<<32 | uint64(position)) + 1})
	x.used++
}

func (x *keyIndex) grow() int64 {
	old := x.slots
	x.slots = make([]keySlot, max(1<<10, 2*len(old)))
	for _, s := range old {
		if s.row != 0 {
			x.place(s)
		}
	}
	return int64(len(x.slots)-len(old)) * keySlotBytes
}

func (x *keyIndex) place(s keySlot) {
	mask := uint64(len(x.slots) - 1)
	i := x.start(s.hash)
	for x.slots[i].row != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}

// start is where a hash's slots begin. Stored hashes have no seed, so they are mixed by a multiplication first.
func (x *keyIndex) start(hash uint64) uint64 {
	return hash * 0x9e3779b97f4a7c15 >> (64 - bits.Len(uint(len(x.slots)-1)))
}

// find gives the rows of a hash.
func (x *keyIndex) find(hash uint64, found func(at, position uint32)) {
	if len(x.slots) == 0 {
		return
	}
	mask := uint64(len(x.slots) - 1)
	for i := x.start(hash); x.slots[i].row != 0; i = (i + 1) & mask {
		if x.slots[i].hash == hash {
			row := x.slots[i].row - 1
			found(uint32(row>>32), uint32(row))
		}
	}
}

// FindKeys gives the rows of the head that may have a tuple of k, whether they are visible or not, dead or not: those of the same hash, with
// the number of the row in k. One writer at a time asks it about a table.
func (h *Head) FindKeys(table *meta.Table, k *BatchKeys, found func(i int, row KeyRow)) error {
	h.mu.RLock()
	gens := h.gens
	h.mu.RUnlock()
	for n := len(gens) - 1; n >= 0; n-- {
		g := gens[n]
		g.mu.RLock()
		p := g.parts[table.ID]
		g.mu.RUnlock()
		if p == nil {
			continue
		}
		x := p.keyIndexOf(k)
		if x.isApart(k) {
			continue
		}
		grown, err := x.fill(p, &table.Columns)
		h.settleIn(g, grown)
		if err != nil {
			return err
		}
		x.mu.RLock()
		for i, hash := range k.Hashes {
			if !k.free(i) {
				x.find(hash, func(at, position uint32) { found(i, KeyRow{p, at, position}) })
			}
		}
		x.mu.RUnlock()
	}
	return nil
}

// settleIn accounts for what a generation has grown outside of an append, if it is still there.
func (h *Head) settleIn(g *Generation, grown int64) {
	if grown == 0 {
		return
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if slices.Contains(h.gens, g) {
		g.bytes.Add(grown)
		h.Settle(0, grown)
	}
}

// fill brings the index up to the part's rows of now. An append that finds it behind leaves it so, and one that does not goes on with it: so
// who fills it holds no lock of the part while he reads.
func (x *keyIndex) fill(p *part, schema *column.Schema) (grown int64, err error) {
	x.filling.Lock()
	defer x.filling.Unlock()
	p.mu.RLock()
	rows, count := p.rows, p.count
	p.mu.RUnlock()
	x.mu.RLock()
	done, taken := x.rows >= rows && x.slots != nil, slices.Clone(x.taken)
	x.mu.RUnlock()
	if done {
		return 0, nil
	}
	t := tuples{columns: x.columns, schema: schema, tags: schema.TagTypes(), keys: p.dict.Keys()}
	var read []keySlot
	for at := range uint32(count) {
		first := uint32(0)
		if int(at) < len(taken) {
			first = taken[at]
		}
		read = read[:0]
		var lo, hi []byte
		err := t.each(p, at, first, func(position uint32, encoded []byte, null bool) {
			// Of no matter whether NULLs are distinct: a NULL that is looked for says so.
			read = append(read, keySlot{key.Hash(encoded), uint64(at)<<32 | uint64(position)})
			if lo == nil || bytes.Compare(encoded, lo) < 0 {
				lo = bytes.Clone(encoded)
			}
			if hi == nil || bytes.Compare(encoded, hi) > 0 {
				hi = bytes.Clone(encoded)
			}
		})
		grown += x.add(read, lo, hi)
		if err != nil {
			return grown, err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.whole = x.whole || x.rows >= rows
	if x.slots == nil {
		grown += x.grow()
	}
	return grown, nil
}

// add puts the rows that were read of a series into the index.
func (x *keyIndex) add(read []keySlot, lo, hi []byte) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	before := len(x.slots)
	x.cover(lo, hi)
	for _, r := range read {
		x.take(uint32(r.row >> 32))
		x.put(r.hash, uint32(r.row>>32), uint32(r.row))
	}
	return int64(len(x.slots)-before) * keySlotBytes
}

// tuples encodes the columns of a constraint of rows of a part.
type tuples struct {
	columns []column.ID
	schema  *column.Schema
	tags    []column.Type
	keys    Keys

	dec     decoder
	parts   [][]byte // encoded tags of the series at hand
	scratch []byte
}

// each gives the tuples of a series' rows from a position on.
func (t *tuples) each(p *part, at, first uint32, each func(position uint32, encoded []byte, null bool)) error {
	p.mu.RLock()
	s := p.seriesLocked(at)
	ref, fields, chunks := s.ref, p.fields, s.chunks
	var open chunk
	if s.open > 0 {
		open = p.copyOpenLocked(at, t.wanted(fields))
	}
	p.mu.RUnlock()
	if err := t.series(t.keys.Key(ref)); err != nil {
		return err
	}
	position := uint32(0)
	for i := range len(chunks) + 1 {
		c := &open
		if i < len(chunks) {
			c = &chunks[i]
		}
		end := position + uint32(c.rows)
		if end > first && c.rows > 0 {
			if err := t.chunk(p, c, fields, max(first, position)-position, position, each); err != nil {
				return err
			}
		}
		position = end
	}
	return nil
}

func (t *tuples) wanted(fields []column.Field) []bool {
	out := make([]bool, len(fields))
	for i, f := range fields {
		out[i] = slices.Contains(t.columns, f.ID)
	}
	return out
}

// series takes the tags of a series apart.
func (t *tuples) series(short []byte) error {
	t.parts = t.parts[:0]
	for _, typ := range t.tags {
		_, null, rest, err := nextTag(short, typ, nil)
		if err != nil {
			return err
		}
		part := short[:len(short)-len(rest)]
		if null {
			part = key.AppendNull(nil)
		}
		t.parts, short = append(t.parts, part), rest
	}
	return nil
}

func (t *tuples) chunk(p *part, c *chunk, fields []column.Field, from, position uint32, each func(uint32, []byte, bool)) error {
	vectors, err := t.decode(p, c, fields)
	if err != nil {
		return err
	}
	for i := from; i < uint32(c.rows); i++ {
		encoded, null := t.encode(vectors, int(i))
		each(position+i, encoded, null)
	}
	return nil
}

// decode gives a vector for each column of the constraint; nil for tags, and for what is NULL throughout.
func (t *tuples) decode(p *part, c *chunk, fields []column.Field) ([]*column.Vector, error) {
	wanted := make([]int, len(fields))
	for i, f := range fields {
		wanted[i] = slices.Index(t.columns, f.ID)
	}
	out := make([]*column.Vector, len(t.columns))
	if err := t.dec.decode(c, fields, wanted, out); err != nil {
		return nil, err
	}
	for k, id := range t.columns {
		f := &t.schema.Fields[t.schema.Index(id)]
		if out[k] == nil && f.Initial == "" || t.schema.IsTag(id) {
			continue
		}
		var err error
		if out[k], err = t.dec.underNow(p, c, f, out[k]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *tuples) encode(vectors []*column.Vector, i int) (encoded []byte, null bool) {
	dst := t.scratch[:0]
	for k, id := range t.columns {
		at := len(dst)
		switch tag := slices.Index(t.schema.Tags, id); {
		case tag >= 0:
			dst = append(dst, t.parts[tag]...)
		case vectors[k] == nil:
			dst = key.AppendNull(dst)
		default:
			dst = key.AppendValue(dst, vectors[k], i)
		}
		null = null || key.IsNull(dst[at:])
	}
	t.scratch = dst
	return dst, null
}

// Tuple encodes a row's columns (package key).
func (r KeyRow) Tuple(schema *column.Schema, columns []column.ID) ([]byte, error) {
	t := tuples{columns: columns, schema: schema, tags: schema.TagTypes(), keys: r.part.dict.Keys()}
	var out []byte
	p := r.part
	p.mu.RLock()
	s := p.seriesLocked(r.at)
	ref, fields, chunks := s.ref, p.fields, s.chunks
	var open chunk
	if s.open > 0 && r.position >= s.sealed {
		open = p.copyOpenLocked(r.at, t.wanted(fields))
	}
	p.mu.RUnlock()
	if err := t.series(t.keys.Key(ref)); err != nil {
		return nil, err
	}
	position := r.position
	for i := range chunks {
		if position < uint32(chunks[i].rows) {
			open = chunks[i]
			break
		}
		position -= uint32(chunks[i].rows)
	}
	vectors, err := t.decode(p, &open, fields)
	if err != nil {
		return nil, err
	}
	out, _ = t.encode(vectors, int(position))
	return out, nil
}

// Ended reports whether the row has ended, or is among those that are about to.
func (r KeyRow) Ended(dying *scan.RowSet) bool {
	if dying != nil && dying.Contains(-r.part.gen.number, address(r.at, r.position)) {
		return true
	}
	r.part.mu.RLock()
	defer r.part.mu.RUnlock()
	d := r.part.deaths[r.at]
	return d != nil && d.all.Contains(r.position)
}

// Seq is the commit that wrote the row.
func (r KeyRow) Seq() (meta.Seq, error) {
	d := Dying{part: r.part, at: r.at, rows: roaring.BitmapOf(r.position)}
	seqs, _, err := d.Known()
	if err != nil {
		return 0, err
	}
	return meta.Seq(seqs[0]), nil
}
