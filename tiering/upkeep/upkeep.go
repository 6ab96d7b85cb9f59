// Package upkeep runs a chore at intervals: what compaction, collection and their like have in common. It knows nothing
// of the chores.
package upkeep

import (
	"context"
	"sync"
	"time"
)

// Loop runs one chore until it is stopped. The zero value is ready to be started, once.
type Loop struct {
	stop  context.CancelFunc
	group sync.WaitGroup
}

// Start runs chore every so often, never twice at a time. The chore deals with its own errors; its context ends with
// Stop.
func (l *Loop) Start(every time.Duration, chore func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	l.group.Add(1)
	go func() {
		defer l.group.Done()
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				chore(ctx)
			}
		}
	}()
}

// Stop ends the loop and waits for a chore that runs. Without a Start it does nothing.
func (l *Loop) Stop() {
	if l.stop != nil {
		l.stop()
	}
	l.group.Wait()
}
