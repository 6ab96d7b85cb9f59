package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// parting is what a worker does while many of its rows bring new groups, a quarter at least: it parts them by the hashes of their keys instead of grouping them, so
// that each part is grouped once, by one worker, in a table that fits into the caches. Otherwise each worker would group all keys it meets, in a
// table that does not, and the tables would be parted and grouped again at the end.
//
// A table of its own has what came before, and now and then a batch is grouped as before, to see whether rows still bring new groups.
type parting struct {
	rows *partedRows // nil = none yet
	on   bool
	held int64 // bytes reserved for rows

	batches     int // since one was grouped
	seen, found int // rows and new groups, of the batches that were grouped lately
	last        float64
}

const (
	// partFrom is from how many groups on rows are parted: a table of so many does not fit into the caches nearest to a core.
	partFrom = 16 << 10
	// partWatch is of how many rows the new groups are counted.
	partWatch = 2 * scan.BatchRows
	// partProbe is how many batches are parted for one that is grouped.
	partProbe = 32
)

// partedNote says in the statistics that rows were parted.
const partedNote = "rows in parts"

// mayPart reports that the rows of a table can be parted.
func (g *grouping) mayPart() bool {
	return g.level == 0 && !g.whole && len(g.keys) > 0 && g.env.Workers > 1 && g.env.Spill != nil && !g.env.Plain && g.env.PartFrom >= 0
}

// see counts what a batch brought that was grouped row by row, and decides about those to come.
func (p *parting) see(t *aggTable, rows, found int) {
	p.seen, p.found, p.batches = p.seen+rows, p.found+found, 0
	from := t.run.env.PartFrom
	if from == 0 {
		from = partFrom
	}
	watch := min(partWatch, from)
	if p.on {
		watch /= 4
	}
	if p.seen < watch {
		return
	}
	p.last = float64(p.found) / float64(p.seen)
	p.on = t.count() >= from && 4*p.found >= p.seen && t.run.mayPart()
	p.seen, p.found = 0, 0
}

// due reports that the next batch is parted.
func (p *parting) due(t *aggTable, keys []*column.Vector) bool {
	if !p.on || t.sealed || constant(keys) {
		return false
	}
	p.batches++
	return p.batches <= partProbe
}

// keep parts the rows of a batch. Where they do not fit into memory the table is sealed.
func (t *aggTable) keep(keys []*column.Vector, b *scan.Batch) (bool, error) {
	p, g := &t.parting, t.run
	row := g.row(keys, b)
	if p.rows == nil {
		p.rows = newPartedRows(typesOfVectors(row))
		g.stats.note(partedNote)
	}
	size := p.rows.size(row, b.Len)
	if p.held == 0 {
		size += p.rows.open()
	}
	ok, err := !t.crowded(), error(nil)
	if ok {
		ok, err = g.account.fits(size)
	}
	if !ok || err != nil {
		t.sealed = true
		return false, err
	}
	p.held += size
	t.parter.split(t.hasher.hash(keys, b.Len), g.level)
	return true, p.rows.add(row, b.Len, &t.parter)
}

// finish makes what was parted ready to be read.
func (p *parting) finish(a *account) error {
	if p.rows == nil {
		return nil
	}
	if err := p.rows.cut(); err != nil {
		return err
	}
	a.shrink(p.rows.open())
	p.held -= p.rows.open()
	all := int64(max(p.rows.rows(), 1))
	for i := range p.rows.parts {
		part := &p.rows.parts[i]
		part.held = p.held / all * int64(part.rows)
	}
	return nil
}

// has reports that there are rows of a part.
func (p *parting) has(i int) bool { return p.rows != nil && p.rows.parts[i].rows > 0 }

// expected is how many groups the rows of a part bring, about.
func (p *parting) expected(i int) int {
	if p.rows == nil {
		return 0
	}
	return int(float64(p.rows.parts[i].rows) * p.last)
}

// spill writes all rows to disk.
func (p *parting) spill(to *partitions, a *account) error {
	if p.rows == nil {
		return nil
	}
	if err := p.rows.cut(); err != nil {
		return err
	}
	var all []int32
	for i := range p.rows.parts {
		for _, b := range p.rows.parts[i].blocks {
			for n := len(all); n < b.Len; n++ {
				all = append(all, int32(n))
			}
			if err := to.addTo(&to.parts[i], b.Columns, all[:b.Len]); err != nil {
				return err
			}
		}
		p.rows.parts[i] = partedPart{}
	}
	a.shrink(p.held)
	*p = parting{}
	return nil
}

// addParted groups the rows of a part that another table has kept, and gives their memory back.
func (t *aggTable) addParted(ctx context.Context, w *worker, from *aggTable, i int) error {
	if !from.parting.has(i) {
		return nil
	}
	part := &from.parting.rows.parts[i]
	for k, b := range part.blocks {
		if err := cause(ctx); err != nil {
			return err
		}
		keys, in := t.run.unspill(b)
		if err := t.addAgain(w, keys, in); err != nil {
			return err
		}
		part.blocks[k] = nil
	}
	from.run.account.shrink(part.held)
	part.held = 0
	return nil
}
