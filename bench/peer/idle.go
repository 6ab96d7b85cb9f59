package peer

import (
	"context"
	"fmt"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

const (
	// idleFor is how long a program must be idle.
	idleFor = 2 * time.Second
	// idleShare is how much of a core it may use then.
	idleShare = 0.05
)

// waitIdle waits until a process has done nothing to speak of for some seconds: for those that do not say what they do by themselves.
func waitIdle(ctx context.Context, pid int, within time.Duration) error {
	since, before := time.Now(), time.Duration(-1)
	return server.Until(ctx, within, func() (bool, string, error) {
		if time.Since(since) < idleFor && before >= 0 {
			return false, "it is watched", nil
		}
		u, err := load.ReadTree(pid)
		if err != nil {
			return false, "", err
		}
		used, elapsed := u.CPU-before, time.Since(since)
		idle := before >= 0 && float64(used) < idleShare*float64(elapsed)
		since, before = time.Now(), u.CPU
		return idle, fmt.Sprintf("it used %v in %v", used, elapsed), nil
	})
}
