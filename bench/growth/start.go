package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

// patience is how long a start or a stop may take.
const patience = 15 * time.Minute

// count is how many samples a server has.
func count(ctx context.Context, s *server.Server) (int64, error) {
	rows, err := s.Query(ctx, "SELECT count(*) FROM prometheus.samples")
	if err != nil {
		return 0, err
	}
	return server.Int(rows.Rows[0][0])
}

func mustHold(ctx context.Context, s *server.Server, want int64, when string) error {
	if n, err := count(ctx, s); err != nil || n != want {
		return fmt.Errorf("%s: %d samples are there, %d were acknowledged: %w", when, n, want, err)
	}
	return nil
}

// replay fills a log, kills the server and starts it again.
func (s settings) replay(ctx context.Context) ([]figure, error) {
	dir := filepath.Join(s.work, "data")
	options := server.Options{Binary: s.binary, Dir: dir, Args: []string{"--flush-age", "24h"}, Ready: patience}
	fresh, err := server.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	defer func() { fresh.Kill() }()
	empty := fresh.Startup
	const connections = 4
	w := load.Workload{Series: 100_000, Batch: 2000, Start: start2025.UnixMilli(), Interval: 15_000, Seed: 1}
	if s.wal < 64<<20 {
		w.Series = 5000
	}
	client := load.NewClient(fresh.URL, connections)
	defer client.Close()
	streams := w.Streams(connections)
	samples, size, shown := int64(0), int64(0), time.Now()
	flushes := 0.0
	for size < s.wal {
		n, err := client.SendRounds(ctx, streams, 20)
		if err != nil {
			return nil, err
		}
		samples += n
		if size, err = peer.FileBytes(filepath.Join(dir, "wal")); err != nil {
			return nil, err
		}
		m, err := fresh.Metrics(ctx)
		if err != nil {
			return nil, err
		}
		if flushes = m["aegis_flushes_total"]; flushes > 0 {
			break // the memory was full before the log was long enough
		}
		if time.Since(shown) > 10*time.Second {
			shown = time.Now()
			fmt.Fprintf(s.progress, "replay: %d MiB of log\n", size>>20)
		}
	}
	writer, err := load.ReadUsage(fresh.PID())
	if err != nil {
		return nil, err
	}
	fresh.Kill()
	again, err := server.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	defer func() { again.Kill() }()
	after, err := load.ReadUsage(again.PID())
	if err != nil {
		return nil, err
	}
	if err := mustHold(ctx, again, samples, "after the replay"); err != nil {
		return nil, err
	}
	replayed := again.Startup
	if err := again.Stop(patience); err != nil {
		return nil, err
	}
	if again, err = server.Start(ctx, options); err != nil {
		return nil, err
	}
	if err := mustHold(ctx, again, samples, "after a stop and a start"); err != nil {
		return nil, err
	}
	note := fmt.Sprintf("%s samples of %s series, of which the log holds %s MiB; the server was killed", number(float64(samples)), number(float64(w.Series)), number(float64(size)/(1<<20)))
	if flushes > 0 {
		note += fmt.Sprintf("; it had flushed %.0f times by then", flushes)
	}
	return []figure{
		{Name: "start, empty folder", Value: empty.Seconds() * 1000, Unit: "ms"},
		{Name: "start, replay", Value: replayed.Seconds(), Unit: "s", Note: note},
		{Name: "replay", Value: float64(size) / (1 << 20) / replayed.Seconds(), Unit: "MiB/s"},
		{Name: "replay", Value: float64(samples) / replayed.Seconds(), Unit: "samples/s"},
		{Name: "replay, CPU", Value: after.CPU.Seconds(), Unit: "s"},
		{Name: "peak memory of the writer", Value: float64(writer.PeakRSS) / (1 << 20), Unit: "MiB"},
		{Name: "peak memory of the replay", Value: float64(after.PeakRSS) / (1 << 20), Unit: "MiB"},
		{Name: "start, the same flushed", Value: again.Startup.Seconds() * 1000, Unit: "ms", Note: "after an orderly stop"},
	}, nil
}

// idle sends one sample of each series, and looks at what the server holds for them.
func (s settings) idle(ctx context.Context) ([]figure, error) {
	options := server.Options{Binary: s.binary, Dir: filepath.Join(s.work, "data"), Args: []string{"--flush-age", "24h"}, Ready: patience}
	one, err := server.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	defer func() { one.Kill() }()
	empty, err := load.ReadUsage(one.PID())
	if err != nil {
		return nil, err
	}
	const connections = 4
	w := load.Workload{Series: s.series, Batch: 2000, Start: start2025.UnixMilli(), Interval: 15_000, Seed: 1}
	client := load.NewClient(one.URL, connections)
	defer client.Close()
	if _, err := client.SendRounds(ctx, w.Streams(connections), 1); err != nil {
		return nil, err
	}
	held, err := s.atRest(one)
	if err != nil {
		return nil, err
	}
	if err := mustHold(ctx, one, int64(s.series), "in memory"); err != nil {
		return nil, err
	}
	one.Kill()
	if one, err = server.Start(ctx, options); err != nil {
		return nil, err
	}
	replayed := one.Startup
	if err := one.Stop(patience); err != nil {
		return nil, err
	}
	if one, err = server.Start(ctx, options); err != nil {
		return nil, err
	}
	stored, err := s.atRest(one)
	if err != nil {
		return nil, err
	}
	if err := mustHold(ctx, one, int64(s.series), "stored"); err != nil {
		return nil, err
	}
	size, err := peer.FileBytes(filepath.Join(s.work, "data", "segments"))
	per := func(u load.Usage) float64 { return float64(u.RSS-empty.RSS) / float64(s.series) }
	return []figure{
		{Name: "memory, series in the head", Value: per(held), Unit: "bytes/series", Note: fmt.Sprintf("%s series of one sample; RSS at rest, less that of an empty server", number(float64(s.series)))},
		{Name: "start, replay of the series", Value: replayed.Seconds(), Unit: "s"},
		{Name: "memory, series in segments only", Value: per(stored), Unit: "bytes/series", Note: "after an orderly stop and a start"},
		{Name: "start, series in segments", Value: one.Startup.Seconds() * 1000, Unit: "ms"},
		{Name: "files", Value: float64(size) / float64(s.series), Unit: "bytes/series"},
	}, err
}

// atRest is what a server holds once it has been left alone for a while, in which Go gives back what it does not need.
func (s settings) atRest(one *server.Server) (load.Usage, error) {
	time.Sleep(min(10*time.Second, time.Duration(s.series)*10*time.Microsecond))
	return load.ReadUsage(one.PID())
}
