package aegis

import (
	"bytes"
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
)

// withKeys makes the request say which primary keys are asked for, where its conditions list them.
func (t *tableSource) withKeys(req *scan.Request) *scan.Request {
	schema := &t.table.Columns
	if !schema.Enforced || req.Keys != nil {
		return req
	}
	tuples := [][]byte{nil}
	for _, id := range schema.Key {
		values := onlyValues(schema, req, id)
		if len(values) == 0 || len(tuples)*len(values) > mostKeys {
			return req
		}
		var longer [][]byte
		for _, t := range tuples {
			for _, v := range values {
				longer = append(longer, slices.Concat(t, v))
			}
		}
		tuples = longer
	}
	slices.SortFunc(tuples, bytes.Compare)
	out := *req
	out.Keys = slices.CompactFunc(tuples, bytes.Equal)
	return &out
}

// mostKeys is how many keys are looked up for one scan: more are found faster by reading.
const mostKeys = 1000

// onlyValues gives the only values of a column that satisfy a request, encoded; none where there may be others, or many.
func onlyValues(schema *column.Schema, req *scan.Request, id column.ID) [][]byte {
	if id == schema.Time && req.Time.Min == req.Time.Max {
		return [][]byte{key.AppendInt(nil, req.Time.Min)}
	}
	typ := schema.Fields[schema.Index(id)].Type
	var out [][]byte
	for i := range req.Series {
		if f := &req.Series[i]; f.Tag == id && f.Label == "" && len(f.Equal) > 0 && len(f.Equal) <= mostKeys {
			for _, v := range f.Equal {
				encoded := appendTag(nil, typ, v)
				if len(encoded) == 0 {
					return nil
				}
				out = append(out, encoded)
			}
			return out
		}
	}
	for i := range req.Filters {
		f := &req.Filters[i]
		switch {
		case f.Column != id:
		case typ.Physical() == column.PhysInt && f.IntMin == f.IntMax:
			return [][]byte{key.AppendInt(nil, f.IntMin)}
		case typ.Bytewise() && f.TextMin != nil && bytes.Equal(f.TextMin, f.TextMax):
			return [][]byte{key.AppendBytes(nil, f.TextMin)}
		case f.Values != nil && f.Values.Len <= mostKeys && out == nil:
			for k := range f.Values.Len {
				if typ.Physical() == column.PhysInt {
					out = append(out, key.AppendInt(nil, f.Values.Ints[k]))
				} else {
					out = append(out, key.AppendBytes(nil, f.Values.Bytes(k)))
				}
			}
		}
	}
	return out
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
