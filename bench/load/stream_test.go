package load

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/klauspost/compress/s2"
)

// TestStreams: streams send the series of their workload, each once per round.
func TestStreams(t *testing.T) {
	w := Workload{Series: 103, Batch: 10, Start: 1000, Interval: 10, Seed: 1}
	labels := map[string]int{}
	for i := range w.Series {
		labels[string(EncodeLabels(w.Labels(i)))] = 0
	}
	var mu sync.Mutex
	raw := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		text, err := s2.Decode(nil, body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		raw += len(text)
		for len(text) > 0 { // each message is shorter than 16 kB, and each sample 18 bytes
			n := int(text[1]&127) | int(text[2])<<7
			message := text[3 : 3+n]
			sample := 2 + sampleBytes(Sample{T: w.Start})
			labels[string(message[:n-sample])]++
			text = text[3+n:]
		}
	}))
	defer server.Close()
	c := NewClient(server.URL, 3)
	defer c.Close()
	streams := w.Streams(3)
	for range 2 {
		if n, err := c.SendRounds(t.Context(), streams, 2); err != nil || n != int64(2*w.Series) {
			t.Fatalf("%d samples, %v", n, err)
		}
	}
	if len(labels) != w.Series {
		t.Errorf("%d label sets", len(labels))
	}
	for _, n := range labels {
		if n != 4 {
			t.Fatalf("a series was sent %d times", n)
		}
	}
	server.Close()
	if _, err := c.SendRounds(t.Context(), streams, 1); err == nil {
		t.Error("nobody is there, and nobody is told")
	}
}
