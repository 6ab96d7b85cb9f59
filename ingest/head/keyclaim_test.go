package head

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// keyModel is a table with a key of one integer, with a tag beside it or without, and what its rows must be found by.
type keyModel struct {
	t      *testing.T
	rng    *rand.Rand
	head   *Head
	table  *meta.Table
	tagged bool
	seq    meta.Seq
	shown  atomic.Uint64 // the seq up to which rows are there
	gens   []map[int64]int
}

func newKeyModel(t *testing.T, seed uint64) *keyModel {
	schema := column.Schema{
		Version: 1, Enforced: true, Key: []column.ID{1},
		Fields: []column.Field{{ID: 1, Name: "id", Type: column.T(column.Int64), NotNull: true}, {ID: 2, Name: "host", Type: column.T(column.Text), NotNull: true}},
	}
	m := &keyModel{t: t, rng: rand.New(rand.NewPCG(seed, 8)), head: newHead(0), tagged: seed%2 == 0, gens: []map[int64]int{{}}}
	if m.tagged {
		schema.Tags = []column.ID{2}
	}
	m.table = &meta.Table{ID: 7, Database: 1, Name: "keyed", Columns: schema}
	return m
}

// batch makes rows of random keys, some of them of keys that are there.
func (m *keyModel) batch() (*Batch, []int64) {
	values := make([]int64, 1+m.rng.IntN(300))
	dict := m.head.Dict(m.table.ID)
	b := &Batch{Table: m.table, Rows: len(values), Dict: dict}
	ids, hosts := column.NewBuilder(column.T(column.Int64), 0), column.NewBuilder(column.T(column.Text), 0)
	k := &BatchKeys{Columns: []column.ID{1}, Distinct: true}
	for i := range values {
		values[i] = m.rng.Int64N(2_000)
		host := fmt.Sprint("host-", m.rng.IntN(40))
		ids.AppendInt(values[i])
		hosts.AppendString(host)
		var tags []byte
		if m.tagged {
			tags = key.AppendBytes(nil, []byte(host))
		}
		ref, err := dict.Intern(tags, 0)
		if err != nil {
			m.t.Fatal(err)
		}
		b.Refs = append(b.Refs, ref)
		k.Hashes = append(k.Hashes, key.HashInt(values[i]))
	}
	k.Lo, k.Hi = key.AppendInt(nil, slices.Min(values)), key.AppendInt(nil, slices.Max(values))
	b.Keys = []*BatchKeys{k}
	b.Columns = []Column{{m.table.Columns.Fields[0], ids.Finish()}}
	if !m.tagged {
		b.Columns = append(b.Columns, Column{m.table.Columns.Fields[1], hosts.Finish()})
	}
	return b, values
}

// check looks keys up and compares with the rows that came.
func (m *keyModel) check(k *BatchKeys, values []int64, claim bool) {
	got := make([]int, len(values))
	err := m.head.FindKeys(context.Background(), m.table, k, claim, func(i int, row KeyRow) {
		tuple, err := row.Tuple(&m.table.Columns, k.Columns)
		if err != nil {
			m.t.Fatal(err)
		}
		if string(tuple) == string(key.AppendInt(nil, values[i])) {
			got[i]++
		}
	})
	if err != nil {
		m.t.Fatal(err)
	}
	for i, v := range values {
		want := 0
		for _, g := range m.gens {
			want += g[v]
		}
		if got[i] != want {
			m.t.Fatalf("seq %d: key %d is found %d times, want %d", m.seq, v, got[i], want)
		}
	}
}

// step is a commit that may be refused, or meet a flush between its look-up and its rows.
func (m *keyModel) step() {
	b, values := m.batch()
	claim := m.rng.IntN(4) > 0
	m.check(b.Keys[0], values, claim)
	if m.rng.IntN(6) == 0 {
		m.freeze()
	}
	if m.rng.IntN(3) > 0 {
		m.seq++
		estimate := Estimate(b)
		if err := m.head.Reserve(estimate); err != nil {
			m.t.Fatal(err)
		}
		b.Dict = m.head.Dict(m.table.ID)
		m.head.Settle(estimate, m.head.Append(m.seq, []Batch{*b}, nil))
		for _, v := range values {
			m.gens[len(m.gens)-1][v]++
		}
		m.shown.Store(uint64(m.seq))
	}
	b.Keys[0].Unclaim()
	if m.rng.IntN(12) == 0 && len(m.gens) > 1 {
		m.head.Drop(m.seq)
		m.gens = m.gens[len(m.gens)-1:]
	}
}

func (m *keyModel) freeze() {
	if m.head.Stats().Generations[len(m.gens)-1].Last > 0 {
		m.head.Freeze(func(meta.TableID) bool { return false })
		m.gens = append(m.gens, map[int64]int{})
	}
}

// TestKeyClaims: whatever is claimed, appended, given up and flushed in whatever order, the rows of a key are found, those that came and no others;
// and readers of keys see what their snapshots have.
func TestKeyClaims(t *testing.T) {
	for seed := range uint64(6) {
		m := newKeyModel(t, seed)
		m.head.opts.Retire = 1 << 30 // one dictionary
		var readers sync.WaitGroup
		done := make(chan struct{})
		readers.Add(1)
		go func() {
			defer readers.Done()
			m.read(done)
		}()
		for range 60 {
			m.step()
		}
		close(done)
		readers.Wait()
		used := m.head.Stats().Bytes
		m.freeze()
		m.head.Drop(m.seq)
		if left := m.head.Stats().Bytes; left < 0 || left > used {
			t.Fatalf("seed %d: %d bytes are left of %d", seed, left, used)
		}
		m.head.Close()
	}
}

// read scans for keys until done is closed.
func (m *keyModel) read(done chan struct{}) {
	rng := rand.New(rand.NewPCG(1, 9))
	for {
		select {
		case <-done:
			return
		default:
		}
		s := m.head.Snapshot(meta.Seq(m.shown.Load()))
		id := rng.Int64N(2_000)
		req := &scan.Request{Time: scan.AllTime, Columns: []column.ID{1}, Keys: [][]byte{key.AppendInt(nil, id)}}
		if m.rows(s, id, req) != m.rows(s, id, &scan.Request{Time: scan.AllTime, Columns: []column.ID{1}}) {
			m.t.Errorf("a scan for key %d misses rows", id)
			return
		}
	}
}

// rows counts the rows of a key in a scan.
func (m *keyModel) rows(s *Snapshot, id int64, req *scan.Request) (n int) {
	morsels, _, err := s.Morsels(context.Background(), m.table, req, 0, nil)
	for _, part := range morsels {
		var r scan.Reader
		if r, err = part.Open(context.Background(), nil); err != nil {
			break
		}
		var b *scan.Batch
		for b, err = r.Next(context.Background()); err == nil; b, err = r.Next(context.Background()) {
			for i := range b.Len {
				if b.Columns[0].Int(i) == id {
					n++
				}
			}
		}
		if !errors.Is(err, io.EOF) {
			break
		}
		err = r.Close()
	}
	if err != nil {
		m.t.Error(err)
	}
	return n
}
