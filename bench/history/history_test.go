package history

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func reads(key int, list ...int) Op { return Op{Key: key, List: list} }
func puts(key, value int) Op        { return Op{Key: key, Append: value} }

// txn is a transaction that lasts from one moment to another.
func txn(from, to int64, ops ...Op) Txn { return Txn{Ops: ops, Started: from, Ended: to} }

func with(t Txn, o Outcome) Txn {
	t.Outcome = o
	return t
}

// TestAnomalies: each anomaly is found at the levels that forbid it, and at no other.
func TestAnomalies(t *testing.T) {
	for _, c := range []struct {
		name                string
		txns                []Txn
		committed, snapshot string // part of what is found; "" = nothing
	}{
		{"one after the other", []Txn{txn(1, 2, puts(1, 1)), txn(3, 4, reads(1, 1), puts(1, 2), reads(1, 1, 2)), txn(5, 6, reads(1, 1, 2))}, "", ""},
		{"write skew", []Txn{
			txn(1, 5, reads(1), reads(2), puts(1, 1)), txn(1, 5, reads(1), reads(2), puts(2, 1)), txn(6, 7, reads(1, 1), reads(2, 1)),
		}, "", ""},
		{"dirty write", []Txn{
			txn(1, 5, puts(1, 1), puts(2, 1)), txn(1, 5, puts(1, 2), puts(2, 2)), txn(6, 7, reads(1, 1, 2), reads(2, 2, 1)),
		}, "before each other", "before each other"},
		{"aborted read", []Txn{with(txn(1, 2, puts(1, 1)), Aborted), txn(1, 3, reads(1, 1))}, "rolled back", "rolled back"},
		{"intermediate read", []Txn{txn(1, 4, puts(1, 1), puts(1, 2)), txn(1, 4, reads(1, 1)), txn(5, 6, reads(1, 1, 2))}, "not the last", "not the last"},
		{"circular information", []Txn{
			txn(1, 5, puts(1, 1), reads(2, 1)), txn(1, 5, puts(2, 1), reads(1, 1)), txn(6, 7, reads(1, 1), reads(2, 1)),
		}, "before each other", "before each other"},
		{"lost update", []Txn{txn(1, 5, reads(1), puts(1, 1)), txn(1, 5, reads(1), puts(1, 2)), txn(6, 7, reads(1, 2))}, "lost", "lost"},
		{"update of what was not seen", []Txn{
			txn(1, 5, reads(1), puts(1, 1)), txn(1, 5, reads(1), puts(1, 2)), txn(6, 7, reads(1, 1, 2)),
		}, "", "before each other"},
		{"read skew", []Txn{txn(1, 5, puts(1, 1), puts(2, 1)), txn(1, 5, reads(1), reads(2, 1)), txn(6, 7, reads(1, 1), reads(2, 1))}, "", "before each other"},
		{"non-repeatable read", []Txn{txn(1, 5, puts(1, 1)), txn(1, 5, reads(1), reads(1, 1)), txn(6, 7, reads(1, 1))}, "", "before"},
		{"old snapshot", []Txn{txn(1, 2, puts(1, 1)), txn(3, 4, reads(1)), txn(5, 6, reads(1, 1))}, "", "before each other"},
		{"own write not seen", []Txn{txn(1, 2, puts(1, 1), reads(1)), txn(3, 4, reads(1, 1))}, "after it has appended", "after it has appended"},
		{"half of a transaction", []Txn{with(txn(1, 2, puts(1, 1), puts(2, 1)), Unknown), txn(3, 4, reads(1, 1), reads(2))}, "lost", "lost"},
		{"in doubt and there", []Txn{with(txn(1, 2, puts(1, 1), puts(2, 1)), Unknown), txn(3, 4, reads(1, 1), reads(2, 1))}, "", ""},
		{"in doubt and not there", []Txn{with(txn(1, 2, puts(1, 1), puts(2, 1)), Unknown), txn(3, 4, reads(1), reads(2))}, "", ""},
		{"two orders", []Txn{txn(1, 5, puts(1, 1)), txn(1, 5, puts(1, 2)), txn(6, 7, reads(1, 1, 2)), txn(6, 7, reads(1, 2))}, "which was", "which was"},
		{"twice", []Txn{txn(1, 2, puts(1, 1)), txn(3, 4, reads(1, 1, 1))}, "twice", "twice"},
		{"from nowhere", []Txn{txn(3, 4, reads(1, 7))}, "nobody", "nobody"},
	} {
		for level, want := range map[Level]string{ReadCommitted: c.committed, Snapshot: c.snapshot} {
			got := strings.Join(Check(c.txns, level), "; ")
			if want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("%s, level %d: %q, want %q", c.name, level, got, want)
			}
		}
	}
}

// TestModel: what a store of snapshots does that refuses the second of two writers is never found wrong at the level of snapshots, and what one does that
// refuses nobody is, nearly always.
func TestModel(t *testing.T) {
	caught := 0
	for seed := range uint64(60) {
		if found := Check(model(seed, true), Snapshot); found != nil {
			t.Fatalf("seed %d: %v", seed, found)
		}
		if Check(model(seed, false), Snapshot) != nil {
			caught++
		}
	}
	if caught < 50 {
		t.Errorf("lost updates were found in %d of 60 runs", caught)
	}
}

type client struct {
	txn   Txn
	state map[int][]int
	wrote map[int]bool
}

// model makes a history of clients whose steps are mixed.
func model(seed uint64, refuse bool) []Txn {
	r := rand.New(rand.NewPCG(seed, 1))
	now, value := int64(0), 0
	state, changed := map[int][]int{}, map[int]int64{}
	clients := make([]*client, 4)
	var out []Txn
	for len(out) < 80 {
		now++
		k := r.IntN(len(clients))
		c := clients[k]
		if c == nil {
			c = &client{txn: Txn{Started: now}, state: map[int][]int{}, wrote: map[int]bool{}}
			for key, list := range state {
				c.state[key] = slices.Clone(list)
			}
			clients[k] = c
			continue
		}
		if len(c.txn.Ops) < 3 {
			key := r.IntN(3)
			if r.IntN(2) == 0 {
				c.txn.Ops = append(c.txn.Ops, Op{Key: key, List: slices.Clone(c.state[key])})
				continue
			}
			value++
			c.state[key] = append(slices.Clone(c.state[key]), value)
			c.wrote[key] = true
			c.txn.Ops = append(c.txn.Ops, puts(key, value))
			continue
		}
		for key := range c.wrote {
			if refuse && changed[key] > c.txn.Started {
				c.txn.Outcome = Aborted
			}
		}
		if c.txn.Outcome == Committed {
			for key := range c.wrote {
				state[key], changed[key] = c.state[key], now
			}
		}
		c.txn.Ended = now
		out, clients[k] = append(out, c.txn), nil
	}
	last := Txn{Started: now + 1, Ended: now + 2}
	for key := range 3 {
		last.Ops = append(last.Ops, Op{Key: key, List: state[key]})
	}
	return append(out, last)
}
