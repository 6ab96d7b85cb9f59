package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// victoria is VictoriaMetrics, single-node.
type victoria struct {
	*process
	url     string
	http    *http.Client
	dir     string
	version string
}

// victoriaFlags are the defaults but for the retention, which would drop data of the past.
var victoriaFlags = []string{"-retentionPeriod=100y", "-loggerLevel=WARN"}

// StartVictoria starts VictoriaMetrics on an empty folder; binary is its path or name.
func StartVictoria(ctx context.Context, binary, dir string) (System, error) {
	path, err := exec.LookPath(binary)
	if err != nil {
		return nil, fmt.Errorf("VictoriaMetrics: %w: run bench/peer/install, or name a binary: %w", ErrMissing, err)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := append([]string{"-storageDataPath=" + dir, "-httpListenAddr=" + address}, victoriaFlags...)
	p, err := start(exec.Command(path, args...))
	if err != nil {
		return nil, err
	}
	v := &victoria{process: p, url: "http://" + address, http: newClient(), dir: dir, version: victoriaVersion(ctx, path)}
	if err := p.waitHTTP(ctx, v.url+"/health", 30*time.Second); err != nil {
		p.Close()
		return nil, fmt.Errorf("VictoriaMetrics: %w", err)
	}
	return v, nil
}

var versionPattern = regexp.MustCompile(`v?[0-9]+\.[0-9]+\.[0-9]+`)

// victoriaVersion is what the binary says of itself, or, because Debian's says nothing, what the package says.
func victoriaVersion(ctx context.Context, path string) string {
	for _, command := range [][]string{{path, "-version"}, {"dpkg-query", "-W", "-f", "${Version} (Debian)", "victoria-metrics"}} {
		text, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
		if err != nil || !versionPattern.Match(text) {
			continue
		}
		if strings.HasSuffix(string(text), "(Debian)") {
			return string(text)
		}
		return string(versionPattern.Find(text))
	}
	return "of unknown version"
}

func (v *victoria) About() About {
	return About{
		Name: "VictoriaMetrics", Version: v.version, Settings: strings.Join(victoriaFlags, " "),
		Loaded: howLines + "; acknowledged before it is on disk",
		Asked:  "PromQL by query_range over HTTP with kept connections, until the JSON answer is read; nocache=1, so that it computes each answer as the others do",
	}
}

// Count asks an instant query whose window is all the data.
func (v *victoria) Count(ctx context.Context, w *tsbs.Workload) (int64, error) {
	r := w.CountPromQL()
	values := url.Values{"query": {r.Expr}, "time": {strconv.FormatInt(r.End.Unix(), 10)}, "nocache": {"1"}}
	var body bytes.Buffer
	if err := v.get(ctx, "/api/v1/query?"+values.Encode(), &body); err != nil {
		return 0, err
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.Unmarshal(body.Bytes(), &answer); err != nil {
		return 0, err
	}
	if len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("a count of %d results: %.300s", len(answer.Data.Result), &body)
	}
	return server.Int(answer.Data.Result[0].Value[1])
}

func (v *victoria) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	return sendLines(ctx, v.url, w)
}

func (v *victoria) get(ctx context.Context, path string, body *bytes.Buffer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+path, nil)
	if err != nil {
		return err
	}
	return do(v.http, req, body)
}

// settled is how long no merge may run until the parts count as merged.
const settled = 3 * time.Second

func (v *victoria) Settle(ctx context.Context) error {
	if err := v.get(ctx, "/internal/force_flush", new(bytes.Buffer)); err != nil {
		return err
	}
	return v.waitMerged(ctx)
}

func (v *victoria) waitMerged(ctx context.Context) error {
	quiet := time.Now()
	return server.Until(ctx, 3*time.Minute, func() (bool, string, error) {
		m, err := server.ReadMetrics(ctx, v.http, v.url+"/metrics")
		if err != nil {
			return false, "", err
		}
		active := 0.0
		for name, n := range m {
			if strings.HasPrefix(name, "vm_active_merges{") || strings.HasPrefix(name, "vm_active_force_merges") {
				active += n
			}
		}
		if active > 0 {
			quiet = time.Now()
		}
		return time.Since(quiet) >= settled, fmt.Sprintf("%v merges run", active), nil
	})
}

// Stored asks for all parts to be merged into one, which VictoriaMetrics would do much later, if ever.
func (v *victoria) Stored(ctx context.Context) (int64, error) {
	if err := v.get(ctx, "/internal/force_merge", new(bytes.Buffer)); err != nil {
		return 0, err
	}
	if err := v.waitMerged(ctx); err != nil {
		return 0, err
	}
	return FileBytes(filepath.Join(v.dir, "data"), filepath.Join(v.dir, "indexdb"))
}

func (v *victoria) request(ctx context.Context, q tsbs.Query) (*http.Request, error) {
	r, err := q.PromQL()
	if err != nil {
		return nil, err
	}
	values := url.Values{
		"query": {r.Expr}, "start": {strconv.FormatInt(r.Start.Unix(), 10)}, "end": {strconv.FormatInt(r.End.Unix(), 10)},
		"step": {strconv.Itoa(int(r.Step / time.Second))}, "nocache": {"1"},
	}
	return http.NewRequestWithContext(ctx, http.MethodGet, v.url+"/api/v1/query_range?"+values.Encode(), nil)
}

func (v *victoria) Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error) {
	req, err := v.request(ctx, q)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := do(v.http, req, &body); err != nil {
		return nil, err
	}
	series, err := readMatrix(body.Bytes())
	if err != nil {
		return nil, err
	}
	return q.ReadSeries(series)
}

// readMatrix reads the answer of a range query.
func readMatrix(text []byte) ([]tsbs.Series, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, err
	}
	var list []tsbs.Series
	for _, r := range answer.Data.Result {
		s := tsbs.Series{Labels: r.Metric}
		for _, point := range r.Values {
			at, err := server.Int(point[0])
			if err != nil {
				return nil, err
			}
			value, err := server.Float(point[1])
			if err != nil {
				return nil, err
			}
			s.Times, s.Values = append(s.Times, at), append(s.Values, value)
		}
		list = append(list, s)
	}
	return list, nil
}

func (v *victoria) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	return timeRequests(ctx, v.http, len(queries), func(i int) (*http.Request, error) { return v.request(ctx, queries[i]) }, clients, b)
}
