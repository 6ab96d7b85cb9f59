package head

import (
	"bytes"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
)

// firstTag finds the series with a value of the first tag: in the table of all metrics, those of one metric. It is built
// when it is first asked, and then follows the dictionary: writers pay nothing for it. An index over the other tags was not
// built, since what is left of one metric is checked in microseconds.
type firstTag struct {
	mu   sync.Mutex
	upTo int                 // refs below are in it
	refs map[string][]uint32 // by the encoded value
}

// withFirst gives the refs whose first tag has one of the values, ascending.
func (d *Dict) withFirst(t column.Type, values [][]byte) ([]uint32, error) {
	keys := d.Keys()
	x := &d.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.refs == nil {
		x.refs = map[string][]uint32{}
	}
	var last []byte
	var list []uint32
	for ; x.upTo < keys.Len(); x.upTo++ {
		k := keys.Key(uint32(x.upTo))
		_, _, rest, err := nextTag(k, t, nil)
		if err != nil {
			return nil, err
		}
		first := k[:len(k)-len(rest)]
		if last != nil && !bytes.Equal(first, last) {
			x.refs[string(last)] = list
			list = x.refs[string(first)]
		} else if last == nil {
			list = x.refs[string(first)]
		}
		last, list = first, append(list, uint32(x.upTo))
	}
	if last != nil {
		x.refs[string(last)] = list
	}
	var out []uint32
	var buf []byte
	for _, v := range values {
		buf = appendStored(buf[:0], t, v)
		out = append(out, x.refs[string(buf)]...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil // values may repeat
}

// appendStored encodes a value that is given as scan.SeriesFilter describes.
func appendStored(dst []byte, t column.Type, v []byte) []byte {
	switch t.Physical() {
	case column.PhysInt:
		return key.AppendInt(dst, key.Int(v))
	case column.PhysFloat:
		return key.AppendFloat(dst, key.Float(v))
	case column.PhysBool:
		return key.AppendBool(dst, v[0] != 0)
	default:
		return key.AppendBytes(dst, v)
	}
}

// equalFirst finds a condition that lists the values of the first tag.
func equalFirst(schema *column.Schema, filters []scan.SeriesFilter) (t column.Type, values [][]byte, ok bool) {
	for _, f := range filters {
		if f.Equal == nil || f.Label != "" || f.Tag != schema.Tags[0] {
			continue
		}
		t = schema.Fields[schema.Index(f.Tag)].Type
		if width := fixedWidth(t); width > 0 {
			for _, v := range f.Equal {
				if len(v) != width {
					return t, nil, false
				}
			}
		}
		return t, f.Equal, true
	}
	return t, nil, false
}

func fixedWidth(t column.Type) int {
	switch t.Physical() {
	case column.PhysInt, column.PhysFloat:
		return 8
	case column.PhysBool:
		return 1
	}
	return 0
}
