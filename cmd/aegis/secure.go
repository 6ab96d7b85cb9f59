package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
)

// secure sees to it that the server is who it says it is, and that nobody on the way reads a password.
func (c *client) secure(s *source) error {
	u, err := url.Parse(c.base)
	if err != nil {
		return err
	}
	if u.Scheme == "http" {
		if s.CA != "" {
			return usageError{fmt.Sprintf("--ca is for https, and %s is none", c.base)}
		}
		if s.User != "" && !s.Insecure && beyond(net.JoinHostPort(u.Hostname(), "80")) {
			return usageError{fmt.Sprintf("refusing to send a password over plain HTTP to %s: give an https URL, or --insecure", u.Host)}
		}
		return nil
	}
	if s.CA == "" {
		return nil
	}
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		return err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("--ca %s: there is no certificate in it", s.CA)
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	transport = transport.Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	c.http = &http.Client{Transport: transport, CheckRedirect: c.http.CheckRedirect}
	return nil
}
