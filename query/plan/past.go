package plan

import (
	"context"
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// AsOf names a state of the past: a version of the catalog, a pin, or the newest version at a time. The zero value is now.
type AsOf struct {
	Version uint64
	Pin     string
	Time    int64 // microseconds since 1970
}

// Past is a Resolver that knows the past.
type Past interface {
	// ResolveAsOf finds a relation as it was. A name means what it meant then.
	ResolveAsOf(ctx context.Context, schema, name string, at AsOf) (Relation, error)
	// ResolveChanges gives what became of a table's rows after one state and up to another: its columns, _change ('insert' or 'delete') and _version.
	ResolveChanges(ctx context.Context, schema, name string, from, to AsOf) (Relation, error)
}

// ParseAsOf reads a state of the past as settings and requests name it: the number of a version, a time, or the name of a pin. Times are read by f.
func ParseAsOf(text string, f func(string) (time.Time, error)) (AsOf, error) {
	if v, err := strconv.ParseUint(text, 10, 64); err == nil && v > 0 {
		return AsOf{Version: v}, nil
	}
	if t, err := f(text); err == nil {
		return AsOf{Time: t.UnixMicro()}, nil
	}
	if text == "" {
		return AsOf{}, column.SQLErrorf(column.Invalid, "22023", "no version, time or pin is named")
	}
	return AsOf{Pin: text}, nil
}
