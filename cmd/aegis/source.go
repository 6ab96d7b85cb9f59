package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/api"
)

// source is whom a command asks: a server, or a folder that it opens itself.
type source struct {
	Server   string `help:"URL of a server. Default: http://127.0.0.1:9090." env:"AEGIS_SERVER" placeholder:"URL"`
	DataDir  string `help:"Folder of a database that no server has open." type:"path" placeholder:"DIR"`
	User     string `help:"User to log in as. The password is AEGIS_PASSWORD's, or asked for." env:"AEGIS_USER" placeholder:"NAME"`
	CA       string `name:"ca" help:"Certificates (PEM) to know an https server by, beside those of the system." env:"AEGIS_CA" type:"path" placeholder:"FILE"`
	Insecure bool   `help:"Send the password even over plain HTTP to another machine." env:"AEGIS_SEND_INSECURE"`
	Database string `short:"d" help:"Database to ask." default:"default" env:"AEGIS_DATABASE"`
}

// open makes a client; closing ends what it needs.
func (s *source) open(ctx context.Context) (c *client, closing func() error, err error) {
	if s.DataDir == "" {
		server := s.Server
		if server == "" {
			server = "http://127.0.0.1:9090"
		}
		c, err := newClient(server, s.Database)
		if err == nil {
			err = c.secure(s)
		}
		if err == nil && s.User != "" {
			c.user = s.User
			c.password, err = password("AEGIS_PASSWORD", "Password of "+s.User+": ")
		}
		return c, func() error { return nil }, err
	}
	if s.Server != "" {
		return nil, nil, usageError{"--server and --data-dir are two places: give one (AEGIS_SERVER counts as the first)"}
	}
	if _, err := os.Stat(s.DataDir); err != nil {
		return nil, nil, fmt.Errorf("--data-dir %s: there is no such folder; `aegis serve --data-dir %s` makes one", s.DataDir, s.DataDir)
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := aegis.Open(ctx, aegis.Options{Dir: s.DataDir, Logger: logger})
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w; if a server has it open, use --server", s.DataDir, err)
	}
	// The access log of a server in one's own process says nothing new: no logger.
	return newLocalClient(api.New(db, api.Options{Version: version, Trusted: true}), s.Database), func() error { return db.Close(context.WithoutCancel(ctx)) }, nil
}
