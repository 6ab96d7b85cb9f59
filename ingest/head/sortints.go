package head

import (
	"cmp"
	"math/bits"
	"slices"
)

// bucketRows is how many values are sorted together: few enough for the caches.
const bucketRows = 1 << 10

// sortedInts gives the places of values in their order, of equal ones in that in which they stand. They are spread into buckets by the upper bits of their range
// first, so that the whole of them, millions of rows of a flush, is walked through twice and not once for each level of a sort.
func sortedInts(v []int64) []int32 {
	if len(v) < 2 {
		return identity(len(v))
	}
	lo := slices.Min(v)
	span := uint64(slices.Max(v)) - uint64(lo)
	shift := max(0, bits.Len64(span)-bits.Len(uint(len(v)/bucketRows)))
	ends := make([]int32, span>>shift+1)
	for _, x := range v {
		ends[(uint64(x)-uint64(lo))>>shift]++
	}
	sum := int32(0)
	for i, n := range ends {
		ends[i], sum = sum, sum+n
	}
	index := make([]int32, len(v))
	for i, x := range v {
		b := (uint64(x) - uint64(lo)) >> shift
		index[ends[b]] = int32(i)
		ends[b]++
	}
	var scratch []placedInt
	from := int32(0)
	for _, end := range ends {
		scratch = sortPlaces(scratch, v, index[from:end])
		from = end
	}
	return index
}

type placedInt struct {
	value int64
	at    int32
}

// sortPlaces sorts places by their values.
func sortPlaces(scratch []placedInt, v []int64, index []int32) []placedInt {
	if len(index) < 2 {
		return scratch
	}
	scratch = scratch[:0]
	for _, at := range index {
		scratch = append(scratch, placedInt{v[at], at})
	}
	slices.SortFunc(scratch, func(a, b placedInt) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.at, b.at)) })
	for i := range scratch {
		index[i] = scratch[i].at
	}
	return scratch
}
