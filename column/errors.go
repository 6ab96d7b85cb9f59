package column

import (
	"errors"
	"fmt"
)

// Class says what a caller can do about an error. Every layer above maps a class once: api to HTTP and
// SQLSTATE, ingest to "retry" or "do not retry". A Class is itself an error, so errors.Is(err, column.Corrupt)
// asks for the class of anything in the chain.
type Class uint8

// The classes, and what each asks of the caller.
const (
	Internal    Class = iota // a broken invariant of ours: report it
	Invalid                  // the request is wrong: change it
	Unsupported              // the request is right and not built: write it in another way
	NotFound                 // the named thing does not exist
	Conflict                 // somebody else was first: read again, then retry
	Limit                    // a budget ended: ask for less, or raise the budget
	Overloaded               // a budget ended for now: retry later
	Denied                   // not allowed
	Cancelled                // the caller went away or its time ended
	Corrupt                  // stored bytes are not what was written: restore or repair
)

var classNames = [...]string{"internal", "invalid", "unsupported", "not found", "conflict", "limit", "overloaded", "denied", "cancelled", "corrupt"}

// Error makes a Class usable as the target of errors.Is.
func (c Class) Error() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Error is an error with a class, and with what a SQL client wants to know beside it.
type Error struct {
	Class    Class
	SQLState string // five characters; "" means the class's default
	Message  string
	Detail   string
	Hint     string
	Position int   // 1-based character in the statement; 0 = none
	Err      error // what was underneath; may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	if _, printed := e.Err.(hidden); printed {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap gives what was underneath.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is this error's class.
func (e *Error) Is(target error) bool {
	c, ok := target.(Class)
	return ok && c == e.Class
}

// Errorf makes an error of a class; %w wraps as in fmt.Errorf.
func Errorf(class Class, format string, args ...any) *Error {
	inner := fmt.Errorf(format, args...)
	return &Error{Class: class, Message: inner.Error(), Err: hidden{errors.Unwrap(inner)}.orNil()}
}

// SQLErrorf makes an error with a SQLSTATE; Class follows from the caller.
func SQLErrorf(class Class, sqlState string, format string, args ...any) *Error {
	e := Errorf(class, format, args...)
	e.SQLState = sqlState
	return e
}

// hidden keeps a wrapped error reachable for errors.Is and errors.As without printing it twice: the message
// that wraps it has printed it already.
type hidden struct{ err error }

func (h hidden) orNil() error {
	if h.err == nil {
		return nil
	}
	return h
}

func (h hidden) Error() string { return "" }
func (h hidden) Unwrap() error { return h.err }

// ClassOf finds the class of the outermost classed error in the chain; Internal if there is none.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	var c Class
	if errors.As(err, &c) {
		return c
	}
	return Internal
}
