package pgwire

import (
	"errors"
	"net"
	"os"
	"time"
)

// patientConn writes to a client that may be slow to read: after a moment it says so, and it gives up when the client has taken
// nothing for stall.
type patientConn struct {
	net.Conn
	stall   time.Duration
	waiting func() // called, once a write, when the client keeps us waiting
}

// moment is how long a write may take before the client counts as slow. A reader that keeps up empties the kernel's buffer in less.
const moment = 50 * time.Millisecond

// Write implements net.Conn.
func (c *patientConn) Write(b []byte) (n int, err error) {
	told := false
	for patience := moment; ; patience = c.stall {
		if err := c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return n, err
		}
		k, err := c.Conn.Write(b[n:])
		n += k
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || told && k == 0 {
			return n, err
		}
		if !told && c.waiting != nil {
			c.waiting()
		}
		told = true
	}
}
