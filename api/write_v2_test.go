package api

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// request2 builds a Request of remote write 2.0 with one series after the other: symbols first.
type request2 struct {
	symbols []string
	series  []byte
}

func (r *request2) ref(text string) byte {
	for i, s := range r.symbols {
		if s == text {
			return byte(i)
		}
	}
	r.symbols = append(r.symbols, text)
	return byte(len(r.symbols) - 1)
}

// add appends a series with a sample, whose start is left out if it is 0, and the metadata of a counter.
func (r *request2) add(v float64, millis, start int64, help string, labels ...string) *request2 {
	if r.symbols == nil {
		r.symbols = []string{""}
	}
	var refs []byte
	for _, l := range labels {
		refs = append(refs, r.ref(l))
	}
	s := binary.LittleEndian.AppendUint64([]byte{9}, math.Float64bits(v))
	s = binary.AppendUvarint(append(s, 16), uint64(millis))
	if start != 0 {
		s = binary.AppendUvarint(append(s, 24), uint64(start))
	}
	m := message(message(nil, 1, refs), 2, s)
	if help != "" {
		m = message(m, 5, []byte{8, 1, 24, r.ref(help)})
	}
	r.series = message(r.series, 5, m)
	return r
}

func (r *request2) packed(more ...[]byte) []byte {
	var b []byte
	for _, s := range r.symbols {
		b = message(b, 4, []byte(s))
	}
	return packed(append([][]byte{b, r.series}, more...)...)
}

var v2 = []string{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request", "X-Prometheus-Remote-Write-Version", "2.0.0"}

func TestRemoteWriteV2(t *testing.T) {
	s := start(t)
	// The series is known from the other message; it stays one.
	if answer, b := s.write(packed(sample(1, 1000, "__name__", "hits_total", "job", "web"))); answer.StatusCode != 204 || answer.Header.Get(writtenSamples) != "1" {
		t.Fatalf("%s %s %v", answer.Status, b, answer.Header)
	}
	body := new(request2).add(2, 2000, 500, "Hits.", "__name__", "hits_total", "job", "web").
		add(3, 2000, 0, "", "__name__", "hits_total", "job", "db").packed()
	for _, path := range []string{"/api/v1/write", "/prometheus/api/v1/write"} { // sent again, it changes nothing
		answer, b := s.do("POST", path, body, append(v2, "Content-Encoding", "snappy")...)
		h := answer.Header
		if answer.StatusCode != 204 || b != "" || h.Get(writtenSamples) != "2" || h.Get(writtenHistograms) != "0" || h.Get(writtenExemplars) != "0" {
			t.Fatalf("%s: %s %s %v", path, answer.Status, b, h)
		}
	}
	const all = `SELECT labels, ts, start_ts, value FROM prometheus.samples ORDER BY labels::text, ts`
	const want = `[[{"job":"db"},"1970-01-01T00:00:02Z",null,3],[{"job":"web"},"1970-01-01T00:00:01Z",null,1],` +
		`[{"job":"web"},"1970-01-01T00:00:02Z","1970-01-01T00:00:00.5Z",2]]`
	if got := s.rows(all); got != want {
		t.Errorf("rows %s\nwant %s", got, want)
	}
	const described = `SELECT metric, type, unit, help FROM prometheus.metadata`
	if got := s.rows(described); got != `[["hits_total","counter","","Hits."]]` {
		t.Errorf("metadata %s", got)
	}
	if err := s.db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.rows(all); got != want {
		t.Errorf("after a flush: rows %s\nwant %s", got, want)
	}
	// Metadata of 1.0 describes families, and changes what is there.
	entry := message(nil, 3, message(message([]byte{8, 2}, 2, []byte("hits_total")), 4, []byte("Not hits.")))
	if answer, b := s.write(packed(entry)); answer.StatusCode != 204 {
		t.Fatalf("%s %s", answer.Status, b)
	}
	if got := s.rows(described); got != `[["hits_total","gauge","","Not hits."]]` {
		t.Errorf("metadata %s", got)
	}
}

func TestRemoteWriteV2Refused(t *testing.T) {
	s := start(t)
	good := func() *request2 { return new(request2).add(1, 1, 0, "", "__name__", "up") }
	histogram := message(nil, 5, message(message(nil, 1, []byte{1, 2}), 3, []byte{8, 1}))
	exemplar := message(nil, 5, message(message(message(nil, 1, []byte{1, 2}), 2, []byte{16, 2}), 4, nil))
	cases := []struct {
		name    string
		body    []byte
		headers []string
		status  int
		written string
		want    string
	}{
		{"good", good().packed(), v2, 204, "1", ""},
		{"histogram", good().packed(histogram), v2, 400, "1", "1 native histograms refused"},
		{"exemplar", good().packed(exemplar), v2, 400, "2", "1 exemplars refused"},
		{"partly", good().add(1, 1, 0, "", "job", "x").packed(), v2, 400, "1", "stored 1 of 2 samples; 1 series or samples are wrong: series 1 {"},
		{"message of 1.0", packed(sample(1, 1, "__name__", "up")), v2, 400, "0", "this is a prometheus.WriteRequest"},
		{"garbage", []byte("hello hello hello"), v2, 400, "0", "snappy"},
		{"unknown message", good().packed(), []string{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v3.Request"}, 415, "", "UNSUPPORTED_CONTENT_TYPE"},
		{"zstd", good().packed(), append([]string{"Content-Encoding", "zstd"}, v2...), 415, "", "UNSUPPORTED_ENCODING"},
	}
	for _, c := range cases {
		answer, b := s.write(c.body, c.headers...)
		h := answer.Header
		if answer.StatusCode != c.status || !strings.Contains(b, c.want) || h.Get(writtenSamples) != c.written || c.written != "" && h.Get(writtenHistograms)+h.Get(writtenExemplars) != "00" {
			t.Errorf("%s: %s %s %v, want %d %s, %s written", c.name, answer.Status, b, h, c.status, c.want, c.written)
		}
	}
}
