package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// fields is how many integers a row of the integer workload has, besides its time and its host.
const fields = 10

// walk is the integer workload: hosts that report ten gauges between 0 and 100 every ten seconds, each a random walk of
// normal steps that is rounded to whole numbers.
type walk struct {
	hosts, steps int
	rand         *rand.Rand
	state        [][fields]float64
	sums         [fields]int64
}

func newWalk(hosts, steps int) *walk {
	w := &walk{hosts: hosts, steps: steps, rand: rand.New(rand.NewPCG(3, 1)), state: make([][fields]float64, hosts)}
	for h := range w.state {
		for f := range w.state[h] {
			w.state[h][f] = w.rand.Float64() * 100
		}
	}
	return w
}

// step is the INSERT of one moment of all hosts.
func (w *walk) step(i int) string {
	at := time.UnixMilli(start2023).UTC().Add(time.Duration(i) * 10 * time.Second).Format("2006-01-02 15:04:05Z07:00")
	var b strings.Builder
	b.WriteString("INSERT INTO cpu VALUES ")
	for h := range w.state {
		if h > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "('%s','host_%d'", at, h)
		for f := range w.state[h] {
			v := min(max(w.state[h][f]+w.rand.NormFloat64(), 0), 100)
			w.state[h][f] = v
			n := int64(math.Round(v))
			w.sums[f] += n
			fmt.Fprintf(&b, ",%d", n)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// measureIntegers writes the workload by SQL and measures what is on disk once everything is merged, and how fast it is
// read.
func measureIntegers(b *bench) error {
	w := newWalk(100, b.scaled(12*360)) // twelve hours
	s, err := b.start("integers", "--flush-age", "5s", "--compact-every", "1s", "--keep-removed", "1s", "--history", "0")
	if err != nil {
		return err
	}
	defer s.Kill()
	create := "CREATE TABLE cpu (ts timestamptz, host text"
	for f := range fields {
		create += fmt.Sprintf(", f%d bigint", f)
	}
	if _, err := s.Query(b.ctx, create+") WITH (time_column = ts, tags = (host))"); err != nil {
		return err
	}
	started := time.Now()
	for i := range w.steps {
		if _, err := s.Query(b.ctx, w.step(i)); err != nil {
			return err
		}
	}
	rows := int64(w.hosts * w.steps)
	written := float64(rows) / time.Since(started).Seconds()
	if err := s.WaitSettled(b.ctx, 2*time.Minute); err != nil {
		return err
	}
	sums, want := "SELECT count(*)", []int64{rows}
	for f := range fields {
		sums += fmt.Sprintf(", sum(f%d)", f)
		want = append(want, w.sums[f])
	}
	if err := b.expect(s, sums+" FROM cpu", want...); err != nil {
		return err
	}
	bytes, err := b.segmentBytes("integers")
	if err != nil {
		return err
	}
	b.atMost("integers, stored", float64(bytes)/float64(rows*fields), "bytes / value", 0.6,
		fmt.Sprintf("%s rows of %d integers, hosts and times included; all files of segments, after compaction", number(float64(rows)), fields))
	b.atLeast("integers, SQL INSERT", written, "rows / second", 0, "100 rows a statement on one connection, each statement acknowledged after fsync")
	for _, q := range []struct{ name, sql string }{
		{"sums of ten columns", sums + " FROM cpu"},
		{"one host, GROUP BY minute", "SELECT time_bucket('1 minute', ts) AS m, max(f0) FROM cpu WHERE host = 'host_7' GROUP BY m ORDER BY m"},
		{"GROUP BY host", "SELECT host, avg(f0), max(f1) FROM cpu GROUP BY host ORDER BY host"},
	} {
		var times []float64
		for range 7 {
			started := time.Now()
			if _, err := s.Query(b.ctx, q.sql); err != nil {
				return fmt.Errorf("%s: %w", q.sql, err)
			}
			times = append(times, float64(time.Since(started))/float64(time.Millisecond))
		}
		b.atMost("query: "+q.name, median(times), "ms", 0, "median of 7 over the same rows, answer as JSON over HTTP")
	}
	return nil
}
