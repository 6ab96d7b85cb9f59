package catalog

import (
	"fmt"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
)

// numbered is an array whose subscripts start at 0, as PostgreSQL's int2vector and oidvector do.
type numbered []int64

// appendValue appends what a getter gave: nil, a boolean, a number, a text, a time or an array.
func appendValue(b *column.Builder, value any) error {
	switch x := value.(type) {
	case nil:
		b.AppendNull()
	case bool:
		b.AppendBool(x)
	case int:
		b.AppendInt(int64(x))
	case int64:
		b.AppendInt(x)
	case float64:
		b.AppendFloat(x)
	case string:
		b.AppendString(x)
	case time.Time:
		if x.IsZero() {
			b.AppendNull()
		} else {
			b.AppendInt(x.UnixMicro())
		}
	case column.Interval:
		b.AppendInterval(x)
	case []int64:
		appendArray(b, x, 1)
	case []float64:
		if x == nil {
			b.AppendNull()
			return nil
		}
		b.AppendBytes(array.Append(nil, array.OneDim(len(x)), column.NewFloats(b.Type().Element(), x, nil), 0))
	case numbered:
		appendArray(b, x, 0)
	case []string:
		if x == nil {
			b.AppendNull()
			return nil
		}
		elements := column.NewBuilder(b.Type().Element(), len(x))
		for _, s := range x {
			elements.AppendString(s)
		}
		b.AppendBytes(array.Append(nil, array.OneDim(len(x)), elements.Finish(), 0))
	default:
		return column.Errorf(column.Internal, "catalog: no way to store a %s", fmt.Sprintf("%T", value))
	}
	return b.Err()
}

func appendArray(b *column.Builder, list []int64, lower int32) {
	if list == nil {
		b.AppendNull()
		return
	}
	dims := array.OneDim(len(list))
	for i := range dims {
		dims[i].Lower = lower
	}
	b.AppendBytes(array.Append(nil, dims, column.NewInts(b.Type().Element(), list, nil), 0))
}
