package scan

// IndexCondition asks an index which rows may satisfy a condition. Keys are those that package rowindex makes of values.
type IndexCondition struct {
	// Index is the number in the names of the index's files.
	Index uint64
	// All lists groups of ranges: a row is wanted if, for each group, it has a key in one of the group's ranges.
	All [][]KeyRange
}

// KeyRange is the keys k with From <= k < To; where To is nil, those that begin with From.
type KeyRange struct{ From, To []byte }

// After gives the least key that is greater than all those that begin with a prefix; nil if there is none.
func After(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			out := append([]byte(nil), prefix[:i+1]...)
			out[i]++
			return out
		}
	}
	return nil
}
