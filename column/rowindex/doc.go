// Package rowindex writes and reads index files: for each segment, an immutable file that says which rows have a key. FORMAT.md draws
// them. The methods differ in the keys that a row has: one made of all columns in order (btree), one for each column (bitmap, bloom), or many for
// a column, such as the trigrams of a text or the paths of a document (gin). All but bloom are stored as sorted keys, each with its rows;
// bloom as filters, one for each stretch of rows.
//
// An index narrows what is read and decides nothing: whoever asks it checks the rows it names. So a key may be cut short, or be a hash, and a
// segment without its file is read whole.
//
// The package must not know the catalog, queries, or who builds indexes when.
package rowindex
