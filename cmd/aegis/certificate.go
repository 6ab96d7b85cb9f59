package main

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// tlsFlags are the certificate that both servers offer.
type tlsFlags struct {
	Cert     string `name:"tls-cert" help:"Certificate (PEM) to offer TLS with: HTTP is HTTPS then. It is read again when its file changes." env:"AEGIS_TLS_CERT" type:"path" placeholder:"FILE"`
	Key      string `name:"tls-key" help:"Private key (PEM) of the certificate." env:"AEGIS_TLS_KEY" type:"path" placeholder:"FILE"`
	Insecure bool   `help:"Let --http and --pg listen beyond this machine without TLS." env:"AEGIS_INSECURE"`
}

// config reads the certificate; nil = there is none.
func (f *tlsFlags) config(logger *slog.Logger) (*tls.Config, error) {
	if (f.Cert == "") != (f.Key == "") {
		return nil, usageError{"--tls-cert and --tls-key belong together: give both"}
	}
	if f.Cert == "" {
		return nil, nil
	}
	c := &certificate{files: [2]string{f.Cert, f.Key}, logger: logger}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("--tls-cert %s: %w", f.Cert, err)
	}
	// A resumed session has no certificate, which logins of PostgreSQL's protocol are bound to.
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true}, nil
}

// certificate is one that is renewed on the disk while the server runs.
type certificate struct {
	files  [2]string // certificate and key
	logger *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	stamps [2]stamp  // of what was last tried
	looked time.Time // when the files were last looked at
}

// stamp is how a file is known to be another one.
type stamp struct {
	changed time.Time
	size    int64
}

// lookEvery is how often the files are looked at while clients connect.
const lookEvery = time.Second

// get gives the certificate to a client that connects.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if stamps, err := c.stampsNow(); err == nil && stamps != c.stamps {
			if err := c.loadLocked(); err != nil {
				c.logger.Warn("the certificate has changed and cannot be read; the one before stays", "file", c.files[0], "error", err)
			} else {
				c.logger.Info("the certificate was read anew", "file", c.files[0])
			}
		}
	}
	return c.loaded, nil
}

func (c *certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loadLocked()
}

// loadLocked reads the files. Where that fails, because one of them is not there yet, it is tried again when they have changed once more.
func (c *certificate) loadLocked() error {
	stamps, err := c.stampsNow()
	if err != nil {
		return err
	}
	c.stamps = stamps
	pair, err := tls.LoadX509KeyPair(c.files[0], c.files[1])
	if err != nil {
		return err
	}
	c.loaded = &pair
	return nil
}

func (c *certificate) stampsNow() (out [2]stamp, err error) {
	for i, name := range c.files {
		var info fs.FileInfo
		if info, err = os.Stat(name); err != nil {
			return out, err
		}
		out[i] = stamp{info.ModTime(), info.Size()}
	}
	return out, nil
}
