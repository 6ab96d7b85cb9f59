package index

import (
	"fmt"
	"math/rand/v2"
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
