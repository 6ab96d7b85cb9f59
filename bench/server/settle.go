package server

import (
	"context"
	"fmt"
	"time"
)

// quiet is how long nothing may change until a server counts as settled: longer than the pause that the tests put between
// two looks for something to merge (1 s).
const quiet = 3 * time.Second

// WaitSettled waits until every row is in a segment, replaced files are gone, and no merge runs or has happened for a while. A merge
// that runs has half a file beside the ones that it replaces. It fails at once if a flush or a merge failed.
func (s *Server) WaitSettled(ctx context.Context, within time.Duration) error {
	var last [3]float64
	var since time.Time
	return Until(ctx, within+quiet, func() (bool, string, error) {
		m, err := s.Metrics(ctx)
		if err != nil {
			return false, "", err
		}
		for _, name := range []string{"aegis_flush_failures_total", "aegis_compaction_failures_total"} {
			if n, known := m[name]; !known || n > 0 {
				return false, "", fmt.Errorf("%s is %v (shown: %v); the server printed:\n%s", name, n, known, s.Printed())
			}
		}
		now := [3]float64{m["aegis_segments"], m["aegis_compactions_total"], m["aegis_flushes_total"]}
		if now != last {
			last, since = now, time.Now()
		}
		unflushed, garbage, merging := m["aegis_commits_unflushed"], m["aegis_garbage_files"], m["aegis_compactions_running"]
		if unflushed > 0 || garbage > 0 || merging > 0 {
			since = time.Now()
		}
		return time.Since(since) >= quiet,
			fmt.Sprintf("%v commits are not flushed, %v files wait to be removed, %v segments, %v merges, %v run", unflushed, garbage, now[0], now[1], merging), nil
	})
}
