package segment

import (
	"encoding/binary"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
)

// The sidecar's frame; FORMAT.md draws it.
const (
	sidecarMagic   = "AEGISIDX"
	sidecarVersion = 1
	sidecarZipped  = 2 // there are zipped postings: who does not know them would take a tag for absent
	headerBytes    = 32
	tailBytes      = 32
)

// The kinds of sections. Their numbers are stored: append, never reorder.
const (
	sectionSeries    = 1 // blocks of the series table
	sectionDirectory = 2 // of the blocks
	sectionPostings  = 3 // of a tag, or of a label
	sectionPages     = 4 // of a column
	sectionRanges    = 5 // of the Parquet file that are no pages
	sectionMeta      = 6 // the last one: Open reads it together with the tail

	sectionStatistics     = 7 // of a column
	sectionZippedPostings = 8
)

// section is an entry of the sidecar's directory.
type section struct {
	kind   byte
	column column.ID
	label  string
	offset int64
	length int64
	sum    uint32
}

type sidecarBuilder struct {
	buf      []byte
	sections []section
	version  uint32
}

func (b *sidecarBuilder) add(kind byte, id column.ID, label string, body []byte) {
	b.sections = append(b.sections, section{kind, id, label, int64(len(b.buf)), int64(len(body)), sum(body)})
	b.buf = append(b.buf, body...)
}

// sidecar encodes the whole file.
func (w *Writer) sidecar() ([]byte, error) {
	b := &sidecarBuilder{version: sidecarVersion}
	b.buf = append(b.buf, sidecarMagic...)
	b.buf = binary.LittleEndian.AppendUint32(b.buf, 0) // the version, when it is known
	b.buf = binary.LittleEndian.AppendUint32(b.buf, 0)
	b.buf = binary.LittleEndian.AppendUint64(b.buf, w.o.Table)
	b.buf = binary.LittleEndian.AppendUint64(b.buf, w.o.Segment)

	directory, blocks := w.table.finish()
	b.add(sectionSeries, 0, "", blocks)
	for i, p := range w.postings {
		b.addPostings(section{column: w.schema.Tags[i]}, p.Append(nil, w.table.count), w.enc.zstd.EncodeAll)
	}
	names := make([]string, 0, len(w.labels))
	for name := range w.labels {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.addPostings(section{column: w.schema.Tags[len(w.schema.Tags)-1], label: name}, w.labels[name].Append(nil, w.table.count), w.enc.zstd.EncodeAll)
	}
	b.add(sectionRanges, 0, "", appendRanges(nil, w.data.ranges))
	for i, f := range w.schema.Fields {
		b.add(sectionPages, f.ID, "", w.appendPages(nil, i))
	}
	for i, f := range w.schema.Fields {
		b.add(sectionStatistics, f.ID, "", appendStatistics(nil, w.statistics[i].finish(w.tagValues(f.ID))))
	}
	b.add(sectionDirectory, 0, "", directory)
	b.add(sectionMeta, 0, "", w.appendMeta(nil))
	return b.finish(), nil
}

// finish completes the header, and appends the directory and the tail.
func (b *sidecarBuilder) finish() []byte {
	binary.LittleEndian.PutUint32(b.buf[len(sidecarMagic):], b.version)
	headerSum := sum(b.buf[:headerBytes])
	at := len(b.buf)
	dst := binary.AppendUvarint(b.buf, uint64(len(b.sections)))
	for _, s := range b.sections {
		dst = append(dst, s.kind)
		dst = binary.AppendUvarint(dst, uint64(s.column))
		dst = binary.AppendUvarint(dst, uint64(len(s.label)))
		dst = append(dst, s.label...)
		dst = binary.AppendUvarint(dst, uint64(s.length))
		dst = binary.LittleEndian.AppendUint32(dst, s.sum)
	}
	directory := dst[at:]
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(directory)))
	dst = binary.LittleEndian.AppendUint32(dst, sum(directory))
	dst = binary.LittleEndian.AppendUint32(dst, headerSum)
	dst = binary.LittleEndian.AppendUint32(dst, b.version)
	dst = binary.LittleEndian.AppendUint64(dst, 0)
	return append(dst, sidecarMagic...)
}

func appendRanges(dst []byte, ranges []fileRange) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ranges)))
	for _, r := range ranges {
		dst = binary.AppendUvarint(dst, uint64(r.offset))
		dst = binary.AppendUvarint(dst, uint64(r.length))
		dst = binary.LittleEndian.AppendUint32(dst, r.sum)
	}
	return dst
}

// appendPages encodes a column's chunks and pages. The pages of a chunk follow each other, so only the first has an offset.
func (w *Writer) appendPages(dst []byte, field int) []byte {
	t := w.stored[field].Type
	for g := range w.groups {
		c := &w.groups[g].chunks[field]
		flags := byte(0)
		if c.compressed {
			flags |= flagCompressed
		}
		dst = append(dst, byte(c.encoding), flags)
		dst = binary.AppendUvarint(dst, uint64(c.dictValues))
		dst = appendPage(dst, &c.dictPage)
		if c.dictPage.length != 0 {
			dst = binary.AppendUvarint(dst, uint64(c.dictPage.offset))
		}
		dst = binary.AppendUvarint(dst, uint64(len(c.pages)))
		dst = binary.AppendUvarint(dst, uint64(c.pages[0].offset))
		for i := range c.pages {
			p := &c.pages[i]
			dst = appendPage(dst, p)
			dst = binary.AppendUvarint(dst, uint64(p.rows))
			dst = index.AppendZone(dst, &p.zone, t)
		}
	}
	return dst
}

const flagCompressed = 1

// flagDecimal marks the kind of a column that is stored as DECIMAL; precision and scale follow it.
const flagDecimal = 0x80

func appendPage(dst []byte, p *pageMeta) []byte {
	dst = binary.AppendUvarint(dst, uint64(p.length))
	if p.length == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(p.header))
	dst = binary.AppendUvarint(dst, uint64(p.raw))
	return binary.LittleEndian.AppendUint32(dst, p.sum)
}

const flagTimeSorted = 1

// appendMeta encodes what Open needs: who this is, how much of it there is, and the schema the rows were written by.
func (w *Writer) appendMeta(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, w.o.Table)
	dst = binary.AppendUvarint(dst, w.o.Segment)
	dst = binary.AppendUvarint(dst, uint64(w.rows))
	dst = binary.AppendUvarint(dst, uint64(w.table.count))
	dst = binary.AppendUvarint(dst, uint64(w.table.entries))
	dst = binary.AppendUvarint(dst, uint64(w.data.offset))
	dst = binary.AppendVarint(dst, w.minTime)
	dst = binary.AppendVarint(dst, w.maxTime)
	flags := byte(0)
	if w.timeSorted {
		flags |= flagTimeSorted
	}
	dst = append(dst, w.o.Level, flags)
	dst = binary.AppendUvarint(dst, uint64(len(w.groups)))
	for _, g := range w.groups {
		dst = binary.AppendUvarint(dst, uint64(g.rows))
	}
	return appendSchema(dst, w.schema)
}

func appendSchema(dst []byte, s *column.Schema) []byte {
	dst = binary.AppendUvarint(dst, uint64(s.Version))
	dst = binary.AppendUvarint(dst, uint64(len(s.Fields)))
	for _, f := range s.Fields {
		dst = binary.AppendUvarint(dst, uint64(f.ID))
		dst = binary.AppendUvarint(dst, uint64(len(f.Name)))
		dst = append(dst, f.Name...)
		if precision, scale, ok := decimal(&f); ok {
			dst = append(dst, byte(f.Type.Kind)|flagDecimal, byte(precision), byte(scale))
		} else {
			dst = append(dst, byte(f.Type.Kind))
		}
		if f.Type.IsArray() {
			dst = append(dst, byte(f.Type.Elem))
		}
		dst = append(dst, boolByte(f.NotNull))
	}
	dst = appendIDs(dst, s.Tags)
	dst = appendIDs(dst, s.Key)
	dst = binary.AppendUvarint(dst, uint64(s.Time))
	dst = binary.AppendVarint(dst, s.Partition)
	return append(dst, boolByte(s.LabelSets))
}

func appendIDs(dst []byte, ids []column.ID) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ids)))
	for _, id := range ids {
		dst = binary.AppendUvarint(dst, uint64(id))
	}
	return dst
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
