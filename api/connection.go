package api

import (
	"context"
	"net"
	"net/http"
)

// connection is a client's connection that can hold back what is written to it. net/http hands on what it has gathered whenever 4 KiB are full,
// each time by a call of the system that wakes the client; a piece of an answer is better sent in one.
type connection struct {
	*net.TCPConn
	holding bool
	held    []byte
	pooled  *[]byte // where held goes back to
}

// Write sends, or keeps while writes are held.
func (c *connection) Write(b []byte) (int, error) {
	if c.holding {
		c.held = append(c.held, b...)
		return len(b), nil
	}
	return c.TCPConn.Write(b)
}

// hold keeps what is written from now on. Only the goroutine that writes may call it, and release.
func (c *connection) hold() {
	c.holding, c.pooled = true, borrow()
	c.held = *c.pooled
}

// release sends what was held.
func (c *connection) release() error {
	c.holding = false
	var err error
	if len(c.held) > 0 {
		_, err = c.TCPConn.Write(c.held)
	}
	*c.pooled = c.held
	giveBack(c.pooled)
	c.held, c.pooled = nil, nil
	return err
}

// holding makes a listener's connections ones that can hold back what is written.
type holding struct{ net.Listener }

func (l holding) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return &connection{TCPConn: tcp}, nil
	}
	return c, err
}

type connectionKey struct{}

// withConnection is for http.Server.ConnContext.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*connection); ok {
		return context.WithValue(ctx, connectionKey{}, c)
	}
	return ctx
}

// connectionOf is the connection that a request came over; nil if it cannot hold back writes.
func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}
