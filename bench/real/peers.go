package real

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

// Process is a foreign program that runs.
type Process struct {
	URL     string
	command *exec.Cmd
	out     *tail
	exited  chan struct{}
}

// tail keeps what a program printed.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// freeAddress is an address on which nobody listens now. Neither program can be told to take any port and say which.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func launch(ctx context.Context, address, ready, name string, args ...string) (*Process, error) {
	p := &Process{URL: "http://" + address, command: exec.Command(name, args...), out: &tail{}, exited: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = p.out, p.out
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.command.Wait() // its end is all that counts
		close(p.exited)
	}()
	err := server.Until(ctx, 30*time.Second, func() (bool, string, error) {
		select {
		case <-p.exited:
			return false, "", fmt.Errorf("%s ended; it printed:\n%s", name, p.out)
		default:
		}
		resp, err := http.Get(p.URL + ready)
		if err != nil {
			return false, err.Error(), nil
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK, resp.Status, nil
	})
	if err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// Stop kills the program.
func (p *Process) Stop() {
	_ = p.command.Process.Kill() // an error says that it is dead already
	<-p.exited
}

// Printed is what the program printed.
func (p *Process) Printed() string { return p.out.String() }

// StartExporter starts a node_exporter.
func StartExporter(ctx context.Context, binary string) (*Process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return launch(ctx, address, "/metrics", binary, "--web.listen-address="+address)
}

// Prometheus is a running Prometheus and its configuration.
type Prometheus struct {
	*Process
	config string // file
	remote string // what remote write is told
}

// scrapes is the part of the configuration that ends with StopScraping. One second is the shortest interval at which
// both targets answer well within their time on a small machine.
const scrapes = `scrape_configs:
- job_name: node
  static_configs: [{targets: [%q]}]
- job_name: prometheus
  static_configs: [{targets: [%q]}]
`

// The messages of remote write.
const (
	Message1 = "prometheus.WriteRequest"
	// Message2 is known to Prometheus 3. It describes metrics from the log only, which is off by default; 3.15 takes the feature flag
	// metadata-wal-records and still logs nothing, since it does not hand it on to its storage. So only messages of 1.0 describe.
	Message2 = "io.prometheus.write.v2.Request"
)

// StartPrometheus starts a Prometheus that scrapes a target and itself each second and writes to the server at base in messages of a kind.
func StartPrometheus(ctx context.Context, binary, dir, target, base, message string) (*Prometheus, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p := &Prometheus{config: filepath.Join(dir, "prometheus.yml"), remote: base + "/api/v1/write"}
	args := []string{
		"--config.file=" + p.config, "--storage.tsdb.path=" + filepath.Join(dir, "tsdb"), "--web.listen-address=" + address, "--web.enable-lifecycle",
	}
	if message == Message2 {
		p.remote += "\n  protobuf_message: " + message
	} else {
		p.remote += "\n  metadata_config: {send_interval: 1s}"
	}
	if err := p.configure(fmt.Sprintf(scrapes, target, address)); err != nil {
		return nil, err
	}
	p.Process, err = launch(ctx, address, "/-/ready", binary, args...)
	return p, err
}

func (p *Prometheus) configure(targets string) error {
	text := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nremote_write:\n- url: %s\n  queue_config: {batch_send_deadline: 500ms}\n%s",
		p.remote, targets)
	return os.WriteFile(p.config, []byte(text), 0o644)
}

// StopScraping takes the targets out of the configuration; remote write goes on until its queue is empty.
func (p *Prometheus) StopScraping(ctx context.Context) error {
	if err := p.configure(""); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/-/reload", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("reload: %s", resp.Status)
	}
	return nil
}
