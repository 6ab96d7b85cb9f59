package column

import "fmt"

// Panic is what a recovered panic leaves for the log; clients are not shown it.
type Panic struct {
	Value any
	Stack []byte // of the goroutine, as debug.Stack gives it
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Recovered makes an error of a panic: a broken invariant of ours ends the work at hand, and not the process. The stack is found with
// errors.As and a *Panic; the message does not have it.
func Recovered(value any, stack []byte) *Error {
	return &Error{Class: Internal, SQLState: "XX000", Message: fmt.Sprintf("internal error: %v", value), Err: hidden{&Panic{Value: value, Stack: stack}}}
}
