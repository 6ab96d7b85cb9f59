package oracletest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/promql"
)

// place says where rows are when they are read.
type place int

const (
	inHead     place = iota
	inSegments       // every commit is flushed
	inBoth           // every other commit is flushed, in the middle of its samples
)

func (p place) String() string { return [...]string{"head", "segments", "both"}[p] }

// database is one of ours behind the interface of Prometheus' storage: what is appended goes in by remote write.
type database struct {
	storage.Storage // nil: nothing else of it is used
	t               testing.TB
	db              *aegis.DB
	receiver        *remotewrite.Receiver
	place           place
	commits         int
	closed          bool
}

func open(t testing.TB, p place) *database {
	t.Helper()
	return openWith(t, p, promql.Limits{StartTimestamps: true})
}

func openWith(t testing.TB, p place, limits promql.Limits) *database {
	t.Helper()
	fs := memfs.New()
	db, err := aegis.Open(context.Background(), aegis.Options{Dir: "data", FS: fs, MemoryBytes: 256 << 20, CompactEvery: -1, PromQL: limits})
	if err != nil {
		t.Fatal(err)
	}
	return &database{t: t, db: db, receiver: remotewrite.New(remotewrite.Limits{}), place: p}
}

func (d *database) Querier(mint, maxt int64) (storage.Querier, error) {
	return d.db.PromQL().Queryable("").Querier(mint, maxt)
}

func (d *database) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	return d.db.Close(context.Background())
}

func (d *database) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &appender{d: d, ctx: ctx, at: map[string]int{}}
}

// appender gathers the float samples of one load. Histograms are not stored: those of the scripts are left out, and so are the queries
// that would see them.
type appender struct {
	d    *database
	ctx  context.Context
	list []series
	at   map[string]int
}

type series struct {
	labels  labels.Labels
	samples []writev2.Sample
}

func (a *appender) Append(_ storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	if h != nil || fh != nil {
		return 0, nil
	}
	key := l.String()
	at, known := a.at[key]
	if !known {
		at = len(a.list)
		a.at[key] = at
		a.list = append(a.list, series{labels: l})
	}
	a.list[at].samples = append(a.list[at].samples, writev2.Sample{Timestamp: t, Value: v, StartTimestamp: st})
	return 0, nil
}

func (a *appender) Commit() error {
	d := a.d
	d.commits++
	if d.place == inBoth && d.commits%2 == 1 {
		older, newer := split(a.list)
		return errors.Join(a.send(newer), d.db.Flush(a.ctx), a.send(older))
	}
	if err := a.send(a.list); err != nil || d.place == inHead {
		return err
	}
	return d.db.Flush(a.ctx)
}

// split deals the samples of each series out to two requests in turn, so that they interleave in time.
func split(list []series) (a, b []series) {
	for _, s := range list {
		parts := [2]series{{labels: s.labels}, {labels: s.labels}}
		for i, sample := range s.samples {
			parts[i%2].samples = append(parts[i%2].samples, sample)
		}
		a, b = append(a, parts[0]), append(b, parts[1])
	}
	return a, b
}

func (a *appender) send(list []series) error {
	symbols := writev2.NewSymbolTable()
	var message writev2.Request
	for _, s := range list {
		if len(s.samples) > 0 {
			refs := symbols.SymbolizeLabels(s.labels, nil)
			message.Timeseries = append(message.Timeseries, writev2.TimeSeries{LabelsRefs: refs, Samples: s.samples})
		}
	}
	message.Symbols = symbols.Symbols()
	raw, err := message.Marshal()
	if err != nil {
		return err
	}
	sink, err := a.d.db.Samples("")
	if err != nil {
		return err
	}
	request := remotewrite.Request{Message: remotewrite.V2, Samples: sink, Ack: meta.AckNone}
	_, err = a.d.receiver.Receive(a.ctx, request, bytes.NewReader(snappy.Encode(nil, raw)))
	return err
}

func (a *appender) Rollback() error { return nil }
