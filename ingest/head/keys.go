package head

import (
	"bytes"
	"context"
	"slices"
	"sort"
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
	claim  *KeyClaim
}

// of reports whether an index is of these tuples.
func (k *BatchKeys) of(x *keyIndex) bool {
	return k.Distinct == x.distinct && slices.Equal(k.Columns, x.columns)
}

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
	table  *keyTable
	places []uint64 // of the table's rows: series << 32 | position; nil while those of one series are numbered by their positions
	taken  []uint32 // rows that are in it, by series
	rows   int64    // the same, of all series
	sized  int64    // the bytes that were accounted for
	claim  *KeyClaim
}

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
		i := slices.IndexFunc(b.Keys, func(k *BatchKeys) bool { return k.of(x) })
		if i >= 0 {
			grown += x.append(p, b.Keys[i], lo, hi)
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
	if x.rows < p.rows || x.table == nil {
		return 0 // not asked yet, or not lately
	}
	first := uint32(x.rows)
	for i, at := range p.locals {
		x.take(at, p.seriesLocked(at).sealed+p.rowIdx[i])
	}
	switch {
	case k.claim == nil || k.claim != x.claim:
		x.table.put(nil, 0, k.Hashes[lo:hi], k.freeIn(lo, hi), first, nil, withoutRest)
	case hi == len(k.Hashes):
		x.claim = nil
	}
	return x.grown()
}

func (k *BatchKeys) freeIn(lo, hi int) []bool {
	if k.Free == nil {
		return nil
	}
	return k.Free[lo:hi]
}

// grown gives the bytes that the index has grown since the last call.
func (x *keyIndex) grown() int64 {
	before := x.sized
	x.sized = x.table.size + 8*int64(cap(x.places)) + 4*int64(cap(x.taken))
	return x.sized - before
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

// take notes that the next row of a series is in the index. Rows are numbered in the order in which they are taken.
func (x *keyIndex) take(at, position uint32) uint32 {
	for int(at) >= len(x.taken) {
		x.taken = append(x.taken, 0)
	}
	if x.places == nil && at > 0 {
		x.places = make([]uint64, x.rows, x.rows+1)
		for i := range x.places {
			x.places[i] = uint64(i)
		}
	}
	if x.places != nil {
		x.places = append(x.places, uint64(at)<<32|uint64(position))
	}
	x.taken[at]++
	x.rows++
	return uint32(x.rows - 1)
}

// place gives the series and the position of a row of the table.
func (x *keyIndex) place(row uint32) (at, position uint32) {
	if x.places == nil {
		return 0, row
	}
	return uint32(x.places[row] >> 32), uint32(x.places[row])
}

// FindKeys gives the rows of the head that may have a tuple of k, whether they are visible or not, dead or not: those of the same hash, with
// the number of the row in k. One writer at a time asks it about a table.
//
// A writer who will append the rows of k as one batch claims their tuples: they are put into the index as they are looked up, with the numbers that the rows will
// have. To do it when the rows come would read the same lines a second time, which by then have left the caches. If ctx ends the error is its own, and what was
// claimed by then still is.
func (h *Head) FindKeys(ctx context.Context, table *meta.Table, k *BatchKeys, claim bool, found func(i int, row KeyRow)) error {
	return h.eachKeyIndex(ctx, table, k, func(g *Generation, p *part, x *keyIndex, newest bool) error {
		var rows []foundRow
		var err error
		if claim && newest {
			var grown int64
			rows, grown, err = x.claimKeys(ctx, h, p, k)
			h.settleIn(g, grown)
		} else {
			rows, err = x.find(ctx, p, k, anyCut)
		}
		if err != nil {
			return err
		}
		if !table.Columns.Supersedes() { // where rows replace each other one that has ended says that there is none
			x.shorten(p, rows)
		}
		for i, f := range rows {
			if i%rowsAtOnce == 0 {
				if err := unwanted(ctx); err != nil {
					return err
				}
			}
			found(f.i, f.row)
		}
		return nil
	})
}

// eachKeyIndex gives the indexes that may know tuples of k, filled, from the newest generation to the oldest. newest says that the generation takes rows.
func (h *Head) eachKeyIndex(ctx context.Context, table *meta.Table, k *BatchKeys, f func(g *Generation, p *part, x *keyIndex, newest bool) error) error {
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
		grown, err := x.fill(ctx, p, &table.Columns)
		h.settleIn(g, grown)
		if err != nil {
			return err
		}
		if err := f(g, p, x, n == len(gens)-1); err != nil {
			return err
		}
	}
	return nil
}

// foundRow is a row that may have the tuple of a row of a batch.
type foundRow struct {
	i      int
	row    KeyRow
	number uint32 // in the index
}

// find gives the rows that may have a tuple of k, for each the newest first. Those that had ended by a seq may be left out.
func (x *keyIndex) find(ctx context.Context, p *part, k *BatchKeys, ended meta.Seq) ([]foundRow, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var found []keyFound
	err := k.inPieces(ctx, func(lo, hi int) {
		found = x.table.find(found, lo, k.Hashes[:hi], k.Free, ended)
	})
	return x.foundLocked(p, found), err
}

// inPieces goes through the keys for as long as ctx lasts.
func (k *BatchKeys) inPieces(ctx context.Context, each func(lo, hi int)) error {
	for lo := 0; lo < len(k.Hashes); lo += keysAtOnce {
		if err := unwanted(ctx); err != nil {
			return err
		}
		each(lo, min(lo+keysAtOnce, len(k.Hashes)))
	}
	return nil
}

// longChain is how many rows of one tuple are found before it is looked whether they have ended.
const longChain = 8

// shorten cuts the chains that were long: of a row that is updated over and over all versions but one have ended, and nobody need pass them each time. rows are what
// was found with anyCut.
func (x *keyIndex) shorten(p *part, rows []foundRow) {
	for lo := 0; lo < len(rows); {
		hi := lo + 1
		for hi < len(rows) && rows[hi].i == rows[lo].i {
			hi++
		}
		if hi-lo >= longChain {
			x.shortenOne(p, rows[lo:hi])
		}
		lo = hi
	}
}

// shortenOne cuts a chain, the newest row first, above the rows that have all ended.
func (x *keyIndex) shortenOne(p *part, rows []foundRow) {
	last, seq := len(rows)-1, meta.Seq(0)
	p.mu.RLock()
	for last > 0 {
		d := p.deaths[rows[last].row.at]
		if d == nil || !d.all.Contains(rows[last].row.position) {
			break
		}
		seq = max(seq, d.steps[len(d.steps)-1].seq)
		last--
	}
	p.mu.RUnlock()
	if last < len(rows)-1 {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.table.cut(rows[last].number, rows[len(rows)-1].number, seq)
	}
}

// foundLocked says where rows are, but for those that are only claimed.
func (x *keyIndex) foundLocked(p *part, found []keyFound) []foundRow {
	out := make([]foundRow, 0, len(found))
	for _, f := range found {
		if int64(f.row) < x.rows {
			at, position := x.place(f.row)
			out = append(out, foundRow{f.i, KeyRow{p, at, position}, f.row})
		}
	}
	return out
}

// KeyClaim is the tuples of a batch that are in an index before its rows are: all, or if the writer was kept from it the first of them.
type KeyClaim struct {
	head  *Head
	part  *part
	index *keyIndex
	keys  int
}

// claimKeys is find, and claims the tuples.
func (x *keyIndex) claimKeys(ctx context.Context, h *Head, p *part, k *BatchKeys) ([]foundRow, int64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.claim = &KeyClaim{head: h, part: p, index: x}
	k.claim = x.claim
	var found []keyFound
	err := k.inPieces(ctx, func(lo, hi int) {
		found = x.table.put(found, lo, k.Hashes[:hi], k.Free, uint32(x.rows), nil, anyCut)
		x.claim.keys = hi
	})
	return x.foundLocked(p, found), x.grown(), err
}

// Claimed is how many tuples have to be taken back by Unclaim: where there are many it takes a while.
func (k *BatchKeys) Claimed() int {
	c := k.claim
	if c == nil {
		return 0
	}
	c.index.mu.RLock()
	defer c.index.mu.RUnlock()
	if c.index.claim != c {
		return 0
	}
	return c.keys
}

// Unclaim ends the claim of tuples whose rows have not come, if there is one.
func (k *BatchKeys) Unclaim() {
	if c := k.claim; c != nil {
		c.head.settleIn(c.part.gen, c.index.unclaim(k))
	}
}

func (x *keyIndex) unclaim(k *BatchKeys) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.claim != k.claim {
		return 0
	}
	x.claim = nil
	for i := k.claim.keys - 1; i >= 0; i-- {
		if k.Free == nil || !k.Free[i] {
			x.table.takeBack(mixed(k.Hashes[i]))
		}
	}
	return x.grown()
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
func (x *keyIndex) fill(ctx context.Context, p *part, schema *column.Schema) (grown int64, err error) {
	x.filling.Lock()
	defer x.filling.Unlock()
	p.mu.RLock()
	rows, count := p.rows, p.count
	p.mu.RUnlock()
	x.mu.RLock()
	done, taken := x.rows >= rows && x.table != nil, slices.Clone(x.taken)
	x.mu.RUnlock()
	if done {
		return 0, nil
	}
	t := tuples{columns: x.columns, schema: schema, tags: schema.TagTypes(), keys: p.dict.Keys()}
	var read readKeys
	for at := range uint32(count) {
		first := uint32(0)
		if int(at) < len(taken) {
			first = taken[at]
		}
		read.clear()
		err := t.each(ctx, p, at, first, func(position uint32, encoded []byte, null bool) {
			read.add(position, encoded, null && x.distinct)
		})
		grown += x.add(at, &read)
		if err != nil {
			return grown, err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.whole = x.whole || x.rows >= rows
	if x.table == nil {
		x.table = newKeyTable()
	}
	return grown + x.grown(), nil
}

// readKeys are the tuples that were read of a series.
type readKeys struct {
	positions []uint32
	hashes    []uint64
	free      []bool
	lo, hi    []byte
}

func (r *readKeys) clear() {
	r.positions, r.hashes, r.free, r.lo, r.hi = r.positions[:0], r.hashes[:0], r.free[:0], nil, nil
}

func (r *readKeys) add(position uint32, encoded []byte, free bool) {
	r.positions, r.free = append(r.positions, position), append(r.free, free)
	if free {
		return
	}
	r.hashes = append(r.hashes, key.Hash(encoded))
	if r.lo == nil || bytes.Compare(encoded, r.lo) < 0 {
		r.lo = bytes.Clone(encoded)
	}
	if r.hi == nil || bytes.Compare(encoded, r.hi) > 0 {
		r.hi = bytes.Clone(encoded)
	}
}

// add puts the rows that were read of a series into the index.
func (x *keyIndex) add(at uint32, read *readKeys) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.table == nil {
		x.table = newKeyTable()
	}
	x.cover(read.lo, read.hi)
	rows := make([]uint32, 0, len(read.hashes))
	for i, position := range read.positions {
		if row := x.take(at, position); !read.free[i] {
			rows = append(rows, row)
		}
	}
	x.table.put(nil, 0, read.hashes, nil, 0, rows, withoutRest)
	return x.grown()
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
func (t *tuples) each(ctx context.Context, p *part, at, first uint32, each func(position uint32, encoded []byte, null bool)) error {
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
		if err := unwanted(ctx); err != nil {
			return err
		}
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
	if err := t.dec.decode(c, fields, wanted, c.rows, out); err != nil {
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

// Among reports whether a set has the row.
func (r KeyRow) Among(rows *scan.RowSet) bool {
	return rows != nil && rows.Contains(-r.part.gen.number, address(r.at, r.position))
}

// Ended reports whether the row has ended, or is among those that are about to.
func (r KeyRow) Ended(dying *scan.RowSet) bool {
	if r.Among(dying) {
		return true
	}
	r.part.mu.RLock()
	defer r.part.mu.RUnlock()
	d := r.part.deaths[r.at]
	return d != nil && d.all.Contains(r.position)
}

// Since reports whether the row was written by a commit after another.
func (r KeyRow) Since(seq meta.Seq) (bool, error) {
	r.part.mu.RLock()
	s := r.part.seriesLocked(r.at)
	chunks := s.chunks
	r.part.mu.RUnlock()
	i := sort.Search(len(chunks), func(i int) bool { return chunks[i].base+uint32(chunks[i].rows) > r.position })
	if i < len(chunks) && (chunks[i].last <= seq || chunks[i].first > seq) { // nearly always: else it has to be unpacked
		return chunks[i].first > seq, nil
	}
	d := Dying{part: r.part, at: r.at, rows: roaring.BitmapOf(r.position)}
	seqs, _, err := d.Known()
	if err != nil {
		return false, err
	}
	return meta.Seq(seqs[0]) > seq, nil
}
