// Package column is the floor of the house: types, schemas, vectors in Arrow's memory layout, and the
// classes every error of the engine belongs to. Its sub-packages hold what a segment needs to be read with no
// catalog, no network and no server at hand: codecs, indexes, framing, the file system and the segment format.
//
// It must not know the life of a table, the network, the clock or Raft.
package column
