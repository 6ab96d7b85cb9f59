package catalog

import (
	"math"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
)

// sizeFunctions tell what is stored: bytes of the Parquet files, of the indexes beside them, and of both.
func sizeFunctions() []*expr.Function {
	var out []*expr.Function
	add := func(list ...*expr.Function) { out = append(out, list...) }
	of := func(f func(Figures) int64) func(*View, args) (any, error) {
		return func(v *View, a args) (any, error) {
			c := v.classOf(a.int(0))
			switch {
			case c == nil:
				return nil, nil
			case c.index != nil:
				return f(Figures{Bytes: v.Store.Indexed(c.index).Bytes}), nil
			case c.table == nil || c.kind == "i":
				return 0, nil
			}
			figures, err := v.Store.Stored(v.Ctx, c.table)
			return f(figures), err
		}
	}
	data := of(func(f Figures) int64 { return f.Bytes })
	index := of(func(f Figures) int64 { return f.Sidecars })
	both := of(func(f Figures) int64 { return f.Bytes + f.Sidecars })
	add(function("pg_relation_size", types(tRegClass), tInt8, "bytes of a table's segments", data))
	add(function("pg_relation_size", types(tRegClass, tText), tInt8, "bytes of a table's segments, of its main fork: it has no other", func(v *View, a args) (any, error) {
		switch a.text(1) {
		case "main":
			return data(v, a)
		case "fsm", "vm", "init":
			return 0, nil
		}
		e := column.SQLErrorf(column.Invalid, "22023", "invalid fork name")
		e.Hint = "Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\"."
		return nil, e
	}))
	add(function("pg_table_size", types(tRegClass), tInt8, "bytes of a table's segments", data))
	add(function("pg_indexes_size", types(tRegClass), tInt8, "bytes of what is kept beside a table's segments to find rows", index))
	add(function("pg_total_relation_size", types(tRegClass), tInt8, "bytes of a table's segments and what is kept beside them", both))
	add(function("pg_relation_filenode", types(tRegClass), tOID, "number of a table's files", func(v *View, a args) (any, error) {
		if c := v.classOf(a.int(0)); c != nil && c.table != nil {
			return c.oid, nil
		}
		return nil, nil
	}))
	add(function("pg_database_size", types(tName), tInt8, "bytes of a database", func(v *View, a args) (any, error) {
		if d := v.Catalog.Database(a.text(0)); d != nil {
			return v.databaseSize(d.ID)
		}
		return nil, column.SQLErrorf(column.NotFound, "3D000", "database \"%s\" does not exist", a.text(0))
	}), function("pg_database_size", types(tOID), tInt8, "bytes of a database", func(v *View, a args) (any, error) {
		for _, d := range v.Catalog.Databases() {
			if databaseOID(d) == a.int(0) {
				return v.databaseSize(d.ID)
			}
		}
		return nil, nil
	}))
	add(function("pg_stat_get_numscans", types(tOID), tInt8, "how often an index was read; NULL, since nobody counts", func(*View, args) (any, error) { return nil, nil }))
	tablespace := func(v *View, _ args) (any, error) {
		total := int64(0)
		for _, d := range v.Catalog.Databases() {
			n, err := v.databaseSize(d.ID)
			if err != nil {
				return nil, err
			}
			total += n.(int64)
		}
		return total, nil
	}
	add(overloads("pg_tablespace_size", tInt8, "bytes of all databases", tablespace, types(tName), types(tOID))...)
	add(function("pg_tablespace_location", types(tOID), tText, "folder of a tablespace: that of the server", always("")))
	add(function("pg_size_pretty", types(tInt8), tText, "an amount of bytes with a fitting unit", func(_ *View, a args) (any, error) { return prettySize(float64(a.int(0)), true), nil }))
	add(function("pg_size_pretty", types(column.T(column.Numeric)), tText, "an amount of bytes with a fitting unit", func(_ *View, a args) (any, error) {
		f, _ := strconv.ParseFloat(a.text(0), 64)
		return prettySize(f, false), nil
	}))
	add(function("pg_size_bytes", types(tText), tInt8, "bytes of an amount with a unit", func(_ *View, a args) (any, error) { return sizeBytes(a.text(0)) }))
	return out
}

// databaseSize adds up the segments of a database's tables.
func (v *View) databaseSize(id meta.DatabaseID) (any, error) {
	total := int64(0)
	for _, t := range v.Catalog.Tables(id) {
		for segment := range v.Catalog.Manifest(t.ID).All() {
			total += segment.DataBytes + segment.SidecarBytes
			if segment.Deleted != nil {
				total += segment.Deleted.Bytes
			}
		}
	}
	return total, nil
}

// prettySize counts in halves of a unit from kB on, cut off, and takes the next unit once there are 20479 of them, as PostgreSQL does.
func prettySize(v float64, whole bool) string {
	if math.Abs(v) < 10*1024 || math.IsNaN(v) {
		if whole {
			v = math.Trunc(v)
		}
		return strconv.FormatFloat(v, 'f', -1, 64) + " bytes"
	}
	units := []string{"kB", "MB", "GB", "TB", "PB"}
	halves, i := math.Trunc(v/512), 0
	for ; i < len(units)-1 && math.Abs(halves) >= 20*1024-1; i++ {
		halves = math.Trunc(halves / 1024)
	}
	return strconv.FormatFloat(math.Trunc((halves+math.Copysign(1, halves))/2), 'f', 0, 64) + " " + units[i]
}

func sizeBytes(text string) (any, error) {
	s := strings.TrimSpace(text)
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' && r != '+' })
	if end < 0 {
		end = len(s)
	}
	wrong := column.SQLErrorf(column.Invalid, "22023", "invalid size: \"%s\"", text)
	v, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return nil, wrong
	}
	unit := strings.ToLower(strings.TrimSpace(s[end:]))
	shift, ok := map[string]int{"": 0, "bytes": 0, "b": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50}[unit]
	if !ok {
		wrong.Detail = "Invalid size unit: \"" + strings.TrimSpace(s[end:]) + "\"."
		wrong.Hint = "Valid units are \"bytes\", \"B\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\"."
		return nil, wrong
	}
	v = math.Floor(v*float64(int64(1)<<shift) + 0.5)
	if math.Abs(v) >= 1<<63 {
		return nil, column.SQLErrorf(column.Invalid, "22003", "bigint out of range")
	}
	return int64(v), nil
}
