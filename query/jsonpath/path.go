package jsonpath

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// Path is a parsed path. It is immutable.
type Path struct {
	root   *node
	strict bool
	// templates says that there is a .datetime() with a template, which is not built.
	templates bool
}

// op is what a node does.
type op uint8

const (
	opRoot    op = iota // $
	opCurrent           // @
	opVariable
	opLiteral
	opKey      // .text
	opAnyKey   // .*
	opAny      // .**, levels lo to hi
	opElements // [*]
	opSubscripts
	opLast
	opFilter
	opMethod // .text()
	opNegate
	opPlus
	opArithmetic // text is the sign
	opCompare    // text is the operator
	opAnd
	opOr
	opNot
	opUnknown // (…) is unknown
	opExists
	opStartsWith
	opLikeRegex
)

// node is an operation; what follows it in a chain of accessors is next.
type node struct {
	op          op
	text        string
	value       jsonvalue.Value
	left, right *node
	subscripts  []subscript
	lo, hi      int    // of opAny; -1 = last
	flags       string // of opLikeRegex, whose pattern is text
	match       func(s string) bool
	next        *node
}

type subscript struct{ from, to *node }

// predicate reports the operations that give a truth value.
func (n *node) predicate() bool { return n.op >= opCompare }

// Unsupported is what of the path cannot be evaluated, although it is a path; nil = nothing.
func (p *Path) Unsupported() error {
	if !p.templates {
		return nil
	}
	e := column.SQLErrorf(column.Unsupported, "0A000", "a template of .datetime() is not supported")
	e.Hint = "Call .datetime() without one on texts in the form of ISO 8601."
	return e
}

func fail(state, format string, args ...any) *column.Error {
	return column.SQLErrorf(column.Invalid, state, format, args...)
}
