package compact_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/compact"
	"github.com/automatanexus/aegis-db/tiering/tieringtest"
)

// distinctRows are rows that are told apart by N.
func distinctRows(rng *rand.Rand, n, from int) []tieringtest.Row {
	rows := someRows(rng, n, 0, 900)
	for i := range rows {
		rows[i].N = int64(from + i)
	}
	return rows
}

// numbers gives N of the rows of a segment by row number, dead ones too.
func (f *fixture) numbers(t testing.TB, table *meta.Table, s *meta.Segment) []int64 {
	whole := *s
	whole.Deleted = nil
	var out []int64
	for _, r := range f.Rows(t, table, &whole) {
		out = append(out, r.N)
	}
	return out
}

func byNumber(rows []tieringtest.Row) []tieringtest.Row {
	slices.SortFunc(rows, func(a, b tieringtest.Row) int { return cmp.Compare(a.N, b.N) })
	return rows
}

// TestRemapModel: whatever dies before, while and after rows are merged, in any shape of table and however the outputs are cut, what is
// live afterwards is what nobody deleted.
func TestRemapModel(t *testing.T) {
	for kind := range tieringtest.Schemas {
		t.Run(kind, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, uint64(len(kind))))
			for round := range 12 {
				full := []int64{0, 150, 1}[rng.IntN(3)]
				f := setup(t, func(o *compact.Options) { o.FullRows = full })
				table := f.Table(t, kind)
				alive := map[int64]tieringtest.Row{}
				for range 2 + rng.IntN(4) {
					rows := distinctRows(rng, []int{1, 40, 200}[rng.IntN(3)], len(alive))
					f.Segment(t, table, rows)
					for _, r := range rows {
						alive[r.N] = r
					}
				}
				kill := func() {
					list := f.Segments(table)
					s := list[rng.IntN(len(list))]
					var dead []uint32
					share := 1 + rng.IntN(4)
					for row, n := range f.numbers(t, table, s) {
						if rng.IntN(share) == 0 {
							dead = append(dead, uint32(row))
							delete(alive, n)
						}
					}
					if len(dead) > 0 {
						f.Delete(t, table, s.ID, dead...)
					}
				}
				for range rng.IntN(3) {
					kill()
				}
				f.intercept(func(n int, c meta.Command) *answer {
					if n < 3 && len(c.Commit.Edits[0].Add)+n > 1 {
						kill()
					}
					return nil
				})
				f.run(t)
				f.Catalog.Propose1 = nil
				want := make([]tieringtest.Row, 0, len(alive))
				for _, r := range alive {
					want = append(want, r)
				}
				if got := byNumber(f.live(t, table)); !slices.Equal(got, byNumber(want)) {
					t.Fatalf("round %d: %d rows\n%v\nnot %d\n%v", round, len(got), got, len(want), want)
				}
				f.noStrayFiles(t)
			}
		})
	}
}

// TestPublishInside: the command is made where Publish says, and only there.
func TestPublishInside(t *testing.T) {
	inside, calls := false, 0
	f := setup(t, func(o *compact.Options) {
		o.Publish = func(ctx context.Context, replace func(context.Context) error) error {
			inside = true
			calls++
			defer func() { inside = false }()
			return replace(ctx)
		}
	})
	table := f.Table(t, "tagged")
	rng := rand.New(rand.NewPCG(3, 1))
	f.Segment(t, table, someRows(rng, 40, 0, 400))
	f.Segment(t, table, someRows(rng, 40, 400, 900))
	f.intercept(func(int, meta.Command) *answer {
		if !inside {
			t.Error("segments were replaced outside")
		}
		if n := f.compactor.Running(); n != 1 {
			t.Errorf("%d merges run", n)
		}
		return nil
	})
	f.run(t)
	if n := f.compactor.Running(); calls != 1 || n != 0 {
		t.Errorf("%d calls, %d merges run", calls, n)
	}
}

// TestLateDeletesFail fails every operation on the disk in turn while rows that died late are taken over: what is visible is the rows as
// they were, and the next run works.
func TestLateDeletesFail(t *testing.T) {
	for n := 1; ; n++ {
		f := setup(t)
		table := f.Table(t, "tagged")
		rng := rand.New(rand.NewPCG(3, 1))
		first := f.Segment(t, table, distinctRows(rng, 40, 0))
		f.Segment(t, table, distinctRows(rng, 40, 40))
		start := 0
		f.intercept(func(k int, c meta.Command) *answer {
			if k == 1 { // refused by a deletion that came first; from here on the disk fails
				f.Delete(t, table, first.ID, 3, 5, 39)
				start = f.FS.Count()
				f.FS.SetInjector(faultfs.FailAt(start+n, &faultfs.PartialWrite{Bytes: n % 5, Err: faultfs.ErrNoSpace}))
			}
			return nil
		})
		err := f.compactor.Run(ctx)
		done := f.FS.Count() < start+n
		f.FS.SetInjector(nil)
		if got := f.live(t, table); len(got) != 77 {
			t.Fatalf("operation %d: %d rows", n, len(got))
		}
		if done {
			if err != nil || n < 5 || len(f.Segments(table)) != 1 {
				t.Fatalf("after %d operations: %v", n, err)
			}
			return
		}
		if err != nil && !errors.Is(err, faultfs.ErrNoSpace) {
			t.Errorf("operation %d: %v", n, err)
		}
		f.noStrayFiles(t)
		f.run(t)
		if got := f.live(t, table); len(f.Segments(table)) != 1 || len(got) != 77 {
			t.Errorf("operation %d: %d rows in %d segments after the second run", n, len(got), len(f.Segments(table)))
		}
		f.noStrayFiles(t)
	}
}

// TestMoved: while a snapshot from before a merge is held, rows are found by the addresses that it gave, through several merges; a row
// that died in between is not, and nothing is kept for nobody.
func TestMoved(t *testing.T) {
	f := setup(t, func(o *compact.Options) { o.FullRows = 150 })
	table := f.Table(t, "tagged")
	rng := rand.New(rand.NewPCG(3, 1))
	f.Segment(t, table, distinctRows(rng, 100, 0))
	f.Segment(t, table, distinctRows(rng, 100, 100))
	old, release := f.Catalog.Acquire()
	numbers := map[meta.SegmentID][]int64{}
	for s := range old.Manifest(table.ID).All() {
		numbers[s.ID] = f.numbers(t, table, s)
	}
	first := f.Segments(table)[0]
	f.Delete(t, table, first.ID, 7)
	f.run(t)
	f.Segment(t, table, distinctRows(rng, 20, 200))
	f.run(t)
	live := func(id meta.SegmentID) bool {
		return f.Catalog.Snapshot().Manifest(table.ID).Segment(id) != nil
	}
	for id, n := range numbers {
		for row, want := range n {
			now, ok := f.compactor.Moved(table.ID, id, roaring.BitmapOf(uint32(row)), live)
			if id == first.ID && row == 7 {
				if ok {
					t.Error("a dead row was moved")
				}
				continue
			}
			if !ok || len(now) != 1 {
				t.Fatalf("row %d of segment %d: %v %v", row, id, now, ok)
			}
			for to, set := range now {
				s := f.Catalog.Snapshot().Manifest(table.ID).Segment(to)
				if s == nil || set.GetCardinality() != 1 || f.numbers(t, table, s)[set.Minimum()] != want {
					t.Fatalf("row %d of segment %d is not row %d of segment %d", row, id, set.Minimum(), to)
				}
			}
		}
	}
	if _, ok := f.compactor.Moved(table.ID, 999, roaring.BitmapOf(1), live); ok {
		t.Error("a segment that never was has moved")
	}
	if f.pool.Used() == 0 {
		t.Error("nothing is accounted for")
	}
	release()
	f.run(t)
	if _, ok := f.compactor.Moved(table.ID, first.ID, roaring.BitmapOf(1), live); ok || f.pool.Used() != 0 {
		t.Errorf("moves are kept for nobody: %d bytes", f.pool.Used())
	}
}

// TestDropDead: segments without live rows go, wherever they are, and no row is written for it.
func TestDropDead(t *testing.T) {
	f := setup(t)
	table := f.Table(t, "tagged")
	rng := rand.New(rand.NewPCG(3, 1))
	all := make([]uint32, 100)
	for i := range all {
		all[i] = uint32(i)
	}
	for range 3 {
		f.Delete(t, table, f.Segment(t, table, someRows(rng, 100, 0, 900)).ID, all...)
	}
	start := f.FS.Count()
	f.compactor.Start(time.Millisecond)
	for began := time.Now(); len(f.Segments(table)) > 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatal("dead segments stay")
		}
	}
	f.compactor.Stop()
	if n := f.FS.Count() - start; n != 0 {
		t.Errorf("%d operations on the disk", n)
	}
	f.noStrayFiles(t)
}

// TestDeleteWorkload: rows that die a few at a time leave at most a fifth of a table dead, and the rewriting is at most four rows for each.
func TestDeleteWorkload(t *testing.T) {
	f := setup(t, func(o *compact.Options) { o.CheapRows = 1 })
	table := f.Table(t, "plain")
	rng := rand.New(rand.NewPCG(3, 1))
	f.Segment(t, table, distinctRows(rng, 2000, 0))
	f.compactor.Start(time.Millisecond)
	defer f.compactor.Stop()
	for died := 0; died < 1500; died += 50 {
		s := f.Segments(table)[0]
		dead := map[uint32]bool{}
		live := f.Rows(t, table, s)
		numbers := f.numbers(t, table, s)
		for len(dead) < 50 {
			dead[uint32(slices.Index(numbers, live[rng.IntN(len(live))].N))] = true
		}
		list := make([]uint32, 0, 50)
		for row := range dead {
			list = append(list, row)
		}
		f.Delete(t, table, s.ID, list...)
		for began := time.Now(); ; time.Sleep(time.Millisecond) {
			s := f.Segments(table)
			if len(s) == 1 && 5*(s[0].Rows-s[0].LiveRows()) < s[0].Rows {
				break
			}
			if time.Since(began) > 5*time.Second {
				t.Fatal(fmt.Sprint("dead rows stay: ", s))
			}
		}
	}
	if n := len(f.live(t, table)); n != 500 {
		t.Errorf("%d rows", n)
	}
	if merges, _ := f.compactor.Stats(); merges > 8 {
		t.Errorf("%d merges", merges)
	}
}
