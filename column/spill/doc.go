// Package spill keeps on disk for a while what queries cannot hold in memory: rows as column vectors, in temporary files whose
// blocks carry checksums.
//
// An Area is the folder, emptied when it is opened, with a limit for everybody together; a Space is one query's share of it, with a
// limit of its own, and removes whatever its owner has left; a File takes blocks of rows and gives each back whenever it is asked for.
// FORMAT.md says what a file looks like.
//
// It must not know operators, plans or who decides that memory is full.
package spill
