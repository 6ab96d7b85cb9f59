package index

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// textBound is how much of a text's bounds a zone keeps: enough to tell host names and keys apart.
const textBound = 32

// Zone says what the values of a page lie between. NULLs and NaNs are counted apart: PostgreSQL's NaN is greater than every
// number, so bounds alone would lose rows.
type Zone struct {
	Rows, Nulls, NaNs uint32
	IntMin, IntMax    int64   // PhysInt; of no meaning without values
	FloatMin          float64 // PhysFloat, of the values that are numbers
	FloatMax          float64
	TextMin, TextMax  []byte // PhysBytes; TextMin may be a prefix of the least value
	// TextOpen says that the greatest value has no bound of textBound bytes.
	TextOpen bool
}

// Values is how many rows are not NULL.
func (z *Zone) Values() uint32 { return z.Rows - z.Nulls }

// Ints makes the zone of rows rows whose present values are v.
func Ints(v []int64, rows int) Zone {
	z := Zone{Rows: uint32(rows), Nulls: uint32(rows - len(v))}
	if len(v) == 0 {
		return z
	}
	lo, hi := v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	z.IntMin, z.IntMax = lo, hi
	return z
}

// Floats makes the zone of rows rows whose present values are v.
func Floats(v []float64, rows int) Zone {
	z := Zone{Rows: uint32(rows), Nulls: uint32(rows - len(v)), FloatMin: math.Inf(1), FloatMax: math.Inf(-1)}
	for _, x := range v {
		if x != x {
			z.NaNs++
			continue
		}
		if x < z.FloatMin {
			z.FloatMin = x
		}
		if x > z.FloatMax {
			z.FloatMax = x
		}
	}
	return z
}

// Texts makes the zone of rows rows whose present values are those between the offsets.
func Texts(offsets []int32, data []byte, rows int) Zone {
	n := len(offsets) - 1
	z := Zone{Rows: uint32(rows), Nulls: uint32(rows - n)}
	if n == 0 {
		return z
	}
	lo := data[offsets[0]:offsets[1]]
	hi := lo
	for i := 1; i < n; i++ {
		v := data[offsets[i]:offsets[i+1]]
		if bytes.Compare(v, lo) < 0 {
			lo = v
		} else if bytes.Compare(v, hi) > 0 {
			hi = v
		}
	}
	z.TextMin = bytes.Clone(lo[:min(len(lo), textBound)])
	z.TextMax, z.TextOpen = upperBound(hi)
	return z
}

// upperBound shortens a greatest value to a text that is not less; open if there is none.
func upperBound(v []byte) (bound []byte, open bool) {
	if len(v) <= textBound {
		return bytes.Clone(v), false
	}
	b := bytes.Clone(v[:textBound])
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0xff {
			b[i]++
			return b[:i+1], false
		}
	}
	return nil, true
}

// Admits reports whether the page may hold a row that the filter lets through. Types that bytes do not order (numeric, json, arrays,
// intervals, booleans) are always admitted, unless all rows are NULL.
func (z *Zone) Admits(f *scan.ColumnFilter, t column.Type) bool {
	if z.Values() == 0 {
		return false
	}
	if t.Physical() == column.PhysBytes && !t.Bytewise() {
		return true
	}
	switch t.Physical() {
	case column.PhysInt:
		return f.IntMin <= z.IntMax && z.IntMin <= f.IntMax
	case column.PhysFloat:
		return z.admitsFloat(f.FloatMin, f.FloatMax)
	case column.PhysBytes:
		return (f.TextMin == nil || z.TextOpen || bytes.Compare(f.TextMin, z.TextMax) <= 0) &&
			(f.TextMax == nil || bytes.Compare(z.TextMin, f.TextMax) <= 0)
	}
	return true
}

func (z *Zone) admitsFloat(lo, hi float64) bool {
	if hi != hi && z.NaNs > 0 {
		return true
	}
	if z.NaNs == z.Values() || lo != lo { // no numbers, or only NaN is wanted
		return false
	}
	return lo <= z.FloatMax && (hi != hi || z.FloatMin <= hi)
}

// AppendZone appends a zone of a type. Rows are stored by the caller.
func AppendZone(dst []byte, z *Zone, t column.Type) []byte {
	dst = binary.AppendUvarint(dst, uint64(z.Nulls))
	if z.Values() == 0 {
		return dst
	}
	switch t.Physical() {
	case column.PhysInt:
		dst = binary.AppendVarint(dst, z.IntMin)
		dst = binary.AppendUvarint(dst, uint64(z.IntMax-z.IntMin))
	case column.PhysFloat:
		dst = binary.AppendUvarint(dst, uint64(z.NaNs))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(z.FloatMin))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(z.FloatMax))
	case column.PhysBytes:
		dst = binary.AppendUvarint(dst, uint64(len(z.TextMin)))
		dst = append(dst, z.TextMin...)
		if z.TextOpen {
			return binary.AppendUvarint(dst, 0)
		}
		dst = binary.AppendUvarint(dst, uint64(len(z.TextMax))+1)
		dst = append(dst, z.TextMax...)
	}
	return dst
}

// DecodeZone reads a zone of rows rows and gives what follows it.
func DecodeZone(src []byte, t column.Type, rows uint32) (z Zone, rest []byte, err error) {
	d := decoder{src: src}
	z = Zone{Rows: rows, Nulls: uint32(d.uvarint(uint64(rows)))}
	if z.Values() > 0 {
		switch t.Physical() {
		case column.PhysInt:
			z.IntMin = d.varint()
			z.IntMax = z.IntMin + int64(d.uvarint(math.MaxUint64))
			d.bad = d.bad || z.IntMax < z.IntMin
		case column.PhysFloat:
			z.NaNs = uint32(d.uvarint(uint64(z.Values())))
			z.FloatMin, z.FloatMax = d.float(), d.float()
		case column.PhysBytes:
			z.TextMin = bytes.Clone(d.bytes(d.uvarint(textBound)))
			if n := d.uvarint(textBound + 1); n == 0 {
				z.TextOpen = true
			} else {
				z.TextMax = bytes.Clone(d.bytes(n - 1))
			}
		}
	}
	if d.bad {
		return Zone{}, nil, column.Errorf(column.Corrupt, "zone map: damaged at byte %d", d.at)
	}
	return z, src[d.at:], nil
}

func (d *decoder) varint() int64 {
	u := d.uvarint(math.MaxUint64)
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) float() float64 {
	if b := d.bytes(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}
