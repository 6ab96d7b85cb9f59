package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		live, scanned uint64
		want          int
	}{
		{0, 0, 200},
		{30 * mib, 10 * mib, 200},     // a small heap
		{64 * mib, 10 * mib, 200},     // as much as GOGC gives
		{400 * mib, 20 * mib, 32},     // pages: 128 MiB
		{4096 * mib, 64 * mib, 3},     // many pages
		{4096 * mib, 4000 * mib, 195}, // nothing but pointers
		{4096 * mib, 1024 * mib, 50},  // a quarter of it
		{200 << 30, 1 * mib, 1},       // never 0, which would be a collection after another
		{100 * mib, 200 * mib, 200},   // what is looked at has grown since
	} {
		if got := percentFor(c.live, c.scanned); got != c.want {
			t.Errorf("%d MiB live, %d MiB of it looked at: %d, want %d", c.live/mib, c.scanned/mib, got, c.want)
		}
	}
}

func TestWorthReleasing(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		h    heap
		want bool
	}{
		{heap{live: 30 * mib, objects: 50 * mib, free: 5 * mib}, false},
		{heap{live: 30 * mib, objects: 60 * mib, free: 5 * mib}, true},
		{heap{live: 1000 * mib, objects: 1100 * mib, free: 100 * mib}, false},
		{heap{live: 1000 * mib, objects: 1100 * mib, free: 200 * mib}, true},
		{heap{live: 100 * mib, objects: 50 * mib, free: 40 * mib}, true}, // what lived has gone since
	} {
		if got := c.h.worthReleasing(); got != c.want {
			t.Errorf("%+v: %v", c.h, got)
		}
	}
}

func TestReadHeap(t *testing.T) {
	h := readHeap()
	if h.objects == 0 || h.allocated < h.objects {
		t.Fatalf("%+v", h)
	}
}

// TestAfterEach holds that the collector's runs are noticed, and that pages, in which there are no pointers, make little room for garbage.
func TestAfterEach(t *testing.T) {
	before := debug.SetGCPercent(mostPercent)
	defer debug.SetGCPercent(before)
	pages := make([][]byte, 512)
	for i := range pages {
		pages[i] = make([]byte, 1<<20)
	}
	g := &garbage{percent: mostPercent}
	g.afterEach()
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		runtime.GC()
		if now := debug.SetGCPercent(mostPercent); now < 50 {
			break
		}
		if time.Now().After(until) {
			t.Fatal("the collector's runs were not noticed")
		}
	}
	runtime.KeepAlive(pages)
}
