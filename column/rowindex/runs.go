package rowindex

import (
	"container/heap"
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/spill"
)

// run is sorted keys with their rows in a temporary file. The rows of a later run come after those of an earlier one, but that both may have the
// row at which one ended.
type run struct {
	file   *spill.File
	blocks []spill.Block
}

// runColumns are what a block of a run holds: keys, the number of rows, the last row, and the rows as Builder keeps them.
var runColumns = []column.Type{column.T(column.Bytea), column.T(column.Int64), column.T(column.Int64), column.T(column.Bytea)}

// runBytes is about the size of a block of a run, which a merge holds one of for each run.
const runBytes = 128 << 10

func writeRun(space *spill.Space, each func(yield func(string, list) error) error) (*run, error) {
	file, err := space.Create()
	if err != nil {
		return nil, err
	}
	r := &run{file: file}
	var builders [4]*column.Builder
	size := 0
	flush := func() error {
		if builders[0] == nil || builders[0].Len() == 0 {
			return nil
		}
		columns := make([]*column.Vector, len(builders))
		for i, x := range builders {
			if err := x.Err(); err != nil {
				return err
			}
			columns[i] = x.Finish()
		}
		block, err := file.Append(columns, columns[0].Len)
		r.blocks = append(r.blocks, block)
		builders, size = [4]*column.Builder{}, 0
		return err
	}
	err = each(func(key string, l list) error {
		if builders[0] == nil {
			for i, t := range runColumns {
				builders[i] = column.NewBuilder(t, 0)
			}
		}
		builders[0].AppendString(key)
		builders[1].AppendInt(int64(l.n))
		builders[2].AppendInt(int64(l.last))
		builders[3].AppendBytes(l.rows)
		if size += len(key) + len(l.rows) + 24; size >= runBytes {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		_ = file.Remove() // the space removes it if this fails
		return nil, err
	}
	return r, nil
}

// runCursor stands at an entry of a run.
type runCursor struct {
	*run
	number int // of the run: its rows come after those of runs before it
	next   int // block
	block  []*column.Vector
	at     int
}

func (c *runCursor) key() []byte { return c.block[0].Bytes(c.at) }

func (c *runCursor) list() list {
	return list{last: uint32(c.block[2].Int(c.at)), n: uint32(c.block[1].Int(c.at)), rows: c.block[3].Bytes(c.at)}
}

// advance goes to the next entry; false at the end.
func (c *runCursor) advance() (bool, error) {
	if c.at++; c.block != nil && c.at < c.block[0].Len {
		return true, nil
	}
	if c.next == len(c.blocks) {
		return false, nil
	}
	block, err := c.file.Read(c.blocks[c.next], runColumns)
	c.block, c.at = block, 0
	c.next++
	return err == nil, err
}

// cursors is a heap by key, then by run.
type cursors []*runCursor

func (c cursors) Len() int      { return len(c) }
func (c cursors) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)   { *c = append(*c, x.(*runCursor)) }
func (c *cursors) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

func (c cursors) Less(i, j int) bool {
	x, y := c[i].key(), c[j].key()
	if a, b := string(x), string(y); a != b {
		return a < b
	}
	return c[i].number < c[j].number
}

// mergeRuns gives the entries of all runs in ascending order, those of one key as one.
func mergeRuns(runs []*run, yield func(key string, l list) error) error {
	var open cursors
	for i, r := range runs {
		c := &runCursor{run: r, number: i}
		some, err := c.advance()
		if err != nil {
			return err
		}
		if some {
			open = append(open, c)
		}
	}
	heap.Init(&open)
	var name string
	var joined list
	for len(open) > 0 {
		c := open[0]
		l := c.list()
		switch {
		case joined.n > 0 && name == string(c.key()):
			joined = join(joined, l)
		default:
			if joined.n > 0 {
				if err := yield(name, joined); err != nil {
					return err
				}
			}
			name, joined = string(c.key()), list{last: l.last, n: l.n, rows: append(joined.rows[:0], l.rows...)}
		}
		some, err := c.advance()
		if err != nil {
			return err
		}
		if some {
			heap.Fix(&open, 0)
		} else {
			heap.Pop(&open)
		}
	}
	if joined.n == 0 {
		return nil
	}
	return yield(name, joined)
}

// join appends the rows of b, which are not before the last of a.
func join(a, b list) list {
	first, n := binary.Uvarint(b.rows)
	if uint32(first) == a.last { // the row at which the run ended
		a.n--
	} else {
		a.rows = binary.AppendUvarint(a.rows, first-uint64(a.last))
	}
	return list{last: b.last, n: a.n + b.n, rows: append(a.rows, b.rows[n:]...)}
}
