package head

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestKeyTable compares with a map: groups of hashes of few and of many values, hashes that share all the bits that choose blocks or lines or all that the
// table knows, rows that are taken back, and free ones.
func TestKeyTable(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 7))
		hash := hashesOf(rng, int(seed))
		table, want := newKeyTable(), map[uint64][]uint32{}
		next := uint32(0)
		for range 40 {
			hashes := make([]uint64, rng.IntN(400))
			var free []bool
			if rng.IntN(3) == 0 {
				free = make([]bool, len(hashes))
			}
			for i := range hashes {
				hashes[i] = hash()
				if free != nil {
					free[i] = rng.IntN(4) == 0
				}
			}
			what := fmt.Sprint("seed ", seed, ", row ", next)
			checkFound(t, what, table.find(nil, 0, hashes, free, wholeChain), want, hashes, free)
			taken := rng.IntN(4) == 0
			checkPut(t, what, table, want, hashes, free, next, taken)
			if !taken {
				next += uint32(len(hashes))
			}
		}
		checkAll(t, fmt.Sprint("seed ", seed), table, want)
	}
}

// known are the bits of a hash that the table knows.
func known(hash uint64) uint64 { return mixed(hash) >> 24 }

// hashesOf makes hashes that clash in ways that chance does not bring.
func hashesOf(rng *rand.Rand, kind int) func() uint64 {
	var pool []uint64
	like := rng.Uint64()
	same := func(mask uint64) uint64 { // a hash whose mixed form is as another's under a mask
		for {
			if h := rng.Uint64(); (mixed(h)^mixed(like))&mask == 0 {
				return h
			}
		}
	}
	switch kind % 5 {
	case 0: // of few values
		for range 500 {
			pool = append(pool, rng.Uint64())
		}
	case 1: // in few blocks
		for range 3000 {
			pool = append(pool, same(0xffc0_0000_0000_0000))
		}
	case 2: // in few lines
		for range 3000 {
			pool = append(pool, same(0x0000_00ff_0000_0000))
		}
	case 3: // in one line of one block
		for range 300 {
			pool = append(pool, same(0xf000_00ff_0000_0000))
		}
	default:
		return rng.Uint64
	}
	return func() uint64 { return pool[rng.IntN(len(pool))] }
}

func checkFound(t *testing.T, what string, got []keyFound, want map[uint64][]uint32, hashes []uint64, free []bool) {
	t.Helper()
	var all []keyFound
	for i, h := range hashes {
		if free == nil || !free[i] {
			for _, row := range slices.Backward(want[known(h)]) {
				all = append(all, keyFound{i, row})
			}
		}
	}
	if !slices.Equal(got, all) {
		t.Fatalf("%s: found %v, want %v", what, got, all)
	}
}

// checkPut adds rows, and takes them back if taken is set.
func checkPut(t *testing.T, what string, table *keyTable, want map[uint64][]uint32, hashes []uint64, free []bool, first uint32, taken bool) {
	t.Helper()
	var all, got []keyFound
	if first%2 == 0 {
		got = table.put(nil, 0, hashes, free, first, nil, wholeChain)
	} else {
		rows := make([]uint32, len(hashes))
		for i := range rows {
			rows[i] = first + uint32(i)
		}
		got = table.put(nil, 0, hashes, free, 0, rows, wholeChain)
	}
	for i, h := range hashes {
		if free == nil || !free[i] {
			for _, row := range slices.Backward(want[known(h)]) {
				all = append(all, keyFound{i, row})
			}
			want[known(h)] = append(want[known(h)], first+uint32(i))
		}
	}
	if !slices.Equal(got, all) {
		t.Fatalf("%s: there were %v, want %v", what, got, all)
	}
	if !taken {
		return
	}
	for i, h := range slices.Backward(hashes) {
		if free == nil || !free[i] {
			table.takeBack(mixed(h))
			want[known(h)] = want[known(h)][:len(want[known(h)])-1]
		}
	}
}

// checkAll looks whether the table has just the wanted rows, and counts its memory right.
func checkAll(t *testing.T, what string, table *keyTable, want map[uint64][]uint32) {
	t.Helper()
	used, bytes := 0, tableBytes+8*int64(len(table.blocks))+olderBytes*int64(len(table.older))
	seen := map[*keyBlock]bool{}
	for _, b := range table.blocks {
		if seen[b] {
			continue
		}
		seen[b] = true
		used += b.used
		bytes += keyBlockBytes + keyLineBytes*int64(len(b.lines))
		for i := range b.lines {
			l := &b.lines[i]
			for k := range int(l.state &^ passedOn) {
				rows := want[uint64(l.tags[k])<<8|uint64(l.more[k])]
				if len(rows) == 0 || rows[len(rows)-1] != l.rows[k] {
					t.Fatalf("%s: row %d is there, want %v", what, l.rows[k], rows)
				}
			}
		}
	}
	newest := 0
	for _, rows := range want {
		newest += min(1, len(rows))
	}
	if used != newest || table.size != bytes {
		t.Fatalf("%s: %d rows for %d, %d bytes for %d", what, used, newest, table.size, bytes)
	}
}

// TestKeyTableStaysSmall adds hashes that share as many of the bits that choose blocks as somebody may make them share: blocks grow then, and
// the directory does not.
func TestKeyTableStaysSmall(t *testing.T) {
	table := newKeyTable()
	hashes := make([]uint64, 1<<14)
	for i := range hashes {
		table.putOne(uint64(i)<<24, uint32(i)) // mixed hashes: there is no way back to those they are made of
	}
	for i := range hashes {
		if l, at := table.block(uint64(i) << 24).find(uint64(i) << 24); l == nil || l.rows[at] != uint32(i) {
			t.Fatal(i, l, at)
		}
	}
	if len(table.blocks) > 1<<13 || table.size > 4<<20 {
		t.Fatalf("%d blocks, %d bytes", len(table.blocks), table.size)
	}
}

// BenchmarkKeyTable adds ten million random hashes, 100,000 at a time, and looks others up.
func BenchmarkKeyTable(b *testing.B) {
	const rows, batch = 10_000_000, 100_000
	hashes := make([]uint64, batch)
	for _, what := range []string{"put", "find"} {
		b.Run(what, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			table, at := newKeyTable(), uint32(0)
			next := func() {
				for i := range hashes {
					hashes[i] = rng.Uint64()
				}
			}
			for what == "find" && at < rows {
				next()
				table.put(nil, 0, hashes, nil, at, nil, wholeChain)
				at += batch
			}
			for b.Loop() {
				b.StopTimer()
				if next(); at >= rows && what == "put" {
					table, at = newKeyTable(), 0
				}
				b.StartTimer()
				if what == "put" {
					table.put(nil, 0, hashes, nil, at, nil, wholeChain)
					at += batch
				} else if found := table.find(nil, 0, hashes, nil, wholeChain); len(found) > 9 {
					b.Fatal(len(found))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/key")
			b.ReportMetric(float64(table.size)/float64(at), "B/key")
		})
	}
}
