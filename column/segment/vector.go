package segment

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
)

// The deletion vector's frame: magic, version, ids, count; then the bitmap in roaring's portable format; then the CRC32C of all before.
const (
	vectorMagic   = "AEGISDV\x00"
	vectorFormat  = 1
	vectorHeader  = 48
	vectorTrailer = 4
)

// VectorInfo is what the catalog records of a deletion vector.
type VectorInfo struct {
	Rows  int64
	Bytes int64
	Sum   uint32 // CRC32C of the file
}

// AppendVector encodes a deletion vector.
func AppendVector(dst []byte, table, segment, version uint64, rows *roaring.Bitmap) ([]byte, error) {
	at := len(dst)
	dst = append(dst, vectorMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, vectorFormat)
	dst = binary.LittleEndian.AppendUint64(dst, table)
	dst = binary.LittleEndian.AppendUint64(dst, segment)
	dst = binary.LittleEndian.AppendUint64(dst, version)
	dst = binary.LittleEndian.AppendUint64(dst, rows.GetCardinality())
	compact := rows.Clone() // RunOptimize changes what others may be reading
	compact.RunOptimize()
	b, err := compact.ToBytes()
	if err != nil {
		return dst[:at], column.Errorf(column.Internal, "segment %d: encode deletion vector %d: %w", segment, version, err)
	}
	dst = append(dst, b...)
	return binary.LittleEndian.AppendUint32(dst, sum(dst[at:])), nil
}

// ParseVector decodes a deletion vector and checks that it is the one that was asked for.
func ParseVector(src []byte, table, segment, version uint64) (*roaring.Bitmap, error) {
	if len(src) < vectorHeader+vectorTrailer {
		return nil, column.Errorf(column.Corrupt, "a deletion vector of %d bytes", len(src))
	}
	end := len(src) - vectorTrailer
	if sum(src[:end]) != binary.LittleEndian.Uint32(src[end:]) {
		return nil, column.Errorf(column.Corrupt, "the checksum at byte %d is wrong", end)
	}
	if string(src[:8]) != vectorMagic {
		return nil, column.Errorf(column.Corrupt, "no deletion vector")
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(src[8*i:]) }
	if word(1) != vectorFormat {
		return nil, column.Errorf(column.Unsupported, "version %d of the format; this program reads %d", word(1), vectorFormat)
	}
	if word(2) != table || word(3) != segment || word(4) != version {
		return nil, column.Errorf(column.Corrupt, "it is version %d of segment %d of table %d", word(4), word(3), word(2))
	}
	bm, ok := index.DecodeBitmap(src[vectorHeader:end])
	if !ok || bm.GetCardinality() != word(5) {
		return nil, column.Errorf(column.Corrupt, "damaged bitmap at byte %d", vectorHeader)
	}
	return bm, nil
}

// WriteVector makes one version of a segment's deletion vector durable.
func WriteVector(ctx context.Context, files Files, table, segment, version uint64, rows *roaring.Bitmap) (VectorInfo, error) {
	b, err := AppendVector(nil, table, segment, version, rows)
	if err != nil {
		return VectorInfo{}, err
	}
	if err := writeFile(ctx, files, VectorName(table, segment, version), b); err != nil {
		return VectorInfo{}, fmt.Errorf("segment %d: write deletion vector %d: %w", segment, version, err)
	}
	return VectorInfo{Rows: int64(rows.GetCardinality()), Bytes: int64(len(b)), Sum: sum(b)}, nil
}

// ReadVector reads one version of a segment's deletion vector; the catalog's record of it must agree.
func ReadVector(ctx context.Context, files Files, table, segment, version uint64, info VectorInfo) (*roaring.Bitmap, error) {
	name := VectorName(table, segment, version)
	b, err := readFile(ctx, files, name, info.Bytes)
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w", segment, err)
	}
	if sum(b) != info.Sum {
		return nil, column.Errorf(column.Corrupt, "segment %d: %s: checksum %08x, the catalog has %08x, over bytes 0 to %d", segment, name, sum(b), info.Sum, len(b))
	}
	bm, err := ParseVector(b, table, segment, version)
	if err != nil {
		return nil, fmt.Errorf("segment %d: %s: %w", segment, name, err)
	}
	if int64(bm.GetCardinality()) != info.Rows {
		return nil, column.Errorf(column.Corrupt, "segment %d: %s at byte 40: %d rows, the catalog has %d", segment, name, bm.GetCardinality(), info.Rows)
	}
	return bm, nil
}

// readFile reads a file whose size is known.
func readFile(ctx context.Context, files Files, name string, size int64) ([]byte, error) {
	f, err := files.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer f.Close()
	if f.Size() != size {
		return nil, column.Errorf(column.Corrupt, "%s at byte %d: the file has %d bytes, not %d", name, f.Size(), f.Size(), size)
	}
	b := make([]byte, size)
	if err := readAt(f, b, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}
