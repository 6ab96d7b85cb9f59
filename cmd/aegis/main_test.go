package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"aegis": main})
}

// TestScripts runs testdata/script. Beside the usual commands, of which stop ends a script early, they have:
//
//	start [FLAGS]: runs aegis serve on a free port, whose URL is then in $SERVER
//	certify NAME: makes NAME.crt and NAME.key for 127.0.0.1
//	end SIGNAL: ends it with a signal; its output is in files server.out and server.err, and it must end with status 0
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir)
			e.Setenv("PATH", os.Getenv("PATH"))
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Defer(func() { taken.Close() })
			e.Setenv("TAKEN", taken.Addr().String())
			e.Values["server"] = &process{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"start": startServer, "end": stopServer, "certify": certify},
	})
}

// process is the server of a script.
type process struct {
	mu       sync.Mutex
	cmd      *exec.Cmd
	out, err strings.Builder
	done     chan error
}

var listening = regexp.MustCompile(`https?://[0-9.:]+`)

// Write takes the server's standard output.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) url() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return listening.FindString(p.out.String())
}

func startServer(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value("server").(*process)
	*p = process{done: make(chan error, 1)}
	exe, err := os.Executable()
	ts.Check(err)
	// testscript finds commands by the name the program is called with.
	p.cmd = exec.Command(exe, append([]string{"serve", "--http", "127.0.0.1:0", "--data-dir", ts.MkAbs("data")}, args...)...)
	p.cmd.Args[0] = "aegis"
	p.cmd.Dir, p.cmd.Env = ts.MkAbs("."), []string{"HOME=" + ts.MkAbs(".")}
	p.cmd.Stdout, p.cmd.Stderr = p, &p.err
	ts.Check(p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	ts.Defer(func() { _ = p.cmd.Process.Kill() })
	for range 500 {
		if u := p.url(); u != "" {
			ts.Setenv("SERVER", u)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("the server does not start: %s", p.err.String())
}

func stopServer(ts *testscript.TestScript, neg bool, args []string) {
	p := ts.Value("server").(*process)
	signals := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	ts.Check(p.cmd.Process.Signal(signals[args[0]]))
	select {
	case err := <-p.done:
		if (err != nil) != neg {
			ts.Fatalf("ended with %v: %s", err, p.err.String())
		}
	case <-time.After(10 * time.Second):
		ts.Fatalf("the server does not stop")
	}
	ts.Check(os.WriteFile(ts.MkAbs("server.out"), []byte(p.out.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("server.err"), []byte(p.err.String()), 0o600))
}

// certify makes a certificate that signs itself.
func certify(ts *testscript.TestScript, _ bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: args[0]}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

func TestSplitSQL(t *testing.T) {
	cases := []struct {
		text string
		list []string
		rest string
	}{
		{"", nil, ""},
		{" ; ;", nil, ""},
		{"select 1", nil, "select 1"},
		{"select 1;", []string{"select 1"}, ""},
		{"a; b;c", []string{"a", "b"}, "c"},
		{"select ';'; x", []string{"select ';'"}, "x"},
		{"select 'it''s;' ; x", []string{"select 'it''s;'"}, "x"},
		{`select ";" ;`, []string{`select ";"`}, ""},
		{`select E'\';' ;`, []string{`select E'\';'`}, ""},
		{"select 1 -- no; end\n; x", []string{"select 1 -- no; end"}, "x"},
		{"select /* ; /* ; */ ; */ 1; x", []string{"select /* ; /* ; */ ; */ 1"}, "x"},
		{"select $$;$$, $a$;$$;$a$; x", []string{"select $$;$$, $a$;$$;$a$"}, "x"},
		{"select $1; x", []string{"select $1"}, "x"},
		{"select 'open; x", nil, "select 'open; x"},
		{"select 1; -- done", []string{"select 1"}, ""},
		{"select 1; /* done */ -- yes", []string{"select 1"}, ""},
		{"/* open", nil, "/* open"},
	}
	for _, c := range cases {
		list, rest := splitSQL(c.text)
		if !reflect.DeepEqual(list, c.list) || rest != c.rest {
			t.Errorf("%q: %q, %q; want %q, %q", c.text, list, rest, c.list, c.rest)
		}
	}
}

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{"": true, `\d`: true, "select 1": false, "select 1;": true, "select ';": false, "a; b": false} {
		if complete(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{"100": 100, "1K": 1024, "2GiB": 2 << 30, "3mb": 3 << 20, "1 TiB": 1 << 40, "7B": 7} {
		var s size
		if err := s.UnmarshalText([]byte(text)); err != nil || int64(s) != want {
			t.Errorf("%s: %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "0", "9999999999G", "1.5G"} {
		if err := new(size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a size", text)
		}
	}
}

func TestPlace(t *testing.T) {
	cases := []struct {
		text     string
		position int
		want     string
	}{
		{"select x", 8, "select x 1 7 true"},
		{"ä\nbö x", 6, "bö x 2 3 true"},
		{"ab", 3, "ab 1 2 true"},
		{"ab", 4, " 0 0 false"},
		{"ab", 0, " 0 0 false"},
	}
	for _, c := range cases {
		line, number, at, ok := place(c.text, c.position)
		if got := fmt.Sprint(line, " ", number, " ", at, " ", ok); got != c.want {
			t.Errorf("%q at %d: %s, want %s", c.text, c.position, got, c.want)
		}
	}
}
