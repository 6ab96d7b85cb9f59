package compact_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/compact"
	"github.com/automatanexus/aegis-db/tiering/gc"
	"github.com/automatanexus/aegis-db/tiering/segments"
	"github.com/automatanexus/aegis-db/tiering/tieringtest"
)

var ctx = context.Background()

type fixture struct {
	*tieringtest.Store
	cache     *segments.Cache
	pool      *mem.Pool
	compactor *compact.Compactor
}

func setup(t testing.TB, change ...func(*compact.Options)) *fixture {
	f := &fixture{Store: tieringtest.New(t), pool: mem.NewPool("test", 0, nil)}
	f.cache = segments.NewCache(segments.Options{Files: f.Files})
	o := compact.Options{Catalog: f.Catalog, Files: f.Files, Segments: f.cache, Pool: f.pool}
	for _, c := range change {
		c(&o)
	}
	f.compactor = compact.New(o)
	t.Cleanup(func() {
		f.cache.Close()
		if n, _ := f.cache.Stats(); n != 0 {
			t.Errorf("%d segments are still open", n)
		}
		if f.pool.Used() != 0 {
			t.Errorf("%d bytes are still reserved", f.pool.Used())
		}
	})
	return f
}

func (f *fixture) run(t testing.TB) {
	t.Helper()
	if err := f.compactor.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// live reads all segments by age: what merging them has to give, but for the order.
func (f *fixture) live(t testing.TB, table *meta.Table) []tieringtest.Row {
	t.Helper()
	var out []tieringtest.Row
	for _, s := range f.Segments(table) {
		out = append(out, f.Rows(t, table, s)...)
	}
	return out
}

func (f *fixture) noStrayFiles(t testing.TB) {
	t.Helper()
	if names, known := f.Names(), f.Known(); !slices.Equal(sorted(names), known) {
		t.Errorf("files %v, the catalog knows %v", names, known)
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// overlapping and disjoint rows: n of them from a range of times and hosts.
func someRows(rng *rand.Rand, n int, from, to int64) []tieringtest.Row {
	out := make([]tieringtest.Row, n)
	for i := range out {
		out[i] = tieringtest.Row{Host: []string{"", "a", "b", "b\x00", "c"}[rng.IntN(5)], At: from + rng.Int64N(to-from), N: rng.Int64N(50)}
	}
	return out
}

// TestMergeEqualsSort: what a merge makes of any segments is what sorting their live rows by hand gives. Of equal rows the older
// one comes first; rows without an order stay as they were written.
func TestMergeEqualsSort(t *testing.T) {
	for kind := range tieringtest.Schemas {
		t.Run(kind, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(len(kind))))
			for round := range 6 {
				f := setup(t)
				table := f.Table(t, kind)
				for i := range int64(2 + rng.IntN(5)) {
					from, to := int64(0), int64(900)
					if round%2 == 0 { // disjoint
						from, to = i*100, (i+1)*100
					}
					rows := someRows(rng, []int{1, 20, 300, 5000}[rng.IntN(4)], from, to)
					s := f.Segment(t, table, rows)
					if rng.IntN(2) == 0 {
						dead := make([]uint32, 0, len(rows))
						for r := range rows {
							if rng.IntN(3) == 0 || round == 5 && i == 1 {
								dead = append(dead, uint32(r))
							}
						}
						if len(dead) > 0 {
							f.Delete(t, table, s.ID, dead...)
						}
					}
				}
				want := f.live(t, table)
				tieringtest.Sort(&table.Columns, want)
				minSeq, maxSeq := meta.Seq(math.MaxUint64), meta.Seq(0)
				for _, s := range f.Segments(table) {
					if s.LiveRows() > 0 {
						minSeq, maxSeq = min(minSeq, s.MinSeq), max(maxSeq, s.MaxSeq)
					}
				}
				f.run(t)
				list := f.Segments(table)
				if len(want) == 0 && len(list) == 0 {
					continue
				}
				if len(list) != 1 || list[0].Level != 1 || list[0].Deleted != nil || list[0].MinSeq != minSeq || list[0].MaxSeq != maxSeq || list[0].Rows != int64(len(want)) {
					t.Fatalf("round %d: %+v", round, list)
				}
				if got := f.Rows(t, table, list[0]); !slices.Equal(got, want) {
					t.Fatalf("round %d: %d rows\n%v\nnot %d\n%v", round, len(got), got, len(want), want)
				}
				f.noStrayFiles(t)
				before := f.Catalog.Snapshot().Version
				f.run(t)
				if after := f.Catalog.Snapshot().Version; after != before {
					t.Fatalf("round %d: a second run changed something", round)
				}
			}
		})
	}
}

// TestMergeAcrossSchemas: segments of before and after a tag was added become one of the new schema. A series without the tag is one
// series wherever its rows were.
func TestMergeAcrossSchemas(t *testing.T) {
	for kind := range tieringtest.Schemas {
		t.Run(kind, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(2, uint64(len(kind))))
			for round := range 5 {
				f := setup(t)
				table := f.Table(t, kind)
				grow := 1 + rng.IntN(3)
				for i := range 4 {
					rows := someRows(rng, []int{1, 30, 400, 5000}[rng.IntN(4)], 0, 900)
					if i == grow {
						table = f.Grow(t, table)
					}
					for k := range rows {
						if i >= grow {
							rows[k].Zone = []string{"", "", "z", "a\x00"}[rng.IntN(4)]
						}
					}
					s := f.Segment(t, table, rows)
					if rng.IntN(3) == 0 {
						f.Delete(t, table, s.ID, 0)
					}
				}
				want := f.live(t, table)
				tieringtest.Sort(&table.Columns, want)
				f.run(t)
				list := f.Segments(table)
				if len(list) != 1 || list[0].SchemaVersion != 2 || list[0].Rows != int64(len(want)) {
					t.Fatalf("round %d: %+v", round, list)
				}
				if got := f.Rows(t, table, list[0]); !slices.Equal(got, want) {
					t.Fatalf("round %d: %d rows\n%v\nnot %d\n%v", round, len(got), got, len(want), want)
				}
			}
		})
	}
}

// TestAllDead: a merge of dead rows alone leaves no segment.
func TestAllDead(t *testing.T) {
	f := setup(t)
	table := f.Table(t, "tagged")
	s := f.Segment(t, table, someRows(rand.New(rand.NewPCG(1, 1)), 3, 0, 9))
	f.Delete(t, table, s.ID, 0, 1, 2)
	f.run(t)
	if list := f.Segments(table); len(list) != 0 {
		t.Fatalf("%+v", list)
	}
	f.noStrayFiles(t)
}

// TestBackground: what Start began finds its work by itself.
func TestBackground(t *testing.T) {
	f := setup(t)
	table := f.Table(t, "tagged")
	rng := rand.New(rand.NewPCG(3, 1))
	for range 4 {
		f.Segment(t, table, someRows(rng, 30, 0, 900))
	}
	f.Segment(t, f.Table(t, "plain"), someRows(rng, 5, 0, 900)) // nothing to do there
	f.compactor.Start(time.Millisecond)
	for began := time.Now(); len(f.Segments(table)) > 1; time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatal("nothing is merged")
		}
	}
	f.compactor.Stop()
	if merges, failures := f.compactor.Stats(); merges != 1 || failures != 0 {
		t.Errorf("%d merges, %d failures", merges, failures)
	}
}

// intercept calls before ahead of each command that replaces segments; what it gives, if anything, is the answer.
func (f *fixture) intercept(before func(n int, c meta.Command) *answer) {
	n := 0
	f.Catalog.Propose1 = func(ctx context.Context, c meta.Command) (meta.Result, error) {
		if c.Commit == nil {
			return f.Catalog.Node.Propose(ctx, c)
		}
		n++
		if a := before(n, c); a != nil {
			return meta.Result{}, a.err
		}
		return f.Catalog.Node.Propose(ctx, c)
	}
}

type answer struct{ err error }

// TestDeletesDuringMerge: deletes that slip in before the command are not undone by it, and a merge that deletes never let publish
// gives up.
func TestDeletesDuringMerge(t *testing.T) {
	for _, times := range []int{1, 2, 5, 100} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			f := setup(t)
			table := f.Table(t, "tagged unique")
			rng := rand.New(rand.NewPCG(3, 1))
			first := f.Segment(t, table, someRows(rng, 40, 0, 400))
			f.Segment(t, table, someRows(rng, 40, 400, 900))
			f.intercept(func(n int, _ meta.Command) *answer {
				if n <= times {
					f.Delete(t, table, first.ID, uint32(n)%20, uint32(n)%20+20)
				}
				return nil
			})
			err := f.compactor.Run(ctx)
			merges, failures := f.compactor.Stats()
			if times < 100 {
				if err != nil || merges != 1 || failures != 0 {
					t.Fatalf("%v, %d merges, %d failures", err, merges, failures)
				}
				if n := len(f.live(t, table)); n != 80-2*times {
					t.Errorf("%d rows", n)
				}
			} else {
				if !errors.Is(err, column.Conflict) || merges != 0 || failures != 1 {
					t.Fatalf("%v, %d merges, %d failures", err, merges, failures)
				}
				if n := len(f.live(t, table)); n != 80-40 {
					t.Errorf("%d rows", n)
				}
			}
			f.noStrayFiles(t)
		})
	}
}

// TestDropDuringMerge: the table goes while its segments are merged, before the command or between two attempts.
func TestDropDuringMerge(t *testing.T) {
	for _, attempt := range []int{1, 2} {
		f := setup(t)
		table := f.Table(t, "tagged")
		rng := rand.New(rand.NewPCG(3, 1))
		first := f.Segment(t, table, someRows(rng, 40, 0, 400))
		f.Segment(t, table, someRows(rng, 40, 400, 900))
		f.intercept(func(n int, _ meta.Command) *answer {
			if n < attempt {
				f.Delete(t, table, first.ID, 1)
			}
			if n == attempt {
				f.Drop(t, table)
			}
			return nil
		})
		if err := f.compactor.Run(ctx); err != nil {
			t.Fatal(err)
		}
		f.Catalog.Propose1 = nil
		if err := gc.New(gc.Options{Catalog: f.Catalog, Files: f.Files, Segments: f.cache}).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if names := f.Names(); len(names) != 0 {
			t.Errorf("attempt %d: %v are left", attempt, names)
		}
	}
}

// TestUnknownOutcome: where the answer of the catalog is lost, the command may be applied now, later or never: no file
// that it names may go.
func TestUnknownOutcome(t *testing.T) {
	lost := map[string]error{
		"time-out": column.Errorf(column.Overloaded, "no answer in time"), "stopped": column.Errorf(column.Cancelled, "the caller went away"),
		"disk": column.Errorf(column.Internal, "the catalog stopped"),
	}
	for name, err := range lost {
		for _, when := range []string{"before", "after", "never"} {
			t.Run(name+" "+when, func(t *testing.T) {
				f := setup(t)
				table := f.Table(t, "tagged")
				rng := rand.New(rand.NewPCG(3, 1))
				f.Segment(t, table, someRows(rng, 40, 0, 400))
				f.Segment(t, table, someRows(rng, 40, 400, 900))
				want := f.live(t, table)
				tieringtest.Sort(&table.Columns, want)
				var later meta.Command
				f.intercept(func(_ int, c meta.Command) *answer {
					later = c
					if when == "before" {
						f.Do(t, c)
					}
					return &answer{err}
				})
				got := f.compactor.Run(ctx)
				if (got == nil) != (when == "before") || got != nil && !errors.Is(got, err) {
					t.Fatalf("%v", got)
				}
				if when == "after" {
					f.Do(t, later)
				}
				rows := f.live(t, table)
				tieringtest.Sort(&table.Columns, rows)
				if !slices.Equal(rows, want) {
					t.Fatalf("%d rows, not %d", len(rows), len(want))
				}
				// What was never applied is an orphan, which the next start removes.
				if err := gc.New(gc.Options{Catalog: f.Catalog, Files: f.Files, Segments: f.cache}).Sweep(ctx); err != nil {
					t.Fatal(err)
				}
				f.noStrayFiles(t)
			})
		}
	}
}

// TestMergeFails fails every operation on the disk in turn: a failed merge leaves no file and no change, and the next one works.
func TestMergeFails(t *testing.T) {
	for n := 1; ; n++ {
		f := setup(t)
		table := f.Table(t, "tagged unique")
		rng := rand.New(rand.NewPCG(3, 1))
		s := f.Segment(t, table, someRows(rng, 40, 0, 400))
		f.Delete(t, table, s.ID, 3, 5)
		f.Segment(t, table, someRows(rng, 40, 400, 900))
		want := f.live(t, table)
		start := f.FS.Count()
		f.FS.SetInjector(faultfs.FailAt(start+n, &faultfs.PartialWrite{Bytes: n % 5, Err: faultfs.ErrNoSpace}))
		err := f.compactor.Run(ctx)
		done := f.FS.Count() < start+n
		f.FS.SetInjector(nil)
		if done {
			if err != nil || n < 10 {
				t.Fatalf("after %d operations: %v", n, err)
			}
			return
		}
		if err == nil {
			continue // closing a file that was read may fail without harm
		}
		if !errors.Is(err, faultfs.ErrNoSpace) {
			t.Errorf("operation %d: %v", n, err)
		}
		f.noStrayFiles(t)
		if got := f.live(t, table); !slices.Equal(got, want) {
			t.Errorf("operation %d: %d rows, not %d", n, len(got), len(want))
		}
		f.run(t)
		if got := f.live(t, table); len(f.Segments(table)) != 1 || len(got) != len(want) {
			t.Errorf("operation %d: %d rows in %d segments after the second run", n, len(got), len(f.Segments(table)))
		}
		f.noStrayFiles(t)
	}
}

// TestOneBadPartition: a segment that cannot be read does not keep others from being merged.
func TestOneBadPartition(t *testing.T) {
	f := setup(t)
	bad, good := f.Table(t, "grouped"), f.Table(t, "tagged")
	rng := rand.New(rand.NewPCG(3, 1))
	for _, table := range []*meta.Table{bad, good} {
		f.Segment(t, table, someRows(rng, 40, 0, 400))
		f.Segment(t, table, someRows(rng, 40, 0, 400))
	}
	name := fmt.Sprintf("/segments/%d/%d.idx", bad.ID, f.Segments(bad)[0].ID)
	if err := f.Disk.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := f.compactor.Run(ctx); err == nil {
		t.Error("a segment without its sidecar was merged")
	}
	if len(f.Segments(good)) != 1 || len(f.Segments(bad)) != 2 {
		t.Errorf("%d and %d segments", len(f.Segments(good)), len(f.Segments(bad)))
	}
}

// TestCancelled: a merge that is given up leaves nothing.
func TestCancelled(t *testing.T) {
	f := setup(t)
	table := f.Table(t, "tagged")
	rng := rand.New(rand.NewPCG(3, 1))
	f.Segment(t, table, someRows(rng, 4000, 0, 400))
	f.Segment(t, table, someRows(rng, 4000, 0, 400))
	cancelled, cancel := context.WithCancel(ctx)
	start := f.FS.Count()
	f.FS.SetInjector(func(_ faultfs.Op, _ string, n int) error {
		if n == start+12 {
			cancel()
		}
		return nil
	})
	if err := f.compactor.Run(cancelled); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	f.noStrayFiles(t)
	if n := len(f.Segments(table)); n != 2 {
		t.Errorf("%d segments", n)
	}
}

// TestSplit: a segment ends where it is full, and no row is lost between two.
func TestSplit(t *testing.T) {
	f := setup(t, func(o *compact.Options) { o.FullRows = 100 })
	table := f.Table(t, "tagged")
	rng := rand.New(rand.NewPCG(3, 1))
	for range 5 {
		f.Segment(t, table, someRows(rng, 99, 0, 900))
	}
	want := f.live(t, table)
	tieringtest.Sort(&table.Columns, want)
	f.run(t)
	list := f.Segments(table)
	if len(list) < 3 || len(list) > 5 {
		t.Errorf("%d segments", len(list))
	}
	slices.SortFunc(list, func(a, b *meta.Segment) int { return int(a.ID) - int(b.ID) })
	var got []tieringtest.Row
	for i, s := range list {
		if s.Rows < 100 && i < len(list)-1 {
			t.Errorf("segment %d of %d has %d rows", i, len(list), s.Rows)
		}
		got = append(got, f.Rows(t, table, s)...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows, not %d, or not in order", len(got), len(want))
	}
	f.noStrayFiles(t)
}

// TestMemory: a merge holds a run per input and the writer's row group, however many rows there are.
func TestMemory(t *testing.T) {
	peak := func(rows int) int64 {
		f := setup(t)
		table := f.Table(t, "tagged")
		rng := rand.New(rand.NewPCG(3, 1))
		for range 4 {
			f.Segment(t, table, someRows(rng, rows, 0, 900))
		}
		f.run(t)
		if list := f.Segments(table); len(list) != 1 || list[0].Rows != int64(4*rows) {
			t.Fatalf("%+v", list)
		}
		return f.pool.Peak()
	}
	if testing.Short() {
		t.Skip("many rows")
	}
	small, large := peak(80_000), peak(240_000) // one row group and a half; four
	t.Logf("peaks: %d and %d bytes", small, large)
	if large > small*2 || large > 64<<20 {
		t.Errorf("a merge of four times the rows held %d bytes, not %d", large, small)
	}
}
