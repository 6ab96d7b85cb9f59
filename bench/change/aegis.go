package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

// aegisFlags make the server flush and merge within seconds of the last write, so that it settles while one waits.
var aegisFlags = []string{"--flush-age", "2s", "--keep-removed", "1s", "--history", "0"}

// aegis is the system that the others are compared with.
type aegis struct {
	wire
	server       *server.Server
	binary, data string
	version      string
}

func startAegis(binary string) start {
	return func(ctx context.Context, dir string) (system, error) {
		version, err := exec.CommandContext(ctx, binary, "version").Output()
		if err != nil {
			return nil, fmt.Errorf("%s version: %w", binary, err)
		}
		a := &aegis{binary: binary, data: filepath.Join(dir, "data"), version: strings.TrimPrefix(strings.TrimSpace(string(version)), "aegis ")}
		return a, a.start(ctx, "1s")
	}
}

func (a *aegis) start(ctx context.Context, compactEvery string) (err error) {
	a.server, err = server.Start(ctx, server.Options{
		Binary: a.binary, Dir: a.data, Args: append([]string{"--pg", "127.0.0.1:0", "--compact-every", compactEvery}, aegisFlags...),
	})
	if err != nil {
		return err
	}
	url, err := a.server.PostgresURL()
	if err == nil {
		a.wire, err = dial(ctx, url+"?sslmode=disable&user=me")
	}
	if err != nil {
		a.server.Kill()
	}
	return err
}

func (a *aegis) About() peer.About {
	return peer.About{
		Name: "Aegis", Version: a.version,
		Settings: "aegis serve " + strings.Join(aegisFlags, " ") + " --compact-every 1s; fsync before each acknowledgement",
		Loaded:   "COPY … FROM STDIN CSV over PostgreSQL's protocol, " + fmt.Sprint(loadFiles) + " statements, one connection",
		Asked:    "prepared statements over PostgreSQL's protocol (pgx), one connection on loopback's TCP, until the last row is read; batches of upserts as arrays (unnest)",
	}
}

// settleTime is enough for all merges that a load leaves behind.
const settleTime = 5 * time.Minute

func (a *aegis) Settle(ctx context.Context, _ ...string) error {
	return a.server.WaitSettled(ctx, settleTime)
}

// Compacting starts the server anew: how often it looks for something to merge is a flag.
func (a *aegis) Compacting(ctx context.Context, on bool) error {
	a.close()
	if err := a.server.Stop(settleTime); err != nil {
		return err
	}
	if on {
		return a.start(ctx, "1s")
	}
	return a.start(ctx, "24h")
}

// Published waits until the rows that ended are in deletion vectors.
func (a *aegis) Published(ctx context.Context) error {
	return server.Until(ctx, time.Minute, func() (bool, string, error) {
		m, err := a.server.Metrics(ctx)
		return m["aegis_pending_deletes"] == 0, fmt.Sprintf("%v rows that ended are pending", m["aegis_pending_deletes"]), err
	})
}

func (a *aegis) Index(ctx context.Context, name, table, method, columns string) (time.Duration, error) {
	if method == "brin" {
		return 0, errNoIndex // its pages have their bounds without one
	}
	started := time.Now()
	if _, err := a.Exec(ctx, fmt.Sprintf("CREATE INDEX %s ON %s USING %s (%s)", name, table, method, columns)); err != nil {
		return 0, err
	}
	var took time.Duration
	err := server.Until(ctx, settleTime, func() (bool, string, error) {
		rows, err := a.Query(ctx, "SELECT * FROM pg_stat_progress_create_index")
		took = time.Since(started)
		return err == nil && len(rows) == 0, "the index is not built", err
	})
	return took, err
}

func (a *aegis) DropIndex(ctx context.Context, name, _ string) error {
	_, err := a.Exec(ctx, "DROP INDEX "+name)
	return err
}

func (a *aegis) Written() (int64, error) { return load.Written(a.server.PID()) }

func (a *aegis) Close() {
	a.close()
	a.server.Kill()
}
