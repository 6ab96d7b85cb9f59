package history

import (
	"fmt"
	"slices"
)

// Level is what a history is held against.
type Level int

// The levels. Both are checked as they are defined by dependencies (Adya, MIT 1999; Cerone and Gotsman, PODC 2016). Snapshot is the strong kind: a
// transaction sees everything that was acknowledged before it began.
const (
	ReadCommitted Level = iota
	Snapshot
)

// Outcome is what a client knows of a transaction's end.
type Outcome int

// The outcomes.
const (
	Committed Outcome = iota
	Aborted           // by itself, or refused
	Unknown           // the answer to its COMMIT never came
)

// Op appends a value to a key's list, or reads the list.
type Op struct {
	Key    int
	Append int   // the value; 0 = it is a read
	List   []int // what was read
}

// Txn is one transaction. Started and Ended are of one clock; a COMMIT takes effect between them.
type Txn struct {
	Ops            []Op
	Outcome        Outcome
	Started, Ended int64
}

// at is where in a history a value was appended.
type at struct {
	txn  int
	last bool // of those that the transaction appended to the key
}

// history is a run, taken apart.
type history struct {
	level   Level
	txns    []Txn
	wrote   map[[2]int]at // by key and value
	order   map[int][]int // the longest list that was read of each key
	found   []string
	visible []bool // transactions whose values somebody saw, or that are acknowledged
}

// Check gives what in a history the level does not allow. The last transactions should read every list, after everything has ended: a value that is
// acknowledged and is in no list is lost.
func Check(txns []Txn, level Level) []string {
	h := &history{level: level, txns: txns, wrote: map[[2]int]at{}, order: map[int][]int{}, visible: make([]bool, len(txns))}
	h.collect()
	h.lists()
	h.reads()
	h.lost()
	if len(h.found) == 0 { // else the order of values is not known
		h.cycles()
	}
	return h.found
}

func (h *history) add(format string, args ...any) {
	h.found = append(h.found, fmt.Sprintf(format, args...))
}

// collect finds who wrote what, and the longest list of each key.
func (h *history) collect() {
	for i, t := range h.txns {
		h.visible[i] = t.Outcome == Committed
		for k, op := range t.Ops {
			switch {
			case op.Append != 0:
				last := !slices.ContainsFunc(t.Ops[k+1:], func(o Op) bool { return o.Append != 0 && o.Key == op.Key })
				h.wrote[[2]int{op.Key, op.Append}] = at{i, last}
			case t.Outcome == Committed && len(op.List) > len(h.order[op.Key]):
				h.order[op.Key] = op.List
			}
		}
	}
}

// lists finds values that nobody appended, that are there twice, that were rolled back, and lists that are no prefix of one another.
func (h *history) lists() {
	for key, list := range h.order {
		seen := map[int]bool{}
		for _, v := range list {
			w, ok := h.wrote[[2]int{key, v}]
			switch {
			case !ok:
				h.add("key %d has the value %d, which nobody appended", key, v)
			case seen[v]:
				h.add("key %d has the value %d twice", key, v)
			case h.txns[w.txn].Outcome == Aborted:
				h.add("key %d has the value %d of a transaction that was rolled back", key, v)
			default:
				h.visible[w.txn] = true
			}
			seen[v] = true
		}
	}
}

// reads holds each list that was read against the longest one, and against what its transaction did before.
func (h *history) reads() {
	for i, t := range h.txns {
		if t.Outcome == Aborted {
			continue
		}
		own, before := map[int][]int{}, map[int][]int{}
		for _, op := range t.Ops {
			if op.Append != 0 {
				own[op.Key] = append(own[op.Key], op.Append)
				continue
			}
			h.read(i, op, own[op.Key], before)
		}
	}
}

func (h *history) read(i int, op Op, own []int, before map[int][]int) {
	others := op.List[:max(0, len(op.List)-len(own))]
	if !slices.Equal(op.List[len(others):], own) {
		h.add("transaction %d reads %v of key %d after it has appended %v", i, op.List, op.Key, own)
		return
	}
	if full := h.order[op.Key]; len(others) > len(full) || !slices.Equal(others, full[:len(others)]) {
		h.add("transaction %d reads %v of key %d, which was %v", i, op.List, op.Key, full)
		return
	}
	if n := len(others); n > 0 && !h.wrote[[2]int{op.Key, others[n-1]}].last {
		h.add("transaction %d reads %v of key %d: the last value was not the last of its transaction", i, op.List, op.Key)
	}
	if was, again := before[op.Key]; h.level == Snapshot && again && !slices.Equal(was, others) {
		h.add("transaction %d reads %v of key %d, and %v before", i, others, op.Key, was)
	}
	before[op.Key] = others
}

// lost finds acknowledged values that are in no list, and transactions of which only a part is there.
func (h *history) lost() {
	for key, w := range h.wrote {
		if h.visible[w.txn] && !slices.Contains(h.order[key[0]], key[1]) {
			h.add("key %d has lost the value %d", key[0], key[1])
		}
	}
}
