package pgwire

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// Options configures a Server. Zero values stand for the defaults.
type Options struct {
	Logger *slog.Logger // nil = silent
	// TLS, if not nil, is offered to clients that ask for it.
	TLS *tls.Config
	// TLSOnly refuses what is not encrypted.
	TLSOnly bool
	// Connections is how many clients may be connected at a time. Default 1000.
	Connections int
	// MessageBytes is the longest message. Default 64 MiB.
	MessageBytes int
	// StartTimeout is how long start-up and login may take together. Default 30 seconds.
	StartTimeout time.Duration
	// IdleTimeout ends connections that have asked nothing for so long. Default 12 hours; negative: never.
	IdleTimeout time.Duration
	// IdleInBlock ends connections that leave a transaction open for so long. Default 10 minutes; negative: never.
	IdleInBlock time.Duration
	// Stall is how long a client may take to accept a piece of an answer. Default 5 minutes.
	Stall time.Duration
}

func (o *Options) defaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	setDefault(&o.Connections, 1000)
	setDefault(&o.MessageBytes, 64<<20)
	setDefault(&o.StartTimeout, 30*time.Second)
	setDefault(&o.IdleTimeout, 12*time.Hour)
	setDefault(&o.IdleInBlock, 10*time.Minute)
	setDefault(&o.Stall, 5*time.Minute)
}

func setDefault[T int | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

// Validate refuses what cannot be meant.
func (o *Options) Validate() error {
	switch {
	case o.Connections < 0:
		return column.Errorf(column.Invalid, "%d connections: give at least 1", o.Connections)
	case o.MessageBytes != 0 && o.MessageBytes < 8<<10:
		return column.Errorf(column.Invalid, "messages of %d bytes are too short: give at least 8 KiB", o.MessageBytes)
	case o.StartTimeout < 0 || o.Stall < 0:
		return column.Errorf(column.Invalid, "times to start and to stall must not be negative")
	case o.TLSOnly && o.TLS == nil:
		return column.Errorf(column.Invalid, "TLS is required and no certificate is given")
	}
	return nil
}
