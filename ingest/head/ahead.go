package head

import (
	"unsafe"

	"github.com/automatanexus/aegis-db/column/prefetch"
)

// aheadRows is how many rows have their cells looked up together, so that the ends of their streams are asked for before the first of them is appended to. Rows
// come in the order of time, a series after the other: with many series what was written last of each has left the caches, and waiting for it
// one by one was half of the time of appending.
const aheadRows = len(prefetch.Lines{})

// intCellsLocked looks up the cells of a column for the first rows of those whose series are given, and gives the memory that new ones take.
func (p *part) intCellsLocked(cells *[aheadRows]*intCell, col int, series []uint32) (grown int64) {
	var tails prefetch.Lines
	series = series[:min(aheadRows, len(series))]
	for k, at := range series {
		c := p.slabs[at>>slabBits].cellsOf(col)
		if c.ints == nil {
			c.ints = make([]intCell, slabSize)
			grown += intSlab
		}
		cells[k] = &c.ints[at&(slabSize-1)]
		tails[k] = unsafe.Pointer(cells[k].Tail())
	}
	prefetch.Ask(&tails, len(series))
	return grown
}

// floatCellsLocked is intCellsLocked for floats.
func (p *part) floatCellsLocked(cells *[aheadRows]*floatCell, col int, series []uint32) (grown int64) {
	var tails prefetch.Lines
	series = series[:min(aheadRows, len(series))]
	for k, at := range series {
		c := p.slabs[at>>slabBits].cellsOf(col)
		if c.floats == nil {
			c.floats = make([]floatCell, slabSize)
			grown += floatSlab
		}
		cells[k] = &c.floats[at&(slabSize-1)]
		tails[k] = unsafe.Pointer(cells[k].Tail())
	}
	prefetch.Ask(&tails, len(series))
	return grown
}
