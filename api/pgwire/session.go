package pgwire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// session is one connection. Its goroutine owns everything but what mu guards.
type session struct {
	server      *Server
	raw         net.Conn
	patient     *patientConn
	tls         *tls.Conn
	certificate *tls.Certificate // that the client got
	conn        net.Conn         // tls or patient
	backend     *pgproto3.Backend
	out         []byte // what is not sent yet

	user, database string
	query          *query.Session
	ctx            context.Context
	stop           context.CancelCauseFunc
	pid            int32
	secret         [4]byte

	statements map[string]*statement
	portals    map[string]*portal
	skipping   bool                     // a message failed: nothing counts until Sync
	reported   map[string]string        // the settings that the client knows
	copying    *copyIn                  // COPY FROM STDIN runs
	mustFlush  bool                     // the client waits for what is gathered
	ahead      pgproto3.FrontendMessage // was read before its turn; nil = none

	mu      sync.Mutex
	running context.CancelCauseFunc // ends the statement that runs; nil = none does
}

// sendAt is how many bytes of answers are gathered before they are sent.
const sendAt = 64 << 10

// keepOut is how large a buffer is kept from one answer to the next.
const keepOut = 2 * sendAt

// send appends a message to what goes out.
func (c *session) send(m pgproto3.BackendMessage) {
	before := len(c.out)
	b, err := m.Encode(c.out)
	if err != nil { // a message of more than 1 GiB
		c.out = c.out[:before]
		c.server.options.Logger.Error("pgwire: encode", "error", err)
		return
	}
	c.out = b
}

// flush sends what was gathered.
func (c *session) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.conn.Write(c.out)
	c.server.metrics.sent.Add(float64(len(c.out)))
	if cap(c.out) > keepOut {
		c.out = nil
	}
	c.out = c.out[:0]
	if err != nil {
		return gone{err}
	}
	return nil
}

// gone is a client that does not take what it asked for.
type gone struct{ error }

func (g gone) Unwrap() error { return g.error }

// loop answers messages until the client leaves.
func (c *session) loop() error {
	c.ready()
	for {
		if err := c.flushIfWaiting(); err != nil {
			return err
		}
		m, err := c.receive()
		if err != nil {
			return err
		}
		if _, ok := m.(*pgproto3.Terminate); ok {
			return nil
		}
		if err := c.handle(m); err != nil {
			return err
		}
	}
}

// flushIfWaiting sends what a client that has asked for it waits for.
func (c *session) flushIfWaiting() error {
	if !c.mustFlush {
		return nil
	}
	c.mustFlush = false
	return c.flush()
}

// patience is how long the client's next message is waited for, and what is said when that is over. A transaction that is open holds what others
// may need, so it is waited for less long, also if it is only made of messages that no Sync has ended yet.
func (c *session) patience() (time.Duration, error) {
	inBlock, outside := c.query.IdleTimes()
	if c.query.InBlock() {
		return cmp.Or(inBlock, c.server.options.IdleInBlock), &column.Error{
			Class: column.Cancelled, SQLState: "25P03", Message: "terminating connection due to idle-in-transaction timeout",
		}
	}
	return cmp.Or(outside, c.server.options.IdleTimeout), &column.Error{
		Class: column.Cancelled, SQLState: "57P05", Message: "terminating connection due to idle-session timeout",
	}
}

// over is why the connection ends although its client has not left; nil = it does not.
func (c *session) over() error {
	if c.server.isStopping() {
		return errStopping
	}
	return c.query.Terminated()
}

// receive reads a message, for as long as an idle client is put up with.
func (c *session) receive() (pgproto3.FrontendMessage, error) {
	if m := c.ahead; m != nil {
		c.ahead = nil
		return m, nil
	}
	patience, err := c.patience()
	var deadline time.Time
	if patience > 0 {
		deadline = time.Now().Add(patience)
	}
	if setErr := c.raw.SetReadDeadline(deadline); setErr != nil {
		return nil, setErr
	}
	if why := c.over(); why != nil {
		return nil, fatal{why}
	}
	m, readErr := c.backend.Receive()
	var long *pgproto3.ExceededMaxBodyLenErr
	var network net.Error
	switch {
	case readErr == nil:
		return m, nil
	case errors.As(readErr, &long):
		return nil, fatal{&column.Error{
			Class: column.Limit, SQLState: "54000", Message: readErr.Error(), Hint: "Send less at a time, or raise the server's limit for messages.",
		}}
	case errors.Is(readErr, os.ErrDeadlineExceeded):
		if why := c.over(); why != nil {
			err = why
		}
		return nil, fatal{err}
	case errors.As(readErr, &network), isEOF(readErr):
		return nil, readErr
	}
	return nil, fatal{violation("%w", readErr)}
}

// wake ends the wait of an idle session; called from another goroutine.
func (c *session) wake() { _ = c.raw.SetReadDeadline(time.Now()) }

// handle does what a message says. An error ends the connection; those of statements are the client's to know.
func (c *session) handle(m pgproto3.FrontendMessage) (err error) {
	sent := len(c.out)
	defer func() {
		if p := recover(); p != nil {
			c.server.options.Logger.Error("pgwire: a message panicked", "panic", p, "stack", string(debug.Stack()))
			c.out = c.out[:min(sent, len(c.out))] // half a message would be the end of everything
			_, simple := m.(*pgproto3.Query)
			if c.copying != nil {
				simple = c.copying.after != nil
				c.endCopyIn()
			}
			err = c.failed(panicked(p))
			c.skipping = !simple
			if simple && err == nil {
				err = c.finishQuery()
			}
		}
	}()
	if c.copying != nil {
		return c.copyMessage(m)
	}
	switch m := m.(type) {
	case *pgproto3.Query:
		c.skipping = false
		return c.simple(m.String)
	case *pgproto3.Sync:
		return c.sync()
	case *pgproto3.Flush:
		c.mustFlush = true
		return nil
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // what is left of a COPY that has failed
	}
	if c.skipping {
		return nil
	}
	switch m := m.(type) {
	case *pgproto3.Parse:
		err = c.parse(m)
	case *pgproto3.Bind:
		err = c.bind(m)
	case *pgproto3.Describe:
		err = c.describe(m)
	case *pgproto3.Execute:
		err = c.execute(m)
	case *pgproto3.Close:
		c.closeNamed(m)
	case *pgproto3.FunctionCall:
		if err := c.failed(column.SQLErrorf(column.Unsupported, "0A000", "function calls by their number are not supported")); err != nil {
			return err
		}
		return c.finishQuery()
	default:
		return fatal{violation("unexpected message %T", m)}
	}
	return c.ended(err)
}

// ended tells the client about the error of a message, if there is one; what follows it up to Sync does not count then.
func (c *session) ended(err error) error {
	if err == nil {
		return nil
	}
	if err := c.failed(err); err != nil {
		return err
	}
	c.skipping = true
	return nil
}

// failed tells the client about an error. A client that is gone ends the connection.
func (c *session) failed(err error) error {
	var g gone
	var f fatal
	if errors.As(err, &g) || errors.As(err, &f) {
		return err
	}
	if why := c.query.Terminated(); why != nil {
		return fatal{why}
	}
	c.query.Fail()
	c.server.metrics.failed(err)
	if class := column.ClassOf(err); class == column.Internal || class == column.Corrupt {
		c.server.options.Logger.Error("pgwire: a statement failed", "error", err, "client", c.raw.RemoteAddr(), "user", c.user)
	}
	c.send(response(err, "ERROR"))
	return nil
}

// ready says that the client may ask again, and sends all there is.
func (c *session) ready() {
	c.out = append(c.out, 'Z', 0, 0, 0, 5, byte(c.query.TxStatus()))
	c.mustFlush = true
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// begin makes the context of a statement: it ends with the session, by a cancel request, or when the time is over that the session's
// statements have. done must be called.
func (c *session) begin(_ context.Context, cancel context.CancelCauseFunc) (done func()) {
	var timer *time.Timer
	if t := c.query.Timeout(); t > 0 {
		timer = time.AfterFunc(t, func() { cancel(errTimeout) })
	}
	stop := c.runs(cancel)
	return func() {
		stop()
		if timer != nil {
			timer.Stop()
		}
	}
}

// runs says how a cancel request ends what runs from now on. done must be called.
func (c *session) runs(cancel context.CancelCauseFunc) (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = cancel
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running = nil
	}
}

// cancelRunning ends the statement that runs; called from other goroutines.
func (c *session) cancelRunning(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running != nil {
		c.running(why)
	}
}

// close gives back everything.
func (c *session) close() {
	c.closePortals()
	c.endCopyIn()
	if c.query != nil {
		c.query.Close()
	}
	if c.pid != 0 {
		c.server.unregister(c)
	}
	if c.stop != nil {
		c.stop(nil)
	}
}
