package catalog

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// AdvisoryKey is a lock's number: one of 64 bits, or a pair of 32, which are locks of their own.
type AdvisoryKey struct {
	Pair bool
	A, B int64
}

// Advisory are the locks that clients take by numbers, as one session sees them.
type Advisory interface {
	// Lock takes a lock, shared or alone, until the transaction ends (local) or the session. If others have it, it waits, or gives false.
	Lock(ctx context.Context, key AdvisoryKey, shared, local, wait bool) (bool, error)
	// Unlock gives back a lock of the session's; false if it has none.
	Unlock(key AdvisoryKey, shared bool) bool
	UnlockAll()
	// Blocking lists the sessions that a session waits for.
	Blocking(pid int64) []int64
}

// advisoryFunctions take locks by numbers, and give them back.
func advisoryFunctions() []*expr.Function {
	key := func(a args) AdvisoryKey {
		if len(a.vectors) == 2 {
			return AdvisoryKey{true, a.int(0), a.int(1)}
		}
		return AdvisoryKey{A: a.int(0)}
	}
	var out []*expr.Function
	add := func(name string, result column.Type, doc string, body func(v *View, a args) (any, error)) {
		for _, f := range overloads(name, result, doc, body, types(tInt8), types(tInt4, tInt4)) {
			out = append(out, volatile(f))
		}
	}
	for _, local := range []bool{false, true} {
		for _, shared := range []bool{false, true} {
			middle, end, until := "", "", " until the session ends or gives it back"
			if local {
				middle, until = "_xact", " until the transaction ends"
			}
			doc := "a lock by its number that nobody else has meanwhile,"
			if shared {
				end, doc = "_shared", "a lock by its number that others may share,"
			}
			add("pg_advisory"+middle+"_lock"+end, tText, "takes "+doc+until+"; waits for it", func(v *View, a args) (any, error) {
				_, err := v.Advisory.Lock(v.Ctx, key(a), shared, local, true)
				return "", err
			})
			add("pg_try_advisory"+middle+"_lock"+end, tBool, "takes "+doc+until+"; false if others have it", func(v *View, a args) (any, error) {
				return v.Advisory.Lock(v.Ctx, key(a), shared, local, false)
			})
			if !local {
				add("pg_advisory_unlock"+end, tBool, "gives back a lock of the session's; false if it has none", func(v *View, a args) (any, error) {
					return v.Advisory.Unlock(key(a), shared), nil
				})
			}
		}
	}
	return append(out,
		volatile(function("pg_advisory_unlock_all", nil, tText, "gives back all locks of the session's", func(v *View, _ args) (any, error) {
			v.Advisory.UnlockAll()
			return "", nil
		})),
		volatile(function("pg_blocking_pids", types(tInt4), column.ArrayOf(tInt4), "sessions that a session waits for, because of advisory locks", func(v *View, a args) (any, error) {
			return v.Advisory.Blocking(a.int(0)), nil
		})))
}
