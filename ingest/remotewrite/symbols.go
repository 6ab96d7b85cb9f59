package remotewrite

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest"
)

// symbols is the table of texts that a request of remote write 2.0 refers to by number.
//
// The same series has other numbers in the next request, so its hash is made of what the numbers stand for: each symbol is hashed once
// per request, a series is the hash of its symbols' hashes. Both are 128 bits wide: a symbol's alone would not be enough if
// it were less.
type symbols struct {
	text   [][]byte
	hashes []symbolHash
	name   uint32 // the symbol __name__; 0 = none
	buf    []byte // the hashes of one series' symbols
	room   int    // symbols that memory is reserved for
}

// symbolHash lies in memory as it is hashed.
type symbolHash = [hashBytes]byte

// A symbol costs two bytes on the wire and symbolBytes here.
const (
	maxSymbols  = 1 << 21
	symbolStep  = 16 << 10
	symbolBytes = 24 + 16
	hashBytes   = 16
)

func (s *symbols) emptied() symbols {
	clear(s.text) // they point into the body
	return symbols{text: s.text[:0], hashes: s.hashes[:0], buf: s.buf}
}

func hash128(b []byte, seed uint64) ingest.SeriesHash {
	h := xxh3.Hash128Seed(b, seed)
	return ingest.SeriesHash{Hi: h.Hi, Lo: h.Lo}
}

// add appends a symbol; its text is not copied.
func (s *symbols) add(text []byte, seed uint64, pool *mem.Pool) error {
	if len(s.text) == s.room {
		if s.room >= maxSymbols {
			return column.Errorf(column.Limit, "remote write: the request has more than %d symbols", maxSymbols)
		}
		if err := pool.Grow(symbolStep * symbolBytes); err != nil {
			return column.Errorf(column.Overloaded, "too many remote write requests at once: %w", err)
		}
		s.room += symbolStep
	}
	if string(text) == metricLabel && s.name == 0 {
		s.name = uint32(len(s.text))
	}
	s.text = append(s.text, text)
	s.hashes = append(s.hashes, xxh3.Hash128Seed(text, seed).Bytes())
	return nil
}

// series hashes the labels that refs name, and gives the number of the metric's name among the symbols; 0 if there is none. An error
// is an errSeries.
func (s *symbols) series(refs []byte, limit int) (hash ingest.SeriesHash, metric uint32, err error) {
	if need := 2 * limit * hashBytes; len(s.buf) < need {
		s.buf = make([]byte, need)
	}
	hashes, name := s.hashes, uint64(s.name)
	n, last := 0, uint64(0)
	for i := 0; i < len(refs); {
		ref := uint64(refs[i])
		i++
		if ref >= 0x80 {
			var size int
			if ref, size = nextRef(refs[i-1:]); size <= 0 {
				return hash, 0, badSeries("its labels are no list of references")
			}
			i += size - 1
		}
		if ref >= uint64(len(hashes)) {
			return hash, 0, badSeries("label reference %d is outside of the table of %d symbols", ref, len(hashes))
		}
		if n == 2*limit {
			return hash, 0, badSeries("it has more than %d labels", limit)
		}
		*(*symbolHash)(s.buf[n*hashBytes:]) = hashes[ref]
		if n&1 != 0 && last == name && name != 0 {
			metric = uint32(ref)
		}
		last = ref
		n++
	}
	switch {
	case n == 0:
		return hash, 0, badSeries("it has no labels")
	case n%2 != 0:
		return hash, 0, badSeries("it has %d label references: names and values must come in pairs", n)
	}
	// The symbols' hashes are seeded; with a seed, inputs of this length cost a third more.
	h := xxh3.Hash128(s.buf[:n*hashBytes])
	return ingest.SeriesHash{Hi: h.Hi, Lo: h.Lo}, metric, nil
}

// nextRef reads a varint; references below 2^14 are nearly all there are.
func nextRef(b []byte) (ref uint64, size int) {
	if b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	if len(b) > 1 && b[1] < 0x80 {
		return uint64(b[0]&0x7f) | uint64(b[1])<<7, 2
	}
	return binary.Uvarint(b)
}
