package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage there may be before the collector runs. What it costs to run is the bytes it has to look at for pointers, and most of what
// a database holds, decoded pages and compressed rows, has none: room in proportion to all that lives, as GOGC gives, would be memory for
// nothing. So garbage may be garbageShare times what is looked at, at least leastGarbage, and no more than GOGC=200 would let it be.
const (
	garbageShare   = 2
	leastGarbage   = 128 << 20
	mostPercent    = 200
	percentChanges = 5 // smaller changes are not worth stopping the world for
)

// How long a server must have been quiet before what it does not need is given back to the system, and how little is left alone.
const (
	quietTime      = 5 * time.Second
	quietBytes     = 16 << 20 // allocated in that time
	releaseLeast   = 32 << 20
	releaseSeldom  = 30 * time.Second
	releasePortion = 4 // of what lives, one of so many
)

// limitRuntime makes the garbage collector work harder near the limit instead of letting the heap grow. What is not accounted
// for (code, stacks, buffers of connections) gets a quarter and 64 MiB on top; GOMEMLIMIT and GOGC in the environment win. It goes on until the
// process ends.
func limitRuntime(limit int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit + limit/4 + 64<<20)
	}
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostPercent)
	g := &garbage{percent: mostPercent}
	g.afterEach()
	go g.releaseWhenQuiet()
}

// garbage is what steers the collector.
type garbage struct {
	percent int // that is set
}

// afterEach calls adjust after each run of the collector: an object without references ends with it. The object is large enough not to share its
// memory with others, which might live on.
func (g *garbage) afterEach() {
	runtime.AddCleanup(new([64]byte), func(g *garbage) {
		g.adjust()
		g.afterEach()
	}, g)
}

func (g *garbage) adjust() {
	h := readHeap()
	p := percentFor(h.live, h.scanned)
	if p-g.percent < percentChanges && g.percent-p < percentChanges {
		return
	}
	g.percent = p
	debug.SetGCPercent(p)
}

// percentFor is the GOGC with which so much garbage as is wanted beside what lives.
func percentFor(live, scanned uint64) int {
	room := max(leastGarbage, garbageShare*scanned)
	return int(min(mostPercent, max(1, room*100/max(1, live))))
}

// releaseWhenQuiet collects and gives memory back to the system once the server has nothing to do: the collector runs by what is allocated, so the
// garbage of the last thing that was done would stay.
func (g *garbage) releaseWhenQuiet() {
	allocated := uint64(math.MaxUint64)
	var released time.Time
	for range time.Tick(quietTime) {
		h := readHeap()
		quiet := h.allocated-min(allocated, h.allocated) < quietBytes && allocated != math.MaxUint64
		allocated = h.allocated
		if quiet && h.worthReleasing() && time.Since(released) > releaseSeldom {
			debug.FreeOSMemory()
			released = time.Now()
		}
	}
}

// heap is what the runtime says of it, in bytes.
type heap struct {
	live      uint64 // at the last collection
	scanned   uint64 // of it what may hold pointers
	objects   uint64 // live ones, and garbage
	free      uint64 // held, with nothing in it
	allocated uint64 // since the process began
}

func (h heap) worthReleasing() bool {
	waste := h.free + h.objects - min(h.objects, h.live)
	return waste > max(releaseLeast, h.live/releasePortion)
}

func readHeap() heap {
	s := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/scan/heap:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(s)
	return heap{live: s[0].Value.Uint64(), scanned: s[1].Value.Uint64(), objects: s[2].Value.Uint64(), free: s[3].Value.Uint64(), allocated: s[4].Value.Uint64()}
}
