package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/api"
	"github.com/automatanexus/aegis-db/api/pgwire"
	"github.com/automatanexus/aegis-db/column"
)

// pgFlags are about the server of PostgreSQL's protocol.
type pgFlags struct {
	Addr        string `name:"pg" help:"Address of the server of PostgreSQL's protocol; port 0 picks a free one, off switches it off. Default: 127.0.0.1:5432, if that is free." env:"AEGIS_PG" placeholder:"ADDR"`
	Connections int    `name:"pg-connections" help:"Clients of PostgreSQL's protocol that may be connected at a time." default:"1000" env:"AEGIS_PG_CONNECTIONS"`
	Insecure    bool   `name:"pg-insecure" help:"Let --pg listen beyond this machine without TLS." env:"AEGIS_PG_INSECURE"`
}

// defaultPG is where PostgreSQL's clients look.
const defaultPG = "127.0.0.1:5432"

// listen opens the address. The default may be taken, by a PostgreSQL most likely: then there is a warning, and no listener.
func (f *pgFlags) listen(logger *slog.Logger) (net.Listener, error) {
	addr := f.Addr
	switch addr {
	case "off":
		return nil, nil
	case "":
		addr = defaultPG
	}
	if beyond(addr) {
		return nil, nil // until it is known whether there are users
	}
	l, err := api.Listen(addr)
	switch {
	case err == nil:
		return l, nil
	case f.Addr == "" && column.ClassOf(err) == column.Conflict:
		logger.Warn("PostgreSQL's protocol is off: its default port is taken; choose another with --pg", "address", addr)
		return nil, nil
	case column.ClassOf(err) == column.Conflict:
		return nil, fmt.Errorf("%w; choose another address with --pg, 127.0.0.1:0 for any free port", err)
	}
	return nil, fmt.Errorf("--pg %s: %w", addr, err)
}

// beyond reports whether an address is one of other machines, too.
func beyond(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || strings.EqualFold(host, "localhost") {
		return false // what is no address fails where it is listened on
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
}

// listenBeyond opens an address that other machines reach: there must be users, and TLS, or somebody who says that it needs none.
func (f *pgFlags) listenBeyond(db *aegis.DB, t *tlsFlags) (net.Listener, error) {
	switch {
	case f.Addr == "" || f.Addr == "off" || !beyond(f.Addr):
		return nil, nil
	case !db.Catalog().HasUsers():
		return nil, fmt.Errorf("--pg %s: refusing to listen beyond this machine: there are no users yet; make an admin with `aegis user add`, or with AEGIS_ADMIN_USERNAME and AEGIS_ADMIN_PASSWORD", f.Addr)
	case t.Cert == "" && !f.Insecure && !t.Insecure:
		return nil, fmt.Errorf("--pg %s: refusing to listen beyond this machine without TLS: give --tls-cert and --tls-key, or --insecure", f.Addr)
	}
	return net.Listen("tcp", f.Addr)
}

func (f *pgFlags) server(db *aegis.DB, logger *slog.Logger, t *tlsFlags, config *tls.Config) (*pgwire.Server, error) {
	o := pgwire.Options{Logger: logger, Connections: f.Connections, TLS: config}
	o.TLSOnly = config != nil && f.Addr != "" && f.Addr != "off" && beyond(f.Addr) && !f.Insecure && !t.Insecure
	return pgwire.New(db, o)
}
