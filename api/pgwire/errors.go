package pgwire

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// stateOf is the SQLSTATE of a class of errors, where the error has none of its own.
var stateOf = map[column.Class]string{
	column.Internal: "XX000", column.Invalid: "22023", column.Unsupported: "0A000", column.NotFound: "42704", column.Conflict: "40001",
	column.Limit: "53200", column.Overloaded: "53300", column.Denied: "42501", column.Cancelled: "57014", column.Corrupt: "XX001",
}

var (
	errCancelled = &column.Error{Class: column.Cancelled, SQLState: "57014", Message: "canceling statement due to user request"}
	errTimeout   = &column.Error{Class: column.Cancelled, SQLState: "57014", Message: "canceling statement due to statement timeout"}
	errStopping  = &column.Error{Class: column.Overloaded, SQLState: "57P01", Message: "terminating connection due to administrator command"}
)

func errTooMany() *column.Error {
	return &column.Error{Class: column.Overloaded, SQLState: "53300", Message: "sorry, too many clients already"}
}

// violation is a client that does not keep to the protocol.
func violation(format string, args ...any) *column.Error {
	return column.SQLErrorf(column.Invalid, "08P01", format, args...)
}

// fatal is an error that ends the connection.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// internalText is all that a client learns about a fault of ours; the log has the rest.
const internalText = "internal error; the server's log has the details"

// response describes an error to a client.
func response(err error, severity string) *pgproto3.ErrorResponse {
	r := &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: "XX000", Message: err.Error()}
	var e *column.Error
	if errors.As(err, &e) {
		r.Code, r.Message, r.Detail, r.Hint, r.Position = e.SQLState, e.Error(), e.Detail, e.Hint, int32(e.Position)
	}
	class := column.ClassOf(err)
	if r.Code == "" {
		r.Code = stateOf[class]
	}
	if r.Code == "0A000" && r.Message == query.StalePlan {
		r.Routine = "RevalidateCachedQuery" // by which asyncpg and pgjdbc know that preparing anew helps
	}
	if class == column.Internal {
		r.Code, r.Message, r.Detail = "XX000", internalText, ""
	}
	return r
}

// notice describes a warning.
func notice(n query.Notice) *pgproto3.NoticeResponse {
	return &pgproto3.NoticeResponse{
		Severity: n.Severity, SeverityUnlocalized: n.Severity, Code: n.SQLState, Message: n.Message, Detail: n.Detail, Hint: n.Hint,
	}
}

// refuse tells a client that is not served why, and hangs up.
func refuse(conn net.Conn, err error) {
	defer conn.Close()
	c := &session{raw: conn}
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	for range 2 { // PostgreSQL answers a start only, after it has declined to encrypt
		s, readErr := readStartup(conn)
		if readErr != nil {
			return
		}
		if s.params != nil {
			break
		}
		if _, err := conn.Write([]byte{'N'}); err != nil {
			return
		}
	}
	if b, encodeErr := response(err, "FATAL").Encode(nil); encodeErr == nil {
		if _, err := conn.Write(b); err == nil { // it is gone, or it learns
			c.linger()
		}
	}
}

// panicked turns a recovered panic into an error.
func panicked(p any) error { return column.Errorf(column.Internal, "panic: %s", fmt.Sprint(p)) }
