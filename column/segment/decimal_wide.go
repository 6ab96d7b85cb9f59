package segment

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Columns of numeric(p,s) with p from 19 to 38 are Parquet's DECIMAL in a FIXED_LEN_BYTE_ARRAY(16): integers of 128 bits, big-endian. Inside this
// package they are columns of uuid, whose layout is the same, with the modifier of the numeric. A decoded page is a Scaled vector where all its values
// have at most 18 digits, and text elsewhere. Bounds in zone maps have the highest bit the other way, so that their bytes are in order.

const (
	// maxWide is how many digits 128 bits hold.
	maxWide   = 38
	wideBytes = uuidBytes
)

// int128 is an integer of 128 bits.
type int128 struct {
	hi int64
	lo uint64
}

// wideNaN stands for NaN, as notANumber does: no value of 38 digits is as small.
var wideNaN = int128{hi: math.MinInt64}

// wideDecimal reports a stored field of such a column.
func wideDecimal(f *column.Field) bool { return f.Mod != 0 && f.Type.Kind == column.UUID }

func (x int128) negated() int128 {
	lo, carry := bits.Add64(^x.lo, 1, 0)
	hi, _ := bits.Add64(^uint64(x.hi), 0, carry)
	return int128{int64(hi), lo}
}

// timesTen gives 10 x + d of a number that is not negative; false if it has more than 127 bits.
func (x int128) timesTen(d uint64) (int128, bool) {
	carry, lo := bits.Mul64(x.lo, 10)
	over, hi := bits.Mul64(uint64(x.hi), 10)
	lo, c := bits.Add64(lo, d, 0)
	hi, c = bits.Add64(hi, carry, c)
	return int128{int64(hi), lo}, over == 0 && c == 0 && hi>>63 == 0
}

// float is about the number.
func (x int128) float() float64 {
	if x.hi < 0 {
		x = x.negated()
		return -(math.Ldexp(float64(x.hi), 64) + float64(x.lo))
	}
	return math.Ldexp(float64(x.hi), 64) + float64(x.lo)
}

func appendWide(dst []byte, x int128) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.hi))
	return binary.BigEndian.AppendUint64(dst, x.lo)
}

func wideAt(b []byte) int128 {
	return int128{int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])}
}

// parseWide reads canonical text as an integer of the scale.
func parseWide(text []byte, scale int32) (int128, bool) {
	if string(text) == "NaN" {
		return wideNaN, true
	}
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	var x int128
	decimals, point, ok := int32(0), false, len(text) > 0
	for _, c := range text {
		switch d := c - '0'; {
		case c == '.' && !point:
			point = true
		case d > 9 || !ok:
			return x, false
		default:
			x, ok = x.timesTen(uint64(d))
			if point {
				decimals++
			}
		}
	}
	for ; ok && decimals < scale; decimals++ {
		x, ok = x.timesTen(0)
	}
	if negative {
		x = x.negated()
	}
	return x, ok && decimals == scale
}

// text appends the canonical text of x / 10^scale.
func (x int128) text(dst []byte, scale int32) []byte {
	if x == wideNaN {
		return append(dst, "NaN"...)
	}
	if x.hi < 0 {
		dst, x = append(dst, '-'), x.negated()
	}
	const digits = 40 // of 127 bits, and a point
	var buf [digits + 2]byte
	at := len(buf)
	hi, lo := uint64(x.hi), x.lo
	for n := int32(0); hi != 0 || lo != 0 || n <= scale; n++ {
		if n == scale && scale > 0 {
			at--
			buf[at] = '.'
		}
		var rest uint64
		hi, rest = hi/10, hi%10
		lo, rest = bits.Div64(rest, lo, 10)
		at--
		buf[at] = byte('0' + rest)
	}
	return append(dst, buf[at:]...)
}

// wides gives rows [lo, hi) of a vector of numeric as the integers that are stored.
func wides(v *column.Vector, lo, hi int, scale int32) (*column.Vector, error) {
	part := v.Slice(lo, hi)
	scaled := part.Enc == column.Scaled && part.Scale == scale
	if !scaled {
		part = column.Flatten(part)
	}
	data, offsets := make([]byte, 0, part.Len*wideBytes), make([]int32, part.Len+1)
	for i := range part.Len {
		switch {
		case part.Valid != nil && !part.Valid.Get(i):
		case scaled:
			x := part.Ints[i]
			data = appendWide(data, int128{x >> 63, uint64(x)})
		default:
			x, ok := parseWide(part.Data[part.Offsets[i]:part.Offsets[i+1]], scale)
			if !ok {
				return nil, column.Errorf(column.Internal, "%s in a column of %d decimals", part.Bytes(i), scale)
			}
			data = appendWide(data, x)
		}
		offsets[i+1] = int32(len(data))
	}
	return column.NewBytes(column.T(column.UUID), offsets, data, part.Valid), nil
}

// fewDigits is the bound of the numbers of 18 digits, which make a Scaled vector.
const fewDigits = 1e18

// fromWides makes the numeric column of decoded integers.
func fromWides(v *column.Vector, scale int32) *column.Vector {
	ints := make([]int64, v.Len)
	for i := range ints {
		if v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		x := wideAt(v.Data[v.Offsets[i]:])
		if ints[i] = int64(x.lo); x.hi != ints[i]>>63 || ints[i] >= fewDigits || ints[i] <= -fewDigits || scale > column.MaxScale {
			return wideTexts(v, scale)
		}
	}
	return column.NewScaled(ints, scale, v.Valid)
}

// decimalsOf looks up the values of a page in a dictionary that is Scaled.
func decimalsOf(dict *column.Vector, codes []int32, levels []uint8) *column.Vector {
	ints := make([]int64, max(len(codes), len(levels)))
	if levels == nil {
		for i, x := range codes {
			ints[i] = dict.Ints[x]
		}
		return column.NewScaled(ints, dict.Scale, nil)
	}
	valid, k := column.NewBitmap(len(levels), false), 0
	for i, l := range levels {
		if l != 0 && k < len(codes) {
			ints[i] = dict.Ints[codes[k]]
			valid.Set(i)
			k++
		}
	}
	return column.NewScaled(ints, dict.Scale, valid)
}

func wideTexts(v *column.Vector, scale int32) *column.Vector {
	b := column.NewBuilder(column.T(column.Numeric), v.Len)
	var text []byte
	for i := range v.Len {
		if v.Valid != nil && !v.Valid.Get(i) {
			b.AppendNull()
			continue
		}
		text = wideAt(v.Data[v.Offsets[i]:]).text(text[:0], scale)
		b.AppendBytes(text)
	}
	return b.Finish()
}

// wideKey is how a bound stands in a zone. NaN, which is greater than every number, has the last of all keys.
func wideKey(x int128) []byte {
	if x == wideNaN {
		return appendWide(nil, int128{-1, math.MaxUint64})
	}
	return appendWide(nil, int128{x.hi ^ math.MinInt64, x.lo})
}

func less(a, b int128) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

// wideZone is the zone of rows rows whose present values are those [lo, hi) of a vector.
func wideZone(v *column.Vector, lo, hi, rows int) index.Zone {
	z := index.Zone{Rows: uint32(rows), Nulls: uint32(rows - (hi - lo))}
	if lo == hi {
		return z
	}
	least, greatest, nan, numbers := int128{}, int128{}, false, false
	for i := lo; i < hi; i++ {
		x := wideAt(v.Data[v.Offsets[i]:])
		switch {
		case x == wideNaN:
			nan = true
		case !numbers:
			least, greatest, numbers = x, x, true
		case less(x, least):
			least = x
		case less(greatest, x):
			greatest = x
		}
	}
	if nan {
		greatest = wideNaN
	}
	if !numbers {
		least = wideNaN
	}
	z.TextMin, z.TextMax = wideKey(least), wideKey(greatest)
	return z
}

// boundOf gives the integer that a bound of a zone stands for; false for NaN, and for what is no such bound.
func boundOf(key []byte) (int128, bool) {
	if len(key) != wideBytes {
		return int128{}, false
	}
	x := wideAt(key)
	if x == (int128{-1, math.MaxUint64}) {
		return int128{}, false
	}
	return int128{x.hi ^ math.MinInt64, x.lo}, true
}

// admitsWide is admitsDecimal for 128 bits.
func admitsWide(z *index.Zone, f *scan.ColumnFilter, scale int32) bool {
	if z.Values() == 0 {
		return false
	}
	unit := math.Pow10(int(scale))
	about := func(key []byte, towards float64) float64 {
		x, ok := boundOf(key)
		if !ok {
			return towards // NaN leaves no bound
		}
		v := x.float() / unit
		for range 4 { // as often as it may have been rounded
			v = math.Nextafter(v, towards)
		}
		return v
	}
	return !(f.FloatMin > about(z.TextMax, math.Inf(1)) || f.FloatMax < about(z.TextMin, math.Inf(-1)))
}

// wideBounds are a zone's bounds as Parquet's statistics have them; false where NaN is among them.
func wideBounds(z *index.Zone) (lo, hi []byte, ok bool) {
	least, _ := boundOf(z.TextMin)
	greatest, ok := boundOf(z.TextMax)
	return appendWide(nil, least), appendWide(nil, greatest), ok
}
