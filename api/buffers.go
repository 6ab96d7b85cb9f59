package api

import "sync"

// buffers are those of answers that have been sent: for a small answer, clearing a new one would cost more than all the rest of printing.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, pieceBytes+pieceBytes/4)
	return &b
}}

// usualQuestion is what a statement with its parameters takes, bar those of bulk INSERTs.
const usualQuestion = 4 << 10

// questions are the bodies of queries that are answered.
var questions = sync.Pool{New: func() any {
	b := make([]byte, 0, usualQuestion)
	return &b
}}

// borrow gives an empty buffer.
func borrow() *[]byte {
	b := buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	*b = (*b)[:0]
	return b
}

// giveBack keeps a buffer for the next answer, unless a very long row has made it larger than what a spool keeps in memory.
func giveBack(b *[]byte) {
	if cap(*b) <= spoolMemory {
		buffers.Put(b)
	}
}
