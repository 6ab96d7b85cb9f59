package peer

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// Metrics is a running system that takes Prometheus' remote write at /api/v1/write and answers PromQL at /api/v1/query_range. Its
// methods are called one after the other.
type Metrics interface {
	About() About
	// Address is http://host:port; it may change when the system settles.
	Address() string
	// Usage is what the system's process, and those it has replaced, used so far, and what it holds now.
	Usage() (load.Usage, error)
	// Taken is how many samples were taken, and kept, since the start, as the system itself counts them.
	Taken(ctx context.Context) (int64, error)
	// Settle waits until nothing is left that the system does by itself after writes.
	Settle(ctx context.Context) error
	// Stored brings the samples into the smallest form that the system has, and returns the bytes of the files.
	Stored(ctx context.Context) (int64, error)
	Close()
}

// MetricsNames are what StartMetrics starts, in the order of reports.
var MetricsNames = []string{"aegis", "victoria", "prometheus"}

// StartMetrics starts one of MetricsNames on an empty folder, all settings being those that its makers have chosen. binary is its path
// or name.
func StartMetrics(ctx context.Context, name, binary, dir string) (Metrics, error) {
	switch name {
	case "aegis":
		return startAegisMetrics(ctx, binary, filepath.Join(dir, "data"))
	case "victoria":
		s, err := StartVictoria(ctx, binary, dir)
		if err != nil {
			return nil, err
		}
		return &victoriaMetrics{s.(*victoria)}, nil
	case "prometheus":
		return startReceiver(ctx, binary, dir)
	}
	return nil, fmt.Errorf("%q is none of %s", name, strings.Join(MetricsNames, ", "))
}

const askedPromQL = "PromQL by query_range over HTTP with kept connections, until the JSON answer is read"

// aegisMetrics writes segments as often as a server does by itself, and all of them when it settles: it is stopped, and started again
// with flags that make it merge at once.
type aegisMetrics struct {
	*server.Server
	binary, dir, version string
	before               time.Duration // CPU of the processes that were
	settled              bool
}

func startAegisMetrics(ctx context.Context, binary, dir string) (Metrics, error) {
	version, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", binary, err)
	}
	s, err := server.Start(ctx, server.Options{Binary: binary, Dir: dir})
	if err != nil {
		return nil, err
	}
	return &aegisMetrics{Server: s, binary: binary, dir: dir, version: strings.TrimPrefix(strings.TrimSpace(string(version)), "aegis ")}, nil
}

func (a *aegisMetrics) About() About {
	return About{
		Name: "Aegis", Version: a.version, Settings: "defaults; to settle it is stopped and started with " + strings.Join(aegisFlags, " "),
		Loaded: "remote write 1.0; fsync before each acknowledgement", Asked: askedPromQL,
	}
}

func (a *aegisMetrics) Address() string { return a.URL }
func (a *aegisMetrics) Close()          { a.Kill() }

func (a *aegisMetrics) Usage() (load.Usage, error) {
	u, err := load.ReadUsage(a.PID())
	u.CPU += a.before
	return u, err
}

// Taken counts the rows of the table of samples: a sample that was sent twice counts once.
func (a *aegisMetrics) Taken(ctx context.Context) (int64, error) {
	rows, err := a.Query(ctx, "SELECT count(*) FROM prometheus.samples")
	if err != nil {
		return 0, err
	}
	return server.Int(rows.Rows[0][0])
}

// settleTime is how long flushing and merging may take.
const settleTime = 15 * time.Minute

func (a *aegisMetrics) Settle(ctx context.Context) error {
	if !a.settled {
		if err := a.Stop(settleTime); err != nil {
			return err
		}
		a.before += a.ExitCPU()
		s, err := server.Start(ctx, server.Options{Binary: a.binary, Dir: a.dir, Args: aegisFlags, Ready: settleTime})
		if err != nil {
			return err
		}
		a.Server, a.settled = s, true
	}
	return a.WaitSettled(ctx, settleTime)
}

func (a *aegisMetrics) Stored(context.Context) (int64, error) {
	return FileBytes(filepath.Join(a.dir, "segments"))
}

// victoriaMetrics is VictoriaMetrics as such a system.
type victoriaMetrics struct{ *victoria }

func (v *victoriaMetrics) About() About {
	a := v.victoria.About()
	a.Loaded, a.Asked = "remote write 1.0; acknowledged before it is on disk", askedPromQL+"; nocache=1, so that it computes each answer as the others do"
	return a
}

func (v *victoriaMetrics) Address() string            { return v.url }
func (v *victoriaMetrics) Usage() (load.Usage, error) { return load.ReadUsage(v.PID()) }

func (v *victoriaMetrics) Taken(ctx context.Context) (int64, error) {
	m, err := server.ReadMetrics(ctx, v.http, v.url+"/metrics")
	if err != nil {
		return 0, err
	}
	for name, n := range m {
		if strings.HasPrefix(name, `vm_rows_inserted_total{`) && strings.Contains(name, `type="promremotewrite"`) {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("%s/metrics says nothing of rows that were inserted", v.url)
}

// TimeGets answers requests of paths from so many clients at once, in order, and returns how long each took until its answer was read.
func TimeGets(ctx context.Context, base string, paths []string, clients int, b Budget) ([]time.Duration, error) {
	client := newClient()
	defer client.CloseIdleConnections()
	return timeRequests(ctx, client, len(paths), func(i int) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, base+paths[i], nil)
	}, clients, b)
}
