package pgwire_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

// TestValuesOfEveryType sends values through a driver and back, which it does in the binary format where it knows one, and once more
// as text.
func TestValuesOfEveryType(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	c := connect(t, addr)
	for _, format := range []int16{pgx.BinaryFormatCode, pgx.TextFormatCode} {
		for _, x := range []struct {
			typ   string
			value any
		}{
			{"uuid", [16]byte{1, 2, 3, 15: 16}},
			{"integer[]", []int32{1, 2, 3}},
			{"bigint[]", []int64{}},
			{"text[]", []string{"a", "b c", "", `"`, "NULL"}},
			{"float8[]", []float64{1.5, -2}},
			{"boolean[]", []bool{true, false}},
			{"timestamptz[]", []time.Time{time.Unix(1_700_000_000, 5000).UTC()}},
			{"uuid[]", [][16]byte{{1}, {2}}},
			{"integer[]", [][]int32{{1, 2}, {3, 4}}},
			{"integer[]", pgtype.Array[pgtype.Int4]{Elements: []pgtype.Int4{{Int32: 7, Valid: true}, {}}, Dims: []pgtype.ArrayDimension{{Length: 2, LowerBound: 0}}, Valid: true}},
			{"time", pgtype.Time{Microseconds: 36_000_000_500, Valid: true}},
			{"varchar", "abc"},
			{"name", "abc"},
			{"oid", uint32(4_000_000_000)},
			{"json", map[string]any{"a": 1.0}},
			{"jsonb", map[string]any{"a": 1.0, "b": []any{"x", nil}}},
			{"jsonb[]", []map[string]any{{"a": 1.0}}},
		} {
			got := reflect.New(reflect.TypeOf(x.value))
			if err := c.QueryRow(t.Context(), "SELECT $1::"+x.typ, pgx.QueryResultFormats{format}, x.value).Scan(got.Interface()); err != nil {
				t.Errorf("%s %v: %v", x.typ, x.value, err)
				continue
			}
			if fmt.Sprint(got.Elem().Interface()) != fmt.Sprint(x.value) {
				t.Errorf("%s: sent %v, got %v", x.typ, x.value, got.Elem().Interface())
			}
		}
	}
}

// TestModifiers: what describes rows has the declared limits.
func TestModifiers(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	c := connect(t, addr)
	exec(t, c, "CREATE TABLE m (v varchar(7), n numeric(6,2), t timestamp(0), i integer, a char(3)[])")
	rows, err := c.Query(t.Context(), "SELECT * FROM m", pgx.QueryExecModeDescribeExec)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var oids []uint32
	var mods []int32
	for _, f := range rows.FieldDescriptions() {
		oids, mods = append(oids, f.DataTypeOID), append(mods, f.TypeModifier)
	}
	if want := []uint32{1043, 1700, 1114, 23, 1014}; !reflect.DeepEqual(oids, want) {
		t.Errorf("types %v, want %v", oids, want)
	}
	if want := []int32{11, 6<<16 | 2 + 4, 0, -1, 7}; !reflect.DeepEqual(mods, want) {
		t.Errorf("modifiers %v, want %v", mods, want)
	}
}
