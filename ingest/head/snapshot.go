package head

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// Snapshot is the head at one moment: the generations that were there, and the seq up to which their rows are
// visible. It needs no release: dropped generations live as long as a snapshot names them. Safe for concurrent use.
type Snapshot struct {
	seq  meta.Seq
	gens []*Generation

	pending *pending
	ended   pendingTables // the rows of segments that have ended and are in no deletion vector

	head   *Head
	sorted bool // rows come in the order of their primary key also where nobody but a flush asks for it

	own *ownView // what the reader's transaction has written; nil = nothing

	ever bool                // rows that have ended are shown as well
	only map[string]struct{} // short keys of the series that are shown; nil = all
}

// Snapshot shows the rows up to seq. The caller has read seq before, and every commit up to it has been appended.
func (h *Head) Snapshot(seq meta.Seq) *Snapshot {
	h.mu.RLock()
	s := &Snapshot{seq: seq, gens: h.gens, pending: &h.ended, head: h}
	h.mu.RUnlock()
	h.ended.mu.RLock()
	defer h.ended.mu.RUnlock()
	s.ended = h.ended.tables
	return s
}

// Frozen shows the frozen generations alone, all their rows: what the next flush writes. Seq is 0 if there is none.
func (h *Head) Frozen() *Snapshot {
	h.mu.RLock()
	s := &Snapshot{gens: h.gens[: len(h.gens)-1 : len(h.gens)-1], pending: &h.ended, head: h, sorted: true}
	h.mu.RUnlock()
	if n := len(s.gens); n > 0 {
		s.seq = s.gens[n-1].last
	}
	h.ended.mu.RLock()
	defer h.ended.mu.RUnlock()
	s.ended = h.ended.tables
	return s
}

// Ever shows the rows that have ended as well: their keys supersede older rows all the same.
func (s *Snapshot) Ever() *Snapshot {
	out := *s
	out.ever = true
	return &out
}

// Only shows some series, by their short keys.
func (s *Snapshot) Only(keys map[string]struct{}) *Snapshot {
	out := *s
	out.only = keys
	return &out
}

// Seq is S of the visibility rule: rows with a higher seq are not shown.
func (s *Snapshot) Seq() meta.Seq { return s.seq }

// Tables lists the tables with rows after the given seq, ascending.
func (s *Snapshot) Tables(after meta.Seq) []meta.TableID {
	var ids []meta.TableID
	for _, g := range s.gens {
		g.mu.RLock()
		if g.last > after && g.first <= s.seq {
			for id := range g.parts {
				ids = append(ids, id)
			}
		}
		g.mu.RUnlock()
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// First is the lowest seq that rows of the snapshot's generations have, 0 if there are none.
func (s *Snapshot) First() meta.Seq {
	for _, g := range s.gens {
		g.mu.RLock()
		first := g.first
		g.mu.RUnlock()
		if first > 0 {
			return first
		}
	}
	return 0
}

// place is where a part has a series.
type place struct {
	in *shown
	at uint32
}

// view is a series as a snapshot sees it, over all generations, oldest first.
type view struct {
	key   []byte // short
	first place
	more  []place
	rows  int64 // upper bound
}

func (v *view) each(f func(place)) {
	f(v.first)
	for _, p := range v.more {
		f(p)
	}
}

// candidates gives the refs of a dictionary that can be kept; nil stands for all.
type candidates func(*Dict) ([]uint32, error)

// views collects the series for which keep is true. Generations after a change of the dictionary have other refs; their series
// are brought together by key.
func (s *Snapshot) views(table meta.TableID, after meta.Seq, from candidates, keep func(key []byte) bool) ([]view, error) {
	c := collector{byDict: map[*Dict]*knownRefs{}, keep: keep}
	if s.only != nil {
		c.keep = func(key []byte) bool {
			_, ok := s.only[string(key)]
			return ok && keep(key)
		}
	}
	for _, in := range s.parts(table, after) {
		p := in.part
		p.mu.RLock()
		local, slabs, count := p.local, p.slabs, p.count
		p.mu.RUnlock()
		keys := p.dict.Keys()
		known := c.byDict[p.dict]
		if known == nil {
			known = &knownRefs{}
			if from != nil {
				known.sparse = map[uint32]int32{}
			}
			c.byDict[p.dict] = known
		}
		known.grow(keys.Len())
		if from != nil {
			refs, err := from(p.dict)
			if err != nil {
				return nil, err
			}
			p.mu.RLock()
			some := make([]uint32, 0, len(refs))
			for _, ref := range refs {
				if int(ref) < len(local) && int(ref) < keys.Len() && local[ref] != 0 {
					some = append(some, ref)
				}
			}
			p.mu.RUnlock()
			for _, ref := range some {
				c.add(in, local[ref]-1, ref, keys, known)
			}
			continue
		}
		for at := range uint32(count) {
			// The ref of a series never changes once count covers it.
			c.add(in, at, slabs[at>>slabBits].series[at&(slabSize-1)].ref, keys, known)
		}
	}
	return c.out, nil
}

// collector brings the places of each series together.
type collector struct {
	out    []view
	byDict map[*Dict]*knownRefs
	keep   func(key []byte) bool
}

// knownRefs says for each ref of a dictionary: index in collector.out + 1, -1 = not kept, 0 = not met yet. It is a list where all
// series are looked at, and a map where few are.
type knownRefs struct {
	dense  []int32
	sparse map[uint32]int32
}

func (k *knownRefs) grow(n int) {
	if k.sparse == nil && len(k.dense) < n {
		k.dense = append(k.dense, make([]int32, n-len(k.dense))...)
	}
}

func (k *knownRefs) get(ref uint32) int32 {
	switch {
	case k.sparse != nil:
		return k.sparse[ref]
	case int(ref) < len(k.dense):
		return k.dense[ref]
	}
	return 0
}

func (k *knownRefs) set(ref uint32, v int32) {
	if k.sparse != nil {
		k.sparse[ref] = v
		return
	}
	k.dense[ref] = v
}

func (c *collector) add(in *shown, at, ref uint32, keys Keys, known *knownRefs) {
	i := known.get(ref)
	if i == 0 {
		i = findView(c.byDict, in.part.dict, keys.Key(ref))
	}
	here := place{in, at}
	switch {
	case i > 0:
		c.out[i-1].more = append(c.out[i-1].more, here)
	case i == 0 && c.keep(keys.Key(ref)):
		c.out = append(c.out, view{key: keys.Key(ref), first: here})
		i = int32(len(c.out))
	default:
		i = -1
	}
	known.set(ref, i)
}

// findView looks a key up in the other dictionaries; 0 = in none of them.
func findView(byDict map[*Dict]*knownRefs, own *Dict, key []byte) int32 {
	if len(byDict) == 1 {
		return 0
	}
	for d, known := range byDict {
		if d == own {
			continue
		}
		if ref := d.Find(key); ref != NoRef {
			if i := known.get(ref); i != 0 {
				return i
			}
		}
	}
	return 0
}

// bounds gives the rows of a place that have not ended and the range of their times, without regard to seqs.
func (p place) bounds() (rows int64, times scan.TimeRange) {
	part := p.in.part
	part.mu.RLock()
	defer part.mu.RUnlock()
	s := part.seriesLocked(p.at)
	times = scan.TimeRange{Min: scan.AllTime.Max, Max: scan.AllTime.Min}
	for i := range s.chunks {
		c := &s.chunks[i]
		rows += int64(c.rows)
		times = scan.TimeRange{Min: min(times.Min, c.minT), Max: max(times.Max, c.maxT)}
	}
	if s.open > 0 {
		rows += int64(s.open)
		times = scan.TimeRange{Min: min(times.Min, s.minT), Max: max(times.Max, s.maxT)}
	}
	if dead := p.in.deadLocked(p.at); dead != nil {
		rows -= int64(dead.GetCardinality())
	}
	return rows, times
}

// piece is a chunk to read, with the columns its part had when it was taken.
type piece struct {
	chunk  chunk
	fields []column.Field
	place  place
	dead   *roaring.Bitmap // positions in the series' stream; nil = none
}

// pieces copies what a place has between two seqs and in a range of times, of chunks that may have one of the keys. wanted says for a part's columns which
// are read.
func (p place) pieces(dst []piece, after meta.Seq, times scan.TimeRange, keys keyRows, wanted func([]column.Field) []bool) []piece {
	part, upTo := p.in.part, p.in.upTo
	part.mu.RLock()
	fields, chunks := part.fields, part.seriesLocked(p.at).chunks
	s := part.seriesLocked(p.at)
	last := meta.Seq(s.seqs.Last())
	var open chunk
	chunks, opened := keys.chunks(p, chunks, s.sealed)
	if opened && s.open > 0 && s.firstSeq <= upTo && last > after && times.Overlaps(s.minT, s.maxT) {
		open = part.copyOpenLocked(p.at, wanted(fields))
	}
	dead := p.in.deadLocked(p.at)
	part.mu.RUnlock()
	for i := range chunks {
		if c := &chunks[i]; c.first <= upTo && c.last > after && times.Overlaps(c.minT, c.maxT) && (c.covered == 0 || c.covered > upTo) {
			dst = append(dst, piece{*c, fields, p, c.among(dead)})
		}
	}
	if open.rows > 0 {
		dst = append(dst, piece{open, fields, p, open.among(dead)})
	}
	return dst
}

// among gives the rows that have ended where the chunk has such, nil elsewhere.
func (c *chunk) among(dead *roaring.Bitmap) *roaring.Bitmap {
	if dead == nil || !dead.IntersectsWithInterval(uint64(c.base), uint64(c.base)+uint64(c.rows)) {
		return nil
	}
	return dead
}

// Partitions lists the time partitions a table's rows may lie in, ascending. Partitions of rows outside of (after, Seq] may be
// among them.
func (s *Snapshot) Partitions(table *meta.Table, after meta.Seq) ([]int64, error) {
	schema := &table.Columns
	if schema.Time == 0 {
		if len(s.parts(table.ID, after)) == 0 {
			return nil, nil
		}
		return []int64{0}, nil
	}
	seen := map[int64]bool{}
	views, err := s.views(table.ID, after, nil, func([]byte) bool { return true })
	if err != nil {
		return nil, err
	}
	var d decoder
	for i := range views {
		views[i].each(func(p place) {
			for _, piece := range p.pieces(nil, after, scan.AllTime, nil, only(schema.Time)) {
				if err == nil {
					err = d.partitions(&piece, schema, seen)
				}
			}
		})
	}
	out := make([]int64, 0, len(seen))
	for p := range seen {
		out = append(out, p)
	}
	slices.Sort(out)
	return out, err
}

func only(id column.ID) func([]column.Field) []bool {
	return func(fields []column.Field) []bool {
		wanted := make([]bool, len(fields))
		for i := range fields {
			wanted[i] = fields[i].ID == id
		}
		return wanted
	}
}

// partitions notes the partitions of a chunk; its times are only read where they span several.
func (d *decoder) partitions(p *piece, schema *column.Schema, seen map[int64]bool) error {
	lo, hi := schema.PartitionOf(p.chunk.minT), schema.PartitionOf(p.chunk.maxT)
	seen[lo], seen[hi] = true, true
	if uint64(hi)-uint64(lo) <= 1 {
		return nil
	}
	wanted := make([]int, len(p.fields))
	for i := range wanted {
		wanted[i] = -1
		if p.fields[i].ID == schema.Time {
			wanted[i] = 0
		}
	}
	var out [1]*column.Vector
	if err := d.decode(&p.chunk, p.fields, wanted, p.chunk.rows, out[:]); err != nil || out[0] == nil {
		return err
	}
	for _, t := range out[0].Ints {
		seen[schema.PartitionOf(t)] = true
	}
	return nil
}

func sortViews(views []view) {
	slices.SortFunc(views, func(a, b view) int { return key.CompareShort(a.key, b.key) })
}
