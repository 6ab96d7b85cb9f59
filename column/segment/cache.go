package segment

import "github.com/automatanexus/aegis-db/column"

// PageKey names a decoded page (or a chunk's dictionary, which counts as a page of its own).
type PageKey struct {
	Table, Segment uint64
	Column         column.ID
	Page           uint32
	Dictionary     bool // with Last: not the values of a tag, but whether they are all different
	Narrow         bool // as column.ToNarrow gives it, or as it is where that cannot be
	Last           bool // of the last rows of series instead of the file's; of column 0 which of them have a time of their own
}

// PageCache may keep decoded pages. Vectors are immutable. Safe for concurrent use.
type PageCache interface {
	Get(PageKey) *column.Vector // nil = not there
	Put(key PageKey, v *column.Vector, bytes int64)
}
