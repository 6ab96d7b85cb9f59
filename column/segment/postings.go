package segment

import (
	"encoding/binary"
	"fmt"

	"github.com/automatanexus/aegis-db/column/index"
)

// Postings whose values are long, like those of whole label sets, are mostly text that repeats: such sections are compressed, in pieces of at
// most so many bytes, so that a reader takes no memory on a file's word. Small ones stay as they are: they are what queries read most.
const (
	postingsPiece = 1 << 20
	zippedLeast   = 16 << 10
)

// addPostings adds a section of postings, compressed if that makes it half as large.
func (b *sidecarBuilder) addPostings(tag section, body []byte, zip func(src, dst []byte) []byte) {
	if len(body) >= zippedLeast {
		if z := zipPostings(body, zip); 2*len(z) < len(body) {
			b.version = sidecarZipped
			b.add(sectionZippedPostings, tag.column, tag.label, z)
			return
		}
	}
	b.add(sectionPostings, tag.column, tag.label, body)
}

func zipPostings(body []byte, zip func(src, dst []byte) []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(len(body)))
	for len(body) > 0 {
		n := min(len(body), postingsPiece)
		z := zip(body[:n], nil)
		out = append(binary.AppendUvarint(out, uint64(len(z))), z...)
		body = body[n:]
	}
	return out
}

func unzipPostings(b []byte) ([]byte, error) {
	c := cursor{src: b}
	left := c.offset()
	var out []byte
	for left > 0 && !c.bad {
		n := int(min(left, postingsPiece))
		piece := c.bytes(c.count())
		if c.bad {
			break
		}
		raw, err := unpack(piece, n)
		if err != nil {
			return nil, fmt.Errorf("postings: %w", err)
		}
		out = append(out, raw...)
		left -= int64(n)
	}
	return out, c.end("postings")
}

// loadPostings reads a section of postings of either kind.
func (r *Reader) loadPostings(s *section) (*index.Postings, error) {
	b, err := r.load(s)
	if err != nil {
		return nil, err
	}
	if s.kind == sectionZippedPostings {
		if b, err = unzipPostings(b); err != nil {
			return nil, r.corrupt(r.sidecarName(), s.offset, "%w", err)
		}
	}
	p, err := index.Decode(b, r.meta.series)
	if err != nil {
		return nil, r.corrupt(r.sidecarName(), s.offset, "%w", err)
	}
	return p, nil
}
