package lineproto

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/ingest/ingesttest"
	"github.com/automatanexus/aegis-db/meta"
)

// memory is a Sink that remembers; epochs end when a test says so.
type memory struct {
	mu     sync.Mutex
	epoch  uint64
	tables map[meta.TableID]*known
	limit  int
	stale  int // how many writes meet something that has changed
	fail   error
	rows   []string
}

// known is the series of a table.
type known struct {
	hashes map[ingest.SeriesHash]uint32
	keys   []string
}

func newMemory() *memory { return &memory{tables: map[meta.TableID]*known{}} }

func (m *memory) table(id meta.TableID) *known {
	if m.tables[id] == nil {
		m.tables[id] = &known{hashes: map[ingest.SeriesHash]uint32{}}
	}
	return m.tables[id]
}

func (m *memory) Lookup(id meta.TableID, hashes []ingest.SeriesHash, refs []uint32) (uint64, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	missing := 0
	for i, h := range hashes {
		ref, ok := m.table(id).hashes[h]
		if !ok {
			ref = ingest.NoRef
			missing++
		}
		refs[i] = ref
	}
	return m.epoch, missing
}

func (m *memory) Define(id meta.TableID, epoch uint64, hash ingest.SeriesHash, encoded []byte) (uint32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if epoch != m.epoch {
		return 0, ingest.ErrStale
	}
	k := m.table(id)
	for ref, other := range k.keys {
		if other == string(encoded) {
			k.hashes[hash] = uint32(ref)
			return uint32(ref), nil
		}
	}
	if m.limit > 0 && len(k.keys) >= m.limit {
		return 0, column.Errorf(column.Limit, "the table has its %d series", m.limit)
	}
	k.keys = append(k.keys, string(encoded))
	k.hashes[hash] = uint32(len(k.keys) - 1)
	return k.hashes[hash], nil
}

func (m *memory) Write(_ context.Context, batches []ingest.PointBatch, _ meta.Ack) (meta.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return 0, m.fail
	}
	if m.stale > 0 {
		m.stale--
		m.epoch++
		clear(m.tables)
		return 0, ingest.ErrStale
	}
	for i := range batches {
		b := &batches[i]
		for row := range b.Rows {
			m.rows = append(m.rows, describe(b, m.table(b.Table.ID).keys, row))
		}
	}
	return 1, nil
}

// describe prints a row: table, tags and fields by name, time.
func describe(b *ingest.PointBatch, keys []string, row int) string {
	s := &b.Table.Columns
	var tags, fields []string
	rest := []byte(keys[b.Refs[row]])
	for _, id := range s.Tags {
		if len(rest) == 0 {
			break
		}
		f := s.Fields[s.Index(id)]
		value, null, after, err := key.Next(rest, f.Type, nil)
		if err != nil {
			panic(err)
		}
		if rest = after; null {
			continue
		}
		text := string(value)
		if f.Type.IsInteger() {
			text = fmt.Sprint(key.Int(value))
		}
		tags = append(tags, f.Name+"="+text)
	}
	at := ""
	for _, c := range b.Columns {
		switch v := c.Vector; {
		case c.Field.ID == s.Time:
			at = fmt.Sprint(v.Int(row))
		case v.IsNull(row):
		case v.Type.Kind == column.Text:
			fields = append(fields, fmt.Sprintf("%s=%q", c.Field.Name, v.Bytes(row)))
		case v.Type.Kind == column.Bool:
			fields = append(fields, fmt.Sprintf("%s=%v", c.Field.Name, v.Bool(row)))
		case v.Type.IsFloat():
			fields = append(fields, fmt.Sprintf("%s=f%v", c.Field.Name, v.Float(row)))
		default:
			fields = append(fields, fmt.Sprintf("%s=%d", c.Field.Name, v.Int(row)))
		}
	}
	sort.Strings(tags)
	sort.Strings(fields)
	return b.Table.Name + "{" + strings.Join(tags, ",") + "} " + strings.Join(fields, ",") + " @" + at
}

// house is a receiver over a catalog and a sink in memory.
type house struct {
	t       testing.TB
	catalog *ingesttest.Catalog
	sink    *memory
	r       *Receiver
	target  Target
	unit    Precision
}

// noon is the server's time in tests.
var noon = time.Unix(0, 1_234_567_891_234_567_891)

func newHouse(t testing.TB, l Limits) *house {
	t.Helper()
	h := &house{t: t, catalog: ingesttest.NewCatalog(), sink: newMemory(), r: New(l), unit: Nanosecond}
	got, err := h.catalog.Propose(context.Background(), meta.Command{CreateDatabase: &meta.CreateDatabase{Name: meta.DefaultDatabase}})
	if err != nil {
		t.Fatal(err)
	}
	h.target = Target{Catalog: h.catalog, Database: meta.DatabaseID(got.ID), Sink: h.sink}
	return h
}

func (h *house) receive(lines ...string) (Report, error) {
	h.t.Helper()
	report, err := h.r.Receive(context.Background(), h.target, Request{Body: []byte(strings.Join(lines, "\n")), Precision: h.unit, Now: noon})
	if used := h.r.pool.Used(); used != 0 {
		h.t.Errorf("%d bytes are still reserved", used)
	}
	return report, err
}

// rows gives what was stored since the last call.
func (h *house) rows() string {
	out := strings.Join(h.sink.rows, "\n")
	h.sink.rows = nil
	return out
}

// schema prints a table's columns, tags marked with a star.
func (h *house) schema(name string) string {
	t := h.catalog.Snapshot().Table(h.target.Database, meta.PublicSchema, name)
	if t == nil {
		return "none"
	}
	var out []string
	for _, f := range t.Columns.Fields {
		text := f.Name + " " + f.Type.String()
		if t.Columns.IsTag(f.ID) {
			text += "*"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}
