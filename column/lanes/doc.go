// Package lanes has loops over bytes that work on many at once: in vector registers where the machine has them for certain, by words elsewhere. What they answer is
// the same everywhere.
//
// It must not know what the bytes mean.
package lanes
