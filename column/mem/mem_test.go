package mem

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

func TestGrowIsAllOrNothing(t *testing.T) {
	server := NewPool("server", 3<<20, nil)
	query := NewPool("query 7", 2<<20, server)
	operator := NewPool("sort", 0, query)
	if err := operator.Grow(2 << 20); err != nil {
		t.Fatal(err)
	}
	err := operator.Grow(1)
	var e *column.Error
	if !errors.Is(err, column.Limit) || !errors.As(err, &e) || e.SQLState != "53200" || !strings.Contains(e.Message, "query 7") || !strings.Contains(e.Message, "2 MiB") {
		t.Errorf("error %v", err)
	}
	other := NewPool("query 8", 0, server)
	if err := other.Grow(1<<20 + 1); err == nil || !strings.Contains(err.Error(), "server") {
		t.Errorf("over the server's limit: %v", err)
	}
	for _, p := range []*Pool{server, query, operator} {
		if p.Used() != 2<<20 {
			t.Errorf("%s uses %d", p.name, p.Used())
		}
	}
	operator.Shrink(1 << 20)
	operator.Close()
	if server.Used() != 0 || query.Used() != 0 || operator.Used() != 0 || server.Peak() != 2<<20 || query.Limit() != 2<<20 {
		t.Errorf("after Close: %d, %d, %d, peak %d", server.Used(), query.Used(), operator.Used(), server.Peak())
	}
}

func TestFullPoolAsksForMemoryBack(t *testing.T) {
	server := NewPool("server", 100, nil)
	cache, query := NewPool("cache", 0, server), NewPool("query", 80, server)
	asked := []int64{}
	server.OnFull(func(n int64) int64 {
		asked = append(asked, n)
		n = min(n, cache.Used())
		cache.Shrink(n)
		return n
	})
	if err := cache.Grow(60); err != nil {
		t.Fatal(err)
	}
	if err := query.Grow(70); err != nil || cache.Used() != 30 || len(asked) != 1 || asked[0] != 30 {
		t.Errorf("%v; asked for %v, the cache has %d", err, asked, cache.Used())
	}
	if err := query.Grow(20); err == nil || len(asked) != 1 {
		t.Errorf("%v: a query's own limit asked the cache for %v", err, asked)
	}
	if err := NewPool("other", 0, server).Grow(60); err == nil || cache.Used() != 0 || server.Used() != 70 {
		t.Errorf("%v: the cache has %d, the server %d", err, cache.Used(), server.Used())
	}
}

func TestPoolsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := NewPool("root", rapid.Int64Range(0, 100).Draw(t, "limit"), nil)
		pools := []*Pool{root}
		for range rapid.IntRange(1, 5).Draw(t, "pools") {
			parent := pools[rapid.IntRange(0, len(pools)-1).Draw(t, "parent")]
			pools = append(pools, NewPool("p", rapid.Int64Range(0, 50).Draw(t, "limit"), parent))
		}
		own := make(map[*Pool]int64)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			p := pools[rapid.IntRange(0, len(pools)-1).Draw(t, "pool")]
			n := rapid.Int64Range(0, 30).Draw(t, "bytes")
			if rapid.Bool().Draw(t, "grow") {
				fits := true
				for q := p; q != nil; q = q.parent {
					fits = fits && (q.limit == 0 || q.Used()+n <= q.limit)
				}
				if err := p.Grow(n); (err == nil) != fits {
					t.Fatalf("Grow(%d): %v, want fit %v", n, err, fits)
				} else if err == nil {
					own[p] += n
				}
			} else {
				n = min(n, own[p])
				p.Shrink(n)
				own[p] -= n
			}
		}
		for _, p := range pools {
			want := int64(0)
			for q, n := range own {
				for a := q; a != nil; a = a.parent {
					if a == p {
						want += n
					}
				}
			}
			if p.Used() != want || p.Peak() < want {
				t.Fatalf("uses %d (peak %d), want %d", p.Used(), p.Peak(), want)
			}
		}
	})
}

func TestPoolConcurrent(t *testing.T) {
	root := NewPool("root", 1000, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p := NewPool("child", 0, root)
			for i := range int64(2000) {
				if p.Grow(i%200) == nil && i%3 == 0 {
					p.Shrink(i % 200)
				}
				if p.Used() > 900 {
					p.Close()
				}
			}
			p.Close()
		})
	}
	wg.Wait()
	if root.Used() != 0 || root.Peak() > 1000 {
		t.Errorf("used %d, peak %d", root.Used(), root.Peak())
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 5 << 30: "5 GiB", 1<<63 - 1: "7 EiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestGuarantee(t *testing.T) {
	server := NewPool("server", 100, nil)
	query := NewPool("query", 80, server)
	work, other := NewPool("work", 0, query), NewPool("other", 0, server)
	if err := work.Guarantee(30); err != nil || server.Used() != 30 || query.Used() != 30 || work.Used() != 0 {
		t.Fatalf("%v: server %d, query %d", err, server.Used(), query.Used())
	}
	if err := other.Grow(70); err != nil {
		t.Fatal(err)
	}
	if err := work.Grow(30); err != nil || server.Used() != 100 {
		t.Errorf("within the guarantee: %v, server %d", err, server.Used())
	}
	if err := work.Grow(1); err == nil || work.Used() != 30 || server.Used() != 100 {
		t.Errorf("beyond it, the server being full: %v, %d of %d", err, work.Used(), server.Used())
	}
	other.Shrink(10)
	if err := work.Grow(10); err != nil || server.Used() != 100 {
		t.Errorf("beyond it: %v, server %d", err, server.Used())
	}
	work.Shrink(20)
	if work.Used() != 20 || server.Used() != 90 {
		t.Errorf("after giving back: %d, server %d", work.Used(), server.Used())
	}
	work.Close()
	if query.Used() != 0 || server.Used() != 60 {
		t.Errorf("after Close: query %d, server %d", query.Used(), server.Used())
	}
	if err := other.Guarantee(80); err != nil || server.Used() != 80 {
		t.Errorf("a guarantee of a pool in use: %v, server %d", err, server.Used())
	}
	if err := other.Guarantee(0); err != nil || server.Used() != 60 {
		t.Errorf("a guarantee taken back: %v, server %d", err, server.Used())
	}
	if err := NewPool("late", 0, server).Guarantee(50); err == nil || server.Used() != 60 {
		t.Errorf("a guarantee that does not fit: %v, server %d", err, server.Used())
	}
}

func TestGuaranteesAddUpConcurrently(t *testing.T) {
	root := NewPool("root", 1000, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p := NewPool("child", 0, root)
			if p.Guarantee(50) != nil {
				t.Error("no guarantee")
			}
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					for i := range int64(2000) {
						if p.Grow(i%200) == nil {
							p.Shrink(i % 200)
						}
					}
				})
			}
			both.Wait()
			p.Close()
		})
	}
	wg.Wait()
	if root.Used() != 0 || root.Peak() > 1000 {
		t.Errorf("used %d, peak %d", root.Used(), root.Peak())
	}
}
