package parquetio

import (
	"encoding/binary"
	"encoding/json"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// typesKey is where the footer of a file that we wrote says of which types the columns were. Parquet has none for some of them: a numeric of
// any scale, an array of several dimensions and a time with a zone are texts to others.
const typesKey = "aegis:types"

// declared is a type in that list.
type declared struct {
	Type column.Type
	Mod  column.Mod `json:",omitempty"`
}

// typesText is the list.
func typesText(fields []column.Field) (string, error) {
	list := make([]declared, len(fields))
	for i, f := range fields {
		list[i] = declared{f.Type, f.Mod}
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// named takes the types that a file names, where they say more than Parquet's do.
func (r *Reader) named(text string) {
	var list []declared
	if json.Unmarshal([]byte(text), &list) != nil || len(list) != len(r.Fields) {
		return // somebody else's
	}
	for i, d := range list {
		if f := &r.Fields[i]; d.Type.Valid() && asDeclared(f.Type, d.Type, r.nodes[i]) {
			f.Type, f.Mod = d.Type, d.Mod
		}
	}
}

// asDeclared reports whether values of a type may be stored as those of another. Where not, the file is not as we would have written it.
func asDeclared(stored, declared column.Type, n *node) bool {
	switch {
	case isSpelled(declared):
		return false
	case stored == declared, stored.Kind == column.Text:
		return true
	case stored.Kind == column.JSON:
		return declared.Kind == column.JSONB
	case stored.Kind == column.Bytea:
		return declared.Kind == column.IntervalKind && n.leaf.width == intervalBytes
	}
	return stored.Physical() == column.PhysInt && declared.IsOID()
}

// intervalBytes is the width of our own intervals: months and days as int32, microseconds as int64, little-endian. Parquet's INTERVAL has
// milliseconds only.
const intervalBytes = 16

// declared gives values the type that their field has.
func (r *Reader) declared(v *column.Vector, f *column.Field) (*column.Vector, error) {
	switch {
	case v.Type == f.Type:
		return v, nil
	case f.Type.Kind == column.IntervalKind:
		return intervals(v), nil
	case v.Type.Physical() == f.Type.Physical() && (f.Type.IsText() || f.Type.IsOID()):
		return v.As(f.Type), nil
	}
	b := column.NewBuilder(f.Type, v.Len)
	for i := range v.Len {
		if v.IsNull(i) {
			b.AppendNull()
		} else if err := literal.Parse(b, f.Type, string(v.Bytes(i)), literal.Options{}); err != nil {
			return nil, err
		}
	}
	return b.Finish(), b.Err()
}

func intervals(v *column.Vector) *column.Vector {
	out := make([]column.Interval, v.Len)
	for i := range out {
		if v.IsNull(i) {
			continue
		}
		b := v.Bytes(i)
		out[i] = column.Interval{
			Months: int32(binary.LittleEndian.Uint32(b)), Days: int32(binary.LittleEndian.Uint32(b[4:])), Micros: int64(binary.LittleEndian.Uint64(b[8:])),
		}
	}
	return &column.Vector{Type: column.T(column.IntervalKind), Len: v.Len, Intervals: out, Valid: v.Valid}
}
