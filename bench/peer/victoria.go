package peer

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// victoria is VictoriaMetrics, single-node.
type victoria struct {
	*process
	prom
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
	v := &victoria{process: p, prom: prom{url: "http://" + address, http: newClient(), expr: tsbs.Query.MetricsQL, nocache: true}, dir: dir}
	v.version = victoriaVersion(ctx, path)
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

func (v *victoria) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	return sendLines(ctx, v.url, w)
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
