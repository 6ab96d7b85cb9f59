package exec

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// partedRows are rows of one worker in memory, parted by the hashes of their keys. Dictionaries and scaled numbers stay what they are, so
// that what is done once for each entry still is.
type partedRows struct {
	columns []partedColumn
	parts   [partitionCount]partedPart
	lately  int // rows since dictionaries changed
}

// partedColumn is the form that one column has in the blocks to come.
type partedColumn struct {
	typ        column.Type
	form       column.Encoding // Flat, Dict or Scaled
	scale      int32
	dictionary *column.Vector // of Dict
	brief      int            // how many forms in turn served few rows
	flat       bool           // they change too often to be kept
}

// partedPart is the rows of one part: blocks, and what is collected for the next.
type partedPart struct {
	blocks   []*scan.Batch
	builders []*column.Builder // nil where the form is Dict
	codes    [][]uint32
	waiting  int // rows of the next block
	rows     int
	held     int64 // bytes reserved for them
}

const (
	// partedBlock is how many rows a block in memory has at most, about.
	partedBlock = 1024
	// partedBytes is where a block ends although it has fewer rows.
	partedBytes = 1 << 20
	// steadyRows is how many rows at least a dictionary should serve, as blocks would be tiny below that, and mostBrief how many in turn may not:
	// rows begin to be parted anywhere.
	steadyRows = partitionCount * 128
	mostBrief  = 2
)

func newPartedRows(types []column.Type) *partedRows {
	p := &partedRows{columns: make([]partedColumn, len(types))}
	for i, t := range types {
		p.columns[i] = partedColumn{typ: t, form: column.Flat}
	}
	return p
}

// open is what blocks may take for which rows are collected, beside those.
func (p *partedRows) open() int64 { return int64(len(p.columns)) * partitionCount * partedBlock * 9 }

// size is what the rows of a batch take, about.
func (p *partedRows) size(list []*column.Vector, n int) int64 {
	size := int64(0)
	for i, v := range list {
		switch {
		case v.Enc == column.Dict && !p.columns[i].flat:
			size += 4 * int64(n)
			if v.Child != p.columns[i].dictionary {
				size += v.Child.SizeBytes()
			}
		case v.Type.Physical() == column.PhysBytes && v.Enc != column.Scaled:
			size += unfoldedBytes(v) + 4*int64(n)
		default:
			size += 9 * int64(n)
		}
	}
	return size
}

// unfoldedBytes is how long the texts of a vector are when they are flat.
func unfoldedBytes(v *column.Vector) (n int64) {
	length := func(i int) int64 { return int64(v.Child.Offsets[i+1] - v.Child.Offsets[i]) }
	switch v.Enc {
	case column.Const:
		return int64(v.Len) * length(0)
	case column.Dict:
		for _, c := range v.Codes[:v.Len] {
			n += length(int(c))
		}
	case column.RunEnd:
		start := int32(0)
		for k, end := range v.Ends {
			n += int64(end-start) * length(k)
			start = end
		}
	default:
		n = int64(v.Offsets[v.Len] - v.Offsets[0])
	}
	return n
}

// add takes rows, which s has parted. Their memory is reserved.
func (p *partedRows) add(list []*column.Vector, n int, s *partScratch) error {
	taken, err := p.settle(list, n)
	if err != nil {
		return err
	}
	for i := range p.parts {
		rows := s.rows[s.starts[i]:s.starts[i+1]]
		if len(rows) == 0 {
			continue
		}
		if err := p.parts[i].add(p.columns, taken, rows); err != nil {
			return err
		}
	}
	return nil
}

// settle gives columns in the forms that blocks have. Where these change all blocks end.
func (p *partedRows) settle(list []*column.Vector, n int) ([]*column.Vector, error) {
	taken, next := slices.Clone(list), slices.Clone(p.columns)
	for i, v := range list {
		c := &next[i]
		switch {
		case v.Enc == column.Dict && !c.flat:
			c.form, c.dictionary = column.Dict, v.Child
		case v.Enc == column.Scaled && !c.flat:
			c.form, c.dictionary, c.scale = column.Scaled, nil, v.Scale
		default:
			c.form, c.dictionary = column.Flat, nil
			if v.Enc == column.Narrow {
				taken[i] = column.Flatten(v)
			}
		}
		switch {
		case *c == p.columns[i] || p.lately == 0:
		case p.lately >= steadyRows:
			c.brief = 0
		case c.brief == mostBrief:
			c.form, c.dictionary, c.flat = column.Flat, nil, true
		default:
			c.brief++
		}
	}
	if slices.Equal(next, p.columns) {
		p.lately += n
		return taken, nil
	}
	err := p.cut()
	p.columns, p.lately = next, n
	return taken, err
}

// cut ends the blocks of all parts.
func (p *partedRows) cut() error {
	for i := range p.parts {
		if err := p.parts[i].cut(p.columns); err != nil {
			return err
		}
	}
	return nil
}

func (t *partedPart) add(columns []partedColumn, list []*column.Vector, rows []int32) error {
	if t.waiting == 0 {
		t.begin(columns)
	}
	long := false
	for i, v := range list {
		switch columns[i].form {
		case column.Dict:
			codes := t.codes[i]
			for _, r := range rows {
				codes = append(codes, v.Codes[r])
			}
			t.codes[i] = codes
			continue
		case column.Scaled:
			v = &column.Vector{Type: column.T(column.Int64), Len: v.Len, Ints: v.Ints, Valid: v.Valid}
		}
		b := t.builders[i]
		b.AppendGather(v, rows)
		if err := b.Err(); err != nil {
			return err
		}
		long = long || b.DataLen() >= partedBytes
	}
	t.waiting += len(rows)
	t.rows += len(rows)
	if t.waiting >= partedBlock || long {
		return t.cut(columns)
	}
	return nil
}

// begin makes room for a block; the first is smaller.
func (t *partedPart) begin(columns []partedColumn) {
	room := partedBlock + partedBlock/8 // it ends with the batch that fills it
	if len(t.blocks) == 0 {
		room = partedBlock / 4
	}
	t.builders, t.codes = make([]*column.Builder, len(columns)), make([][]uint32, len(columns))
	for i, c := range columns {
		switch c.form {
		case column.Dict:
			t.codes[i] = make([]uint32, 0, room)
		case column.Scaled:
			t.builders[i] = column.NewBuilder(column.T(column.Int64), room)
		default:
			t.builders[i] = column.NewBuilder(c.typ, room)
		}
	}
}

// cut ends the block that is collected.
func (t *partedPart) cut(columns []partedColumn) error {
	if t.waiting == 0 {
		return nil
	}
	b := &scan.Batch{Len: t.waiting, Columns: make([]*column.Vector, len(columns))}
	for i, c := range columns {
		switch c.form {
		case column.Dict:
			b.Columns[i] = &column.Vector{Type: c.typ, Enc: column.Dict, Len: t.waiting, Child: c.dictionary, Codes: t.codes[i]}
			continue
		case column.Scaled:
			v := t.builders[i].Finish()
			b.Columns[i] = &column.Vector{Type: c.typ, Enc: column.Scaled, Len: v.Len, Ints: v.Ints, Valid: v.Valid, Scale: c.scale}
		default:
			b.Columns[i] = t.builders[i].Finish()
		}
		if err := t.builders[i].Err(); err != nil {
			return err
		}
	}
	t.blocks = append(t.blocks, b)
	t.waiting, t.builders, t.codes = 0, nil, nil
	return nil
}

// rows is how many there are in all.
func (p *partedRows) rows() (n int) {
	for i := range p.parts {
		n += p.parts[i].rows
	}
	return n
}
