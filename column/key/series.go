package key

import (
	"bytes"

	"github.com/automatanexus/aegis-db/column"
)

// A series is named by the key of its tags. A table may get tags later, always at the end, and a row without such a tag is of the
// series that it was before: an absent tag is NULL. So a series' key has two forms, and every function that takes one
// takes either:
//
//   - complete: a value for each tag of a schema. Its bytes order as SQL orders the tuples. Segments keep it, over the tags
//     of the schema that they were written by.
//   - short: without the absent values at its end. It is the same under every schema that knows the tags which are present,
//     so what outlives a change of the schema (dictionaries, the WAL) goes by it. CompareShort orders it.
//
// Writing absent values only where a schema asks for them was preferred to rewriting dictionaries whenever a tag is added.

// Short gives the short form of a series' key over these tags; it aliases the key.
func Short(series []byte, tags []column.Type) ([]byte, error) {
	if n := len(series); n == 0 || series[n-1] != absent {
		return series, nil // no need to look at the values: nearly all keys
	}
	rest, end := series, 0
	for _, t := range tags {
		if len(rest) == 0 {
			break
		}
		_, null, next, err := Next(rest, t, nil)
		if err != nil {
			return nil, err
		}
		if rest = next; !null {
			end = len(series) - len(rest)
		}
	}
	if !allAbsent(rest) {
		return nil, column.Errorf(column.Internal, "key: a series of more than %d tags", len(tags))
	}
	return series[:end], nil
}

// Complete gives the complete form of a series' key over these tags, which aliases the key where nothing is added. known is false
// where a value is present that none of the tags stands for: no row of a table with these tags alone is of that series.
func Complete(series []byte, tags []column.Type) (complete []byte, known bool, err error) {
	rest := series
	for i, t := range tags {
		if len(rest) == 0 {
			out := append(make([]byte, 0, len(series)+len(tags)-i), series...)
			for range len(tags) - i {
				out = append(out, absent)
			}
			return out, true, nil
		}
		if _, _, rest, err = Next(rest, t, nil); err != nil {
			return nil, false, err
		}
	}
	return series[:len(series)-len(rest)], allAbsent(rest), nil
}

func allAbsent(values []byte) bool {
	for _, c := range values {
		if c != absent {
			return false
		}
	}
	return true
}

// CompareShort orders short forms as their complete forms are ordered: no value is the beginning of another, so where one key is the
// beginning of the other, the other has a value in place of a NULL, which comes last.
func CompareShort(a, b []byte) int {
	switch n := min(len(a), len(b)); {
	case len(a) == len(b) || !bytes.Equal(a[:n], b[:n]):
		return bytes.Compare(a, b)
	case len(a) < len(b):
		return 1
	}
	return -1
}
