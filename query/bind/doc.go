// Package bind turns syntax trees into plans: it resolves names against one snapshot, chooses functions, settles types and
// says what is wrong with a statement, in PostgreSQL's words and with the place.
//
// Places: an error's column.Error.Position is 1 + the byte offset in the statement's text, here and in evaluation. Locate turns
// it into the position in characters that clients are told; whoever holds the text calls it once, at the edge.
//
// It must not know storage, protocols or how plans are run.
package bind
