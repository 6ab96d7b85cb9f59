package history

import (
	"fmt"
	"slices"
	"strings"
)

// graph has an edge from a transaction to each that depends on it. Behind the transactions come points in time, one after the other.
type graph struct {
	depends [][]int // writes over writes, reads of writes, and time
	anti    [][]int // from who read a list to who appended the next value
}

// cycles finds transactions that each come before the other.
//
// Read committed forbids cycles of write and read dependencies. Snapshot isolation forbids, besides, cycles with anti-dependencies unless two of them
// follow each other; so an edge is a dependency, or one and an anti-dependency behind it, and no cycle is left.
func (h *history) cycles() {
	g := h.graph()
	edges := g.depends
	if h.level == Snapshot {
		edges = make([][]int, len(g.depends))
		for from, list := range g.depends {
			edges[from] = slices.Clone(list)
			for _, mid := range list {
				edges[from] = append(edges[from], g.anti[mid]...) // back to where it came from, too: what it read was already old
			}
		}
	}
	if loop := cycle(edges); loop != nil {
		h.add("%s", h.describe(loop))
	}
}

// graph finds the dependencies.
func (h *history) graph() *graph {
	n := len(h.txns)
	times := h.times()
	g := &graph{depends: make([][]int, n+len(times)), anti: make([][]int, n+len(times))}
	add := func(list [][]int, from, to int) {
		if from != to && !slices.Contains(list[from], to) {
			list[from] = append(list[from], to)
		}
	}
	for key, list := range h.order {
		for i := 1; i < len(list); i++ {
			add(g.depends, h.wrote[[2]int{key, list[i-1]}].txn, h.wrote[[2]int{key, list[i]}].txn)
		}
	}
	for i, t := range h.txns {
		if !h.visible[i] {
			continue
		}
		for _, op := range t.Ops {
			if op.Append != 0 {
				continue
			}
			if len(op.List) > 0 {
				add(g.depends, h.wrote[[2]int{op.Key, op.List[len(op.List)-1]}].txn, i)
			}
			if full := h.order[op.Key]; len(op.List) < len(full) {
				add(g.anti, i, h.wrote[[2]int{op.Key, full[len(op.List)]}].txn)
			}
		}
		if h.level == Snapshot {
			h.inTime(g, times, i)
		}
	}
	for p := 1; p < len(times); p++ {
		g.depends[n+p-1] = append(g.depends[n+p-1], n+p)
	}
	return g
}

// times are the moments at which a transaction was acknowledged, ascending.
func (h *history) times() []int64 {
	if h.level != Snapshot {
		return nil
	}
	var out []int64
	for _, t := range h.txns {
		if t.Outcome == Committed {
			out = append(out, t.Ended)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inTime puts a transaction between the last point before it began and the one at which it was acknowledged.
func (h *history) inTime(g *graph, times []int64, i int) {
	t, n := h.txns[i], len(h.txns)
	if p, _ := slices.BinarySearch(times, t.Started); p > 0 {
		g.depends[n+p-1] = append(g.depends[n+p-1], i)
	}
	if t.Outcome == Committed {
		p, _ := slices.BinarySearch(times, t.Ended)
		g.depends[i] = append(g.depends[i], n+p)
	}
}

// cycle gives the nodes of one, or nil.
func cycle(edges [][]int) []int {
	const (
		white = iota
		grey
		black
	)
	colour := make([]byte, len(edges))
	for start := range edges {
		if colour[start] != white {
			continue
		}
		path, next := []int{start}, []int{0}
		colour[start] = grey
		for len(path) > 0 {
			top := len(path) - 1
			node := path[top]
			if next[top] == len(edges[node]) {
				colour[node] = black
				path, next = path[:top], next[:top]
				continue
			}
			to := edges[node][next[top]]
			next[top]++
			switch colour[to] {
			case grey:
				return slices.Clone(path[slices.Index(path, to):])
			case white:
				colour[to] = grey
				path, next = append(path, to), append(next, 0)
			}
		}
	}
	return nil
}

// describe writes a cycle.
func (h *history) describe(loop []int) string {
	var b strings.Builder
	b.WriteString("transactions that come before each other:")
	for _, i := range loop {
		if i < len(h.txns) {
			fmt.Fprintf(&b, " %d%v", i, h.txns[i].Ops)
		}
	}
	return b.String()
}
