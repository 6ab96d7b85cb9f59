package head

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/meta"
)

// Options configures a Head.
type Options struct {
	Pool        *mem.Pool        // what the head holds is reserved here; its limit is the head's budget
	Now         func() time.Time // nil = time.Now
	SeriesLimit int              // of one table; 0 = DefaultSeriesLimit
	// Epoch is the owner's: generations are numbered so that no number means two of them, in this life of the owner or another.
	Epoch uint64
	// Retire is how many series a table's dictionary has at least before a generation that used fewer than half of them ends
	// it; 0 = DefaultRetire.
	Retire int
}

// DefaultSeriesLimit bounds a table's series: at 1.5 KiB each, two million take 3 GiB, which is more than a careless label should.
const DefaultSeriesLimit = 2_000_000

// Head holds generations of rows. A generation is a contiguous range of seqs; the last one takes new rows, the others are frozen and
// wait to be dropped. Append, Freeze, Drop and Retire are the owner's, one at a time; everything else is for all.
type Head struct {
	opts Options

	// mu guards the lists; part.mu guards rows. mu is never taken inside part.mu.
	mu     sync.RWMutex
	dict   map[meta.TableID]*Dict
	gens   []*Generation
	number int64 // of the newest generation

	ended pending // rows of segments

	accMu    sync.Mutex
	reserved int64 // in the pool; it follows used + pending, and stays below where the pool is full
	pending  int64 // set aside for batches that are not settled
	used     int64 // by rows and dictionaries
	dictSize map[*Dict]int64
}

// Generation is the rows of all tables between two freezes.
type Generation struct {
	created time.Time
	number  int64 // never used twice

	mu          sync.RWMutex
	first, last meta.Seq // last is 0 until the first commit
	oldest      time.Time
	parts       map[meta.TableID]*part
	bytes, rows atomic.Int64
	frozen      atomic.Bool
}

// New makes an empty head.
func New(o Options) *Head {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SeriesLimit == 0 {
		o.SeriesLimit = DefaultSeriesLimit
	}
	if o.Retire == 0 {
		o.Retire = DefaultRetire
	}
	h := &Head{opts: o, number: int64(o.Epoch << 32), dict: map[meta.TableID]*Dict{}, dictSize: map[*Dict]int64{}}
	h.gens = []*Generation{h.newGeneration()}
	return h
}

func (h *Head) newGeneration() *Generation {
	h.number++
	return &Generation{created: h.opts.Now(), number: h.number, parts: map[meta.TableID]*part{}}
}

// SeriesLimit is the most series a table may have.
func (h *Head) SeriesLimit() int { return h.opts.SeriesLimit }

// Dict gives the present dictionary of a table.
func (h *Head) Dict(table meta.TableID) *Dict {
	h.mu.RLock()
	d := h.dict[table]
	h.mu.RUnlock()
	if d != nil {
		return d
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if d = h.dict[table]; d == nil {
		d = newDict(1)
		h.dict[table] = d
	}
	return d
}

// perSeries and perRow estimate what a batch takes before it is known: a series its slots in slabs and first buffers, a row its
// values, at worst. What is too much is given back after the append.
const (
	perSeries = 600
	perValue  = 11 // the longest code of a value with its header
)

// Estimate bounds the bytes that a batch will add.
func Estimate(b *Batch) int64 {
	n := int64(len(b.Refs)) * perSeries / 4
	for _, c := range b.Columns {
		n += perValue * int64(b.Rows)
		if c.Vector.Type.Physical() == column.PhysBytes {
			n += int64(c.Vector.Offsets[b.Rows]-c.Vector.Offsets[0]) * 2
		}
	}
	return n + perValue*int64(b.Rows)
}

// Reserve sets bytes aside for a batch, or refuses with an error of class column.Limit that names the full pool.
func (h *Head) Reserve(bytes int64) error {
	h.accMu.Lock()
	defer h.accMu.Unlock()
	if need := h.used + h.pending + bytes - h.reserved; need > 0 {
		if err := h.opts.Pool.Grow(need); err != nil {
			return err
		}
		h.reserved += need
	}
	h.pending += bytes
	return nil
}

// Settle ends a reservation after its batch was appended or given up: grown bytes were used.
func (h *Head) Settle(bytes, grown int64) {
	h.accMu.Lock()
	defer h.accMu.Unlock()
	h.pending -= bytes
	h.used += grown
	h.adjustLocked()
}

// adjustLocked makes the reservation equal to what is used and set aside, as far as the pool allows.
func (h *Head) adjustLocked() {
	switch more := h.used + h.pending - h.reserved; {
	case more < 0:
		h.opts.Pool.Shrink(-more)
		h.reserved += more
	case more > 0 && h.opts.Pool.Grow(more) == nil:
		h.reserved += more
	}
}

// AccountDict counts the series that were made known and have no rows yet, so that ever new ones fill the budget too.
func (h *Head) AccountDict(d *Dict) {
	if grown := h.accountDict(d); grown != 0 {
		h.Settle(0, grown)
	}
}

// Full reports whether the budget is used up: no series should be made known then.
func (h *Head) Full() bool {
	h.accMu.Lock()
	defer h.accMu.Unlock()
	limit := h.opts.Pool.Limit()
	return limit > 0 && h.used >= limit
}

// accountDict gives what a dictionary has grown since the last call.
func (h *Head) accountDict(d *Dict) int64 {
	h.accMu.Lock()
	defer h.accMu.Unlock()
	now := d.Bytes()
	grown := now - h.dictSize[d]
	if grown == 0 {
		return 0
	}
	h.dictSize[d] = now
	return grown
}

// Append adds a commit: batches whose refs are of the tables' present dictionaries, and rows that end, of each table once, under a seq above all
// before it. It gives the bytes used, for Settle.
func (h *Head) Append(seq meta.Seq, batches []Batch, ends []Ends) int64 {
	h.mu.RLock()
	g := h.gens[len(h.gens)-1]
	h.mu.RUnlock()
	grown := int64(0)
	own := ownRows(batches, ends)
	for i := range batches {
		b := &batches[i]
		p := g.part(b.Table, b.Dict)
		n := p.append(seq, b, own.of(b), nil)
		g.bytes.Add(n)
		g.rows.Add(int64(b.Rows))
		grown += n + h.accountDict(p.dict)
	}
	for i := range ends {
		e := &ends[i]
		grown += h.ended.add(seq, e.Table, e.Segments)
		for k := range e.Series {
			d := &e.Series[k]
			n := d.part.end(seq, d.at, d.rows)
			d.part.gen.bytes.Add(n)
			grown += n
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.last == 0 {
		g.first, g.oldest = seq, h.opts.Now()
	}
	g.last = seq
	return grown
}

// part gives a table's part, made where it is missing.
func (g *Generation) part(t *meta.Table, d *Dict) *part {
	g.mu.RLock()
	p := g.parts[t.ID]
	g.mu.RUnlock()
	if p == nil {
		p = newPart(t, d)
		p.gen = g
		d.users.Add(1)
		g.mu.Lock()
		g.parts[t.ID] = p
		g.mu.Unlock()
	}
	return p
}

// DefaultRetire keeps small dictionaries for good: their memory is not worth the look-ups that a new one costs.
const DefaultRetire = 10_000

// Freeze ends the present generation, if it has commits, and begins another. Tables most of whose series had no row in it get new
// dictionaries, as do all where dictionaries crowd the budget, and those of tables that are dropped go; their ids are returned, since refs to the old ones end.
func (h *Head) Freeze(dropped func(meta.TableID) bool) (retired []meta.TableID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for table, d := range h.dict {
		if dropped(table) {
			delete(h.dict, table)
			retired = append(retired, table)
			h.releaseLocked(d)
		}
	}
	g := h.gens[len(h.gens)-1]
	if g.last == 0 {
		return retired
	}
	g.frozen.Store(true)
	h.gens = append(h.gens[:len(h.gens):len(h.gens)], h.newGeneration())
	crowded := h.crowdedLocked()
	for table, d := range h.dict {
		active := 0
		if p := g.parts[table]; p != nil {
			active = p.count
		}
		if n := d.Len(); crowded || n >= h.opts.Retire && 2*active < n {
			h.dict[table] = newDict(d.epoch + 1)
			retired = append(retired, table)
			h.releaseLocked(d)
		}
	}
	return retired
}

// crowdedLocked reports that dictionaries leave too little of the budget to rows: a flush would then free next to nothing, and the
// head be full again at once. A quarter is what the series of a head that is flushed by age take.
func (h *Head) crowdedLocked() bool {
	size := int64(0)
	for _, d := range h.dict {
		size += d.Bytes()
	}
	limit := h.opts.Pool.Limit()
	return limit > 0 && size > limit/4
}

// Drop forgets the frozen generations whose rows are all at or before flushed. Snapshots keep what they hold.
func (h *Head) Drop(flushed meta.Seq) {
	h.mu.Lock()
	defer h.mu.Unlock()
	keep := 0
	for keep < len(h.gens)-1 && h.gens[keep].last <= flushed {
		g := h.gens[keep]
		h.giveBack(g.bytes.Load())
		for _, p := range g.parts {
			p.dict.users.Add(-1)
			h.releaseLocked(p.dict)
		}
		keep++
	}
	h.gens = append([]*Generation(nil), h.gens[keep:]...)
}

// releaseLocked gives the memory of a dictionary back once it is neither present nor used.
func (h *Head) releaseLocked(d *Dict) {
	if d.users.Load() > 0 {
		return
	}
	for _, present := range h.dict {
		if present == d {
			return
		}
	}
	h.accMu.Lock()
	n := h.dictSize[d]
	delete(h.dictSize, d)
	h.accMu.Unlock()
	h.giveBack(n)
}

func (h *Head) giveBack(n int64) {
	h.accMu.Lock()
	defer h.accMu.Unlock()
	h.used -= n
	h.adjustLocked()
}

// Close gives all memory back to the pool.
func (h *Head) Close() {
	h.accMu.Lock()
	defer h.accMu.Unlock()
	h.opts.Pool.Shrink(h.reserved)
	h.reserved, h.used, h.pending = 0, 0, 0
}

// GenerationStats describes a generation.
type GenerationStats struct {
	First, Last meta.Seq
	Rows, Bytes int64
	Oldest      time.Time // when its first row came
	Frozen      bool
}

// Stats describes a head.
type Stats struct {
	Bytes       int64 // rows and dictionaries
	Rows        int64
	Series      int64 // known to the present dictionaries
	Generations []GenerationStats
}

// Stats gives figures, each right by itself.
func (h *Head) Stats() Stats {
	h.accMu.Lock()
	s := Stats{Bytes: h.used}
	h.accMu.Unlock()
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, d := range h.dict {
		s.Series += int64(d.Len())
	}
	for _, g := range h.gens {
		g.mu.RLock()
		s.Generations = append(s.Generations, GenerationStats{
			First: g.first, Last: g.last, Rows: g.rows.Load(), Bytes: g.bytes.Load(), Oldest: g.oldest, Frozen: g.frozen.Load(),
		})
		g.mu.RUnlock()
		s.Rows += g.rows.Load()
	}
	return s
}
