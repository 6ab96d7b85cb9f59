package parquetio

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
)

// TestTypesForOthers: another reader sees each type as what Parquet calls it, and the values.
func TestTypesForOthers(t *testing.T) {
	for _, x := range []struct{ word, text, logical, want string }{
		{"varchar", "abc", "STRING", "abc"},
		{"bpchar", "ab  ", "STRING", "ab  "},
		{"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "UUID", ""},
		{"time", "10:11:12.5", "TIME(isAdjustedToUTC=false,unit=MICROS)", "36672500000"},
		{"timetz", "10:11:12.5+02", "STRING", "10:11:12.5+02"},
		{"jsonb", `{"a":1}`, "JSON", `{"a": 1}`},
		{"oid", "4294967295", "INT(64,true)", "4294967295"},
		{"_int4", "{1,NULL,3}", "STRING", "{1,NULL,3}"},
		{"_text", `[0:1]={a,"b c"}`, "STRING", `[0:1]={a,"b c"}`},
	} {
		typ, _ := column.TypeOfWord(x.word)
		b := column.NewBuilder(typ, 0)
		for range 3 {
			if err := literal.Parse(b, typ, x.text, literal.Options{}); err != nil {
				t.Fatal(x.word, err)
			}
			b.AppendNull()
		}
		var out bytes.Buffer
		w, err := NewWriter(&out, []column.Field{{Name: "x", Type: typ}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		v := b.Finish()
		if err := w.Write(&scan.Batch{Len: v.Len, Columns: []*column.Vector{v}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		w.Abort()
		f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(x.word, err)
		}
		logical := ""
		if l := f.Schema().Fields()[0].Type().LogicalType(); l != nil {
			logical = l.String()
		}
		if logical != x.logical {
			t.Errorf("%s is %q to others, want %q", x.word, logical, x.logical)
		}
		rows := read(t, out.Bytes())
		if len(rows) != 6 || rows[1] != "null," || x.word != "uuid" && rows[0] != x.want+"," && rows[0] != foreignText(x.want)+"," {
			t.Errorf("%s: %q", x.word, rows)
		}
	}
}

func foreignText(s string) string { return foreign(parquet.ByteArrayValue([]byte(s))) }
