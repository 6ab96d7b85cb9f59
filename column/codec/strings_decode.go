package codec

import (
	"fmt"
	"math"
	"slices"
)

// DecodeStrings appends n values read from src to data and where each ends to
// offsets, and returns the bytes of src behind them. Empty offsets first get
// the beginning, len(data), so that value i is data[offsets[i]:offsets[i+1]] as
// in Arrow.
//
// A short stream can stand for very much data, hence data may not grow beyond
// limit bytes (at most 2^31-1, what an offset can say). The error wraps
// ErrCorrupt; offsets and data are then returned as they came.
func DecodeStrings(offsets []int32, data, src []byte, n, limit int) (outOffsets []int32, outData, rest []byte, err error) {
	if n < 0 || n > len(src)*maxRepeat {
		return offsets, data, src, errCount("strings", n, len(src))
	}
	limit = min(limit, math.MaxInt32)
	if len(data) > limit {
		return offsets, data, src, errStringLimit(0, limit)
	}
	outOffsets = slices.Grow(offsets, n+1)
	if len(offsets) == 0 {
		outOffsets = append(outOffsets, int32(len(data)))
	}
	outData, rest = data, src
	var literals [][]byte
	var value []byte
	for done := 0; done < n; {
		token, tail, err := Uvarint(rest)
		if err != nil {
			return offsets, data, src, errTruncated("strings", done, n)
		}
		count := 1
		switch arg := token >> 2; token & 3 {
		case tokenLiteral:
			if arg > uint64(len(tail)) {
				return offsets, data, src, errTruncated("strings", done, n)
			}
			value, tail = tail[:arg], tail[arg:]
			if len(literals) < maxLiterals {
				literals = append(literals, value)
			}
		case tokenRef:
			if arg >= uint64(len(literals)) {
				return offsets, data, src, fmt.Errorf("codec: strings: value %d refers to literal %d of %d: %w",
					done, arg, len(literals), ErrCorrupt)
			}
			value = literals[arg]
		default:
			if token&3 != tokenRepeat || arg >= maxRepeat {
				return offsets, data, src, fmt.Errorf("codec: strings: unknown token %#x at value %d: %w", token, done, ErrCorrupt)
			}
			count = min(int(arg)+1, n-done)
		}
		rest = tail
		if len(value)*count > limit-len(outData) {
			return offsets, data, src, errStringLimit(done, limit)
		}
		for range count {
			outData = append(outData, value...)
			outOffsets = append(outOffsets, int32(len(outData)))
		}
		done += count
	}
	return outOffsets, outData, rest, nil
}

func errStringLimit(done, limit int) error {
	return fmt.Errorf("codec: strings: more than %d bytes at value %d: %w", limit, done, ErrCorrupt)
}
