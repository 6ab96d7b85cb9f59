package segment

import (
	"math"
	"sync/atomic"

	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
)

// parseDirectory reads the sidecar's directory, whose sections fill the file from the header up to end.
func parseDirectory(b []byte, end int64) ([]section, error) {
	c := cursor{src: b}
	n := c.count()
	var out []section
	at := int64(headerBytes)
	for i := 0; i < n && !c.bad; i++ {
		s := section{kind: c.byte(), column: column.ID(c.u32()), label: string(c.bytes(c.count())), offset: at, length: c.offset(), sum: c.fixed32()}
		if s.length > end-at {
			c.bad = true
		}
		at += s.length
		out = append(out, s)
	}
	if err := c.end("directory"); err != nil {
		return nil, err
	}
	if at != end {
		return nil, column.Errorf(column.Corrupt, "directory: the sections end at byte %d, not %d", at, end)
	}
	return out, nil
}

func parseMeta(b []byte) (table, segment uint64, m metadata, err error) {
	c := cursor{src: b}
	table, segment = c.uvarint(math.MaxUint64), c.uvarint(math.MaxUint64)
	m.rows, m.series = uint32(c.uvarint(maxRows)), uint32(c.uvarint(maxRows))
	m.blocks = int(c.uvarint(maxRows))
	m.dataBytes = c.offset()
	m.minTime, m.maxTime = c.varint(), c.varint()
	m.level = c.byte()
	m.timeSorted = c.byte()&flagTimeSorted != 0
	row := uint32(0)
	for range c.count() {
		m.groups = append(m.groups, row)
		row += uint32(c.uvarint(uint64(m.rows - row)))
	}
	m.groups = append(m.groups, row)
	m.schema = parseSchema(&c)
	if err := c.end("meta section"); err != nil {
		return 0, 0, m, err
	}
	if row != m.rows || m.rows == 0 || m.series == 0 || m.series > m.rows || m.blocks != int(m.series+blockSeries-1)/blockSeries {
		return 0, 0, m, column.Errorf(column.Corrupt, "meta section: %d rows, %d of them in row groups, %d series, %d blocks", m.rows, row, m.series, m.blocks)
	}
	return table, segment, m, nil
}

func parseSchema(c *cursor) column.Schema {
	s := column.Schema{Version: c.u32()}
	for range c.count() {
		f := column.Field{ID: column.ID(c.u32()), Name: string(c.bytes(c.count()))}
		kind := c.byte()
		f.Type = column.T(column.Kind(kind &^ flagDecimal))
		if kind&flagDecimal != 0 {
			f.Mod = column.NumericMod(int(c.byte()), int(c.byte()))
			_, _, ok := decimal(&f)
			c.bad = c.bad || !ok
		}
		if f.Type.IsArray() {
			f.Type.Elem = column.Kind(c.byte())
		}
		f.NotNull = c.byte() != 0
		c.bad = c.bad || !f.Type.Valid()
		s.Fields = append(s.Fields, f)
	}
	s.Tags, s.Key = parseIDs(c, &s), parseIDs(c, &s)
	s.Time = column.ID(c.u32())
	s.Partition = c.varint()
	s.LabelSets = c.byte() != 0
	if s.Time != 0 {
		i := s.Index(s.Time)
		c.bad = c.bad || i < 0 || s.Fields[i].Type.Physical() != column.PhysInt
	}
	c.bad = c.bad || (s.LabelSets && len(s.Tags) == 0)
	return s
}

func parseIDs(c *cursor, s *column.Schema) []column.ID {
	var ids []column.ID
	for range c.count() {
		id := column.ID(c.u32())
		c.bad = c.bad || s.Index(id) < 0
		ids = append(ids, id)
	}
	return ids
}

// columnPages is a column's page table.
type columnPages struct {
	field  column.Field
	chunks []chunkMeta // their pages are in pages
	pages  []pageMeta
	starts []uint32                    // the first row of each page, side by side for those who look for one
	chunk  []int32                     // of each page
	spared atomic.Pointer[sparedPages] // by who reads ends of all series; nil until that was asked
	wide   bool                        // some page has long values: see wideRow
}

// parsePages reads the page table of a column whose row groups start at the given rows; the pages must lie in the file.
func parsePages(b []byte, f column.Field, groups []uint32, dataBytes int64) (*columnPages, error) {
	c := cursor{src: b}
	p := &columnPages{field: f}
	for g := 0; g+1 < len(groups) && !c.bad; g++ {
		m := chunkMeta{coding: coding{encoding: format.Encoding(c.byte()), compressed: c.byte()&flagCompressed != 0}}
		m.dictValues = c.u32()
		m.dictPage = parsePage(&c)
		if m.dictPage.length != 0 {
			m.dictPage.offset = c.offset()
			c.bad = c.bad || m.dictPage.offset > dataBytes-int64(m.dictPage.length)
		}
		n := c.count()
		at := c.offset()
		row := groups[g]
		for i := 0; i < n && !c.bad; i++ {
			q := parsePage(&c)
			q.rows = uint32(c.uvarint(uint64(groups[g+1] - row)))
			q.offset, q.firstRow, q.number = at, row, uint32(len(p.pages))
			zone, rest, err := index.DecodeZone(c.src[c.at:], f.Type, q.rows)
			if err != nil {
				return nil, err
			}
			q.zone = zone
			c.at = len(c.src) - len(rest)
			c.bad = c.bad || q.rows == 0 || at > dataBytes-int64(q.length)
			at += int64(q.length)
			row += q.rows
			p.pages, p.starts = append(p.pages, q), append(p.starts, q.firstRow)
			p.chunk = append(p.chunk, int32(g))
			p.wide = p.wide || q.isWide()
		}
		c.bad = c.bad || row != groups[g+1]
		p.chunks = append(p.chunks, m)
	}
	if err := c.end("page table"); err != nil {
		return nil, err
	}
	return p, nil
}

// wideRow is from how many bytes on a value makes batches of fewer rows, if the values of a page are as long on average.
const wideRow = 2 << 10

// isWide reports a page of long values. A page of references to a dictionary has none: the rows of a batch share its values.
func (p *pageMeta) isWide() bool { return int64(p.raw) > wideRow*int64(p.rows) }

func parsePage(c *cursor) pageMeta {
	p := pageMeta{length: c.u32()}
	if p.length == 0 {
		return p
	}
	p.header, p.raw, p.sum = uint32(c.uvarint(uint64(p.length))), uint32(c.uvarint(math.MaxInt32)), c.fixed32()
	return p
}

func parseRanges(b []byte) ([]fileRange, error) {
	c := cursor{src: b}
	var out []fileRange
	for range c.count() {
		out = append(out, fileRange{c.offset(), c.offset(), c.fixed32()})
	}
	return out, c.end("ranges")
}
