package oracletest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
)

// described keeps metadata as Prometheus' reading of a request would spell it.
type described struct{ all map[remotewrite.Metadata]bool }

func (d *described) WriteMetadata(_ context.Context, list []remotewrite.Metadata, _ meta.Ack) (int, error) {
	for _, m := range list {
		d.all[m] = true
	}
	return len(list), nil
}

// expectV2 says what a request is worth by Prometheus' reading of it.
func expectV2(r *writev2.Request) (rows []string, report remotewrite.Report, metadata map[remotewrite.Metadata]bool, whole bool) {
	metadata, whole = map[remotewrite.Metadata]bool{}, true
	b := labels.NewScratchBuilder(0)
	for i := range r.Timeseries {
		ts := &r.Timeseries[i]
		report.Exemplars += len(ts.Exemplars)
		report.Histograms += len(ts.Histograms)
		report.Samples += len(ts.Samples)
		_, err := ts.ToLabels(&b, r.Symbols)
		m, errM := ts.ToMetadata(r.Symbols)
		if err != nil || errM != nil || len(ts.LabelsRefs) == 0 || len(ts.LabelsRefs) > 256 || len(ts.Samples)+len(ts.Histograms) == 0 {
			whole = false
			continue
		}
		all, ok := refMap(ts.LabelsRefs, r.Symbols)
		if ts.Metadata.Type != 0 || m.Unit != "" || m.Help != "" {
			report.Metadata++
			if name := lastName(ts.LabelsRefs, r.Symbols); name > 0 {
				metadata[remotewrite.Metadata{Metric: family(r.Symbols[name], string(m.Type)), Type: string(m.Type), Unit: m.Unit, Help: m.Help}] = true
			}
		}
		counted := false
		for _, s := range ts.Samples {
			if !inRange(s.Timestamp) || !inRange(s.StartTimestamp) {
				whole = false
				continue
			}
			if !counted {
				counted = true
				report.Series++
			}
			if !ok {
				whole = false
				continue
			}
			row := line(spell(all), s.Timestamp*1000, s.Value, math.Float64bits(s.Value) != 0x7ff0000000000002)
			rows = append(rows, started(row, s.StartTimestamp*1000))
		}
	}
	report.Stored = len(rows)
	report.BadSamples = report.Samples - report.Stored
	return rows, report, metadata, whole && report.Histograms+report.Exemplars == 0
}

func inRange(millis int64) bool {
	return millis >= -2440588*86_400_000 && millis <= (math.MaxInt64-1)/1000
}

func refMap(refs []uint32, symbols []string) (map[string]string, bool) {
	all, ok := map[string]string{}, true
	for i := 0; i < len(refs); i += 2 {
		n, v := symbols[refs[i]], symbols[refs[i+1]]
		if _, twice := all[n]; twice || n == "" || strings.ToValidUTF8(n, "?") != n || strings.ToValidUTF8(v, "?") != v || len(n) > 1<<10 || len(v) > 16<<10 {
			ok = false
		}
		all[n] = v
	}
	for n, v := range all {
		if v == "" {
			delete(all, n)
		}
	}
	return all, ok && all["__name__"] != ""
}

// lastName is the symbol that names the metric.
func lastName(refs []uint32, symbols []string) (name uint32) {
	for i := 0; i < len(refs); i += 2 {
		if symbols[refs[i]] == "__name__" {
			name = refs[i+1]
		}
	}
	return name
}

func family(name, kind string) string {
	for _, suffix := range map[string][]string{"histogram": {"_bucket", "_count", "_sum"}, "gaugehistogram": {"_bucket", "_gcount", "_gsum"}, "summary": {"_count", "_sum"}}[kind] {
		if f, ok := strings.CutSuffix(name, suffix); ok && f != "" {
			return f
		}
	}
	return name
}

func compareV2(t interface{ Fatalf(string, ...any) }, body []byte, request *writev2.Request) {
	want, report, metadata, whole := expectV2(request)
	r, s := remotewrite.New(remotewrite.Limits{}), newSink()
	d := &described{map[remotewrite.Metadata]bool{}}
	badMetadata := false
	for m := range metadata {
		if m.Metric == "" || strings.ToValidUTF8(m.Metric+m.Unit+m.Help, "?") != m.Metric+m.Unit+m.Help {
			delete(metadata, m)
			badMetadata = true
		}
	}
	for round := range 2 { // the second finds all series known
		s.rows = nil
		got, err := r.Receive(context.Background(), remotewrite.Request{Message: remotewrite.V2, Samples: s, Metadata: d}, bytes.NewReader(snappy.Encode(nil, body)))
		got.Defined, got.Seq, got.Described = 0, 0, 0
		if got != report {
			t.Fatalf("round %d: %+v (%v), want %+v", round, got, err, report)
		}
		if (err == nil) != (whole && !badMetadata) || err != nil && column.ClassOf(err) != column.Invalid {
			t.Fatalf("round %d: error %v of %+v", round, err, report)
		}
		if len(s.rows)+len(want) > 0 && !reflect.DeepEqual(s.rows, want) {
			t.Fatalf("round %d: rows\n%q\nwant\n%q", round, s.rows, want)
		}
		if !reflect.DeepEqual(d.all, metadata) {
			t.Fatalf("round %d: metadata\n%v\nwant\n%v", round, d.all, metadata)
		}
	}
}

func drawV2(t *rapid.T) *writev2.Request {
	texts := []string{"", "__name__", "up", "took_seconds_bucket", "size_sum", "a", "b", "job", "é\"\\\n", "\xff", "\x00"}
	for range rapid.IntRange(0, 4).Draw(t, "symbols") {
		texts = append(texts, rapid.StringN(0, 200, 400).Draw(t, "symbol"))
	}
	ref := rapid.Uint32Range(0, uint32(len(texts)-1))
	value := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Copysign(0, -1), math.Float64frombits(0x7ff0000000000002), math.Float64frombits(0x7ff8000000000099),
	}))
	millis := rapid.OneOf(rapid.Int64Range(0, 2e12), rapid.Int64())
	w := &writev2.Request{Symbols: texts}
	for range rapid.IntRange(0, 8).Draw(t, "series") {
		var ts writev2.TimeSeries
		if rapid.IntRange(0, 9).Draw(t, "named") > 0 {
			ts.LabelsRefs = append(ts.LabelsRefs, 1, rapid.SampledFrom([]uint32{2, 3, 4}).Draw(t, "metric"))
		}
		for range rapid.IntRange(0, 6).Draw(t, "labels") {
			ts.LabelsRefs = append(ts.LabelsRefs, ref.Draw(t, "name"), ref.Draw(t, "value"))
		}
		switch rapid.IntRange(0, 19).Draw(t, "wrong") {
		case 0:
			ts.LabelsRefs = append(ts.LabelsRefs, 5)
		case 1:
			ts.LabelsRefs = append(ts.LabelsRefs, 5, 1000)
		case 2:
			ts.Metadata.HelpRef = 1000
		}
		for range rapid.IntRange(0, 3).Draw(t, "samples") {
			s := writev2.Sample{Value: value.Draw(t, "v"), Timestamp: millis.Draw(t, "t")}
			if rapid.Bool().Draw(t, "started") {
				s.StartTimestamp = millis.Draw(t, "start")
			}
			ts.Samples = append(ts.Samples, s)
		}
		for range rapid.IntRange(0, 1).Draw(t, "exemplars") {
			ts.Exemplars = append(ts.Exemplars, writev2.Exemplar{Value: 1, Timestamp: 2})
		}
		if rapid.IntRange(0, 5).Draw(t, "histogram") == 0 {
			ts.Histograms = append(ts.Histograms, writev2.Histogram{Sum: 1, Timestamp: 3})
		}
		if rapid.Bool().Draw(t, "described") && ts.Metadata.HelpRef == 0 {
			ts.Metadata = writev2.Metadata{
				Type: writev2.Metadata_MetricType(rapid.Int32Range(0, 9).Draw(t, "type")), HelpRef: ref.Draw(t, "help"), UnitRef: ref.Draw(t, "unit"),
			}
		}
		w.Timeseries = append(w.Timeseries, ts)
	}
	return w
}

func TestV2AgainstPrometheus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body, err := drawV2(t).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var read writev2.Request // writing drops the sign of -0
		if err := read.Unmarshal(body); err != nil {
			t.Fatal(err)
		}
		compareV2(t, body, &read)
	})
}

// forgetUnknown drops fields that Prometheus skips without a look at what they are: groups, numbers past all bounds.
func forgetUnknown(w *writev2.Request) {
	w.XXX_unrecognized = nil
	for i := range w.Timeseries {
		ts := &w.Timeseries[i]
		ts.XXX_unrecognized, ts.Metadata.XXX_unrecognized = nil, nil
		for k := range ts.Samples {
			ts.Samples[k].XXX_unrecognized = nil
		}
		for k := range ts.Exemplars {
			ts.Exemplars[k] = writev2.Exemplar{}
		}
		for k := range ts.Histograms {
			ts.Histograms[k] = writev2.Histogram{}
		}
	}
}

// FuzzV2AgainstPrometheus: whatever Prometheus reads and writes again, we read alike. What stands there in an unusual way, with
// fields that nobody knows, is only held to the classes of errors.
func FuzzV2AgainstPrometheus(f *testing.F) {
	w := &writev2.Request{Symbols: []string{"", "__name__", "up", "job", "x", "help"}, Timeseries: []writev2.TimeSeries{{
		LabelsRefs: []uint32{1, 2, 3, 4}, Samples: []writev2.Sample{{Value: 1, Timestamp: 1000, StartTimestamp: 5}},
		Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_GAUGE, HelpRef: 5},
	}}}
	body, err := w.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		var w writev2.Request
		if w.Unmarshal(body) != nil {
			return
		}
		r := remotewrite.New(remotewrite.Limits{})
		_, err := r.Receive(context.Background(), remotewrite.Request{Message: remotewrite.V2, Samples: newSink()}, bytes.NewReader(snappy.Encode(nil, body)))
		if err != nil && !errors.Is(err, column.Invalid) && !errors.Is(err, column.Limit) {
			t.Fatal(err)
		}
		forgetUnknown(&w)
		if body, err = w.Marshal(); err != nil {
			t.Fatal(err)
		}
		read := writev2.Request{}
		if err := read.Unmarshal(body); err != nil {
			t.Fatal(err)
		}
		compareV2(t, body, &read)
	})
}
