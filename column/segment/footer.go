package segment

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
)

// magic opens and closes a Parquet file.
const magic = "PAR1"

// exactText is below the length at which zone maps cut text: shorter bounds are real values, fit for Parquet's statistics.
const exactText = 32

// schemaElement describes a column in Parquet's schema; the column id is the field id.
func schemaElement(f column.Field) format.SchemaElement {
	repetition := format.Optional
	if f.NotNull {
		repetition = format.Required
	}
	e := format.SchemaElement{
		Type: thrift.New(physicalType(storedField(f).Type)), RepetitionType: thrift.New(repetition), Name: f.Name, FieldID: int32(f.ID),
	}
	if precision, scale, ok := decimal(&f); ok {
		if precision > maxDecimal {
			e.TypeLength = thrift.New(int32(wideBytes))
		}
		e.ConvertedType = thrift.New(deprecated.Decimal)
		e.Precision, e.Scale = thrift.New(precision), thrift.New(scale)
		e.LogicalType.Value = &format.DecimalType{Precision: precision, Scale: scale}
		return e
	}
	switch f.Type.Kind {
	case column.Int16:
		e.ConvertedType = thrift.New(deprecated.Int16)
		e.LogicalType.Value = &format.IntType{BitWidth: 16, IsSigned: true}
	case column.Date:
		e.ConvertedType = thrift.New(deprecated.Date)
		e.LogicalType.Value = &format.DateType{}
	case column.Timestamp:
		e.LogicalType.Value = &format.TimestampType{Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	case column.TimestampTZ:
		e.ConvertedType = thrift.New(deprecated.TimestampMicros)
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	case column.TimestampNS:
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.NanoSeconds{}}}
	case column.Time:
		e.ConvertedType = thrift.New(deprecated.TimeMicros)
		e.LogicalType.Value = &format.TimeType{Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	case column.UUID:
		e.TypeLength = thrift.New(int32(uuidBytes))
		e.LogicalType.Value = &format.UUIDType{}
	case column.Text, column.Numeric, column.Varchar, column.BpChar, column.Name, column.Array:
		e.ConvertedType = thrift.New(deprecated.UTF8)
		e.LogicalType.Value = &format.StringType{}
	case column.JSON, column.JSONB:
		e.ConvertedType = thrift.New(deprecated.Json)
		e.LogicalType.Value = &format.JsonType{}
	case column.IntervalKind:
		e.TypeLength = thrift.New(int32(intervalBytes))
	}
	return e
}

// footer writes the page indexes, the footer and the closing magic.
func (w *Writer) footer() error {
	m := fileMeta(w.schema.Fields, "aegis segment version 1")
	for g := range w.groups {
		m.NumRows += int64(w.groups[g].rows)
		m.RowGroups = append(m.RowGroups, rowGroup(w.stored, &w.groups[g], g, w.sorting()))
	}
	if err := w.pageIndexes(&m); err != nil {
		return err
	}
	return writeFooter(w.data, &m)
}

// fileMeta starts the footer of a file with such columns.
func fileMeta(fields []column.Field, creator string) format.FileMetaData {
	m := format.FileMetaData{Version: 2, CreatedBy: creator}
	m.Schema = append(m.Schema, format.SchemaElement{Name: "rows", NumChildren: thrift.New(int32(len(fields)))})
	for _, f := range fields {
		m.Schema = append(m.Schema, schemaElement(f))
		m.ColumnOrders = append(m.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	return m
}

func rowGroup(fields []column.Field, g *groupMeta, number int, sorting thrift.Slice[format.SortingColumn]) format.RowGroup {
	rg := format.RowGroup{NumRows: int64(g.rows), Ordinal: int16(min(number, math.MaxInt16)), SortingColumns: sorting}
	for i, f := range fields {
		c := columnChunk(f, &g.chunks[i])
		rg.TotalByteSize += c.MetaData.TotalUncompressedSize
		rg.TotalCompressedSize += c.MetaData.TotalCompressedSize
		rg.Columns = append(rg.Columns, c)
	}
	if len(rg.Columns) > 0 {
		rg.FileOffset = rg.Columns[0].MetaData.DataPageOffset
		if d := rg.Columns[0].MetaData.DictionaryPageOffset; d != 0 {
			rg.FileOffset = d
		}
	}
	return rg
}

// writeFooter ends a file.
func writeFooter(data *dataFile, m *format.FileMetaData) error {
	b, err := marshal(m)
	if err != nil {
		return err
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	if err := data.other(append(b, magic...)); err != nil {
		return err
	}
	return data.w.Flush()
}

// sorting tells other readers the sort order: the tags, then time where runs are sorted by it.
func (w *Writer) sorting() thrift.Slice[format.SortingColumn] {
	var out thrift.Slice[format.SortingColumn]
	for _, id := range w.schema.Tags {
		out = append(out, format.SortingColumn{ColumnIdx: int32(w.schema.Index(id))})
	}
	if w.timeField >= 0 && w.timeSorted {
		out = append(out, format.SortingColumn{ColumnIdx: int32(w.timeField)})
	}
	return out
}

func columnChunk(f column.Field, c *chunkMeta) format.ColumnChunk {
	codec := format.Uncompressed
	if c.compressed {
		codec = format.Zstd
	}
	m := format.ColumnMetaData{
		Type: physicalType(f.Type), PathInSchema: []string{f.Name}, Codec: codec, DataPageOffset: c.pages[0].offset,
		Encoding: []format.Encoding{c.encoding, format.RLE},
	}
	if c.encoding == format.RLEDictionary {
		m.Encoding = append(m.Encoding, format.Plain)
		m.DictionaryPageOffset = c.dictPage.offset
		m.EncodingStats = append(m.EncodingStats, format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1})
	}
	m.EncodingStats = append(m.EncodingStats, format.PageEncodingStats{PageType: format.DataPage, Encoding: c.encoding, Count: int32(len(c.pages))})
	m.TotalCompressedSize = int64(c.dictPage.length)
	m.TotalUncompressedSize = int64(c.dictPage.header + c.dictPage.raw)
	for i := range c.pages {
		p := &c.pages[i]
		m.NumValues += int64(p.rows)
		m.TotalCompressedSize += int64(p.length)
		m.TotalUncompressedSize += int64(p.header + p.raw)
		m.Statistics.NullCount += int64(p.zone.Nulls)
	}
	if z, ok := chunkZone(&f, c.pages); ok {
		m.Statistics.MinValue, m.Statistics.MaxValue = bounds(&f, &z)
	}
	return format.ColumnChunk{FileOffset: 0, MetaData: m}
}

// chunkZone joins the pages' bounds. Where others could be misled there are none: NaNs, whose order readers disagree about, and
// text that was cut.
func chunkZone(f *column.Field, pages []pageMeta) (z index.Zone, ok bool) {
	for i := range pages {
		p := &pages[i].zone
		if p.Values() == 0 {
			continue
		}
		if p.NaNs > 0 || !exactBounds(f, p) {
			return z, false
		}
		if !ok {
			z, ok = *p, true
			continue
		}
		z.IntMin, z.IntMax = min(z.IntMin, p.IntMin), max(z.IntMax, p.IntMax)
		z.FloatMin, z.FloatMax = min(z.FloatMin, p.FloatMin), max(z.FloatMax, p.FloatMax)
		if string(p.TextMin) < string(z.TextMin) {
			z.TextMin = p.TextMin
		}
		if string(p.TextMax) > string(z.TextMax) {
			z.TextMax = p.TextMax
		}
	}
	return z, ok
}

func exactBounds(f *column.Field, z *index.Zone) bool {
	if wideDecimal(f) {
		_, _, ok := wideBounds(z)
		return ok
	}
	t := f.Type
	switch t.Physical() {
	case column.PhysInt, column.PhysFloat:
		return true
	case column.PhysBytes:
		return !z.TextOpen && len(z.TextMin) < exactText && len(z.TextMax) < exactText &&
			(t.Kind == column.Bytea || t.Kind == column.UUID || (utf8.Valid(z.TextMin) && utf8.Valid(z.TextMax)))
	}
	return false
}

// bounds encodes a zone's bounds as Parquet's statistics have them: plain, a zero minimum as -0 and a zero maximum as +0.
func bounds(f *column.Field, z *index.Zone) (lo, hi []byte) {
	if wideDecimal(f) {
		lo, hi, _ = wideBounds(z)
		return lo, hi
	}
	t := f.Type
	switch physicalType(t) {
	case format.Int32:
		return binary.LittleEndian.AppendUint32(nil, uint32(int32(z.IntMin))), binary.LittleEndian.AppendUint32(nil, uint32(int32(z.IntMax)))
	case format.Int64:
		return binary.LittleEndian.AppendUint64(nil, uint64(z.IntMin)), binary.LittleEndian.AppendUint64(nil, uint64(z.IntMax))
	case format.ByteArray, format.FixedLenByteArray:
		return z.TextMin, z.TextMax
	}
	minF, maxF := z.FloatMin, z.FloatMax
	if minF == 0 {
		minF = math.Copysign(0, -1)
	}
	if maxF == 0 {
		maxF = 0
	}
	if t.Kind == column.Float32 {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(minF))), binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(maxF)))
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(minF)), binary.LittleEndian.AppendUint64(nil, math.Float64bits(maxF))
}

// pageIndexes writes the column indexes, then the offset indexes, and points to them.
func (w *Writer) pageIndexes(m *format.FileMetaData) error {
	for g := range m.RowGroups {
		for i, f := range w.stored {
			ci, ok := columnIndex(&f, w.groups[g].chunks[i].pages)
			if !ok {
				continue
			}
			b, err := marshal(&ci)
			if err != nil {
				return err
			}
			c := &m.RowGroups[g].Columns[i]
			c.ColumnIndexOffset, c.ColumnIndexLength = w.data.offset, int32(len(b))
			if err := w.data.other(b); err != nil {
				return err
			}
		}
	}
	for g := range m.RowGroups {
		for i := range w.schema.Fields {
			var oi format.OffsetIndex
			row := int64(0)
			for _, p := range w.groups[g].chunks[i].pages {
				oi.PageLocations = append(oi.PageLocations, format.PageLocation{Offset: p.offset, CompressedPageSize: int32(p.length), FirstRowIndex: row})
				row += int64(p.rows)
			}
			b, err := marshal(&oi)
			if err != nil {
				return err
			}
			c := &m.RowGroups[g].Columns[i]
			c.OffsetIndexOffset, c.OffsetIndexLength = w.data.offset, int32(len(b))
			if err := w.data.other(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func columnIndex(f *column.Field, pages []pageMeta) (ci format.ColumnIndex, ok bool) {
	if _, ok := chunkZone(f, pages); !ok {
		return ci, false
	}
	for i := range pages {
		z := &pages[i].zone
		empty := z.Values() == 0
		var lo, hi []byte
		if !empty {
			lo, hi = bounds(f, z)
		}
		ci.NullPages = append(ci.NullPages, empty)
		ci.MinValues = append(ci.MinValues, lo)
		ci.MaxValues = append(ci.MaxValues, hi)
		ci.NullCounts = append(ci.NullCounts, int64(z.Nulls))
	}
	ci.BoundaryOrder = format.Unordered
	return ci, true
}
