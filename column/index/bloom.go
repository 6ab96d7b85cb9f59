package index

import (
	"encoding/binary"
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/prefetch"
)

// A filter is a split-block Bloom filter: a value has one block of 32 bytes, half a cache line, and in each of the block's eight words one
// bit (https://arxiv.org/abs/2101.01719, as Parquet has it). It says "certainly not" or "maybe". With 10 bits a value it says "maybe" of
// about one value in a hundred that is not there.

// FilterBits is how many bits a value gets where nobody asks for more or fewer.
const FilterBits = 10

// blockBytes is the size of a block, blockBits that in bits.
const (
	blockBytes = 32
	blockBits  = 8 * blockBytes
)

// filterSalt are odd numbers that make eight hashes of one, those of the paper's authors.
var filterSalt = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

// Block is a block of a filter. The low half of a value's hash decides its bits, the high half its block.
type Block [8]uint32

// Add sets the bits of a hash.
func (b *Block) Add(hash uint64) {
	for i, salt := range filterSalt {
		b[i] |= 1 << (uint32(hash) * salt >> 27)
	}
}

// Has reports whether all bits of a hash are set.
func (b *Block) Has(hash uint64) bool {
	for i, salt := range filterSalt {
		if b[i]&(1<<(uint32(hash)*salt>>27)) == 0 {
			return false
		}
	}
	return true
}

// all is Has without a branch for each word, which is faster where nobody knows where a block ends to have the bits.
func (b *Block) all(hash uint64) bool {
	h := uint32(hash)
	lacks := (1 << (h * filterSalt[0] >> 27)) &^ b[0]
	lacks |= (1 << (h * filterSalt[1] >> 27)) &^ b[1]
	lacks |= (1 << (h * filterSalt[2] >> 27)) &^ b[2]
	lacks |= (1 << (h * filterSalt[3] >> 27)) &^ b[3]
	lacks |= (1 << (h * filterSalt[4] >> 27)) &^ b[4]
	lacks |= (1 << (h * filterSalt[5] >> 27)) &^ b[5]
	lacks |= (1 << (h * filterSalt[6] >> 27)) &^ b[6]
	lacks |= (1 << (h * filterSalt[7] >> 27)) &^ b[7]
	return lacks == 0
}

// Append appends the block as it is stored.
func (b *Block) Append(dst []byte) []byte {
	for _, w := range b {
		dst = binary.LittleEndian.AppendUint32(dst, w)
	}
	return dst
}

// blockHas is Has for a stored block.
func blockHas(stored []byte, hash uint64) bool {
	_ = stored[blockBytes-1]
	for i, salt := range filterSalt {
		if binary.LittleEndian.Uint32(stored[4*i:])&(1<<(uint32(hash)*salt>>27)) == 0 {
			return false
		}
	}
	return true
}

// FilterHash is the hash by which filters know a value. Filters are stored, so it never changes.
func FilterHash(value []byte) uint64 { return xxh3.Hash(value) }

// FilterBlocks is how many blocks a filter of so many values needs.
func FilterBlocks(values int64, bits int) int {
	return int(max(1, (values*int64(bits)+blockBits-1)/blockBits))
}

// FilterBytes is the size of a filter of so many values, as SizeBytes gives it.
func FilterBytes(values int64, bits int) int64 { return int64(FilterBlocks(values, bits)) * blockBytes }

// FilterBlock gives the block of a hash in a filter of n blocks.
func FilterBlock(hash uint64, n int) int { return int(hash >> 32 * uint64(n) >> 32) }

// Filter is a set of values that knows what is not in it. A filter that is not changed any more is safe for concurrent use.
type Filter struct{ blocks []Block }

// NewFilter makes an empty filter for so many values with so many bits each.
func NewFilter(values int64, bits int) *Filter {
	return &Filter{make([]Block, FilterBlocks(values, bits))}
}

// Add adds the value of a hash.
func (f *Filter) Add(hash uint64) { f.blocks[FilterBlock(hash, len(f.blocks))].Add(hash) }

// AddAll adds the values of many hashes.
func (f *Filter) AddAll(hashes []uint64) {
	var lines prefetch.Lines
	f.ask(&lines, hashes)
	for lo := 0; lo < len(hashes); lo += len(lines) {
		hi := min(lo+len(lines), len(hashes))
		f.ask(&lines, hashes[hi:])
		for _, hash := range hashes[lo:hi] {
			f.Add(hash)
		}
	}
}

// Has reports whether the value of a hash may be in the filter.
func (f *Filter) Has(hash uint64) bool { return f.blocks[FilterBlock(hash, len(f.blocks))].Has(hash) }

// HasAny appends to dst the numbers of those hashes whose value may be in the filter. Filters are larger than caches: the blocks of the next hashes are on
// their way while these are looked at.
func (f *Filter) HasAny(dst []int32, hashes []uint64) []int32 {
	var lines prefetch.Lines
	f.ask(&lines, hashes)
	for lo := 0; lo < len(hashes); lo += len(lines) {
		hi := min(lo+len(lines), len(hashes))
		f.ask(&lines, hashes[hi:])
		for i, hash := range hashes[lo:hi] {
			if f.blocks[FilterBlock(hash, len(f.blocks))].all(hash) {
				dst = append(dst, int32(lo+i))
			}
		}
	}
	return dst
}

func (f *Filter) ask(lines *prefetch.Lines, hashes []uint64) {
	hashes = hashes[:min(len(lines), len(hashes))]
	for i, hash := range hashes {
		lines[i&(len(lines)-1)] = unsafe.Pointer(&f.blocks[FilterBlock(hash, len(f.blocks))])
	}
	prefetch.Ask(lines, len(hashes))
}

// SizeBytes is what the filter takes in memory, and about what it takes when stored.
func (f *Filter) SizeBytes() int64 { return int64(len(f.blocks)) * blockBytes }

// Append appends the filter as it is stored: the number of blocks, then the blocks.
func (f *Filter) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(f.blocks)))
	for i := range f.blocks {
		dst = f.blocks[i].Append(dst)
	}
	return dst
}

// DecodeFilter reads what Append wrote; src must hold nothing else. It cannot tell damaged bits: whoever stores a filter keeps a checksum.
func DecodeFilter(src []byte) (*Filter, error) {
	d := decoder{src: src}
	n := d.uvarint(uint64(len(src)) / blockBytes)
	if d.bad || n == 0 || uint64(len(src)-d.at) != n*blockBytes {
		return nil, column.Errorf(column.Corrupt, "filter: %d bytes are no filter", len(src))
	}
	f := &Filter{make([]Block, n)}
	for i := range f.blocks {
		b := d.bytes(blockBytes)
		for k := range f.blocks[i] {
			f.blocks[i][k] = binary.LittleEndian.Uint32(b[4*k:])
		}
	}
	return f, nil
}

// SlicedHas looks a hash up in many filters of equal size at once. They lie block by block, not filter by filter: slice holds the block of the
// hash of each filter, one after the other, so that one short read answers for all. It calls found with the number of each filter that may have the value.
func SlicedHas(slice []byte, hash uint64, found func(filter int)) {
	for i := 0; len(slice) >= blockBytes; i, slice = i+1, slice[blockBytes:] {
		if blockHas(slice, hash) {
			found(i)
		}
	}
}
