package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/api"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/promql"
)

// serveCmd is aegis serve.
type serveCmd struct {
	DataDir      string        `help:"Folder of the data; made if missing." default:"./aegis-data" env:"AEGIS_DATA_DIR" type:"path"`
	HTTP         string        `name:"http" help:"Address of the HTTP server; port 0 picks a free one." default:"127.0.0.1:9090" env:"AEGIS_HTTP" placeholder:"ADDR"`
	Postgres     pgFlags       `embed:""`
	TLS          tlsFlags      `embed:""`
	LogLevel     string        `help:"${enum}." enum:"debug,info,warn,error" default:"info" env:"AEGIS_LOG_LEVEL"`
	LogFormat    string        `help:"${enum}." enum:"text,json" default:"text" env:"AEGIS_LOG_FORMAT"`
	Memory       size          `help:"Memory the database may hold, such as 2GiB. Default: half of the machine's." env:"AEGIS_MEMORY"`
	TempFiles    size          `help:"Disk that temporary files of all statements may take, such as 20GiB." default:"64GiB" env:"AEGIS_TEMP_FILES"`
	QueryTemp    size          `name:"query-temp-files" help:"Disk that temporary files of one statement may take. Default: half of --temp-files." env:"AEGIS_QUERY_TEMP_FILES"`
	HeldFiles    size          `help:"Disk that replaced files may take which are kept for open snapshots; the oldest is ended when it is more." default:"64GiB" env:"AEGIS_HELD_FILES"`
	Transaction  time.Duration `name:"transaction-timeout" help:"How long a transaction of several statements may take." default:"12h" env:"AEGIS_TRANSACTION_TIMEOUT"`
	FlushAge     time.Duration `help:"How long rows stay in memory and log before they become segments." default:"1h" env:"AEGIS_FLUSH_AGE"`
	CompactEvery time.Duration `help:"How often to look for segments to merge." default:"10s" env:"AEGIS_COMPACT_EVERY"`
	History      time.Duration `help:"How long the past can be read (AS OF, table_changes); replaced files stay for as long. 0: not at all." default:"1h" env:"AEGIS_HISTORY"`
	KeepRemoved  time.Duration `help:"How long the files of merged segments stay for other readers." default:"1m" env:"AEGIS_KEEP_REMOVED"`
	PromQL       promFlags     `embed:"" prefix:"query."`
	Repair       bool          `help:"Open a damaged log: drop what cannot be read, and say what that was." env:"AEGIS_REPAIR"`
	Config       string        `help:"Configuration file; not available in this version." env:"AEGIS_CONFIG" placeholder:"FILE"`
}

// promFlags bound PromQL, under the names that they have in Prometheus; 0 stands for the default.
type promFlags struct {
	MaxSamples      int           `help:"Samples that one PromQL query may hold. Default: 50000000, or what a query's memory holds if that is less." env:"AEGIS_QUERY_MAX_SAMPLES" placeholder:"N"`
	MaxConcurrency  int           `help:"PromQL queries that run at a time." default:"20" env:"AEGIS_QUERY_MAX_CONCURRENCY"`
	Timeout         time.Duration `help:"How long a PromQL query may take." default:"2m" env:"AEGIS_QUERY_TIMEOUT"`
	LookbackDelta   time.Duration `help:"How old the last sample of a series may be to count as its present value." default:"5m" env:"AEGIS_QUERY_LOOKBACK_DELTA"`
	Experimental    bool          `help:"Take functions and syntax that Prometheus calls experimental." env:"AEGIS_QUERY_EXPERIMENTAL"`
	StartTimestamps bool          `help:"Let rate and its like use the times at which counters began." env:"AEGIS_QUERY_START_TIMESTAMPS"`
}

func (f *promFlags) limits() promql.Limits {
	return promql.Limits{
		Samples: f.MaxSamples, Concurrency: f.MaxConcurrency, Timeout: f.Timeout, Lookback: f.LookbackDelta,
		Experimental: f.Experimental, StartTimestamps: f.StartTimestamps,
	}
}

// drainTime is how long requests that run may take to finish after the first signal.
const drainTime = 20 * time.Second

// Run serves until a signal.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	if c.Config != "" {
		return usageError{"--config is not available in this version: give flags, or AEGIS_* in the environment"}
	}
	if c.FlushAge <= 0 {
		return usageError{fmt.Sprintf("--flush-age %s: give a duration above 0, such as 1h", c.FlushAge)}
	}
	logger := c.logger(s)
	config, err := c.TLS.config(logger)
	if err != nil {
		return err
	}
	// The port first: it is what fails most often, and costs nothing to give back.
	var listener net.Listener
	if !beyond(c.HTTP) {
		if listener, err = api.Listen(c.HTTP); err != nil {
			return listenError(c.HTTP, err)
		}
		defer listener.Close()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	pgListener, err := c.Postgres.listen(logger)
	if err != nil {
		return err
	}
	db, err := aegis.Open(ctx, aegis.Options{
		Dir: c.DataDir, MemoryBytes: int64(c.Memory), FlushAge: c.FlushAge, CompactEvery: c.CompactEvery, KeepRemoved: c.KeepRemoved, History: history(c.History),
		HeldFiles: int64(c.HeldFiles), TransactionTimeout: c.Transaction,
		TempBytes: int64(c.TempFiles), QueryTempBytes: int64(c.QueryTemp), Repair: c.Repair, Logger: logger, PromQL: c.PromQL.limits(),
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", c.DataDir, err)
	}
	limitRuntime(db.Stats().MemoryLimit)
	if err := firstAdmin(ctx, db); err != nil {
		return errors.Join(err, db.Close(context.Background()))
	}
	postgres, err := c.Postgres.server(db, logger, &c.TLS, config)
	if err == nil && pgListener == nil {
		pgListener, err = c.Postgres.listenBeyond(db, &c.TLS)
	}
	if err == nil && listener == nil {
		if listener, err = c.listenBeyond(db); err == nil {
			defer listener.Close()
		}
	}
	if err != nil {
		return errors.Join(err, db.Close(context.Background()))
	}
	if pgListener != nil {
		defer pgListener.Close()
	}
	server := api.New(db, api.Options{
		Logger: logger, Version: version, Collectors: []prometheus.Collector{postgres}, TLS: config, Remote: beyond(c.HTTP), Insecure: c.TLS.Insecure,
	})
	scheme := "http"
	if config != nil {
		scheme = "https"
	}
	served := make(chan error, 2)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(s.out, "aegis %s: %s://%s, data in %s\n", version, scheme, listener.Addr(), c.DataDir)
	if pgListener != nil {
		go func() { served <- postgres.Serve(pgListener) }()
		fmt.Fprintf(s.out, "PostgreSQL's protocol: postgres://%s/default\n", pgListener.Addr())
	}
	if !db.Catalog().HasUsers() {
		fmt.Fprintln(s.out, "listening on loopback only: there are no credentials yet")
	}

	select {
	case err = <-served:
		stop()
	case <-ctx.Done():
		stop() // a second signal ends the process at once, as signals do
		fmt.Fprintln(s.out, "stopping; press Ctrl-C again to stop without flushing")
		drain, cancel := context.WithTimeout(context.Background(), drainTime)
		err = errors.Join(server.Shutdown(drain), postgres.Shutdown(drain))
		cancel()
		if err != nil {
			logger.Warn("stopping", "error", err)
			err = nil
		}
	}
	err = errors.Join(err, db.Close(context.Background()))
	if err == nil {
		fmt.Fprintln(s.out, "stopped")
	}
	return err
}

// listenBeyond opens an address that other machines reach, by the rules of --pg.
func (c *serveCmd) listenBeyond(db *aegis.DB) (net.Listener, error) {
	switch {
	case !db.Catalog().HasUsers():
		return nil, fmt.Errorf("--http %s: refusing to listen beyond this machine: there are no users yet, so anyone who reaches that address could read and change everything; make an admin with `aegis user add`, or with AEGIS_ADMIN_USERNAME and AEGIS_ADMIN_PASSWORD", c.HTTP)
	case c.TLS.Cert == "" && !c.TLS.Insecure:
		return nil, fmt.Errorf("--http %s: refusing to listen beyond this machine without TLS: give --tls-cert and --tls-key, or --insecure", c.HTTP)
	}
	return net.Listen("tcp", c.HTTP)
}

func listenError(addr string, err error) error {
	switch column.ClassOf(err) {
	case column.Conflict:
		return fmt.Errorf("%w; choose another address with --http, 127.0.0.1:0 for any free port", err)
	case column.Invalid, column.Denied:
		return fmt.Errorf("--http %s: %w", addr, err)
	}
	return err
}

func (c *serveCmd) logger(s streams) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // the parser has checked it
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(s.err, o))
	}
	return slog.New(slog.NewTextHandler(s.err, o))
}

// history is an option of the library, for which 0 stands for its default.
func history(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}
