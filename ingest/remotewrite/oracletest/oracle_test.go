package oracletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"
	"testing"
	"unicode/utf8"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
)

// sink keeps rows as text.
type sink struct {
	refs  map[ingest.SeriesHash]uint32
	names []string
	rows  []string
}

func newSink() *sink { return &sink{refs: map[ingest.SeriesHash]uint32{}} }

func (s *sink) Lookup(hashes []ingest.SeriesHash, refs []uint32) (uint64, int) {
	missing := 0
	for i, h := range hashes {
		ref, ok := s.refs[h]
		if !ok {
			ref, missing = ingest.NoRef, missing+1
		}
		refs[i] = ref
	}
	return 0, missing
}

func (s *sink) Define(_ uint64, h ingest.SeriesHash, encoded []byte) (uint32, error) {
	s.refs[h] = uint32(len(s.names))
	s.names = append(s.names, name(encoded))
	return s.refs[h], nil
}

func (s *sink) Write(_ context.Context, b *ingest.SampleBatch, _ meta.Ack) (meta.Seq, error) {
	for i, ref := range b.Refs {
		start := int64(0)
		if b.Starts != nil && b.Started.Get(i) {
			start = b.Starts[i]
		}
		s.rows = append(s.rows, started(line(s.names[ref], b.Times[i], b.Values[i], b.Valid.Get(i)), start))
	}
	return 1, nil
}

func line(series string, micros int64, v float64, valid bool) string {
	if !valid {
		return fmt.Sprintf("%s %d stale", series, micros)
	}
	return fmt.Sprintf("%s %d %016x", series, micros, math.Float64bits(v))
}

// started adds the start of a sample that has one.
func started(line string, micros int64) string {
	if micros == 0 {
		return line
	}
	return fmt.Sprintf("%s since %d", line, micros)
}

// name spells a key as its labels, the metric's name included, in order.
func name(encoded []byte) string {
	metric, _, rest, err := key.Next(encoded, column.T(column.Text), nil)
	if err != nil {
		panic(err)
	}
	set, _, _, err := key.Next(rest, column.T(column.JSON), nil)
	if err != nil {
		panic(err)
	}
	all := map[string]string{"__name__": string(metric)}
	if err := labels.Visit(set, func(n, v []byte) { all[string(n)] = string(v) }); err != nil {
		panic(err)
	}
	return spell(all)
}

func spell(all map[string]string) string {
	var names []string
	for n := range all {
		names = append(names, n)
	}
	sort.Strings(names)
	out := ""
	for _, n := range names {
		out += fmt.Sprintf("%q=%q,", n, all[n])
	}
	return out
}

// expect says what a request is worth by Prometheus' reading of it.
func expect(r *prompb.WriteRequest) (rows []string, report remotewrite.Report) {
	report.Metadata = len(r.Metadata)
	for _, ts := range r.Timeseries {
		report.Exemplars += len(ts.Exemplars)
		report.Histograms += len(ts.Histograms)
		report.Samples += len(ts.Samples)
		all, ok := labelMap(ts.Labels)
		counted := false
		for _, s := range ts.Samples {
			if s.Timestamp < -2440588*86_400_000 || s.Timestamp > (math.MaxInt64-1)/1000 {
				continue
			}
			if !counted {
				counted = true
				report.Series++
			}
			if ok {
				rows = append(rows, line(spell(all), s.Timestamp*1000, s.Value, math.Float64bits(s.Value) != 0x7ff0000000000002))
			}
		}
	}
	report.Stored = len(rows)
	report.BadSamples = report.Samples - report.Stored
	return rows, report
}

func labelMap(in []prompb.Label) (map[string]string, bool) {
	all, seen := map[string]string{}, map[string]bool{}
	for _, l := range in {
		if l.Name == "" || seen[l.Name] || !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value) || len(l.Name) > 1<<10 || len(l.Value) > 16<<10 {
			return nil, false
		}
		seen[l.Name] = true
		if l.Value != "" {
			all[l.Name] = l.Value
		}
	}
	return all, all["__name__"] != "" && len(in) <= 128
}

func compare(t interface{ Fatalf(string, ...any) }, r *remotewrite.Receiver, body []byte, request *prompb.WriteRequest) {
	want, report := expect(request)
	s := newSink()
	for round := range 2 { // the second finds all series known
		s.rows = nil
		got, err := r.Receive(context.Background(), remotewrite.Request{Samples: s}, bytes.NewReader(snappy.Encode(nil, body)))
		got.Defined, got.Seq = 0, 0
		if got != report {
			t.Fatalf("round %d: %+v (%v), want %+v", round, got, err, report)
		}
		whole := report.BadSamples+report.Exemplars+report.Histograms == 0
		if (err == nil) != whole || err != nil && column.ClassOf(err) != column.Invalid {
			t.Fatalf("round %d: error %v of %+v", round, err, report)
		}
		if len(s.rows)+len(want) > 0 && !reflect.DeepEqual(s.rows, want) {
			t.Fatalf("round %d: rows\n%q\nwant\n%q", round, s.rows, want)
		}
	}
}

func draw(t *rapid.T) *prompb.WriteRequest {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "job", "é\"\\\n", "\xff", "\x00"}), rapid.StringN(0, 200, 400))
	value := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Copysign(0, -1), math.Float64frombits(0x7ff0000000000002), math.Float64frombits(0x7ff8000000000099),
	}))
	millis := rapid.OneOf(rapid.Int64Range(0, 2e12), rapid.Int64())
	var w prompb.WriteRequest
	for range rapid.IntRange(0, 8).Draw(t, "series") {
		var ts prompb.TimeSeries
		if rapid.IntRange(0, 9).Draw(t, "named") > 0 {
			ts.Labels = append(ts.Labels, prompb.Label{Name: "__name__", Value: rapid.SampledFrom([]string{"up", "m", "ü"}).Draw(t, "metric")})
		}
		for range rapid.IntRange(0, 6).Draw(t, "labels") {
			ts.Labels = append(ts.Labels, prompb.Label{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "samples") {
			ts.Samples = append(ts.Samples, prompb.Sample{Value: value.Draw(t, "v"), Timestamp: millis.Draw(t, "t")})
		}
		for range rapid.IntRange(0, 1).Draw(t, "exemplars") {
			ts.Exemplars = append(ts.Exemplars, prompb.Exemplar{Value: 1, Timestamp: 2})
		}
		if rapid.IntRange(0, 5).Draw(t, "histogram") == 0 {
			ts.Histograms = append(ts.Histograms, prompb.Histogram{Sum: 1, Timestamp: 3})
		}
		w.Timeseries = append(w.Timeseries, ts)
	}
	for range rapid.IntRange(0, 2).Draw(t, "metadata") {
		w.Metadata = append(w.Metadata, prompb.MetricMetadata{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "m", Help: "h"})
	}
	return &w
}

func TestAgainstPrometheus(t *testing.T) {
	r := remotewrite.New(remotewrite.Limits{})
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		body, err := w.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var read prompb.WriteRequest // writing drops the sign of -0
		if err := read.Unmarshal(body); err != nil {
			t.Fatal(err)
		}
		compare(t, r, body, &read)
	})
}

// FuzzAgainstPrometheus: whatever Prometheus reads, we read alike. What it refuses we may read in part: bytes inside of
// exemplars, histograms and series without samples are not looked at.
func FuzzAgainstPrometheus(f *testing.F) {
	w := &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "up"}, {Name: "job", Value: "x"}},
		Samples: []prompb.Sample{{Value: 1, Timestamp: 1000}},
	}}}
	body, err := w.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	r := remotewrite.New(remotewrite.Limits{})
	f.Fuzz(func(t *testing.T, body []byte) {
		var w prompb.WriteRequest
		if w.Unmarshal(body) != nil {
			return
		}
		_, err := r.Receive(context.Background(), remotewrite.Request{Samples: newSink()}, bytes.NewReader(snappy.Encode(nil, body)))
		var partial *remotewrite.PartialError
		if err != nil && !errors.As(err, &partial) {
			// Prometheus skips unknown fields without a look at what they are: groups, numbers past all bounds. What it has
			// read, written again, has none of them.
			w.XXX_unrecognized = nil
			for i := range w.Timeseries {
				ts := &w.Timeseries[i]
				ts.XXX_unrecognized, ts.Exemplars, ts.Histograms = nil, nil, nil
				for k := range ts.Labels {
					ts.Labels[k].XXX_unrecognized = nil
				}
				for k := range ts.Samples {
					ts.Samples[k].XXX_unrecognized = nil
				}
			}
			w.Metadata = nil
			if body, err = w.Marshal(); err != nil {
				t.Fatal(err)
			}
			w = prompb.WriteRequest{}
			if err := w.Unmarshal(body); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, r, body, &w)
	})
}
