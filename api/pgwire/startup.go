package pgwire

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// The numbers that stand where a start-up packet has its protocol version.
const (
	protocolMajor = 3
	codeCancel    = 80877102
	codeTLS       = 80877103
	codeGSS       = 80877104

	maxStartup = 10_000 // PostgreSQL's own limit
)

// startup is what a client sends first.
type startup struct {
	code   uint32
	body   []byte            // of a cancel request
	params map[string]string // of a start
}

// readStartup reads a start-up packet and not a byte more: what follows may belong to TLS.
func readStartup(r io.Reader) (*startup, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(head[:4]))
	if n < 8 || n > maxStartup {
		return nil, violation("invalid length of startup packet")
	}
	s := &startup{code: binary.BigEndian.Uint32(head[4:]), body: make([]byte, n-8)}
	if _, err := io.ReadFull(r, s.body); err != nil {
		return nil, err
	}
	if s.code>>16 != protocolMajor {
		return s, nil
	}
	s.params = map[string]string{}
	for rest := s.body; ; {
		name, after, ok := bytes.Cut(rest, []byte{0})
		if ok && len(name) == 0 && len(after) == 0 {
			return s, nil
		}
		value, after, ok := bytes.Cut(after, []byte{0})
		if !ok || len(name) == 0 {
			return nil, violation("invalid startup packet layout: expected terminator as last byte")
		}
		s.params[string(name)], rest = string(value), after
	}
}

// serve is a connection's life.
func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(s.options.StartTimeout))
	patient := &patientConn{Conn: conn, stall: s.options.Stall}
	c := &session{server: s, raw: conn, patient: patient, conn: patient, statements: map[string]*statement{}, portals: map[string]*portal{}}
	defer c.close()
	start, err := c.negotiate()
	if err == nil && start == nil {
		return // a cancel request, which gets no answer
	}
	if err == nil {
		err = c.start(start)
	}
	if err == nil {
		s.metrics.opened.Inc()
		err = c.loop()
	}
	c.end(err)
}

// negotiate answers requests for encryption until the client starts. It gives nil after a cancel request.
func (c *session) negotiate() (*startup, error) {
	for asked := 0; ; asked++ {
		s, err := readStartup(c.conn)
		if err != nil {
			return nil, err
		}
		switch s.code {
		case codeCancel:
			if len(s.body) >= 8 {
				c.server.cancel(int32(binary.BigEndian.Uint32(s.body)), s.body[4:])
			}
			return nil, nil
		case codeTLS, codeGSS:
			if asked > 2 {
				return nil, violation("too many requests for encryption")
			}
			if s.code == codeTLS && c.server.options.TLS != nil && c.tls == nil {
				if err := c.encrypt(); err != nil {
					return nil, err
				}
				continue
			}
			if _, err := c.conn.Write([]byte{'N'}); err != nil {
				return nil, err
			}
		default:
			if s.params == nil {
				return nil, fatal{column.SQLErrorf(column.Unsupported, "0A000", "unsupported frontend protocol %d.%d: server supports 3.0", s.code>>16, s.code&0xffff)}
			}
			return s, nil
		}
	}
}

// encrypt goes on over TLS.
func (c *session) encrypt() error {
	if _, err := c.conn.Write([]byte{'S'}); err != nil {
		return err
	}
	c.tls = tls.Server(c.patient, c.tlsConfig())
	ctx, cancel := context.WithTimeout(context.Background(), c.server.options.StartTimeout)
	defer cancel()
	c.conn = c.tls
	return c.tls.HandshakeContext(ctx)
}

// start makes a session of a connection: who it is, which database, which settings.
func (c *session) start(s *startup) error {
	c.backend = pgproto3.NewBackend(c.conn, io.Discard)
	c.backend.SetMaxBodyLen(maxStartup) // until we know who it is
	c.user, c.database = s.params["user"], s.params["database"]
	if c.user == "" {
		return fatal{column.SQLErrorf(column.Invalid, "28000", "no PostgreSQL user name specified in startup packet")}
	}
	if c.server.options.TLSOnly && c.tls == nil {
		return fatal{column.SQLErrorf(column.Denied, "28000", "connection is not encrypted, and this server takes no such connection")}
	}
	if r := s.params["replication"]; r != "" && r != "0" && !strings.EqualFold(r, "false") && !strings.EqualFold(r, "off") && !strings.EqualFold(r, "no") {
		return fatal{column.SQLErrorf(column.Unsupported, "0A000", "replication is not supported")}
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	c.send(&pgproto3.AuthenticationOk{})
	if c.server.db.Catalog().Database(c.database) == nil {
		c.database = meta.DefaultDatabase // clients name their user's, or postgres, where nobody told them otherwise
	}
	settings, err := startSettings(s.params)
	if err != nil {
		return fatal{err}
	}
	if c.query, err = c.server.db.OpenSession(query.SessionOptions{Database: c.database, User: c.user, Plain: !c.server.checker.Admin(c.user), Settings: settings}); err != nil {
		return fatal{err}
	}
	c.query.Blocks, c.query.LoggedIn = true, !c.server.checker.Open()
	c.ctx, c.stop = context.WithCancelCause(c.server.closing)
	if err := c.server.register(c); err != nil {
		return err
	}
	c.query.OnTerminate(c.wake)
	c.query.OnHolds(c.held)
	c.query.Attach(c.client())
	c.negotiateVersion(s)
	c.reportAll()
	c.send(&pgproto3.BackendKeyData{ProcessID: uint32(c.pid), SecretKey: c.secret[:]})
	c.backend.SetMaxBodyLen(c.server.options.MessageBytes)
	return nil
}

// client says where the connection comes from.
func (c *session) client() query.Client {
	out := query.Client{PID: int64(c.pid)}
	if a, ok := c.conn.RemoteAddr().(*net.TCPAddr); ok {
		out.Address, out.Port = a.IP.String(), a.Port
	}
	if a, ok := c.conn.LocalAddr().(*net.TCPAddr); ok {
		out.Server, out.ServerPort = a.IP.String(), a.Port
	}
	return out
}

// negotiateVersion tells a client that asks for more than version 3.0 what we have.
func (c *session) negotiateVersion(s *startup) {
	var unknown []string
	for name := range s.params {
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
		}
	}
	if s.code&0xffff == 0 && len(unknown) == 0 {
		return
	}
	c.out = append(c.out, 'v')
	at := len(c.out)
	c.out = binary.BigEndian.AppendUint32(c.out, 0)
	c.out = binary.BigEndian.AppendUint32(c.out, 0) // the newest minor version
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(len(unknown)))
	for _, name := range unknown {
		c.out = append(append(c.out, name...), 0)
	}
	binary.BigEndian.PutUint32(c.out[at:], uint32(len(c.out)-at))
}

// startSettings are what the start-up packet sets, by name in lower case: what RESET goes back to.
func startSettings(params map[string]string) (map[string]string, error) {
	options, err := splitOptions(params["options"])
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, o := range options {
		out[strings.ToLower(o[0])] = o[1]
	}
	for name, value := range params {
		if name != "user" && name != "database" && name != "replication" && name != "options" && !strings.HasPrefix(name, "_pq_.") {
			out[strings.ToLower(name)] = value
		}
	}
	if encoding := strings.ToUpper(strings.Trim(out["client_encoding"], "'\" ")); encoding == "SQL_ASCII" || encoding == "" {
		delete(out, "client_encoding") // ASCII is UTF-8 as well
	} else {
		out["client_encoding"] = encoding
	}
	return out, nil
}

// splitOptions reads the options of a start-up packet: -c name=value and --name=value, with \ before blanks in values.
func splitOptions(text string) (list [][2]string, err error) {
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case text[i] == ' ' || text[i] == '\t' || text[i] == '\n':
			flush()
		default:
			word.WriteByte(text[i])
		}
	}
	flush()
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "-c"):
			w = w[2:]
		case strings.HasPrefix(w, "--"):
			w = w[2:]
		default:
			return nil, column.SQLErrorf(column.Invalid, "42601", "invalid command-line argument for server process: %s", w)
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, column.SQLErrorf(column.Invalid, "42601", "-c %s requires a value", w)
		}
		list = append(list, [2]string{strings.ReplaceAll(name, "-", "_"), value})
	}
	return list, nil
}

// linger gives a client time to read the last message: closing while it still sends would take that away again.
func (c *session) linger() {
	const patience, most = 500 * time.Millisecond, 4 << 20
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.raw.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.CopyN(io.Discard, c.raw, most) // whatever it was
}

// end says why a connection ends, if the client is still there to hear it.
func (c *session) end(err error) {
	var f fatal
	var e *column.Error
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return
	case errors.As(err, &f), errors.As(err, &e):
		if column.ClassOf(err) == column.Internal {
			c.server.options.Logger.Error("pgwire: session ended", "error", err)
		}
		c.server.metrics.failed(err)
		c.send(response(err, "FATAL"))
		if c.flush() == nil { // it is told, or it is gone
			c.linger()
		}
	default:
		c.server.options.Logger.Debug("pgwire: connection ended", "error", err, "client", c.raw.RemoteAddr())
	}
}
