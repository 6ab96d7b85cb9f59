package tsbs

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// shape is what a kind of query computes.
type shape int

const (
	maxByBucket  shape = iota // maxima per bucket of time, of chosen hosts together
	avgByHost                 // averages per bucket of time and host, of all hosts
	newestMaxima              // maxima of the newest minutes before a moment
	lastRows                  // the last row of each host
	highRows                  // whole rows in which usage_user is above the threshold
)

// Threshold is what the high-cpu queries compare usage_user with.
const Threshold = 90

// newestMinutes is the LIMIT of groupby-orderby-limit.
const newestMinutes = 5

// Kind is one query of the suite, without its parameters.
type Kind struct {
	Name   string
	Fields int           // the first so many of Fields
	Hosts  int           // random ones; 0 stands for all
	Window time.Duration // 0 if the query has none
	Bucket time.Duration // 0 if it does not group by time
	shape  shape
}

// Kinds are the queries of the suite, in the order of reports. single-groupby-F-H-T has F fields, H hosts, T hours.
var Kinds = []Kind{
	{"single-groupby-1-1-1", 1, 1, time.Hour, time.Minute, maxByBucket},
	{"single-groupby-1-1-12", 1, 1, 12 * time.Hour, time.Minute, maxByBucket},
	{"single-groupby-1-8-1", 1, 8, time.Hour, time.Minute, maxByBucket},
	{"single-groupby-5-1-1", 5, 1, time.Hour, time.Minute, maxByBucket},
	{"single-groupby-5-1-12", 5, 1, 12 * time.Hour, time.Minute, maxByBucket},
	{"single-groupby-5-8-1", 5, 8, time.Hour, time.Minute, maxByBucket},
	{"cpu-max-all-1", len(Fields), 1, 8 * time.Hour, time.Hour, maxByBucket},
	{"cpu-max-all-8", len(Fields), 8, 8 * time.Hour, time.Hour, maxByBucket},
	{"double-groupby-1", 1, 0, 12 * time.Hour, time.Hour, avgByHost},
	{"double-groupby-5", 5, 0, 12 * time.Hour, time.Hour, avgByHost},
	{"double-groupby-all", len(Fields), 0, 12 * time.Hour, time.Hour, avgByHost},
	{"groupby-orderby-limit", 1, 0, 0, time.Minute, newestMaxima},
	{"lastpoint", len(Fields), 0, 0, 0, lastRows},
	{"high-cpu-1", len(Fields), 1, 12 * time.Hour, 0, highRows},
	{"high-cpu-all", len(Fields), 0, 12 * time.Hour, 0, highRows},
}

// Query is a kind with its parameters. Rows in [From, To) are asked for; without a window From is the start of the data.
type Query struct {
	Kind
	Names    []string // of hosts; nil stands for all
	From, To time.Time
	hosts    []int // their numbers, all of them if Names is nil
}

// Query is the i-th query of a kind: the same for every system, and other parameters for every i as far as there are others.
// Windows begin at full buckets, so that no bucket is cut and every language can ask for the same ones. Data that is
// shorter than the window is asked for whole.
func (w *Workload) Query(k Kind, i int) Query {
	name := fnv.New64a()
	_, _ = name.Write([]byte(k.Name)) // a hash takes everything
	r := rand.New(rand.NewPCG(w.Seed^name.Sum64(), uint64(i)))
	q := Query{Kind: k, From: w.Start, To: w.Start.Add(w.Span)}
	switch {
	case k.shape == newestMaxima:
		// A moment in the second half, so that there always are minutes before it.
		q.To = w.Start.Add(w.Span/2 + time.Duration(r.Int64N(int64(w.Span/2/time.Second)))*time.Second)
	case k.Window > 0 && k.Window < w.Span:
		unit := k.Bucket
		if unit == 0 {
			unit = time.Second
		}
		q.From = w.Start.Add(time.Duration(r.Int64N(int64((w.Span-k.Window)/unit)+1)) * unit)
		q.To = q.From.Add(k.Window)
	}
	q.hosts = w.every
	if k.Hosts > 0 {
		q.hosts = choose(r, min(k.Hosts, w.Hosts), w.Hosts)
		for _, h := range q.hosts {
			q.Names = append(q.Names, w.hosts[h].Name())
		}
	}
	return q
}

// choose gives k different numbers below n, sorted. They are few of many, so that drawing again costs less than shuffling all.
func choose(r *rand.Rand, k, n int) (chosen []int) {
	for len(chosen) < k {
		one := r.IntN(n)
		if i, there := slices.BinarySearch(chosen, one); !there {
			chosen = slices.Insert(chosen, i, one)
		}
	}
	return chosen
}

// largeHosts is the number of hosts from which on an answer of whole rows of all of them has millions of rows.
const largeHosts = 1000

// Large says that the answer to a query is so large that a machine of some GB cannot hold several at once.
func (w *Workload) Large(q Query) bool {
	return q.shape == highRows && q.Hosts == 0 && w.Hosts > largeHosts
}

// Ordered says that the query asks for its rows in an order.
func (q Query) Ordered() bool { return q.Bucket > 0 }
