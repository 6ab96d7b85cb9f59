package tsbs

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Interval is the time between two rows of a host.
const Interval = 10 * time.Second

// Offset is where in its interval a row stands. It keeps rows off the borders of minutes and hours, where SQL's [from, to)
// and PromQL's (from, to] would put them into different buckets: with it both ask for the same rows.
const Offset = 5 * time.Second

// Config says how much data there is. Hosts, Start and Span are needed.
type Config struct {
	Hosts int
	Start time.Time     // a full hour
	Span  time.Duration // full hours
	Seed  uint64
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	switch {
	case c.Hosts < 1:
		return fmt.Errorf("tsbs: %d hosts; give at least 1", c.Hosts)
	case c.Span < time.Hour || c.Span%time.Hour != 0:
		return fmt.Errorf("tsbs: a span of %v; give full hours, because queries group by them", c.Span)
	case !c.Start.Equal(c.Start.Truncate(time.Hour)):
		return fmt.Errorf("tsbs: a start at %v; give a full hour", c.Start)
	}
	return nil
}

// Workload is the data: rows of Fields whole numbers, one per host and interval.
type Workload struct {
	Config
	Steps int // rows per host
	hosts []Host
	every []int // the numbers of all hosts
	// values holds the rows of host 0 by time, then those of host 1. A value is 0…100, so that a day of 400 hosts fits
	// into 35 MB and the right answers can be computed while systems run.
	values []int8
}

// New generates the data: per host and field a walk between 0 and 100 by normal steps, begun anywhere, cut to whole numbers.
func New(c Config) (*Workload, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.Start = c.Start.UTC()
	w := &Workload{Config: c, Steps: int(c.Span / Interval)}
	w.values = make([]int8, 0, c.Hosts*w.Steps*len(Fields))
	for h := range c.Hosts {
		r := rand.New(rand.NewPCG(c.Seed, uint64(h)))
		w.hosts, w.every = append(w.hosts, newHost(h, r)), append(w.every, h)
		var walk [len(Fields)]float64
		for f := range walk {
			walk[f] = r.Float64() * 100
		}
		for range w.Steps {
			for f := range walk {
				w.values = append(w.values, int8(walk[f]))
				walk[f] = min(max(walk[f]+r.NormFloat64(), 0), 100)
			}
		}
	}
	return w, nil
}

// Rows is how many rows there are.
func (w *Workload) Rows() int { return w.Hosts * w.Steps }

// Values is how many values there are; times and tags do not count.
func (w *Workload) Values() int { return w.Rows() * len(Fields) }

// Host is a host by its number.
func (w *Workload) Host(n int) Host { return w.hosts[n] }

// Time is when the rows of a step are.
func (w *Workload) Time(step int) time.Time {
	return w.Start.Add(Offset + time.Duration(step)*Interval)
}

// row is the values of a host at a step.
func (w *Workload) row(host, step int) []int8 {
	at := (host*w.Steps + step) * len(Fields)
	return w.values[at : at+len(Fields)]
}

// Value is the value of a field of a host at a step.
func (w *Workload) Value(host, step, field int) float64 { return float64(w.row(host, step)[field]) }

// steps is the first step at or after from, and the first at or after to.
func (w *Workload) steps(from, to time.Time) (first, end int) {
	at := func(t time.Time) int {
		n := (t.Sub(w.Start) - Offset + Interval - 1) / Interval
		return min(max(int(n), 0), w.Steps)
	}
	return at(from), at(to)
}
