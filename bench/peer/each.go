package peer

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// timeEach asks n queries from so many clients at once, each client the next one in order, and returns what ask says that each took. The first
// error ends it.
func timeEach(ctx context.Context, n, clients int, budget Budget, ask func(ctx context.Context, client, i int) (time.Duration, error)) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	took := make([][]time.Duration, clients)
	begun := time.Now()
	var wg sync.WaitGroup
	for k := range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil || budget.over(i, time.Since(begun)) {
					return
				}
				one, err := ask(ctx, k, i)
				if err != nil {
					cancel(err)
					return
				}
				took[k] = append(took[k], one)
			}
		})
	}
	wg.Wait()
	var all []time.Duration
	for _, list := range took {
		all = append(all, list...)
	}
	return all, context.Cause(ctx)
}
