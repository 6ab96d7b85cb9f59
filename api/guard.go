package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// While there are no credentials, whoever can reach the server may read and delete everything. So it speaks on loopback only,
// and not to web pages: a page of another site can make the user's own browser send requests to 127.0.0.1, by
// its address or by a name of the attacker's that resolves to it.

// Listen opens a loopback address. Errors have class column.Denied for any other, column.Invalid for what is no address, and
// column.Conflict for a port that is taken.
func Listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, column.Errorf(column.Invalid, "%q is not an address such as 127.0.0.1:9090", addr)
	}
	if !loopback(host) {
		return nil, &column.Error{
			Class: column.Denied, Message: "refusing to listen on " + addr + ": the server has no credentials yet, so anyone who reaches that address could read and change everything",
			Hint: "Listen on 127.0.0.1, or make a user.",
		}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, column.Errorf(column.Conflict, "listen on %s: %w", addr, err)
	}
	return l, nil
}

// loopback reports whether a host, as it stands in an address or a URL without its port, is this machine and no other.
func loopback(host string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// hostOf drops the port of a Host header.
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// guard refuses requests that a web page of another site may have caused.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.checkOrigin(r); err != nil {
			s.fail(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) checkOrigin(r *http.Request) error {
	switch {
	case s.options.Remote && s.checker != nil && !s.checker.Open():
	case s.options.Remote && !loopback(hostOf(r.RemoteAddr)):
		return column.Errorf(column.Denied, "the server has no users any more, and answers to its own machine only until there is one")
	case !loopback(hostOf(r.Host)):
		return column.Errorf(column.Denied, "the Host header %q names another machine than this one; a server without credentials answers to 127.0.0.1 and localhost only", r.Host)
	}
	if err := s.crossOrigin.Check(r); err != nil {
		return column.Errorf(column.Denied, "request from a page of another site: %w", err)
	}
	// The check lets reads pass, which here may run statements. A link that is followed is fine.
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return column.Errorf(column.Denied, "request from a page of another site")
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || !strings.EqualFold(u.Host, r.Host) {
			return column.Errorf(column.Denied, "request from a page of %q", origin)
		}
	}
	return nil
}
