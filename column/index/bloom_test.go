package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFilter: nothing that was added is denied, little of the rest is let through, and a stored filter says the same.
func TestFilter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int64{0, 1, 100, 50_000} {
		f := NewFilter(n, FilterBits)
		hash := func(i int64) uint64 { return FilterHash(fmt.Appendf(nil, "value %d", i)) }
		for i := range n {
			f.Add(hash(i))
		}
		stored, err := DecodeFilter(f.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for i := range n {
			if !f.Has(hash(i)) || !stored.Has(hash(i)) {
				t.Fatalf("value %d of %d is denied", i, n)
			}
		}
		const others = 20_000
		for range others {
			h := hash(n + random.Int64N(1<<40))
			if f.Has(h) != stored.Has(h) {
				t.Fatal("the stored filter says something else")
			}
			if f.Has(h) {
				wrong++
			}
		}
		if wrong > others*2/100 {
			t.Errorf("%d values: %d of %d others pass", n, wrong, others)
		}
	}
}

// TestFilterMany: many hashes at once are added and looked for as one by one.
func TestFilterMany(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 31, 32, 33, 64, 5000} {
		one, many := NewFilter(int64(n), FilterBits), NewFilter(int64(n), FilterBits)
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = random.Uint64()
			one.Add(hashes[i])
		}
		many.AddAll(hashes)
		for range n {
			hashes = append(hashes, random.Uint64())
		}
		var want []int32
		for i, h := range hashes {
			if one.Has(h) {
				want = append(want, int32(i))
			}
		}
		if got := many.HasAny(nil, hashes); !slices.Equal(got, want) {
			t.Fatalf("%d hashes: %v, want %v", n, got, want)
		}
	}
}

// BenchmarkFilter looks values up that are not in a filter of ten million.
func BenchmarkFilter(b *testing.B) {
	random := rand.New(rand.NewPCG(5, 6))
	f := NewFilter(10_000_000, 16)
	hashes := make([]uint64, 10_000)
	next := func() []uint64 {
		for i := range hashes {
			hashes[i] = random.Uint64()
		}
		return hashes
	}
	for range 1000 {
		f.AddAll(next())
	}
	for _, what := range []string{"one by one", "many"} {
		b.Run(what, func(b *testing.B) {
			found := 0
			for b.Loop() {
				b.StopTimer()
				next()
				b.StartTimer()
				if what == "many" {
					found += len(f.HasAny(nil, hashes))
					continue
				}
				for _, h := range hashes {
					if f.Has(h) {
						found++
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(hashes)), "ns/key")
			b.ReportMetric(float64(found)/float64(b.N*len(hashes)), "wrong")
		})
	}
}

// TestSliced: filters that lie block by block answer as each of them does.
func TestSliced(t *testing.T) {
	const filters, values = 7, 300
	list := make([]*Filter, filters)
	for i := range list {
		list[i] = NewFilter(values, FilterBits)
		for k := range values {
			list[i].Add(FilterHash(fmt.Appendf(nil, "%d of %d", k, i)))
		}
	}
	for i := range filters {
		for k := range 2 * values {
			hash := FilterHash(fmt.Appendf(nil, "%d of %d", k, i))
			b := FilterBlock(hash, len(list[0].blocks))
			var slice []byte
			for _, f := range list {
				slice = f.blocks[b].Append(slice)
			}
			var got, want []int
			SlicedHas(slice, hash, func(f int) { got = append(got, f) })
			for n, f := range list {
				if f.Has(hash) {
					want = append(want, n)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("filters %v, want %v", got, want)
			}
		}
	}
}

// TestFilterHashStays: stored filters are read by versions to come.
func TestFilterHashStays(t *testing.T) {
	if h := FilterHash([]byte("aegis")); h != 0xd75322594fe8a0bc {
		t.Errorf("hash %#x", h)
	}
	if b := FilterBlock(1<<63, 10); b != 5 {
		t.Errorf("block %d", b)
	}
}

func TestDecodeFilterRefuses(t *testing.T) {
	good := NewFilter(100, FilterBits).Append(nil)
	for _, src := range [][]byte{nil, {0}, good[:len(good)-1], append(good[:len(good):len(good)], 0), {0xff, 0xff, 0xff}} {
		if _, err := DecodeFilter(src); err == nil {
			t.Errorf("%d bytes were read", len(src))
		}
	}
}

func BenchmarkFilterHas(b *testing.B) {
	f := NewFilter(1<<20, FilterBits)
	for i := range uint64(1 << 20) {
		f.Add(i * 0x9e3779b97f4a7c15)
	}
	found := 0
	for i := uint64(0); b.Loop(); i++ {
		if f.Has(i * 0xd1342543de82ef95) {
			found++
		}
	}
}
