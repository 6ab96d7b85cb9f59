package ingest

import (
	"errors"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// overload is a refusal that ends by itself. Its class is column.Overloaded.
type overload struct {
	err   *column.Error
	after time.Duration
}

func (e *overload) Error() string { return e.err.Error() }
func (e *overload) Unwrap() error { return e.err }

// refuse makes an error of class column.Overloaded that asks for a pause.
func refuse(after time.Duration, format string, args ...any) error {
	return &overload{err: column.Errorf(column.Overloaded, format, args...), after: after}
}

// RetryAfter gives the pause that an error of class column.Overloaded asks for, 0 if it asks for none.
func RetryAfter(err error) time.Duration {
	var o *overload
	if errors.As(err, &o) {
		return o.after
	}
	return 0
}

// Pauses asked of clients: a batch in flight is done in no time, a flush takes seconds.
const (
	briefPause = time.Second
	flushPause = 5 * time.Second
)

func undefined(table meta.TableID, ref uint32) error {
	return column.Errorf(column.Corrupt, "series %d of table %d is used and not defined", ref, table)
}

// unknownTable: a dropped table was once there, so an id above all that were ever given means that the catalog has lost
// commands. Skipping the rows would lose them too.
func unknownTable(table meta.TableID) error {
	return column.Errorf(column.Corrupt, "the log has rows of table %d, which the catalog never had: the end of the catalog is missing; restore the folder as a whole", table)
}

func mistyped(table *meta.Table, at int, got column.Type) error {
	f := table.Columns.Fields[at]
	return column.Errorf(column.Corrupt, "column %s of table %s is %s, the record has %s", f.Name, table.Name, f.Type, got)
}
