package load_test

import (
	"context"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// TestOverload sends far more new series than the memory that a server was given can hold. It must push back or flush,
// stay within reach of its limit, and have every sample in the end.
func TestOverload(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	binary, err := server.Binary(t.TempDir())
	must(err)
	dir := t.TempDir()
	s, err := server.Start(ctx, server.Options{Binary: binary, Dir: dir, Args: []string{"--memory", "256MiB"}})
	must(err)
	defer func() { s.Kill() }()
	// Each of these series takes about a KiB in memory; the rows that are not flushed may have a quarter of the limit.
	w := load.Workload{Series: 100_000, Batch: 2000, Start: 1_700_000_000_000, Interval: 15_000, Seed: 6}
	bodies := w.Bodies(2)
	c := load.NewClient(s.URL, 4)
	defer c.Close()
	r, err := c.Run(ctx, bodies, 4)
	if err != nil {
		t.Fatalf("%v; the server printed:\n%s", err, s.Printed())
	}
	u, err := load.ReadUsage(s.PID())
	must(err)
	t.Logf("%d samples in %v, %d bodies pushed back, peak memory %d MiB", r.Samples, r.Elapsed.Round(time.Millisecond), r.Pushbacks, u.PeakRSS>>20)
	// Go's collector lets memory grow to twice what is in use, and the runtime has its own part.
	if limit := int64(2 * 256 << 20); u.PeakRSS > limit {
		t.Errorf("peak memory %d MiB, with a limit of 256 MiB", u.PeakRSS>>20)
	}
	count := func() int64 {
		t.Helper()
		rows, err := s.Query(ctx, "SELECT count(*) FROM prometheus.samples")
		must(err)
		n, err := server.Int(rows.Rows[0][0])
		must(err)
		return n
	}
	if n := count(); n != int64(r.Samples) {
		t.Errorf("%d samples were taken, %d are there", r.Samples, n)
	}
	s.Kill()
	s, err = server.Start(ctx, server.Options{Binary: binary, Dir: dir, Args: []string{"--memory", "256MiB"}})
	must(err)
	if n := count(); n != int64(r.Samples) {
		t.Errorf("after kill -9: %d samples were taken, %d are there", r.Samples, n)
	}
}
