package aegis

import (
	"bytes"
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
)

// withKeys makes the request say which primary key is asked for, where its conditions leave one.
func (t *tableSource) withKeys(req *scan.Request) *scan.Request {
	schema := &t.table.Columns
	if !schema.Enforced || req.Keys != nil {
		return req
	}
	var tuple []byte
	for _, id := range schema.Key {
		at := len(tuple)
		if tuple = appendOnly(tuple, schema, req, id); len(tuple) == at {
			return req
		}
	}
	out := *req
	out.Keys = [][]byte{tuple}
	return &out
}

// appendOnly appends the only value of a column that satisfies a request; nothing where there may be several.
func appendOnly(dst []byte, schema *column.Schema, req *scan.Request, id column.ID) []byte {
	if id == schema.Time && req.Time.Min == req.Time.Max {
		return key.AppendInt(dst, req.Time.Min)
	}
	typ := schema.Fields[schema.Index(id)].Type
	for i := range req.Series {
		if f := &req.Series[i]; f.Tag == id && f.Label == "" && len(f.Equal) == 1 {
			return appendTag(dst, typ, f.Equal[0])
		}
	}
	for i := range req.Filters {
		f := &req.Filters[i]
		switch {
		case f.Column != id:
		case typ.Physical() == column.PhysInt && f.IntMin == f.IntMax:
			return key.AppendInt(dst, f.IntMin)
		case typ.Bytewise() && f.TextMin != nil && bytes.Equal(f.TextMin, f.TextMax):
			return key.AppendBytes(dst, f.TextMin)
		}
	}
	return dst
}

// appendTag encodes a value that is given as scan.SeriesFilter describes.
func appendTag(dst []byte, t column.Type, v []byte) []byte {
	switch {
	case t.Physical() == column.PhysBytes:
		return key.AppendBytes(dst, v)
	case t.Physical() == column.PhysInt && len(v) == 8:
		return key.AppendInt(dst, key.Int(v))
	case t.Physical() == column.PhysBool && len(v) == 1:
		return key.AppendBool(dst, v[0] != 0)
	}
	return dst
}

// scanKeys is how many rows of a segment there are for each key that is looked up at least: with more keys than that, reading all is faster.
const scanKeys = 32

// withKey leaves the rows of a segment that have one of the wanted keys, of those that are left; nil = all.
func (t *tableSource) withKey(ctx context.Context, r *segment.Reader, req *scan.Request, only *roaring.Bitmap) (*roaring.Bitmap, error) {
	if req.Keys == nil || !t.table.Columns.Enforced || int64(len(req.Keys))*scanKeys > r.Ref().Rows && len(req.Keys) > 1 {
		return only, nil
	}
	found := roaring.New()
	of := segment.KeyOf{Columns: t.table.Columns.Key, Schema: &t.table.Columns}
	if err := r.FindKeys(ctx, of, req.Keys, nil, func(row uint32, _ int) { found.Add(row) }); err != nil {
		return nil, err
	}
	if only != nil {
		found.And(only)
	}
	return found, nil
}
