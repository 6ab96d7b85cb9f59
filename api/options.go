package api

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest/lineproto"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
)

// Options configures a Server. Zero values stand for the defaults.
type Options struct {
	Logger  *slog.Logger // nil = silent
	Version string       // of the program, for buildinfo
	Now     func() time.Time

	// QueryBody is the largest request with a statement in it, decoded. Default 20 MiB: above the longest statement.
	QueryBody int64
	// Write bounds remote write requests.
	Write remotewrite.Limits
	// LinesBody is the largest request of line protocol, decoded. Default 32 MiB.
	LinesBody int64
	// Lines bounds what is in it.
	Lines lineproto.Limits
	// ImportBytes is the largest Parquet file that an import may bring, which waits in a temporary file; other formats are read as they
	// come, and have no bound. Default 64 GiB.
	ImportBytes int64
	// ReadTimeout is how long a client may take to send a request. Default 1 minute.
	ReadTimeout time.Duration
	// Stall is how long a client may take to accept a piece of an answer. Default 30 seconds.
	Stall time.Duration
	// SpoolBytes is how long the rows of one JSON answer may be, in bytes; other formats have no bound. Default 1 GiB.
	SpoolBytes int64
	// SpoolDir is where rows of large JSON answers wait for their second place in the answer; "" = the system's folder for
	// temporary files.
	SpoolDir string
	// Transactions is how many transactions clients may have open. Default 1000.
	Transactions int
	// Lease is the longest time that one may ask to be kept between two requests. Default 10 minutes.
	Lease time.Duration
	// TLS makes HTTP HTTPS; nil = it is not.
	TLS *tls.Config
	// Remote lets the server answer other machines, as long as there are users, and over TLS, unless Insecure does without that.
	Remote, Insecure bool
	// Trusted lets everybody in, as who may do everything: for a server in the process of somebody who has the files anyway.
	Trusted bool
	// Collectors add the metrics of other servers of the process to /metrics.
	Collectors []prometheus.Collector
}

func (o *Options) defaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	orDefault(&o.QueryBody, 20<<20)
	orDefault(&o.LinesBody, 32<<20)
	orDefault(&o.ReadTimeout, time.Minute)
	orDefault(&o.Stall, 30*time.Second)
	orDefault(&o.Transactions, 1000)
	orDefault(&o.Lease, 10*time.Minute)
	orDefault(&o.SpoolBytes, 1<<30)
	orDefault(&o.ImportBytes, 64<<30)
}

func orDefault[T int | int64 | time.Duration](p *T, v T) {
	if *p <= 0 {
		*p = v
	}
}

// queryPool bounds the bodies of all requests with statements that are read at a time.
func queryPool() *mem.Pool { return mem.NewPool("requests with statements", 256<<20, nil) }
