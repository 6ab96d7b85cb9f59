package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/golang/snappy"
)

// decode reads a body back with another snappy and the reading half of the protobuf library.
func decode(t *testing.T, body []byte) (out []Series) {
	t.Helper()
	raw, err := snappy.Decode(nil, body)
	must(t, err)
	fields(t, raw, func(fc *easyproto.FieldContext) {
		message, _ := fc.MessageData()
		var s Series
		fields(t, message, func(fc *easyproto.FieldContext) {
			inner, _ := fc.MessageData()
			var l Label
			var p Sample
			number := fc.FieldNum
			fields(t, inner, func(fc *easyproto.FieldContext) {
				switch {
				case number == 1 && fc.FieldNum == 1:
					l.Name, _ = fc.String()
				case number == 1 && fc.FieldNum == 2:
					l.Value, _ = fc.String()
				case number == 2 && fc.FieldNum == 1:
					p.V, _ = fc.Double()
				case number == 2 && fc.FieldNum == 2:
					p.T, _ = fc.Int64()
				}
			})
			if number == 1 {
				s.Labels = append(s.Labels, l)
			} else {
				s.Samples = append(s.Samples, p)
			}
		})
		out = append(out, s)
	})
	return out
}

func fields(t *testing.T, src []byte, f func(*easyproto.FieldContext)) {
	t.Helper()
	for len(src) > 0 {
		var fc easyproto.FieldContext
		var err error
		src, err = fc.NextField(src)
		must(t, err)
		f(&fc)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEncodeIsReadBack(t *testing.T) {
	in := []Series{
		{[]Label{{"__name__", "up"}, {"a", "ü"}}, []Sample{{-5, 1.5}, {0, 0}, {1 << 41, -2}}},
		{[]Label{{"__name__", "down"}}, []Sample{{7, 9}}},
	}
	body := Encode(in)
	if body.Samples != 4 {
		t.Errorf("%d samples counted, 4 given", body.Samples)
	}
	if got := decode(t, body.Data); fmt.Sprint(got) != fmt.Sprint(in) {
		t.Errorf("read back %v, want %v", got, in)
	}
}

func TestWorkloadShape(t *testing.T) {
	w := Workload{Series: 2500, Batch: 1000, Start: 1_700_000_000_000, Interval: 15_000, Seed: 1}
	bytes, seen := 0, map[string]bool{}
	for i := range w.Series {
		labels := w.Labels(i)
		if len(labels) != 10 || !slices.IsSortedFunc(labels, func(a, b Label) int { return compare(a.Name, b.Name) }) {
			t.Fatalf("series %d: want ten sorted labels, have %v", i, labels)
		}
		seen[fmt.Sprint(labels)] = true
		bytes += w.LabelBytes(i)
	}
	if len(seen) != w.Series {
		t.Errorf("%d of %d series are distinct", len(seen), w.Series)
	}
	if mean := bytes / w.Series; mean < 180 || mean > 200 {
		t.Errorf("a series has %d bytes of labels, want about 190", mean)
	}
	bodies := w.Bodies(2)
	if len(bodies) != 6 || bodies[0].Samples != 1000 || bodies[2].Samples != 500 {
		t.Fatalf("wrong cut: %d bodies of %d, %d, …", len(bodies), bodies[0].Samples, bodies[2].Samples)
	}
	last := decode(t, bodies[5].Data)
	if s := last[499]; fmt.Sprint(s.Labels) != fmt.Sprint(w.Labels(2499)) || s.Samples[0].T != w.Start+w.Interval {
		t.Errorf("the last sample is %v", s)
	}
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func TestRunSendsEachBodyOnceTaken(t *testing.T) {
	var mu sync.Mutex
	asked, taken := map[string]int{}, map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		asked[string(body)]++
		if asked[string(body)] == 1 && len(asked)%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		taken[string(body)]++
	}))
	defer s.Close()
	w := Workload{Series: 50, Batch: 5, Seed: 1}
	bodies := w.Bodies(3)
	c := NewClient(s.URL, 4)
	defer c.Close()
	r, err := c.Run(context.Background(), bodies, 4)
	must(t, err)
	if r.Samples != 150 || r.Pushbacks == 0 || r.PerSecond() <= 0 {
		t.Errorf("result %+v", r)
	}
	for _, b := range bodies {
		if taken[string(b.Data)] != 1 {
			t.Errorf("a body was taken %d times", taken[string(b.Data)])
		}
	}
}

func TestRunEndsAtRefusal(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusBadRequest)
	}))
	defer s.Close()
	c := NewClient(s.URL, 2)
	defer c.Close()
	r, err := c.Run(context.Background(), (&Workload{Series: 10, Batch: 1}).Bodies(1), 2)
	if err == nil || r.Samples != 0 {
		t.Errorf("a refusal was counted as taken: %+v, %v", r, err)
	}
}

func TestUsageCountsThisProcess(t *testing.T) {
	before, err := ReadUsage(os.Getpid())
	must(t, err)
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
	}
	after, err := ReadUsage(os.Getpid())
	must(t, err)
	if after.CPU <= before.CPU || after.CPU > before.CPU+10*time.Second || after.RSS < 1<<20 || after.PeakRSS < after.RSS/2 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	cpu, err := parseStat("12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0")
	must(t, err)
	if cpu != 420*time.Millisecond {
		t.Errorf("CPU time %v, want 420ms", cpu)
	}
	if _, err := parseStat("nonsense"); err == nil {
		t.Error("nonsense was read")
	}
}
