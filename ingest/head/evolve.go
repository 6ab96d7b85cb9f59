package head

import (
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// A table's schema may change while rows of older versions of it are in the head. A column that has gone is not read. One whose type has become wider is read
// as what it is now. One that has come with an initial value has it in the rows that were written before it came: a part notes from which seq on its rows are
// of which version. Commits come in the order of versions, so that is all there is to know.

// writtenUnder says from which seq on a part's rows are of a schema version, or of a newer one.
type writtenUnder struct {
	version uint32
	from    meta.Seq
}

// noteSchemaLocked notes the version of a batch's schema.
func (p *part) noteSchemaLocked(version uint32, seq meta.Seq) {
	if n := len(p.versions); n > 0 && p.versions[n-1].version >= version {
		return
	}
	// Copied, because readers hold the slice.
	p.versions = append(p.versions[:len(p.versions):len(p.versions)], writtenUnder{version, seq})
}

// since is the seq from which on a part's rows know a column that came with a version of the schema. What is added to the part later does not change it for
// rows that are there.
func (p *part) since(added uint32) meta.Seq {
	p.mu.RLock()
	defer p.mu.RUnlock()
	at := sort.Search(len(p.versions), func(i int) bool { return p.versions[i].version >= added })
	if at == len(p.versions) {
		return 1<<64 - 1
	}
	return p.versions[at].from
}

// older counts the first rows of a chunk that were written before a column came.
func (d *decoder) older(p *part, c *chunk, f *column.Field) (int, error) {
	from := p.since(f.Added)
	switch {
	case c.last < from:
		return c.rows, nil
	case c.first >= from:
		return 0, nil
	}
	seqs, err := d.decodeSeqs(c)
	return sort.Search(len(seqs), func(i int) bool { return seqs[i] >= int64(from) }), err
}

// underNow gives a chunk's column as the schema of now has it. v is what is stored, nil for NULL throughout; the chunk is p's.
func (d *decoder) underNow(p *part, c *chunk, f *column.Field, v *column.Vector) (*column.Vector, error) {
	if v != nil {
		v = v.As(f.Type)
	}
	if f.Initial == "" {
		return v, nil
	}
	older, err := d.older(p, c, f)
	if err != nil || older == 0 {
		return v, err
	}
	initial, err := f.InitialValues(older)
	if err != nil {
		return nil, err
	}
	b := column.NewBuilder(f.Type, 0)
	b.AppendVector(initial, 0, older)
	switch {
	case older == c.rows:
	case v == nil:
		b.AppendNulls(c.rows - older)
	default:
		b.AppendVector(v, older, c.rows)
	}
	return b.Finish(), b.Err()
}
