package column

import (
	"encoding/base64"
	"encoding/binary"
	"math"
)

// Datum is one value that a description keeps, such as a column's initial value: "" is NULL, anything else a byte that says so and the
// value's bytes in its layout, the numbers little-endian. It is comparable, and its text form, which JSON shows, is base64.
type Datum string

// present begins every Datum that is not NULL, so that the empty text is not.
const present = '\x01'

// DatumOf takes a value out of a vector.
func DatumOf(v *Vector, i int) Datum {
	if v.IsNull(i) {
		return ""
	}
	b := []byte{present}
	switch v.Type.Physical() {
	case PhysBool:
		x := byte(0)
		if v.Bool(i) {
			x = 1
		}
		b = append(b, x)
	case PhysInt:
		b = binary.LittleEndian.AppendUint64(b, uint64(v.Int(i)))
	case PhysFloat:
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float(i)))
	case PhysInterval:
		x := v.Interval(i)
		b = binary.LittleEndian.AppendUint32(b, uint32(x.Months))
		b = binary.LittleEndian.AppendUint32(b, uint32(x.Days))
		b = binary.LittleEndian.AppendUint64(b, uint64(x.Micros))
	default:
		b = append(b, v.Bytes(i)...)
	}
	return Datum(b)
}

// Vector gives the value as a vector of one row. Bytes that are no value of the type are an error of class Corrupt.
func (d Datum) Vector(t Type) (*Vector, error) {
	if d == "" {
		return Flatten(NewNull(t, 1)), nil
	}
	b := []byte(d)[1:]
	width := map[Physical]int{PhysBool: 1, PhysInt: 8, PhysFloat: 8, PhysInterval: 16, PhysBytes: len(b)}[t.Physical()]
	if d[0] != present || t.Physical() == PhysNone || len(b) != width {
		return nil, Errorf(Corrupt, "%d bytes are no value of type %s", len(d), t)
	}
	switch t.Physical() {
	case PhysBool:
		return NewBools([]bool{b[0] != 0}, nil), nil
	case PhysInt:
		return NewInts(t, []int64{int64(binary.LittleEndian.Uint64(b))}, nil), nil
	case PhysFloat:
		return NewFloats(t, []float64{math.Float64frombits(binary.LittleEndian.Uint64(b))}, nil), nil
	case PhysInterval:
		x := Interval{
			Months: int32(binary.LittleEndian.Uint32(b)), Days: int32(binary.LittleEndian.Uint32(b[4:])),
			Micros: int64(binary.LittleEndian.Uint64(b[8:])),
		}
		return &Vector{Type: t, Len: 1, Intervals: []Interval{x}}, nil
	}
	return NewBytes(t, []int32{0, int32(len(b))}, b, nil), nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Datum) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, []byte(d)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Datum) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	*d = Datum(b)
	return err
}

// InitialValues gives n rows of the value that a field has in rows written before it was there.
func (f *Field) InitialValues(n int) (*Vector, error) {
	if f.Initial == "" {
		return NewNull(f.Type, n), nil
	}
	v, err := f.Initial.Vector(f.Type)
	if err != nil {
		return nil, Errorf(Corrupt, "the initial value of column %q: %w", f.Name, err)
	}
	return NewConst(v, 0, n), nil
}
