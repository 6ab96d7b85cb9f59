package index

import (
	"bytes"
	"encoding/binary"

	"github.com/RoaringBitmap/roaring/v2"
)

// decoder reads bytes that may be damaged: the first fault sets bad, and everything after it reads as zero.
type decoder struct {
	src []byte
	at  int
	bad bool
}

// uvarint reads a number of at most limit.
func (d *decoder) uvarint(limit uint64) uint64 {
	if d.bad {
		return 0
	}
	v, n := binary.Uvarint(d.src[d.at:])
	if n <= 0 || v > limit {
		d.bad = true
		return 0
	}
	d.at += n
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if d.bad || n > uint64(len(d.src)-d.at) {
		d.bad = true
		return nil
	}
	b := d.src[d.at : d.at+int(n)]
	d.at += int(n)
	return b
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// posting reads a posting of ordinals below total, into to unless that is nil.
func (d *decoder) posting(total uint32, to *roaring.Bitmap) {
	switch d.byte() {
	case postingRange:
		first := d.uvarint(uint64(total))
		n := d.uvarint(uint64(total) - first)
		if to != nil && !d.bad {
			to.AddRange(first, first+n)
		}
	case postingList:
		n := d.uvarint(listMax)
		o := uint64(0)
		for i := uint64(0); i < n && !d.bad; i++ {
			o += d.uvarint(uint64(total))
			if o >= uint64(total) || d.bad {
				d.bad = true
				return
			}
			if to != nil {
				to.Add(uint32(o))
			}
		}
	case postingRoaring:
		d.roaring(d.uvarint(uint64(len(d.src))), total, to)
	default:
		d.bad = true
	}
}

func (d *decoder) roaring(size uint64, total uint32, to *roaring.Bitmap) {
	b := d.bytes(size)
	if d.bad || to == nil {
		return
	}
	bm, ok := DecodeBitmap(b)
	if !ok || (!bm.IsEmpty() && bm.Maximum() >= total) {
		d.bad = true
		return
	}
	to.Or(bm)
}

// DecodeBitmap reads a bitmap in roaring's portable format and checks its inner order, which operations on it rely on. ok is
// false for anything but a whole, valid bitmap. The result owns its memory.
func DecodeBitmap(src []byte) (bm *roaring.Bitmap, ok bool) {
	bm = roaring.New()
	n, err := bm.ReadFrom(bytes.NewReader(src))
	if err != nil || n != int64(len(src)) || bm.Validate() != nil {
		return nil, false
	}
	return bm, true
}
