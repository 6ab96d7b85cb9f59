package crash

import (
	"fmt"
	"hash/fnv"
	"slices"
)

// Row is what the harness writes: which writer, its number there, and a value that says which batch wrote it.
type Row struct {
	Writer, Key, Value int64
}

// checkBits is how much of a value is a checksum of the row; the rest is the batch. Values stay below 2^53, so they are
// exact as floats, too.
const checkBits = 20

// NewRow is the row that a batch writes under a key.
func NewRow(writer, key, batch int64) Row {
	return Row{writer, key, batch<<checkBits | checksum(writer, key, batch)}
}

// Batch is the number of the batch that wrote the row.
func (r Row) Batch() int64 { return r.Value >> checkBits }

// Whole says that value and key belong together.
func (r Row) Whole() bool { return r == NewRow(r.Writer, r.Key, r.Batch()) }

func checksum(parts ...int64) int64 {
	h := fnv.New64a()
	for _, p := range parts {
		var b [8]byte
		for i := range b {
			b[i] = byte(p >> (8 * i))
		}
		_, _ = h.Write(b[:]) // a hash takes everything
	}
	return int64(h.Sum64() & (1<<checkBits - 1))
}

// Batch is the rows of one request: taken whole or not at all.
type Batch struct {
	Number int64
	Keys   []int64
}

// Rows are the batch's rows as a writer sends them.
func (b *Batch) Rows(writer int64) []Row {
	rows := make([]Row, len(b.Keys))
	for i, k := range b.Keys {
		rows[i] = NewRow(writer, k, b.Number)
	}
	return rows
}

// Ledger is what one writer knows of its rows in one table. It belongs to one goroutine at a time.
type Ledger struct {
	Writer  int64
	current map[int64]int64 // key → the batch whose row must be there
	doubt   *Batch          // sent, and the answer never came
	batches int64
	keys    int64
	Acked   int // batches, until who reads it sets it back
	Sum     int // rows in them
}

// NewLedger is the empty ledger of a writer.
func NewLedger(writer int64) *Ledger { return &Ledger{Writer: writer, current: map[int64]int64{}} }

// Len is how many rows must be there.
func (l *Ledger) Len() int { return len(l.current) }

// Keys is how many keys were used.
func (l *Ledger) Keys() int64 { return l.keys }

// Next makes a batch of so many new keys, followed by rows that overwrite older ones.
func (l *Ledger) Next(fresh int, over []int64) *Batch {
	l.batches++
	b := &Batch{Number: l.batches}
	for range fresh {
		b.Keys = append(b.Keys, l.keys)
		l.keys++
	}
	for _, k := range over {
		if !slices.Contains(b.Keys, k) {
			b.Keys = append(b.Keys, k)
		}
	}
	return b
}

// Sent notes that a batch is on its way: from now on it is not known whether it was taken.
func (l *Ledger) Sent(b *Batch) { l.doubt = b }

// Took notes the acknowledgement of the batch that was sent.
func (l *Ledger) Took() {
	for _, k := range l.doubt.Keys {
		l.current[k] = l.doubt.Number
	}
	l.Acked++
	l.Sum += len(l.doubt.Keys)
	l.doubt = nil
}

// Refused notes that the server said no: the batch must not be there.
func (l *Ledger) Refused() { l.doubt = nil }

// Doubt is the batch whose answer never came; nil if there is none.
func (l *Ledger) Doubt() *Batch { return l.doubt }

// Check holds the rows that a table shows of this writer against the ledger. Afterwards the ledger knows whether the batch
// in doubt was taken. problems are sentences, at most ten; taken says that a batch in doubt was there.
func (l *Ledger) Check(rows []Row) (problems []string, taken bool) {
	say := func(format string, args ...any) {
		if len(problems) < 10 {
			problems = append(problems, fmt.Sprintf("writer %d: ", l.Writer)+fmt.Sprintf(format, args...))
		}
	}
	seen := make(map[int64]int64, len(rows))
	for _, r := range rows {
		switch batch, twice := seen[r.Key]; {
		case r.Writer != l.Writer || !r.Whole():
			say("row %+v is not one that was ever written", r)
			continue
		case twice:
			say("key %d is there twice, from batch %d and batch %d", r.Key, batch, r.Batch())
			continue
		}
		seen[r.Key] = r.Batch()
	}
	taken = l.settle(seen, say)
	for _, k := range sortedKeys(l.current) {
		batch, there := seen[k]
		switch want := l.current[k]; {
		case !there:
			say("key %d of batch %d was acknowledged and is lost", k, want)
		case batch != want:
			say("key %d shows batch %d, the acknowledged one is %d", k, batch, want)
		}
	}
	for _, k := range sortedKeys(seen) {
		if _, known := l.current[k]; !known {
			say("key %d of batch %d is there and was never taken", k, seen[k])
		}
	}
	return problems, taken
}

// settle decides about the batch in doubt: all of its rows are there, or none is.
func (l *Ledger) settle(seen map[int64]int64, say func(string, ...any)) bool {
	b := l.doubt
	if b == nil {
		return false
	}
	l.doubt = nil
	n := 0
	for _, k := range b.Keys {
		if batch, there := seen[k]; there && batch == b.Number {
			n++
		}
	}
	switch n {
	case 0:
		return false
	case len(b.Keys):
		for _, k := range b.Keys {
			l.current[k] = b.Number
		}
		return true
	}
	say("batch %d was cut: %d of its %d rows are there", b.Number, n, len(b.Keys))
	return false
}

func sortedKeys(m map[int64]int64) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
