package segment

import (
	"encoding/binary"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/stats"
)

// Statistics describes the rows of the segment, the dead ones included, in a column of a later schema. nil if nobody described them: they were written
// before segments were, or as another type.
func (r *Reader) Statistics(f *column.Field) (*stats.Column, error) {
	at := r.meta.schema.Index(f.ID)
	if at < 0 {
		v, err := f.InitialValues(1)
		if err != nil {
			return nil, err
		}
		return stats.Constant(column.Flatten(v), float64(r.meta.rows)), nil
	}
	s := r.section(sectionStatistics, f.ID, "")
	if s == nil {
		return nil, nil
	}
	b, err := r.load(s)
	if err != nil {
		return nil, err
	}
	own := r.meta.schema.Fields[at]
	if own.Type.Physical() != f.Type.Physical() || own.Type.IsArray() {
		return nil, nil
	}
	c := cursor{src: b}
	out, err := c.statistics(own, f.Type)
	if err == nil {
		err = c.end("statistics")
	}
	if err != nil {
		return nil, r.corrupt(r.sidecarName(), s.offset, "%w", err)
	}
	if !sameStored(&own, f) {
		out.Sketch, out.Exact = nil, max(out.Exact, math.Round(out.Distinct()))
	}
	return out, nil
}

// sameStored reports whether equal values of two fields are stored as equal bytes, of which sketches are made.
func sameStored(a, b *column.Field) bool {
	_, s, ok := decimal(a)
	_, other, otherToo := decimal(b)
	return ok == otherToo && s == other && storedField(*a).Type.Physical() == storedField(*b).Type.Physical()
}

func (c *cursor) statistics(f column.Field, as column.Type) (*stats.Column, error) {
	stored := storedField(f)
	rows, nulls, width, exact := c.u64(), c.u64(), c.u64(), c.u64()
	out := stats.Column{Type: as, Rows: float64(rows), Nulls: float64(nulls), Exact: float64(exact)}
	if present := out.Present(); present > 0 {
		out.Width = float64(width) / present
	}
	common := column.NewBuilder(stored.Type, 0)
	for range c.count() {
		out.Counts = append(out.Counts, float64(c.u64()))
		c.stored(common)
	}
	bounds := column.NewBuilder(stored.Type, 0)
	for range c.count() {
		c.stored(bounds)
	}
	out.Sketch = c.sketch()
	if c.bad {
		return nil, c.end("statistics")
	}
	out.Common = stats.NewValues(valuesAs(common.Finish(), &f, as))
	return stats.Kept(out, valuesAs(bounds.Finish(), &f, as)), nil
}

// valuesAs makes values of a type of what is stored for a field.
func valuesAs(v *column.Vector, f *column.Field, as column.Type) *column.Vector {
	if _, scale, ok := decimal(f); ok {
		v = column.Flatten(fromStored(v, scale))
	}
	out := *v
	out.Type = as
	return &out
}

func (c *cursor) u64() uint64 { return c.uvarint(math.MaxInt64) }

// stored reads a value into a builder.
func (c *cursor) stored(b *column.Builder) {
	switch b.Type().Physical() {
	case column.PhysBool:
		b.AppendBool(c.byte() != 0)
	case column.PhysInt:
		b.AppendInt(c.varint())
	case column.PhysFloat:
		if x := c.bytes(8); x != nil {
			b.AppendFloat(math.Float64frombits(binary.LittleEndian.Uint64(x)))
		}
	case column.PhysBytes:
		b.AppendBytes(c.bytes(c.count()))
	default:
		c.bad = true
	}
}

func (c *cursor) sketch() *stats.Sketch {
	s := &stats.Sketch{}
	switch c.byte() {
	case sketchNone:
		return nil
	case sketchSparse:
		at := 0
		for range c.count() {
			at += int(c.uvarint(stats.Registers))
			rank := c.byte()
			if at >= stats.Registers || rank > stats.MaxRank {
				c.bad = true
				return nil
			}
			s[at] = rank
		}
	case sketchPacked:
		b := c.bytes(stats.Registers / 4 * 3)
		if b == nil {
			return nil
		}
		for i := 0; i < stats.Registers; i += 4 {
			x := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
			for k := range 4 {
				s[i+k] = uint8(x >> (6 * k) & 63)
				c.bad = c.bad || s[i+k] > stats.MaxRank
			}
			b = b[3:]
		}
	default:
		c.bad = true
	}
	return s
}
