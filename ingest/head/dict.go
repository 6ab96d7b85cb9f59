package head

import (
	"bytes"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
)

// Hash is a 128-bit hash of the bytes by which a client names a series.
type Hash struct{ Hi, Lo uint64 }

// NoRef is the ref of no series.
const NoRef = ^uint32(0)

// MaxKey bounds an encoded series key, so that its place fits into a word; the WAL has the same bound.
const MaxKey = 1 << 16

// Keys lie in slabs that begin small, for tables of few series, and double up to a size at which their number is small.
const (
	firstSlab = 4 << 10
	lastSlab  = 1 << 20
)

// A place is slab, offset and length of a key in one word.
const (
	lengthBits = 17
	offsetBits = 20
)

// Dict gives the series of a table dense numbers (refs), and finds them by key or by a client's hash. A million series
// cost their keys and some 60 bytes each: a map of strings would cost twice that. Series are never removed; a table whose
// series are mostly gone gets a new Dict.
//
// Keys are in the short form of package key, so that a dictionary outlives tags being added: whoever brings a key shortens it.
// They are immutable, so what Keys returns needs no lock.
type Dict struct {
	epoch uint64
	users atomic.Int32 // generations that refer to it
	bytes atomic.Int64

	mu     sync.RWMutex
	slabs  [][]byte // each of its final length from the start: their headers never change
	used   int      // bytes of the last slab
	places []uint64 // by ref
	sums   []uint32 // low hash bits by ref
	slots  []uint32 // open addressing, ref+1, 0 = free
	cache  []cached // open addressing
	cached int

	index firstTag
}

// cached maps a client's hash to a ref.
type cached struct {
	hash Hash
	ref  uint32 // ref+1, 0 = free
}

func newDict(epoch uint64) *Dict { return &Dict{epoch: epoch, slots: make([]uint32, 8)} }

// Epoch numbers the dictionaries of a table; refs are only good together with it.
func (d *Dict) Epoch() uint64 { return d.epoch }

// Len is the number of series.
func (d *Dict) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.places)
}

// Bytes is the memory it holds.
func (d *Dict) Bytes() int64 { return d.bytes.Load() }

// Find gives the ref of a key, NoRef if there is none.
func (d *Dict) Find(key []byte) uint32 {
	sum := uint32(xxh3.Hash(key))
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.findLocked(sum, key)
}

func (d *Dict) findLocked(sum uint32, key []byte) uint32 {
	mask := uint32(len(d.slots) - 1)
	for i := sum & mask; ; i = (i + 1) & mask {
		slot := d.slots[i]
		if slot == 0 {
			return NoRef
		}
		if d.sums[slot-1] == sum && bytes.Equal(d.keyLocked(slot-1), key) {
			return slot - 1
		}
	}
}

func (d *Dict) keyLocked(ref uint32) []byte { return keyAt(d.slabs, d.places[ref]) }

func keyAt(slabs [][]byte, place uint64) []byte {
	length := place & (1<<lengthBits - 1)
	offset := place >> lengthBits & (1<<offsetBits - 1)
	return slabs[place>>(lengthBits+offsetBits)][offset : offset+length : offset+length]
}

// Intern gives the ref of a key, which is copied if it is new. limit, if > 0, bounds the number of series.
func (d *Dict) Intern(key []byte, limit int) (uint32, error) {
	sum := uint32(xxh3.Hash(key))
	d.mu.RLock()
	ref := d.findLocked(sum, key)
	d.mu.RUnlock()
	if ref != NoRef {
		return ref, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.internLocked(sum, key, limit)
}

func (d *Dict) internLocked(sum uint32, key []byte, limit int) (uint32, error) {
	if ref := d.findLocked(sum, key); ref != NoRef {
		return ref, nil
	}
	if len(key) > MaxKey {
		return 0, column.Errorf(column.Limit, "the tags of a row take %d bytes, limit %d", len(key), MaxKey)
	}
	if limit > 0 && len(d.places) >= limit {
		return 0, &SeriesLimitError{Limit: limit}
	}
	ref := uint32(len(d.places))
	d.places = append(d.places, d.storeLocked(key))
	d.sums = append(d.sums, sum)
	if 4*len(d.places) > 3*len(d.slots) {
		d.growLocked()
	} else {
		d.putLocked(sum, ref)
	}
	d.sizeLocked()
	return ref, nil
}

// SeriesLimitError says that a table has as many series as it may have.
type SeriesLimitError struct{ Limit int }

func (e *SeriesLimitError) Error() string { return "too many series" }

// Unwrap gives the class.
func (e *SeriesLimitError) Unwrap() error { return column.Limit }

func (d *Dict) storeLocked(key []byte) uint64 {
	if n := len(d.slabs); n == 0 || d.used+len(key) > len(d.slabs[n-1]) {
		size := firstSlab
		if n > 0 {
			size = min(2*len(d.slabs[n-1]), lastSlab)
		}
		d.slabs = append(d.slabs, make([]byte, max(size, len(key))))
		d.used = 0
	}
	slab := len(d.slabs) - 1
	copy(d.slabs[slab][d.used:], key)
	place := uint64(slab)<<(lengthBits+offsetBits) | uint64(d.used)<<lengthBits | uint64(len(key))
	d.used += len(key)
	return place
}

func (d *Dict) putLocked(sum, ref uint32) {
	mask := uint32(len(d.slots) - 1)
	i := sum & mask
	for d.slots[i] != 0 {
		i = (i + 1) & mask
	}
	d.slots[i] = ref + 1
}

func (d *Dict) growLocked() {
	d.slots = make([]uint32, 2*len(d.slots))
	for ref, sum := range d.sums {
		d.putLocked(sum, uint32(ref))
	}
}

func (d *Dict) sizeLocked() {
	n := 8*cap(d.places) + 4*cap(d.sums) + 4*len(d.slots) + int(unsafe.Sizeof(cached{}))*len(d.cache)
	for i := len(d.slabs) - 1; i >= 0; i-- {
		if len(d.slabs[i]) == lastSlab {
			n += (i + 1) * lastSlab // all before are of that size or smaller, by less than one in total
			break
		}
		n += len(d.slabs[i])
	}
	d.bytes.Store(int64(n))
}

// Keys is a view of the keys of the refs below Len.
type Keys struct {
	slabs  [][]byte
	places []uint64
}

// Keys gives a view of all present keys.
func (d *Dict) Keys() Keys {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return Keys{slabs: d.slabs, places: d.places}
}

// Len is the number of keys.
func (k Keys) Len() int { return len(k.places) }

// Key gives the key of a ref.
func (k Keys) Key(ref uint32) []byte { return keyAt(k.slabs, k.places[ref]) }

// Resolve finds the refs of hashes that Define has seen and gives the number of those it has not.
func (d *Dict) Resolve(hashes []Hash, refs []uint32) (missing int) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if len(d.cache) == 0 {
		for i := range hashes {
			refs[i] = NoRef
		}
		return len(hashes)
	}
	mask := uint64(len(d.cache) - 1)
	for i, h := range hashes {
		ref := NoRef
		for j := h.Lo & mask; d.cache[j].ref != 0; j = (j + 1) & mask {
			if d.cache[j].hash == h {
				ref = d.cache[j].ref - 1
				break
			}
		}
		refs[i] = ref
		if ref == NoRef {
			missing++
		}
	}
	return missing
}

// Define is Intern, and remembers the client's hash of the series. Several hashes may mean one series.
func (d *Dict) Define(h Hash, key []byte, limit int) (uint32, error) {
	sum := uint32(xxh3.Hash(key))
	d.mu.Lock()
	defer d.mu.Unlock()
	ref, err := d.internLocked(sum, key, limit)
	if err != nil {
		return 0, err
	}
	// A client that spells one series in endless ways must not fill the memory: past four spellings a series, start over.
	if d.cached >= 4*len(d.places)+64 {
		d.cache, d.cached = nil, 0
	}
	if 4*(d.cached+1) > 3*len(d.cache) {
		old := d.cache
		d.cache = make([]cached, max(2*len(old), 16))
		for _, c := range old {
			if c.ref != 0 {
				d.rememberLocked(c)
			}
		}
		d.sizeLocked()
	}
	if d.rememberLocked(cached{h, ref + 1}) {
		d.cached++
	}
	return ref, nil
}

func (d *Dict) rememberLocked(c cached) bool {
	mask := uint64(len(d.cache) - 1)
	i := c.hash.Lo & mask
	for d.cache[i].ref != 0 {
		if d.cache[i].hash == c.hash {
			return false
		}
		i = (i + 1) & mask
	}
	d.cache[i] = c
	return true
}
