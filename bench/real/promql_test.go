package real

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// startIdlePrometheus starts a Prometheus that scrapes nothing and takes remote write.
func startIdlePrometheus(ctx context.Context, t *testing.T, binary, configuration string) *Process {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	must(t, os.WriteFile(config, []byte(configuration), 0o644))
	address, err := freeAddress()
	must(t, err)
	p, err := launch(ctx, address, "/-/ready", binary, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address="+address, "--web.enable-remote-write-receiver")
	must(t, err)
	t.Cleanup(p.Stop)
	return p
}

// TestPromQL gives a Prometheus and us the same samples, and asks both the same: several hundred queries, and what Grafana asks about
// labels and series. With ours the rows are in memory first, then in memory and in segments, then, after a restart, in segments.
func TestPromQL(t *testing.T) {
	if testing.Short() && os.Getenv("AEGIS_REQUIRE_REAL") == "" {
		t.Skip("needs a Prometheus")
	}
	ctx := t.Context()
	root, err := server.Root()
	must(t, err)
	prometheus := need(t, filepath.Join(root, ".tools", "prometheus3"), "make .tools/prometheus3")
	promtool := need(t, filepath.Join(root, ".tools", "promtool"), "make .tools/promtool")
	theirs := startIdlePrometheus(ctx, t, prometheus, "")
	binary, err := server.Binary(t.TempDir())
	must(t, err)
	options := server.Options{Binary: binary, Dir: t.TempDir(), Args: []string{"--flush-age", "1s", "--compact-every", "1s"}}
	ours, err := server.Start(ctx, options)
	must(t, err)
	defer func() { ours.Kill() }()

	data := makeData(7)
	const requests = 12
	for i := range int64(requests) {
		span := (dataEnd-dataStart)/requests + dataStep
		part := between(data, dataStart+i*span, dataStart+(i+1)*span)
		must(t, send(ctx, theirs.URL, part))
		if i%2 == 0 {
			// Ours takes samples in any order.
			half := len(part) / 2
			part = slices.Concat(part[half:], part[:half])
		}
		must(t, send(ctx, ours.URL, part))
	}
	checkPromQL(ctx, t, theirs.URL, ours.URL, data, "as written")
	must(t, ours.WaitSettled(ctx, 30*time.Second))
	checkPromQL(ctx, t, theirs.URL, ours.URL, data, "after flush and compaction")
	ours.Kill()
	ours, err = server.Start(ctx, options)
	must(t, err)
	checkPromQL(ctx, t, theirs.URL, ours.URL+"/prometheus", data, "after kill -9 and a new start")
	reader := startIdlePrometheus(ctx, t, prometheus, fmt.Sprintf("remote_read: [{url: %q, read_recent: true}]\n", ours.URL+"/api/v1/read"))
	checkReadBack(ctx, t, theirs.URL, reader.URL)
	checkPromtool(ctx, t, promtool, theirs.URL, ours.URL)
}

// checkReadBack asks a Prometheus that has no samples of its own and reads ours.
func checkReadBack(ctx context.Context, t *testing.T, theirs, reader string) {
	t.Helper()
	for _, q := range promQueries() {
		want, err := q.ask(ctx, theirs, true)
		must(t, err)
		got, err := q.ask(ctx, reader, true)
		must(t, err)
		if d := compareAnswers(want, got); d != "" {
			t.Errorf("read back by a Prometheus: %s: %s", q, d)
		}
	}
}

// checkPromtool runs Prometheus' own command line client on both.
func checkPromtool(ctx context.Context, t *testing.T, promtool, theirs, ours string) {
	t.Helper()
	run := func(args ...string) string {
		out, err := exec.CommandContext(ctx, promtool, args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %q: %v: %s", args, err, out)
		}
		lines := strings.Split(string(out), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	first, last := seconds1000(dataStart), seconds1000(dataEnd)
	for _, c := range [][]string{
		{"query", "instant", "--time=" + last, "URL", `sum by (job) (rate(http_requests_total{code="200"}[5m]))`},
		{"query", "instant", "--time=" + last, "URL", `up`},
		{"query", "range", "--start=" + first, "--end=" + last, "--step=5m", "URL", `max(up)`},
		{"query", "series", "--match=up", `--match={job="db",le="+Inf"}`, "--start=" + first, "--end=" + last, "URL"},
		{"query", "labels", "--start=" + first, "--end=" + last, "URL", "job"},
		{"query", "labels", "--match=http_requests_total", "--start=" + first, "--end=" + last, "URL", "code"},
	} {
		at := slices.Index(c, "URL")
		c[at] = theirs
		want := run(c...)
		c[at] = ours
		if got := run(c...); got != want || len(want) < 5 {
			t.Errorf("promtool %q:\n%s\nPrometheus:\n%s", c, got, want)
		}
	}
	for _, state := range []string{"healthy", "ready"} {
		run("check", state, "--url="+ours)
	}
}

func checkPromQL(ctx context.Context, t *testing.T, theirs, ours string, data []load.Series, when string) {
	t.Helper()
	var problems []string
	compare := func(what string, want, got *promAnswer) {
		if d := compareAnswers(want, got); d != "" {
			problems = append(problems, what+": "+d)
		}
	}
	succeeded, points := 0, 0
	for i, q := range promQueries() {
		want, err := q.ask(ctx, theirs, i%2 == 0)
		must(t, err)
		got, err := q.ask(ctx, ours, i%3 == 0)
		must(t, err)
		compare(q.String(), want, got)
		if want.Status == "success" {
			succeeded++
			if r, err := readResult(want.Data); err == nil {
				for _, s := range r.series {
					points += len(s)
				}
			}
		}
	}
	if succeeded < 500 || points < 50_000 {
		t.Fatalf("only %d queries gave only %d points: little would be proven", succeeded, points)
	}
	t.Logf("%s: %d queries, %d of them answered, with %d points", when, len(promQueries()), succeeded, points)
	problems = append(problems, checkLists(ctx, t, theirs, ours, data)...)
	if len(problems) > 0 {
		t.Errorf("%s: %d differences, the first ones:\n  %s", when, len(problems), strings.Join(problems[:min(len(problems), 12)], "\n  "))
	}
}

// promQueries are the fixed ones, each at one time and over a range, and as many random ones.
func promQueries() []promQuery {
	m := &queryMaker{rand.New(rand.NewPCG(11, 3))}
	var out []promQuery
	for i, text := range fixedQueries {
		at := dataStart + int64(i%50)*71_003
		out = append(out,
			promQuery{text: text, instant: true, start: seconds1000(at)},
			promQuery{text: text, start: seconds1000(dataStart - 100_000), end: seconds1000(dataEnd + 600_000), step: "47"})
	}
	for range 400 {
		out = append(out, m.drawTimes(m.vector(1+m.r.IntN(3))))
	}
	return out
}

// checkLists compares labels, values and series.
func checkLists(ctx context.Context, t *testing.T, theirs, ours string, data []load.Series) (problems []string) {
	t.Helper()
	matchers := []string{"", `up`, `{job="api"}`, `http_requests_total{code=~"4..|5.."}`, `{instance!~"host-[0-3].*",job=~".+"}`, `{__name__=~"request.*",le=""}`, `{"host.name"=~".+"}`, `nothing`, `{job=""}`, `{`}
	window := url.Values{"start": {seconds1000(dataStart)}, "end": {seconds1000(dataEnd + dataStep)}}
	paths := []string{"/api/v1/labels", "/api/v1/series", "/api/v1/label/nolabel/values", "/api/v1/label/U__host_2e_name/values", "/api/v1/label/with%20space/values"}
	names := map[string]bool{}
	for _, s := range data {
		for _, l := range s.Labels {
			if !names[l.Name] && !strings.ContainsAny(l.Name, ". ") {
				names[l.Name] = true
				paths = append(paths, "/api/v1/label/"+l.Name+"/values")
			}
		}
	}
	for _, path := range paths {
		for _, matcher := range matchers {
			for _, limit := range []string{"", "3"} {
				form := url.Values{"start": window["start"], "end": window["end"]}
				if matcher != "" {
					form["match[]"] = []string{matcher, `build_info`}[:1+len(matcher)%2]
				}
				if limit != "" && path != "/api/v1/series" { // which series are the first ones is not said
					form.Set("limit", limit)
				}
				post := path == "/api/v1/series" || path == "/api/v1/labels"
				want, err := ask(ctx, theirs, path, form, post)
				must(t, err)
				got, err := ask(ctx, ours, path, form, post)
				must(t, err)
				if d := compareLists(want, got); d != "" {
					problems = append(problems, fmt.Sprintf("%s %v: %s", path, form, d))
				}
			}
		}
	}
	return problems
}
