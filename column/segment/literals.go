package segment

import (
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/huff0"
)

// A zstd frame of literals alone: each block is Huffman-coded by how often its bytes come, and nothing is looked for that came before. Of
// what does not repeat, like packed deltas and the planes of floats, that is all that zstd can make smaller; looking for matches takes many
// times as long, finds such as cost more than they save, and makes it slower to read.
const (
	zstdMagic     = 0xfd2fb528
	zstdBlock     = 128 << 10 // the most bytes of a block
	leastLiterals = 64        // shorter ones are left as they are

	// The kinds of zstd's blocks.
	blockRaw        = 0
	blockRepeated   = 1
	blockCompressed = 2
)

// literals appends such a frame, whose blocks hold at most size bytes each.
func (e *encoder) literals(dst, src []byte, size int) []byte {
	dst = appendFrameHeader(dst, len(src))
	if len(src) == 0 {
		return appendBlockHeader(dst, true, blockRaw, 0)
	}
	for size = min(size, zstdBlock); len(src) > 0; {
		n := min(size, len(src))
		dst = e.literalBlock(dst, src[:n], n == len(src))
		src = src[n:]
	}
	return dst
}

// appendFrameHeader says how long the content is, which is the window as well; there is no checksum, as pages have their own.
func appendFrameHeader(dst []byte, n int) []byte {
	const single = 1 << 5
	dst = binary.LittleEndian.AppendUint32(dst, zstdMagic)
	switch {
	case n < 256:
		return append(dst, single, byte(n))
	case n < 256+1<<16:
		return binary.LittleEndian.AppendUint16(append(dst, single|1<<6), uint16(n-256))
	}
	return binary.LittleEndian.AppendUint32(append(dst, single|2<<6), uint32(n))
}

func appendBlockHeader(dst []byte, last bool, kind, n int) []byte {
	h := uint32(kind)<<1 | uint32(n)<<3
	if last {
		h |= 1
	}
	return append(dst, byte(h), byte(h>>8), byte(h>>16))
}

func (e *encoder) literalBlock(dst, src []byte, last bool) []byte {
	n := len(src)
	var coded []byte
	err := huff0.ErrIncompressible
	if n >= leastLiterals {
		e.huffman.Reuse = huff0.ReusePolicyNone
		coded, _, err = huff0.Compress4X(src, &e.huffman)
	}
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(appendBlockHeader(dst, last, blockRepeated, n), src[0])
	case err != nil || len(coded)+6 >= n:
		return append(appendBlockHeader(dst, last, blockRaw, n), src...)
	}
	// The header of literals in four streams: the lengths after and before, in 10, 14 or 18 bits each.
	const huffman = 2
	k := len(coded)
	var head uint64
	var bytes int
	switch {
	case n < 1<<10:
		head, bytes = huffman|1<<2|uint64(n)<<4|uint64(k)<<14, 3
	case n < 1<<14:
		head, bytes = huffman|2<<2|uint64(n)<<4|uint64(k)<<18, 4
	default:
		head, bytes = huffman|3<<2|uint64(n)<<4|uint64(k)<<22, 5
	}
	dst = appendBlockHeader(dst, last, blockCompressed, bytes+k+1)
	for range bytes {
		dst = append(dst, byte(head))
		head >>= 8
	}
	dst = append(dst, coded...)
	return append(dst, 0) // no sequences
}
