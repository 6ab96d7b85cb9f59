package promql

import (
	"context"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/plan"
)

type asOfKey struct{}

// WithAsOf has queries that are prepared with the context read a state of the past, as QueryableAsOf names it.
func WithAsOf(ctx context.Context, asOf string) context.Context {
	if asOf == "" {
		return ctx
	}
	return context.WithValue(ctx, asOfKey{}, asOf)
}

func asOfIn(ctx context.Context) string {
	text, _ := ctx.Value(asOfKey{}).(string)
	return text
}

func (d queryable) open() (Snapshot, error) {
	if d.asOf == "" {
		return d.engine.store.OpenSnapshot(d.database)
	}
	past, ok := d.engine.store.(Past)
	if !ok {
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "the past cannot be read here")
	}
	at, err := plan.ParseAsOf(d.asOf, func(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) })
	if err != nil {
		return nil, err
	}
	return past.OpenPast(d.database, at)
}
