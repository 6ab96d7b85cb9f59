package main

import (
	"fmt"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// measureMemory fills the head with series, measures what each costs, kills the server and measures the replay. 120 samples a
// series would take too long here; 20 show the chunks' part beside the series' own.
func measureMemory(b *bench) error {
	const connections, rounds = 4, 20
	w := load.Workload{Series: b.scaled(200_000), Batch: 2000, Start: start2023, Interval: scrapeMillis, Seed: 2}
	s, err := b.start("memory")
	if err != nil {
		return err
	}
	defer func() { s.Kill() }()
	empty, err := load.ReadUsage(s.PID())
	if err != nil {
		return err
	}
	bodies := w.Bodies(rounds)
	perRound := len(bodies) / rounds
	c := load.NewClient(s.URL, connections)
	defer c.Close()
	if _, err := c.Run(b.ctx, bodies[:perRound], connections); err != nil {
		return err
	}
	first, err := atRest(s)
	if err != nil {
		return err
	}
	if _, err := c.Run(b.ctx, bodies[perRound:], connections); err != nil {
		return err
	}
	peak, err := load.ReadUsage(s.PID())
	if err != nil {
		return err
	}
	full, err := atRest(s)
	if err != nil {
		return err
	}
	want := int64(w.Series * rounds)
	if err := b.expect(s, "SELECT count(*) FROM prometheus.samples", want); err != nil {
		return err
	}
	perSeries := func(u load.Usage) float64 { return float64(u.RSS-empty.RSS) / 1024 / float64(w.Series) }
	note := fmt.Sprintf("%s series of %d samples in the head; RSS at rest, less the %s MiB of an empty server",
		number(float64(w.Series)), rounds, number(mib(empty.RSS)))
	b.atMost("memory per active series", perSeries(full), "KiB RSS", 1.5, note)
	b.atMost("memory per active series, one sample each", perSeries(first), "KiB RSS", 0, "")

	bodies = nil
	s.Kill()
	if s, err = b.start("memory"); err != nil {
		return err
	}
	replay, err := load.ReadUsage(s.PID())
	if err != nil {
		return err
	}
	if err := b.expect(s, "SELECT count(*) FROM prometheus.samples", want); err != nil {
		return err
	}
	b.atMost("replay, peak memory", mib(replay.PeakRSS), "MiB RSS", mib(peak.PeakRSS), "aim: the peak while writing; at rest it was "+number(mib(full.RSS))+" MiB")
	b.atMost("replay, time to ready", s.Startup.Seconds(), "s", 0, number(float64(want))+" samples from the WAL after kill -9")
	b.atLeast("replay, speed", float64(want)/replay.CPU.Seconds(), "samples / CPU-second", 0, "")
	return nil
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// restTime is long enough for the runtime to have given back what a burst of writes needed: its scavenger works in the
// background after the next collection.
const restTime = 10 * time.Second

func atRest(s *server.Server) (load.Usage, error) {
	time.Sleep(restTime)
	return load.ReadUsage(s.PID())
}
