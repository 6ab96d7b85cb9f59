package pgwire

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/api/auth"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta/scram"
)

// authenticate finds out whether the client is who it says. Without users everybody is, on this machine.
func (c *session) authenticate() error {
	if c.server.checker.Open() {
		if !isLoopback(c.raw.LocalAddr()) {
			return fatal{column.SQLErrorf(column.Denied, "28000", "this server has no users yet, so it answers on loopback only")}
		}
		return nil
	}
	binding := c.binding()
	mechanisms := []string{scram.Mechanism}
	if binding != nil {
		mechanisms = []string{scram.MechanismPlus, scram.Mechanism}
	}
	c.send(&pgproto3.AuthenticationSASL{AuthMechanisms: mechanisms})
	if err := c.flush(); err != nil {
		return err
	}
	err := c.scram(binding)
	result := "ok"
	if err != nil {
		result = "failed"
	}
	c.server.metrics.logins.WithLabelValues(result).Inc()
	return err
}

// scram has the client prove that it knows the password.
func (c *session) scram(binding []byte) error {
	_ = c.backend.SetAuthType(pgproto3.AuthTypeSASL) // a constant: it is known
	m, err := c.backend.Receive()
	if err != nil {
		return err
	}
	first, ok := m.(*pgproto3.SASLInitialResponse)
	plus := ok && first.AuthMechanism == scram.MechanismPlus
	if !ok || !plus && first.AuthMechanism != scram.Mechanism || plus && binding == nil {
		return fatal{violation("client selected an invalid SASL authentication mechanism")}
	}
	e := scram.NewExchange(c.server.checker.Verifier(c.user), binding, plus)
	challenge, err := e.First(first.Data)
	if err != nil {
		return fatal{err}
	}
	c.send(&pgproto3.AuthenticationSASLContinue{Data: challenge})
	if err := c.flush(); err != nil {
		return err
	}
	_ = c.backend.SetAuthType(pgproto3.AuthTypeSASLContinue)
	if m, err = c.backend.Receive(); err != nil {
		return err
	}
	final, ok := m.(*pgproto3.SASLResponse)
	if !ok {
		return fatal{violation("expected SASL response, got another message")}
	}
	answer, ok, err := e.Final(final.Data)
	if err != nil {
		return fatal{err}
	}
	if !ok {
		c.server.options.Logger.Warn("pgwire: login failed", "user", c.user, "client", c.raw.RemoteAddr())
		return fatal{auth.Failed(c.user)}
	}
	_ = c.backend.SetAuthType(pgproto3.AuthTypeOk)
	c.send(&pgproto3.AuthenticationSASLFinal{Data: answer})
	return nil
}

// binding is what a login over TLS is bound to, the hash of the server's certificate (RFC 5929, tls-server-end-point); nil without TLS.
func (c *session) binding() []byte {
	if c.tls == nil || c.certificate == nil {
		return nil
	}
	raw := c.certificate.Certificate[0]
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil
	}
	hash := crypto.SHA256
	switch cert.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	case x509.PureEd25519:
		return nil // the standard does not say which hash
	}
	h := hash.New()
	h.Write(raw)
	return h.Sum(nil)
}

// tlsConfig is the server's, which notes the certificate that this client gets: it may have been renewed since others came.
func (c *session) tlsConfig() *tls.Config {
	o := c.server.options.TLS
	if o.GetCertificate == nil {
		if len(o.Certificates) > 0 {
			c.certificate = &o.Certificates[0]
		}
		return o
	}
	one := o.Clone()
	one.GetCertificate = func(hello *tls.ClientHelloInfo) (cert *tls.Certificate, err error) {
		cert, err = o.GetCertificate(hello)
		c.certificate = cert
		return cert, err
	}
	return one
}

func isLoopback(a net.Addr) bool {
	p, err := netip.ParseAddrPort(a.String())
	return err == nil && p.Addr().Unmap().IsLoopback()
}
