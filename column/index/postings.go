// Package index holds the small structures that say where not to look: postings (the series that have a tag value, as
// roaring bitmaps), zone maps (what a page's values lie between) and filters (what is certainly not there). It knows values and ordinals; it must not know
// files, segments or queries.
package index

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// How a posting is stored. In a sorted series table the first tags' postings are ranges and those of rare values are a
// few ordinals; a roaring bitmap costs 18 bytes at least, so it is kept for the rest.
const (
	postingRange   = 0 // uvarint first, uvarint count
	postingList    = 1 // uvarint count, then the first ordinal and the distances, uvarints
	postingRoaring = 2 // uvarint length, then the portable roaring format
	listMax        = 8
)

// Builder collects the postings of one tag, series by series in ascending order.
type Builder struct {
	values map[string]*[]uint32
	size   int64
}

// NewBuilder makes an empty builder.
func NewBuilder() *Builder { return &Builder{values: map[string]*[]uint32{}} }

// Add says that a series has a value. Series that are never added have none: the tag is NULL there.
func (b *Builder) Add(value []byte, ordinal uint32) {
	list := b.values[string(value)]
	if list == nil {
		list = new([]uint32)
		b.values[string(value)] = list
		b.size += int64(len(value)) + 64 // map entry, slice header and string header, roughly
	}
	*list = append(*list, ordinal)
	b.size += 4
}

// SizeBytes is roughly what the builder holds in memory.
func (b *Builder) SizeBytes() int64 { return b.size }

// Len is how many different values were added.
func (b *Builder) Len() int { return len(b.values) }

// Append appends the encoded postings of a table of total series: the number of values, the values in ascending order, front coded,
// each with its posting, then the posting of NULL.
func (b *Builder) Append(dst []byte, total uint32) []byte {
	names := make([]string, 0, len(b.values))
	for v := range b.values {
		names = append(names, v)
	}
	slices.Sort(names)
	has := column.NewBitmap(int(total), false)
	dst = binary.AppendUvarint(dst, uint64(len(names)))
	previous := ""
	for _, v := range names {
		shared := commonPrefix(previous, v)
		dst = binary.AppendUvarint(dst, uint64(shared))
		dst = binary.AppendUvarint(dst, uint64(len(v)-shared))
		dst = append(dst, v[shared:]...)
		list := *b.values[v]
		dst = appendPosting(dst, list)
		for _, o := range list {
			has.Set(int(o))
		}
		previous = v
	}
	var absent []uint32
	for o := range total {
		if !has.Get(int(o)) {
			absent = append(absent, o)
		}
	}
	return appendPosting(dst, absent)
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func appendPosting(dst []byte, list []uint32) []byte {
	n := len(list)
	switch {
	case n == 0:
		return append(dst, postingRange, 0, 0)
	case list[n-1]-list[0] == uint32(n-1):
		dst = binary.AppendUvarint(append(dst, postingRange), uint64(list[0]))
		return binary.AppendUvarint(dst, uint64(n))
	case n <= listMax:
		dst = binary.AppendUvarint(append(dst, postingList), uint64(n))
		last := uint32(0)
		for _, o := range list {
			dst = binary.AppendUvarint(dst, uint64(o-last))
			last = o
		}
		return dst
	}
	bm := roaring.BitmapOf(list...)
	bm.RunOptimize()
	dst = binary.AppendUvarint(append(dst, postingRoaring), bm.GetSerializedSizeInBytes())
	encoded, err := bm.ToBytes()
	if err != nil {
		panic(err) // writing to memory has no reason to fail
	}
	return append(dst, encoded...)
}

// Postings are the decoded postings of one tag. Immutable, safe for concurrent use.
type Postings struct {
	total   uint32
	ends    []uint32 // of the values in data
	data    []byte
	at      []uint32 // of the postings in encoded; the last one is NULL's
	encoded []byte
}

// Decode checks and reads what Builder.Append wrote for a table of total series. The result keeps src.
func Decode(src []byte, total uint32) (*Postings, error) {
	p := &Postings{total: total, encoded: src, data: []byte{}} // an empty value is not nil: nil stands for NULL
	d := decoder{src: src}
	count := d.uvarint(uint64(len(src)))
	var previous []byte
	for i := uint64(0); i < count && !d.bad; i++ {
		shared := d.uvarint(uint64(len(previous)))
		suffix := d.bytes(d.uvarint(uint64(len(src))))
		start := len(p.data)
		p.data = append(append(p.data, previous[:shared]...), suffix...)
		value := p.data[start:]
		if i > 0 && bytes.Compare(previous, value) >= 0 {
			return nil, column.Errorf(column.Corrupt, "postings: values out of order at byte %d", d.at)
		}
		previous = value
		p.ends = append(p.ends, uint32(len(p.data)))
		p.at = append(p.at, uint32(d.at))
		d.posting(total, nil)
	}
	p.at = append(p.at, uint32(d.at))
	d.posting(total, nil)
	if d.bad || d.at != len(src) {
		return nil, column.Errorf(column.Corrupt, "postings: damaged at byte %d of %d", d.at, len(src))
	}
	return p, nil
}

// Len is the number of distinct values.
func (p *Postings) Len() int { return len(p.ends) }

// Value gives value i in ascending order; it aliases the postings.
func (p *Postings) Value(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = p.ends[i-1]
	}
	return p.data[from:p.ends[i]:p.ends[i]]
}

// Find gives the place of a value, -1 if no series has it.
func (p *Postings) Find(value []byte) int {
	lo, hi := 0, len(p.ends)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if bytes.Compare(p.Value(mid), value) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(p.ends) && bytes.Equal(p.Value(lo), value) {
		return lo
	}
	return -1
}

// AddTo adds the series of value i to a bitmap; i = Len() stands for NULL.
func (p *Postings) AddTo(i int, to *roaring.Bitmap) error {
	d := decoder{src: p.encoded, at: int(p.at[i])}
	d.posting(p.total, to)
	if d.bad {
		return column.Errorf(column.Corrupt, "postings: damaged at byte %d", p.at[i])
	}
	return nil
}

// Select gives the series a filter lets through; Match is asked once per distinct value, and once for NULL if a series has none.
func (p *Postings) Select(f *scan.SeriesFilter) (*roaring.Bitmap, error) {
	out := roaring.New()
	if f.Equal != nil {
		for _, v := range f.Equal {
			if i := p.Find(v); i >= 0 && (f.Match == nil || f.Match(p.Value(i), false)) {
				if err := p.AddTo(i, out); err != nil {
					return nil, err
				}
			}
		}
		return out, nil
	}
	for i := range p.ends {
		if f.Match == nil || f.Match(p.Value(i), false) {
			if err := p.AddTo(i, out); err != nil {
				return nil, err
			}
		}
	}
	if f.Match == nil || f.Match(nil, true) {
		if err := p.AddTo(len(p.ends), out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SizeBytes is what the postings hold in memory.
func (p *Postings) SizeBytes() int64 {
	return int64(cap(p.data) + cap(p.encoded) + 4*cap(p.ends) + 4*cap(p.at))
}
