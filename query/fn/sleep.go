package fn

import (
	"context"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addSleeps adds pg_sleep and its kin, which end when the statement is cancelled. They give an empty text.
func addSleeps(r *Registry) {
	sleep := func(args []column.Type, name, doc string, wait func(ctx *expr.Context, v *column.Vector, i int) time.Duration) scalar {
		return scalar{name: name, args: args, result: tText, volatile: true, doc: doc, kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			return eachRow(ctx, tText, writeString, n, func(i int) (string, error) { return "", pause(ctx.Ctx, wait(ctx, args[0], i)) })
		}}
	}
	r.add(
		sleep(types(tFloat8), "pg_sleep", "waits so many seconds", func(_ *expr.Context, v *column.Vector, i int) time.Duration {
			return seconds(v.Float(i))
		}),
		sleep(types(tInterval), "pg_sleep_for", "waits so long", func(_ *expr.Context, v *column.Vector, i int) time.Duration {
			iv := v.Interval(i)
			return seconds(float64((int64(iv.Months)*30+int64(iv.Days))*86400) + float64(iv.Micros)/1e6)
		}),
		sleep(types(tTimestampTZ), "pg_sleep_until", "waits until a time", func(ctx *expr.Context, v *column.Vector, i int) time.Duration {
			return seconds(float64(v.Int(i)-clockMicros(ctx)) / 1e6)
		}),
	)
}

// seconds is no longer than a year, which is long enough.
func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), 366*86400) * float64(time.Second))
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if ctx == nil {
		ctx = context.Background()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func clockMicros(ctx *expr.Context) int64 {
	if ctx.Clock == nil {
		return time.Now().UnixMicro()
	}
	return ctx.Clock().UnixMicro()
}
