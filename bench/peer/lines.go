package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

const (
	// linesPerBody is what agents and their gateways send at once; more makes no system faster here.
	linesPerBody = 5000
	// writers is how many connections load.
	writers = 4
	// pushbackWait is the least pause before a body is sent again that a server had no room for.
	pushbackWait = 100 * time.Millisecond
)

// howLines says how sendLines loads, for reports.
var howLines = fmt.Sprintf("line protocol over HTTP, %d lines a body, %d connections, rows in order of time", linesPerBody, writers)

// sendLines writes a workload in line protocol to the server at base and returns how long it took until all of it was
// acknowledged. Lines are encoded while they are sent, which costs the client less than any server spends on them.
func sendLines(ctx context.Context, base string, w *tsbs.Workload) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := load.NewClient(base, writers)
	defer client.Close()
	lines := w.Lines()
	var next atomic.Int64
	var wg sync.WaitGroup
	started := time.Now()
	for range writers {
		wg.Go(func() {
			var body []byte
			for {
				first := (int(next.Add(1)) - 1) * linesPerBody
				if first >= w.Rows() || ctx.Err() != nil {
					return
				}
				body = lines.Append(body[:0], first, min(first+linesPerBody, w.Rows()))
				if err := sendBody(ctx, client, body); err != nil {
					cancel(fmt.Errorf("rows from %d on: %w", first, err))
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(started), context.Cause(ctx)
}

// sendBody sends a body until the server takes it.
func sendBody(ctx context.Context, c *load.Client, body []byte) error {
	for {
		err := c.SendLines(ctx, body)
		var refused *load.StatusError
		if !errors.As(err, &refused) || !refused.Pushback() {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(refused.RetryAfter, pushbackWait)):
		}
	}
}
