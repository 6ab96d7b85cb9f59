package sql

import (
	"fmt"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// SQLSTATE codes that the parser reports.
const (
	codeSyntax        = "42601"
	codeUnsupported   = "0A000"
	codeInvalidText   = "22P02"
	codeOutOfRange    = "22003"
	codeInvalidEscape = "22025"
	codeEncoding      = "22021"
	codeUndefParam    = "42P02"
	codeTooDeep       = "54001"
	codeTooLong       = "54000"
	codeTooMany       = "54011"
	codeCancelled     = "57014"
)

// Error is a statement refused, with what a client needs to point at the place.
type Error struct {
	// Code is the SQLSTATE.
	Code string
	// Message is worded as PostgreSQL words it.
	Message string
	// Hint suggests a way out; often empty.
	Hint string
	// Offset is the byte offset in the text, Position the same place counted
	// in characters from 1. Position is 0 when the error has no place.
	Offset   int
	Position int
}

func (e *Error) Error() string {
	if e.Position == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (at character %d)", e.Message, e.Position)
}

// SQLState returns the five-character code.
func (e *Error) SQLState() string { return e.Code }

// Unwrap gives the error's class, so that errors.Is and column.ClassOf see it.
func (e *Error) Unwrap() error {
	switch e.Code {
	case codeUnsupported:
		return column.Unsupported
	case codeTooDeep, codeTooLong, codeTooMany:
		return column.Limit
	}
	return column.Invalid
}

// ErrorAt makes an Error for the place at byte offset in text. The binder uses
// it with the Pos of a node.
func ErrorAt(text string, offset int, code, format string, args ...any) *Error {
	return &Error{
		Code:     code,
		Message:  fmt.Sprintf(format, args...),
		Offset:   offset,
		Position: CharPosition(text, offset),
	}
}

// CharPosition converts a byte offset in text to a position in characters
// counted from 1. An offset outside the text is moved to its nearer end.
func CharPosition(text string, offset int) int {
	offset = max(0, min(offset, len(text)))
	return utf8.RuneCountInString(text[:offset]) + 1
}
