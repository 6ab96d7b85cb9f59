package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// receiver is a Prometheus that scrapes nothing and takes remote write.
type receiver struct {
	*process
	url, dir, version string
	http              *http.Client
}

// receiverFlags are the defaults but for the retention, which would drop data of the past, what it takes to be written to, and what it
// takes to have its files written early.
var receiverFlags = []string{"--storage.tsdb.retention.time=100y", "--web.enable-remote-write-receiver", "--web.enable-admin-api", "--log.level=warn"}

func startReceiver(ctx context.Context, binary, dir string) (Metrics, error) {
	return newReceiver(ctx, binary, dir, "", receiverFlags)
}

// newReceiver starts a Prometheus with a configuration and flags.
func newReceiver(ctx context.Context, binary, dir, text string, flags []string) (*receiver, error) {
	path, err := exec.LookPath(binary)
	if err != nil {
		return nil, fmt.Errorf("the Prometheus to compare with: %w: run make .tools/prometheus3, or name a binary: %w", ErrMissing, err)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := append([]string{"--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "tsdb"), "--web.listen-address=" + address}, flags...)
	p, err := start(exec.Command(path, args...))
	if err != nil {
		return nil, err
	}
	r := &receiver{process: p, url: "http://" + address, dir: dir, version: receiverVersion(ctx, path), http: newClient()}
	if err := p.waitHTTP(ctx, r.url+"/-/ready", 30*time.Second); err != nil {
		p.Close()
		return nil, fmt.Errorf("the Prometheus to compare with: %w", err)
	}
	return r, nil
}

var receiverPattern = regexp.MustCompile(`prometheus, version ([^ ]+)`)

// receiverVersion is what the binary says of itself, or, because one that was built from the module says nothing, the module's version.
func receiverVersion(ctx context.Context, path string) string {
	text, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if m := receiverPattern.FindSubmatch(text); err == nil && m != nil && len(m[1]) > 1 {
		return string(m[1])
	}
	text, err = exec.CommandContext(ctx, "go", "version", "-m", path).Output()
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) >= 3 && f[0] == "dep" && strings.HasSuffix(f[1], "prometheus/prometheus") || len(f) >= 3 && f[0] == "mod" && strings.HasSuffix(f[1], "prometheus/prometheus") {
				return f[2] + " (built from its module)"
			}
		}
	}
	return "of unknown version"
}

func (r *receiver) About() About {
	return About{
		Name: "Prometheus", Version: r.version, Settings: strings.Join(receiverFlags, " "),
		Loaded: "remote write 1.0; acknowledged once it is in the log, which is not synced", Asked: askedPromQL,
	}
}

func (r *receiver) Address() string            { return r.url }
func (r *receiver) Usage() (load.Usage, error) { return load.ReadUsage(r.PID()) }

func (r *receiver) Taken(ctx context.Context) (int64, error) {
	m, err := server.ReadMetrics(ctx, r.http, r.url+"/metrics")
	if err != nil {
		return 0, err
	}
	n, known := m[`prometheus_tsdb_head_samples_appended_total{type="float"}`]
	if !known {
		n, known = m[`prometheus_tsdb_head_samples_appended_total`]
	}
	if !known {
		return 0, fmt.Errorf("%s/metrics says nothing of samples that were appended", r.url)
	}
	return int64(n), nil
}

// Settle waits until no block is being made.
func (r *receiver) Settle(ctx context.Context) error {
	last, quiet := -1.0, time.Now()
	return server.Until(ctx, settleTime, func() (bool, string, error) {
		m, err := server.ReadMetrics(ctx, r.http, r.url+"/metrics")
		if err != nil {
			return false, "", err
		}
		now := m["prometheus_tsdb_compactions_total"] + m["prometheus_tsdb_compaction_chunk_range_seconds_count"] + m["process_cpu_seconds_total"]
		if now-last > 0.5 {
			last, quiet = now, time.Now()
		}
		return time.Since(quiet) >= settled, fmt.Sprintf("it still works: %v", now), nil
	})
}

// Stored asks for a snapshot, which writes what is in memory as a block, and names all blocks.
func (r *receiver) Stored(ctx context.Context) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/api/v1/admin/tsdb/snapshot", nil)
	if err != nil {
		return 0, err
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		Error string
		Data  struct{ Name string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if answer.Data.Name == "" {
		return 0, fmt.Errorf("the Prometheus to compare with: no snapshot: %s %s", resp.Status, answer.Error)
	}
	folder := filepath.Join(r.dir, "tsdb", "snapshots", answer.Data.Name)
	n, err := FileBytes(folder)
	if err != nil {
		return 0, err
	}
	return n, os.RemoveAll(folder)
}
