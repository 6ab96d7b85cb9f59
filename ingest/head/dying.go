package head

import (
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// Ends are the rows of one table that a commit ends.
type Ends struct {
	Table    meta.TableID
	Segments map[meta.SegmentID]*roaring.Bitmap
	Series   []Dying
	Own      *roaring.Bitmap // numbers among the commit's own rows of the table, in their order; nil = none
}

// Dying are rows of one series of a part, by their positions.
type Dying struct {
	part *part
	at   uint32
	rows *roaring.Bitmap
}

// An address of the head is the number of a generation, below 0, and the series' number in the part with the position in its stream.
func address(at, position uint32) int64 { return int64(at)<<32 | int64(position) }

// ErrGone says that rows are not where an address says: their generation has been flushed.
var ErrGone = column.Errorf(column.Conflict, "rows have moved since they were read")

// Locate finds the rows of a table that addresses name, OwnRows aside. The answer is ErrGone where a generation holds rows up to flushed only:
// they are in segments then.
func (h *Head) Locate(table meta.TableID, set *scan.RowSet, flushed meta.Seq) ([]Dying, error) {
	var out []Dying
	for number, rows := range set.Others {
		if number == scan.OwnRows {
			continue
		}
		p := h.partOf(-number, table, flushed)
		if p == nil {
			return nil, ErrGone
		}
		var last *Dying
		for it := rows.Iterator(); it.HasNext(); {
			v := it.Next()
			if at := uint32(v >> 32); last == nil || last.at != at {
				out = append(out, Dying{part: p, at: at, rows: roaring.New()})
				last = &out[len(out)-1]
			}
			last.rows.Add(uint32(v))
		}
	}
	return out, nil
}

// partOf finds a table's part in a generation that has rows after flushed, nil if there is none.
func (h *Head) partOf(number int64, table meta.TableID, flushed meta.Seq) *part {
	h.mu.RLock()
	gens := h.gens
	h.mu.RUnlock()
	for _, g := range gens {
		if g.number != number {
			continue
		}
		g.mu.RLock()
		defer g.mu.RUnlock()
		if g.last <= flushed {
			return nil
		}
		return g.parts[table]
	}
	return nil
}

// Dict is the dictionary by which the part names its series, and Ref the name of this one.
func (d *Dying) Dict() (dict *Dict, ref uint32) {
	d.part.mu.RLock()
	defer d.part.mu.RUnlock()
	return d.part.dict, d.part.seriesLocked(d.at).ref
}

// Known gives for each row the commit that wrote it, and how many rows of the series that commit wrote before it: what outlives the process.
func (d *Dying) Known() (seqs, numbers []int64, err error) {
	chunks, err := d.part.seqsOf(d.at)
	if err != nil {
		return nil, nil, err
	}
	var dec decoder
	it := d.rows.Iterator()
	for i := range chunks {
		c := &chunks[i]
		if !it.HasNext() {
			break
		}
		if it.PeekNext() >= c.base+uint32(c.rows) {
			continue
		}
		first, err := runStart(chunks, i)
		if err != nil {
			return nil, nil, err
		}
		list, err := dec.decodeSeqs(c)
		if err != nil {
			return nil, nil, err
		}
		k := 0
		for it.HasNext() && it.PeekNext() < c.base+uint32(c.rows) {
			row := it.Next()
			for ; k < int(row-c.base); k++ {
				if list[k+1] != list[k] {
					first = c.base + uint32(k+1)
				}
			}
			seqs = append(seqs, list[k])
			numbers = append(numbers, int64(row-first))
		}
	}
	if it.HasNext() {
		return nil, nil, column.Errorf(column.Internal, "head: row %d of a series is not there", it.Next())
	}
	return seqs, numbers, nil
}

// seqsOf gives the chunks of a series, of the open one the seqs alone.
func (p *part) seqsOf(at uint32) ([]chunk, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if int(at) >= p.count {
		return nil, column.Errorf(column.Internal, "head: series %d of %d", at, p.count)
	}
	s := p.seriesLocked(at)
	chunks := s.chunks[:len(s.chunks):len(s.chunks)]
	if s.open > 0 {
		chunks = append(chunks, p.copyOpenLocked(at, make([]bool, len(p.fields))))
	}
	return chunks, nil
}

// runStart is the position of the first row that the commit of a chunk's first row wrote.
func runStart(chunks []chunk, i int) (uint32, error) {
	seq, first := chunks[i].first, chunks[i].base
	for i--; i >= 0 && chunks[i].last == seq; i-- {
		if chunks[i].first == seq {
			first = chunks[i].base
			continue
		}
		var dec decoder
		list, err := dec.decodeSeqs(&chunks[i])
		if err != nil {
			return 0, err
		}
		return chunks[i].base + uint32(sort.Search(len(list), func(k int) bool { return list[k] >= int64(seq) })), nil
	}
	return first, nil
}

// Find is the way back from what Known gives: the rows of a series, by its short key, in any generation. Rows that are not there are left out, and
// counted.
func (h *Head) Find(table meta.TableID, key []byte, seqs, numbers []int64) (found []Dying, missing int, err error) {
	h.mu.RLock()
	gens := h.gens
	h.mu.RUnlock()
	left := len(seqs)
	for _, g := range gens {
		g.mu.RLock()
		p, first, last := g.parts[table], g.first, g.last
		g.mu.RUnlock()
		if p == nil {
			continue
		}
		ref := p.dict.Find(key)
		if ref == NoRef || int(ref) >= len(p.local) || p.local[ref] == 0 { // nobody appends while this is asked
			continue
		}
		d := Dying{part: p, at: p.local[ref] - 1, rows: roaring.New()}
		if err := d.find(seqs, numbers, first, last); err != nil {
			return nil, 0, err
		}
		if n := int(d.rows.GetCardinality()); n > 0 {
			left -= n
			found = append(found, d)
		}
	}
	return found, left, nil
}

// find adds the positions of the rows whose commits are in a range.
func (d *Dying) find(seqs, numbers []int64, first, last meta.Seq) error {
	chunks, err := d.part.seqsOf(d.at)
	if err != nil {
		return err
	}
	var dec decoder
	var list []int64 // the seqs of chunks[have]
	have := -1
	for i, seq := range seqs {
		if seq < int64(first) || seq > int64(last) {
			continue
		}
		k := sort.Search(len(chunks), func(k int) bool { return int64(chunks[k].last) >= seq })
		if k == len(chunks) {
			continue
		}
		if k != have {
			if list, err = dec.decodeSeqs(&chunks[k]); err != nil {
				return err
			}
			have = k
		}
		at := sort.Search(len(list), func(i int) bool { return list[i] >= seq })
		if at == len(list) || list[at] != seq {
			continue
		}
		d.rows.Add(chunks[k].base + uint32(at) + uint32(numbers[i]))
	}
	return nil
}

// End notes deaths that a later commit will bring: see the replay.
func (h *Head) End(seq meta.Seq, rows []Dying) (grown int64) {
	for i := range rows {
		n := rows[i].part.end(seq, rows[i].at, rows[i].rows)
		rows[i].part.gen.bytes.Add(n)
		grown += n
	}
	return grown
}

// Dead reports whether one of the rows has ended already. The caller keeps commits out.
func (h *Head) Dead(e *Ends) bool {
	for id, rows := range e.Segments {
		if h.ended.dead(e.Table, id, rows) {
			return true
		}
	}
	for i := range e.Series {
		if e.Series[i].dead() {
			return true
		}
	}
	return false
}

func (d *Dying) dead() bool {
	d.part.mu.RLock()
	defer d.part.mu.RUnlock()
	have := d.part.deaths[d.at]
	return have != nil && have.has(d.rows)
}

// end notes that rows of a part have ended and gives the bytes that it takes.
func (p *part) end(seq meta.Seq, at uint32, rows *roaring.Bitmap) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.endLocked(seq, at, rows)
}

func (p *part) endLocked(seq meta.Seq, at uint32, rows *roaring.Bitmap) int64 {
	d := p.deaths[at]
	if d == nil {
		if p.deaths == nil {
			p.deaths = map[uint32]*deaths{}
		}
		d = &deaths{}
		p.deaths[at] = d
	}
	return d.add(seq, rows)
}

// Size is about the bytes that the deaths take.
func (e *Ends) Size() int64 {
	n := int64(0)
	count := func(rows *roaring.Bitmap) {
		n += deathsBytes + commitDeaths + deathBytes*int64(rows.GetCardinality())
	}
	for _, rows := range e.Segments {
		count(rows)
	}
	for i := range e.Series {
		count(e.Series[i].rows)
	}
	if e.Own != nil {
		n += (deathsBytes + commitDeaths + deathBytes) * int64(e.Own.GetCardinality()) // of as many series, at worst
	}
	return n
}
