// Package sql owns the way from SQL text to a syntax tree and back: a lexer, a
// recursive-descent parser with a Pratt core for expressions, the tree itself,
// a visitor and a formatter whose output parses to the same tree.
//
// The grammar is PostgreSQL's. The package knows no catalog and no types beyond
// their names: whether a table exists, what a function returns or whether a
// cast is possible is the binder's business.
//
// # Reading a tree
//
// Every node is a plain struct with a field Pos, the byte offset in the text
// that was parsed. For an infix operator Pos is the operator, so that an error
// points where PostgreSQL's would. Names are strings, already folded to lower
// case unless they were quoted. Parentheses leave no node behind; the formatter
// puts back those that matter.
//
// Pointers and interfaces are nil for a clause that was not written. A slice is
// nil for the same reason, with the exceptions named at their fields.
package sql
