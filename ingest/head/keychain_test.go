package head

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/meta"
)

// hotRow is a row of one key that is updated over and over, some of the time deleted, and what snapshots must see of it.
type hotRow struct {
	t     *testing.T
	head  *Head
	table *meta.Table
	seq   meta.Seq
	alive *KeyRow
	rows  uint32
	held  []heldRow
}

type heldRow struct {
	snap *Snapshot
	want string
}

func (h *hotRow) keys() *BatchKeys {
	tuple := key.AppendInt(nil, 5)
	return &BatchKeys{Columns: []column.ID{1}, Distinct: true, Hashes: []uint64{key.HashInt(5)}, Lo: tuple, Hi: tuple}
}

// look finds the row, and gives how many versions of it were passed.
func (h *hotRow) look(k *BatchKeys, claim bool) int {
	passed, found := 0, false
	err := h.head.FindKeys(context.Background(), h.table, k, claim, func(_ int, row KeyRow) {
		passed++
		if !row.Ended(nil) {
			if h.alive == nil || found || row != *h.alive {
				h.t.Fatalf("commit %d: %v is alive, want %v", h.seq, row.position, h.alive)
			}
			found = true
		}
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if found != (h.alive != nil) {
		h.t.Fatalf("commit %d: the row is there: %v; it is found: %v", h.seq, h.alive != nil, found)
	}
	return passed
}

// commit ends the row, if there is one, and brings the next version of it, if k is given.
func (h *hotRow) commit(k *BatchKeys) {
	h.seq++
	var ends []Ends
	if h.alive != nil {
		ends = []Ends{{Table: h.table.ID, Series: []Dying{{part: h.alive.part, at: h.alive.at, rows: roaring.BitmapOf(h.alive.position)}}}}
		h.alive = nil
	}
	var batches []Batch
	if k != nil {
		dict := h.head.Dict(h.table.ID)
		ref, err := dict.Intern(nil, 0)
		if err != nil {
			h.t.Fatal(err)
		}
		ids := column.NewInts(column.T(column.Int64), []int64{5}, nil)
		batches = []Batch{{Table: h.table, Rows: 1, Refs: []uint32{ref}, Dict: dict, Keys: []*BatchKeys{k}, Columns: []Column{{h.table.Columns.Fields[0], ids}}}}
	}
	h.head.Append(h.seq, batches, ends)
	if k != nil {
		h.alive = &KeyRow{part: h.head.gens[len(h.head.gens)-1].parts[h.table.ID], position: h.rows}
		h.rows++
	}
}

// see is what a snapshot has of the row.
func (h *hotRow) see(s *Snapshot) string {
	got, err := s.keyRows(context.Background(), h.table, [][]byte{key.AppendInt(nil, 5)}, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	out := ""
	for _, in := range s.parts(h.table.ID, 0) {
		for at, rows := range got[in.part] {
			for it := rows.Iterator(); it.HasNext(); {
				position := it.Next()
				if since, err := (KeyRow{in.part, at, position}).Since(s.seq); err != nil || !since {
					out += fmt.Sprint(position, " ", err)
				}
			}
		}
	}
	return out
}

// TestHotRowChain: however often a row is updated, a commit passes few of its versions, and a snapshot finds the one that it has to see.
func TestHotRowChain(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := &hotRow{t: t, head: newHead(0)}
		h.table = &meta.Table{ID: 7, Database: 1, Name: "hot", Columns: column.Schema{
			Version: 1, Enforced: true, Key: []column.ID{1}, Fields: []column.Field{{ID: 1, Name: "id", Type: column.T(column.Int64), NotNull: true}},
		}}
		most := 0
		for i := range 700 {
			k := h.keys()
			passed := h.look(k, rng.IntN(4) > 0)
			if i > 100 {
				most = max(most, passed)
			}
			switch rng.IntN(20) {
			case 0:
				k.Unclaim()
				if h.alive != nil {
					h.commit(nil)
				}
			case 1: // it was refused
				k.Unclaim()
			default:
				h.commit(k)
			}
			if rng.IntN(30) == 0 {
				s := h.head.Snapshot(h.seq)
				want := ""
				if h.alive != nil {
					want = fmt.Sprint(h.alive.position, " ", nil)
				}
				h.held = append(h.held, heldRow{s, want})
			}
			if len(h.held) > 0 && rng.IntN(10) == 0 {
				one := h.held[rng.IntN(len(h.held))]
				if got := h.see(one.snap); got != one.want {
					t.Fatalf("seed %d: the snapshot of %d sees %q, want %q", seed, one.snap.seq, got, one.want)
				}
			}
		}
		if most > 2*longChain {
			t.Errorf("seed %d: a commit has passed %d versions", seed, most)
		}
		for _, one := range h.held {
			if got := h.see(one.snap); got != one.want {
				t.Errorf("seed %d: the snapshot of %d sees %q, want %q", seed, one.snap.seq, got, one.want)
			}
		}
	}
}
