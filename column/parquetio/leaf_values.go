package parquetio

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
)

// values takes a page's values, none of which is NULL, as a flat vector that shares nothing with the page.
func (t *leafType) values(v *encoding.Values, n int) (*column.Vector, error) {
	if n == 0 {
		return column.NewBuilder(t.typ, 0).Finish(), nil
	}
	switch t.physical {
	case format.Boolean:
		bits := v.Boolean()
		out := make([]bool, n)
		if 8*len(bits) < n {
			return nil, short(n)
		}
		for i := range out {
			out[i] = bits[i>>3]&(1<<(i&7)) != 0
		}
		return t.checked(column.NewBools(out, nil), n)
	case format.Int32:
		return t.integers(widen(v.Int32(), t.unsigned), n)
	case format.Int64:
		return t.integers(append([]int64(nil), v.Int64()...), n)
	case format.Int96:
		return t.julian(v.Int96(), n)
	case format.Float:
		out := make([]float64, n)
		src := v.Float()
		if len(src) < n {
			return nil, short(n)
		}
		for i := range out {
			out[i] = float64(src[i])
		}
		return t.checked(column.NewFloats(t.typ, out, nil), n)
	case format.Double:
		return t.checked(column.NewFloats(t.typ, append([]float64(nil), v.Double()...), nil), n)
	case format.ByteArray:
		return t.texts(v, n)
	}
	return t.fixed(v, n)
}

func short(n int) error {
	return column.Errorf(column.Invalid, "a page has fewer values than the %d it speaks of", n)
}

// checked sees that there are as many values as rows.
func (t *leafType) checked(v *column.Vector, n int) (*column.Vector, error) {
	if v.Len < n {
		return nil, short(n)
	}
	if v.Type != t.typ {
		return nil, column.Errorf(column.Invalid, "values of %s in a column of %s", v.Type, t.typ)
	}
	return v.Slice(0, n), nil
}

func widen(src []int32, unsigned uint8) []int64 {
	out := make([]int64, len(src))
	if unsigned == 32 {
		for i, x := range src {
			out[i] = int64(uint32(x))
		}
		return out
	}
	for i, x := range src {
		out[i] = int64(x)
	}
	return out
}

// integers are numbers, times and decimals that are stored as integers. It takes them over.
func (t *leafType) integers(x []int64, n int) (*column.Vector, error) {
	if len(x) < n {
		return nil, short(n)
	}
	x = x[:n]
	switch {
	case t.typ.Kind == column.Text:
		return nil, column.Errorf(column.Invalid, "values in a column that is annotated to have none")
	case t.typ.Kind == column.Numeric:
		if t.unsigned == 64 {
			return unsigned(x), nil
		}
		return column.NewScaled(x, t.scale, nil), nil
	case t.unit.multiply > 1:
		for i, v := range x {
			if v > math.MaxInt64/t.unit.multiply || v < math.MinInt64/t.unit.multiply {
				return nil, column.SQLErrorf(column.Invalid, "22008", "timestamp out of range")
			}
			x[i] = v * t.unit.multiply
		}
	case t.unit.divide > 1:
		for i, v := range x {
			if v%t.unit.divide != 0 {
				return nil, column.SQLErrorf(column.Unsupported, "0A000", "%d nanoseconds are no whole microseconds, which are what %s has", v, t.typ)
			}
			x[i] = v / t.unit.divide
		}
	}
	return column.NewInts(t.typ, x, nil), nil
}

// unsigned are integers of 64 bits without a sign.
func unsigned(x []int64) *column.Vector {
	b := column.NewBuilder(column.T(column.Numeric), len(x))
	var buf []byte
	for _, v := range x {
		if v >= 0 {
			buf = column.AppendScaled(buf[:0], v, 0)
		} else {
			buf = new(big.Int).SetUint64(uint64(v)).Append(buf[:0], 10)
		}
		b.AppendBytes(buf)
	}
	return b.Finish()
}

// julian are the times of Spark, Hive and Impala: nanoseconds of a day, and its Julian number.
func (t *leafType) julian(x []deprecated.Int96, n int) (*column.Vector, error) {
	if len(x) < n {
		return nil, short(n)
	}
	const epoch, dayMicros = 2440588, 86_400_000_000
	out := make([]int64, n)
	for i := range out {
		ns := int64(uint64(x[i][0]) | uint64(x[i][1])<<32)
		days := int64(x[i][2]) - epoch
		if ns%1000 != 0 {
			return nil, column.SQLErrorf(column.Unsupported, "0A000", "an INT96 timestamp has nanoseconds, which %s has not", t.typ)
		}
		if days > math.MaxInt64/dayMicros-1 || days < math.MinInt64/dayMicros+1 {
			return nil, column.SQLErrorf(column.Invalid, "22008", "timestamp out of range")
		}
		out[i] = days*dayMicros + ns/1000
	}
	return column.NewInts(t.typ, out, nil), nil
}

// texts are byte arrays.
func (t *leafType) texts(v *encoding.Values, n int) (*column.Vector, error) {
	data, offsets := v.ByteArray()
	if len(offsets) < n+1 || len(data) > maxText {
		return nil, short(n)
	}
	if t.decimal {
		return t.decimals(n, func(i int) []byte { return data[offsets[i]:offsets[i+1]] })
	}
	out := make([]int32, n+1)
	for i := range out {
		if i > 0 && offsets[i] < offsets[i-1] || int(offsets[i]) > len(data) {
			return nil, column.Errorf(column.Invalid, "a page's texts lie outside of it")
		}
		out[i] = int32(offsets[i])
	}
	return column.NewBytes(t.typ, out, append([]byte(nil), data...), nil), nil
}

// fixed are values of one width.
func (t *leafType) fixed(v *encoding.Values, n int) (*column.Vector, error) {
	data, width := v.FixedLenByteArray()
	if n > 0 && (width != t.width || len(data) < n*width || len(data) > maxText) {
		return nil, short(n)
	}
	at := func(i int) []byte { return data[i*width : (i+1)*width] }
	switch {
	case t.decimal:
		return t.decimals(n, at)
	case t.half:
		out := make([]float64, n)
		for i := range out {
			out[i] = half(binary.LittleEndian.Uint16(at(i)))
		}
		return column.NewFloats(t.typ, out, nil), nil
	case t.interval:
		out := make([]column.Interval, n)
		for i := range out {
			b := at(i)
			months, days, ms := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
			out[i] = column.Interval{Months: int32(months), Days: int32(days), Micros: 1000 * int64(ms)}
		}
		return &column.Vector{Type: t.typ, Len: n, Intervals: out}, nil
	}
	offsets := make([]int32, n+1)
	for i := range offsets {
		offsets[i] = int32(i * width)
	}
	return column.NewBytes(t.typ, offsets, append([]byte(nil), data[:n*width]...), nil), nil
}

// decimals are integers of any width, two's complement, the most significant byte first.
func (t *leafType) decimals(n int, at func(int) []byte) (*column.Vector, error) {
	const word = 8
	ints, narrow := make([]int64, n), true
	for i := 0; i < n && narrow; i++ {
		b := at(i)
		if len(b) == 0 {
			return nil, short(n)
		}
		x := int64(int8(b[0]))
		for k, c := range b[1:] {
			if k >= word-1 && x>>(63-8) != 0 && x>>(63-8) != -1 {
				narrow = false
			}
			x = x<<8 | int64(c)
		}
		ints[i] = x
	}
	if narrow {
		return column.NewScaled(ints, t.scale, nil), nil
	}
	out := column.NewBuilder(t.typ, n)
	var x, shift big.Int
	for i := range n {
		b := at(i)
		if x.SetBytes(b); b[0] >= 1<<7 {
			x.Sub(&x, shift.Lsh(big.NewInt(1), uint(8*len(b))))
		}
		out.AppendString(point(x.String(), int(t.scale)))
	}
	return out.Finish(), out.Err()
}

// point puts the decimal point into digits.
func point(digits string, scale int) string {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	if scale == 0 {
		return sign + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// half is a float of 16 bits.
func half(b uint16) float64 {
	sign := 1 - 2*float64(b>>15)
	exponent, fraction := int(b>>10&31), float64(b&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// arrayOf encodes rows [lo, hi) of a flat vector as one array.
func arrayOf(dst []byte, v *column.Vector, lo, hi int) []byte {
	return array.Append(dst, array.OneDim(hi-lo), v, lo)
}
