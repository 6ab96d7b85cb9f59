package real

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"

	"github.com/automatanexus/aegis-db/bench/load"
)

// Both programs are given the same samples, made up so that they hold what queries trip over: resets, gaps, stale markers, NaN and
// infinities, scrapes that are late, classic histograms, labels of any text and a metric with a name of more than ASCII.

// The samples' span: an hour of a day in the past, in milliseconds, so that nothing depends on when the test runs.
const (
	dataStart = int64(1_767_322_800_000)
	dataStep  = int64(15_000)
	dataCount = 240
	dataEnd   = dataStart + dataStep*(dataCount-1)
)

// staleMarker is the NaN by which Prometheus says that a series ended.
var staleMarker = math.Float64frombits(0x7ff0000000000002)

// generator makes series.
type generator struct {
	r    *rand.Rand
	list []load.Series
}

func (g *generator) series(value func(k int) (v float64, there bool), labels ...string) {
	var s load.Series
	for i := 0; i < len(labels); i += 2 {
		s.Labels = append(s.Labels, load.Label{Name: labels[i], Value: labels[i+1]})
	}
	slices.SortFunc(s.Labels, func(a, b load.Label) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	late := g.r.Int64N(dataStep)
	for k := range dataCount {
		if v, there := value(k); there {
			s.Samples = append(s.Samples, load.Sample{T: dataStart + int64(k)*dataStep + late + g.r.Int64N(40), V: v})
		}
	}
	g.list = append(g.list, s)
}

// counter grows, starts again now and then, and misses scrapes.
func (g *generator) counter(rate float64, resets bool) func(int) (float64, bool) {
	v := float64(g.r.IntN(1000))
	return func(int) (float64, bool) {
		v += math.Floor(g.r.Float64() * rate)
		if resets && g.r.IntN(80) == 0 {
			v = float64(g.r.IntN(5))
		}
		return v, g.r.IntN(25) != 0
	}
}

// gauge wanders; at times it is no number, or stale.
func (g *generator) gauge(odd bool) func(int) (float64, bool) {
	v := g.r.NormFloat64() * 50
	return func(int) (float64, bool) {
		v += g.r.NormFloat64()
		if !odd {
			return v, true
		}
		switch g.r.IntN(40) {
		case 0:
			return staleMarker, true
		case 1:
			return math.NaN(), true
		case 2:
			return math.Inf(1 - 2*g.r.IntN(2)), true
		case 3, 4, 5:
			return 0, false
		}
		return v, true
	}
}

// ending is a series that is there for a part of the time only, and says when it ends.
func (g *generator) ending(first, last int) func(int) (float64, bool) {
	return func(k int) (float64, bool) {
		if k == last {
			return staleMarker, true
		}
		return float64(k), k >= first && k < last
	}
}

// makeData makes some 150 series.
func makeData(seed uint64) []load.Series {
	g := &generator{r: rand.New(rand.NewPCG(seed, 1))}
	for host := range 6 {
		instance := fmt.Sprintf("host-%d:9100", host)
		job := []string{"api", "db"}[host%2]
		g.series(func(k int) (float64, bool) { return float64(min(1, (k+host*7)%50)), true }, "__name__", "up", "instance", instance, "job", job)
		g.series(func(int) (float64, bool) { return 1, true }, "__name__", "build_info", "instance", instance, "job", job, "version", fmt.Sprintf("1.%d", host%3))
		for _, code := range []string{"200", "404", "500"} {
			for _, method := range []string{"get", "post"} {
				g.series(g.counter(200, host > 2), "__name__", "http_requests_total", "instance", instance, "job", job, "code", code, "method", method)
			}
		}
		for device := range 3 {
			g.series(g.gauge(host%2 == 1), "__name__", "temperature_celsius", "instance", instance, "device", fmt.Sprintf("sda%d", device))
			g.series(g.gauge(false), "__name__", "limit_celsius", "instance", instance, "device", fmt.Sprintf("sda%d", device))
		}
		g.histogram(instance, job)
	}
	for i := range 4 {
		g.series(g.ending(20*i, 60+40*i), "__name__", "job_progress", "run", fmt.Sprint(i))
	}
	g.series(g.gauge(false), "__name__", "cpu.usage.gesamt/µs", "host.name", "α", "with space", "a \"quoted\"\nline")
	g.series(g.gauge(false), "__name__", "cpu.usage.gesamt/µs", "host.name", "β")
	return g.list
}

// histogram makes the buckets, sum and count of a classic histogram.
func (g *generator) histogram(instance, job string) {
	bounds := []float64{0.005, 0.05, 0.5, 5, math.Inf(1)}
	counts := make([][]float64, dataCount)
	sums := make([]float64, dataCount)
	state, sum := make([]float64, len(bounds)), 0.0
	for k := range counts {
		for range g.r.IntN(30) {
			v := math.Exp(g.r.NormFloat64()*2 - 3)
			sum += v
			for i, b := range bounds {
				if v <= b {
					state[i]++
				}
			}
		}
		counts[k], sums[k] = slices.Clone(state), sum
	}
	for i, b := range bounds {
		le := "+Inf"
		if !math.IsInf(b, 1) {
			le = strconv.FormatFloat(b, 'g', -1, 64)
		}
		g.series(func(k int) (float64, bool) { return counts[k][i], true }, "__name__", "request_seconds_bucket", "instance", instance, "job", job, "le", le)
	}
	g.series(func(k int) (float64, bool) { return sums[k], true }, "__name__", "request_seconds_sum", "instance", instance, "job", job)
	g.series(func(k int) (float64, bool) { return counts[k][len(bounds)-1], true }, "__name__", "request_seconds_count", "instance", instance, "job", job)
}

// between keeps the samples of [from, to); series without any are left out.
func between(list []load.Series, from, to int64) (out []load.Series) {
	for _, s := range list {
		kept := load.Series{Labels: s.Labels}
		for _, one := range s.Samples {
			if from <= one.T && one.T < to {
				kept.Samples = append(kept.Samples, one)
			}
		}
		if len(kept.Samples) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// send stores series by remote write.
func send(ctx context.Context, base string, list []load.Series) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/write", bytes.NewReader(load.Encode(list).Data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s: %s", base, resp.Status, text)
	}
	return err
}
