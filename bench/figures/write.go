package main

import (
	"fmt"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
)

// start2023 is the time of the first sample of every workload: rows of any age are taken, and a fixed one makes runs alike.
var start2023 = time.Date(2023, 11, 14, 0, 0, 0, 0, time.UTC).UnixMilli()

const scrapeMillis = 15_000

// measureWrite sends 100,000 series through remote write. The first round, in which each series is new, is measured by
// itself: it happens once per series, the others go on for ever.
func measureWrite(b *bench) error {
	const connections = 4
	w := load.Workload{Series: b.scaled(100_000), Batch: 2000, Start: start2023, Interval: scrapeMillis, Seed: 1}
	rounds := 41
	bodies := w.Bodies(rounds)
	perRound := len(bodies) / rounds
	s, err := b.start("write")
	if err != nil {
		return err
	}
	defer s.Kill()
	c := load.NewClient(s.URL, connections)
	defer c.Close()

	send := func(bodies []load.Body) (load.Result, float64, error) {
		before, err := load.ReadUsage(s.PID())
		if err != nil {
			return load.Result{}, 0, err
		}
		r, err := c.Run(b.ctx, bodies, connections)
		if err != nil {
			return r, 0, err
		}
		after, err := load.ReadUsage(s.PID())
		return r, float64(r.Samples) / (after.CPU - before.CPU).Seconds(), err
	}
	_, first, err := send(bodies[:perRound])
	if err != nil {
		return err
	}
	rest, steady, err := send(bodies[perRound:])
	if err != nil {
		return err
	}
	if err := b.expect(s, "SELECT count(*) FROM prometheus.samples", int64(w.Series*rounds)); err != nil {
		return err
	}
	if err := s.Stop(5 * time.Minute); err != nil {
		return err
	}
	note := fmt.Sprintf("%s samples of %s series, 10 labels of %d bytes, bodies of 2,000 encoded beforehand, %d connections, fsync before each acknowledgement",
		number(float64(rest.Samples)), number(float64(w.Series)), w.LabelBytes(1), connections)
	b.atLeast("remote write, known series", steady, "samples / server CPU-second", 500_000, note)
	b.atLeast("remote write, known series", rest.PerSecond(), "samples / second", 0, "client and server share the cores")
	b.atLeast("remote write, new series", first, "samples / server CPU-second", 0, "one sample each: decoding, WAL and head of a series never seen")
	total := float64(w.Series*rounds) / s.ExitCPU().Seconds()
	b.atLeast("remote write, everything", total, "samples / server CPU-second", 0,
		"start, the new series, the query that counts, and the flush to segments at the stop included")
	return nil
}
