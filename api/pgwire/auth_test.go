package pgwire_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

func login(t *testing.T, addr, user, password string) (*pgx.Conn, error) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), "postgres://"+user+":"+password+"@"+addr+"/default?sslmode=disable")
	if err == nil {
		t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return c, err
}

func TestUsers(t *testing.T) {
	addr, db := serve(t, pgwire.Options{})
	open := connect(t, addr)
	_, err := open.Exec(t.Context(), "CREATE USER bob PASSWORD 'b'")
	wantState(t, err, "2BP01")
	exec(t, open, "CREATE USER root SUPERUSER PASSWORD 'r'")
	_, err = open.Exec(t.Context(), "CREATE USER bob PASSWORD 'b'") // whoever came in while it was open is nobody now
	wantState(t, err, "42501")

	_, err = pgx.Connect(t.Context(), "postgres://me@"+addr+"/default?sslmode=disable")
	if err == nil {
		t.Fatal("a client without a password got in")
	}
	for _, wrong := range [][2]string{{"root", "x"}, {"root", ""}, {"nobody", "r"}, {"nobody", "x"}} {
		if _, err := login(t, addr, wrong[0], wrong[1]); err == nil || wrong[1] != "" && state(err) != "28P01" {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	root, err := login(t, addr, "root", "r")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, root, "CREATE USER bob PASSWORD 'b'")
	exec(t, root, "CREATE USER nopassword")
	if _, err := login(t, addr, "nopassword", ""); err == nil {
		t.Error("a user without a password got in")
	}
	bob, err := login(t, addr, "bob", "b")
	if err != nil {
		t.Fatal(err)
	}
	if root.PgConn().ParameterStatus("is_superuser") != "on" || bob.PgConn().ParameterStatus("is_superuser") != "off" {
		t.Error("is_superuser is wrong")
	}
	for _, sql := range []string{"CREATE USER carol PASSWORD 'c'", "ALTER USER bob SUPERUSER", "ALTER USER root PASSWORD 'x'", "DROP USER root", "ALTER USER bob PASSWORD NULL"} {
		_, err := bob.Exec(t.Context(), sql)
		wantState(t, err, "42501")
	}
	exec(t, bob, "ALTER USER bob PASSWORD 'new'")
	if _, err := login(t, addr, "bob", "b"); state(err) != "28P01" {
		t.Errorf("the old password: %v", err)
	}
	if _, err := login(t, addr, "bob", "new"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	_, err = root.Exec(t.Context(), "DROP USER root")
	wantState(t, err, "55006")
	exec(t, root, "DROP USER bob")
	if _, err := login(t, addr, "bob", "new"); state(err) != "28P01" {
		t.Errorf("a user that is gone: %v", err)
	}
	if v := db.Catalog().User("root").Verifier; !strings.HasPrefix(v, "SCRAM-SHA-256$4096:") {
		t.Errorf("%q is kept", v)
	}
}

// challenge gives what the server says to a user before any proof.
func challenge(t *testing.T, addr, user string) (mechanisms, salt, iterations string) {
	t.Helper()
	w := dial(t, addr)
	w.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": user}})
	w.flush()
	m, err := w.Receive()
	if err != nil {
		t.Fatal(err)
	}
	mechanisms = strings.Join(m.(*pgproto3.AuthenticationSASL).AuthMechanisms, ",")
	w.Send(&pgproto3.SASLInitialResponse{AuthMechanism: "SCRAM-SHA-256", Data: []byte("n,,n=,r=abcdefghijklmnop")})
	w.flush()
	if m, err = w.Receive(); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(m.(*pgproto3.AuthenticationSASLContinue).Data), ",")
	return mechanisms, parts[1], parts[2]
}

// TestNobodyLooksLikeSomebody: a login does not tell which users exist, before or after its proof, nor by how long it takes: the server
// hashes no password.
func TestNobodyLooksLikeSomebody(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	exec(t, connect(t, addr), "CREATE USER root SUPERUSER PASSWORD 'r'")
	m1, salt1, i1 := challenge(t, addr, "root")
	m2, salt2, i2 := challenge(t, addr, "nobody")
	_, again, _ := challenge(t, addr, "nobody")
	_, other, _ := challenge(t, addr, "nobody2")
	if m1 != m2 || i1 != i2 || len(salt1) != len(salt2) || salt2 != again || salt2 == other {
		t.Errorf("root: %s %s %s, nobody: %s %s %s, then %s", m1, salt1, i1, m2, salt2, i2, again)
	}
	fail := func(user string) (text string, took time.Duration) {
		started := time.Now()
		_, err := login(t, addr, user, "wrong")
		return strings.ReplaceAll(err.Error(), user, "USER"), time.Since(started)
	}
	var real, mock []time.Duration
	for range 5 {
		a, took := fail("root")
		real = append(real, took)
		b, took := fail("nobd")
		mock = append(mock, took)
		if a != b {
			t.Errorf("%q is not %q", a, b)
		}
	}
	t.Logf("refused after %v (there) and %v (not there)", real, mock)
}

// certificate makes one for this machine.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "aegis"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLS(t *testing.T) {
	cert, pool := certificate(t)
	addr, _ := serve(t, pgwire.Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, TLSOnly: true})
	if _, err := login(t, addr, "me", ""); state(err) != "28000" {
		t.Errorf("without TLS: %v", err)
	}
	config, err := pgx.ParseConfig("postgres://me@" + addr + "/default?sslmode=require")
	if err != nil {
		t.Fatal(err)
	}
	config.TLSConfig = &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if got := one[int32](t, c, "SELECT $1::int", 7); got != 7 {
		t.Errorf("got %d", got)
	}
	exec(t, c, "CREATE USER root SUPERUSER PASSWORD 'r'")
	config.User, config.Password = "root", "r"
	again, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close(t.Context())
	renewed, others := certificate(t)
	config.Password = "r"
	current := &cert
	// Certificates that are renewed: a login is bound to the one that its client got.
	addr, _ = serve(t, pgwire.Options{TLS: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current, nil }}})
	exec(t, connect(t, addr), "CREATE USER root SUPERUSER PASSWORD 'r'")
	for _, roots := range []*x509.CertPool{pool, others} {
		bound, err := pgx.ParseConfig("postgres://root:r@" + addr + "/default?sslmode=require&channel_binding=require")
		if err != nil {
			t.Fatal(err)
		}
		bound.TLSConfig = &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
		c, err := pgx.ConnectConfig(t.Context(), bound)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close(t.Context())
		current = &renewed
	}
	config.Password = "x"
	if _, err := pgx.ConnectConfig(t.Context(), config); state(err) != "28P01" {
		t.Errorf("a wrong password over TLS: %v", err)
	}
}

// TestSecretsAreNotKept: the plan cache and the memory of parsed texts hold no statement with a password.
func TestSecretsAreNotKept(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	c := connect(t, addr)
	exec(t, c, "CREATE USER root SUPERUSER PASSWORD 'r'")
	_, err := c.Exec(t.Context(), "CREATE USER root SUPERUSER PASSWORD 'sesame'")
	if err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("%v", err)
	}
}
