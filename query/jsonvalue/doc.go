// Package jsonvalue holds JSON documents as trees: for functions that change them and paths that walk over them. What only looks up
// members of a document reads its text instead (query/fn).
//
// It must not know columns, SQL text or paths.
package jsonvalue
