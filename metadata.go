package aegis

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
)

// Metadata is what a metric is described as.
type Metadata struct {
	Type string // counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown
	Unit string
	Help string
}

// metadataStore knows what table prometheus.metadata holds, so that only what has changed is written to it. Its zero value is
// ready.
type metadataStore struct {
	// mu is held while rows are written: two writers of one metric would not know which of them came last.
	mu    sync.Mutex
	known map[digest]digest // of the metric's name: of its description; nil: the table was not read yet
}

// digest stands for a text of any length; two that differ and have the same one do not happen.
type digest = xxh3.Uint128

func (m *Metadata) digest() digest {
	h := xxh3.New()
	for _, text := range []string{m.Type, m.Unit, m.Help} {
		_, _ = h.WriteString(text) // hashes take everything
		_, _ = h.Write([]byte{0xff})
	}
	return h.Sum128()
}

// maxDescribed bounds the metrics that are described: some 80 bytes each in memory, and a row in a table.
const maxDescribed = 100_000

// Metadata reads what metrics of the default database are described as: one ("" = all), of no more than limit metrics (0 = any number
// of them). A metric has one description, the newest that came.
func (db *DB) Metadata(ctx context.Context, metric string, limit int) (map[string][]Metadata, error) {
	out := map[string][]Metadata{}
	err := db.eachMetadata(ctx, metric, func(name string, m Metadata) bool {
		if limit <= 0 || len(out) < limit {
			out[name] = []Metadata{m}
		}
		return limit <= 0 || len(out) < limit
	})
	return out, err
}

// eachMetadata calls f with the rows of the table until it gives false.
func (db *DB) eachMetadata(ctx context.Context, metric string, f func(string, Metadata) bool) error {
	snapshot, err := db.Snapshot(meta.DefaultDatabase)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	t := snapshot.catalog.Table(snapshot.database.ID, meta.PrometheusSchema, meta.MetadataTable)
	if t == nil {
		return column.SQLErrorf(column.NotFound, "42P01", "there is no table prometheus.%s", meta.MetadataTable)
	}
	request := &scan.Request{Time: scan.AllTime}
	for _, name := range []string{"metric", "type", "unit", "help"} {
		request.Columns = append(request.Columns, t.Columns.Fields[t.Columns.Lookup(name)].ID)
	}
	if metric != "" {
		request.Series = append(request.Series, metricFilter(&t.Columns, metric))
	}
	morsels, _, err := (&tableSource{snapshot: snapshot, table: t}).Morsels(ctx, request)
	if err != nil {
		return err
	}
	for _, m := range morsels {
		if more, err := readMetadata(ctx, db.pool, m, f); err != nil || !more {
			return err
		}
	}
	return nil
}

func readMetadata(ctx context.Context, parent *mem.Pool, m scan.Morsel, f func(string, Metadata) bool) (more bool, err error) {
	pool := mem.NewPool("metadata scan", 0, parent)
	defer pool.Close()
	r, err := m.Open(ctx, pool)
	if err != nil {
		return false, err
	}
	defer r.Close()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		text := func(k, i int) string { return string(b.Columns[k].Bytes(i)) }
		for i := range b.Len {
			if !f(text(0, i), Metadata{Type: text(1, i), Unit: text(2, i), Help: text(3, i)}) {
				return false, nil
			}
		}
	}
}

// WriteMetadata implements remotewrite.MetadataSink. Metrics beyond maxDescribed are not described; their samples are none the worse
// for it, so that is no error, and they are not among the changed ones.
func (db *DB) WriteMetadata(ctx context.Context, list []remotewrite.Metadata, ack meta.Ack) (changed int, err error) {
	s := &db.described
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		known := map[digest]digest{}
		err := db.eachMetadata(ctx, "", func(name string, m Metadata) bool { known[xxh3.HashString128(name)] = m.digest(); return true })
		if err != nil {
			return 0, err
		}
		s.known = known
	}
	// Of two descriptions in one request the last one counts.
	fresh := map[string]Metadata{}
	for _, m := range list {
		now := Metadata{Type: m.Type, Unit: m.Unit, Help: m.Help}
		before, known := s.known[xxh3.HashString128(m.Metric)]
		switch {
		case known && before == now.digest():
			delete(fresh, m.Metric)
		case known || len(s.known)+len(fresh) < maxDescribed:
			fresh[m.Metric] = now
		}
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	t := db.catalog.Snapshot().Table(db.catalog.Snapshot().Database(meta.DefaultDatabase).ID, meta.PrometheusSchema, meta.MetadataTable)
	if t == nil {
		return 0, column.SQLErrorf(column.NotFound, "42P01", "there is no table prometheus.%s", meta.MetadataTable)
	}
	if _, err := db.shard.Write(ctx, []meta.Rows{db.metadataRows(t, fresh)}, ack); err != nil {
		return 0, err
	}
	for name, m := range fresh {
		s.known[xxh3.HashString128(name)] = m.digest()
	}
	return len(fresh), nil
}

// metadataRows makes rows in the order of the table's columns.
func (db *DB) metadataRows(t *meta.Table, fresh map[string]Metadata) meta.Rows {
	now := db.options.Now().UnixMicro()
	builders := make([]*column.Builder, len(t.Columns.Fields))
	for i, f := range t.Columns.Fields {
		builders[i] = column.NewBuilder(f.Type, len(fresh))
	}
	for name, m := range fresh {
		texts := map[string]string{"metric": name, "type": m.Type, "unit": m.Unit, "help": m.Help}
		for i, f := range t.Columns.Fields {
			if text, ok := texts[f.Name]; ok {
				builders[i].AppendString(text)
			} else {
				builders[i].AppendInt(now)
			}
		}
	}
	rows := meta.Rows{Table: t, Len: len(fresh)}
	for _, b := range builders {
		rows.Columns = append(rows.Columns, b.Finish())
	}
	return rows
}
