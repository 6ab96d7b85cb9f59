package oracletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/automatanexus/aegis-db/api"
)

// TestRemoteRead: both forms of an answer are what Prometheus' own messages read, and hold what was stored.
func TestRemoteRead(t *testing.T) {
	d := open(t, inBoth)
	defer d.Close()
	app := d.AppenderV2(t.Context())
	var want []string
	for i := range 3 {
		set := labels.FromStrings("__name__", "m", "i", fmt.Sprint(i))
		for k := range int64(400) { // several chunks
			v := float64(k) / 7
			if k == 13 {
				v = math.Inf(-1)
			}
			if _, err := app.Append(0, set, 0, k*1000, v, nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatal(err)
			}
			if i != 1 && k >= 2 && k <= 390 {
				want = append(want, fmt.Sprint(set, k*1000, v))
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.New(d.db, api.Options{}))
	defer server.Close()
	query := &prompb.Query{StartTimestampMs: 1500, EndTimestampMs: 390_999, Matchers: []*prompb.LabelMatcher{
		{Type: prompb.LabelMatcher_EQ, Name: "__name__", Value: "m"},
		{Type: prompb.LabelMatcher_NRE, Name: "i", Value: "1|x"},
		{Type: prompb.LabelMatcher_NEQ, Name: "j", Value: "y"},
		{Type: prompb.LabelMatcher_RE, Name: "i", Value: "[0-9]"},
	}}
	for _, accepted := range [][]prompb.ReadRequest_ResponseType{nil, {prompb.ReadRequest_SAMPLES}, {prompb.ReadRequest_STREAMED_XOR_CHUNKS, prompb.ReadRequest_SAMPLES}} {
		got := ask(t, server.URL, &prompb.ReadRequest{Queries: []*prompb.Query{query}, AcceptedResponseTypes: accepted})
		if !slices.Equal(got, want) {
			t.Errorf("%v: %d samples, want %d: %.300q", accepted, len(got), len(want), got)
		}
	}
	// An answer without series is an answer.
	query.Matchers = append(query.Matchers, &prompb.LabelMatcher{Name: "none", Value: "x"})
	for _, accepted := range [][]prompb.ReadRequest_ResponseType{{prompb.ReadRequest_SAMPLES}, {prompb.ReadRequest_STREAMED_XOR_CHUNKS}} {
		if got := ask(t, server.URL, &prompb.ReadRequest{Queries: []*prompb.Query{query}, AcceptedResponseTypes: accepted}); len(got) != 0 {
			t.Errorf("%q", got)
		}
	}
}

// ask sends a remote read request and gives the samples of the answer as text.
func ask(t *testing.T, url string, r *prompb.ReadRequest) (out []string) {
	t.Helper()
	raw, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/read", bytes.NewReader(snappy.Encode(nil, raw)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, text)
	}
	if resp.Header.Get("Content-Type") == "application/x-protobuf" {
		return readPlain(t, resp.Body)
	}
	return readStream(t, resp.Body)
}

func readPlain(t *testing.T, body io.Reader) (out []string) {
	t.Helper()
	packed, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := snappy.Decode(nil, packed)
	if err != nil {
		t.Fatal(err)
	}
	var answer prompb.ReadResponse
	if err := answer.Unmarshal(raw); err != nil || len(answer.Results) != 1 {
		t.Fatalf("%d results, %v", len(answer.Results), err)
	}
	for _, s := range answer.Results[0].Timeseries {
		for _, one := range s.Samples {
			out = append(out, fmt.Sprint(setOf(s.Labels), one.Timestamp, one.Value))
		}
	}
	return out
}

func readStream(t *testing.T, body io.Reader) (out []string) {
	t.Helper()
	frames := remote.NewChunkedReader(body, 50<<20, nil)
	for {
		var answer prompb.ChunkedReadResponse
		err := frames.NextProto(&answer)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range answer.ChunkedSeries {
			for _, c := range s.Chunks {
				chunk, err := chunkenc.FromData(chunkenc.EncXOR, c.Data)
				if err != nil || c.Type != prompb.Chunk_XOR {
					t.Fatalf("%v, %v", c.Type, err)
				}
				at := c.MinTimeMs
				for it := chunk.Iterator(nil); it.Next() != chunkenc.ValNone; {
					when, v := it.At()
					if when < c.MinTimeMs || when > c.MaxTimeMs || when < at {
						t.Fatalf("a sample at %d in a chunk of [%d, %d]", when, c.MinTimeMs, c.MaxTimeMs)
					}
					at = when
					out = append(out, fmt.Sprint(setOf(s.Labels), when, v))
				}
				if at != c.MaxTimeMs {
					t.Fatalf("a chunk ends at %d, not at %d", at, c.MaxTimeMs)
				}
			}
		}
	}
}

func setOf(list []prompb.Label) labels.Labels {
	b := labels.NewScratchBuilder(len(list))
	for _, l := range list {
		b.Add(l.Name, l.Value)
	}
	return b.Labels()
}

// TestRemoteReadRefusals: what is no request is refused with a sentence.
func TestRemoteReadRefusals(t *testing.T) {
	d := open(t, inHead)
	defer d.Close()
	server := httptest.NewServer(api.New(d.db, api.Options{}))
	defer server.Close()
	bad := &prompb.ReadRequest{Queries: []*prompb.Query{{Matchers: []*prompb.LabelMatcher{{Type: prompb.LabelMatcher_RE, Name: "a", Value: "("}}}}}
	raw, err := bad.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"no snappy": []byte("x"), "no message": snappy.Encode(nil, []byte{7, 7, 7}), "a bad expression": snappy.Encode(nil, raw)} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/api/v1/read", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
}
