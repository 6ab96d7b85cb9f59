//go:build linux

package oracletest

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/api/pgwire"
)

// wired starts a server of PostgreSQL's protocol over a new database and connects to it.
func wired(t *testing.T) *pgconn.PgConn {
	t.Helper()
	db, err := aegis.Open(t.Context(), aegis.Options{Dir: t.TempDir(), MemoryBytes: 256 << 20, CompactEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := pgwire.New(db, pgwire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		_ = db.Close(context.Background())
	})
	c, err := pgconn.Connect(t.Context(), "postgres://me@"+l.Addr().String()+"/default?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// wireValues are texts of values by their type.
var wireValues = map[string][]string{
	"boolean":            {"t", "f"},
	"smallint":           {"-32768", "32767", "0"},
	"integer":            {"-2147483648", "2147483647"},
	"bigint":             {"-9223372036854775808", "9223372036854775807"},
	"real":               {"1.5", "NaN", "-Infinity", "1e-45"},
	"double precision":   {"-2.5e-300", "Infinity", "NaN", "-0", "0.1"},
	"numeric":            {"0", "1", "-1", "0.00", "10000", "9999.9999", "-12345678901234567890.000100", "1e100", "0.0000000001", "NaN", "Infinity", "-Infinity", "100000000.00000001", "1234.5"},
	"numeric(12,3)":      {"123456.789", "-0.001", "0"},
	"text":               {"", "grüße, 世界", "a\tb\\"},
	"varchar(5)":         {"abc", ""},
	"char(5)":            {"ab", ""},
	"bytea":              {"", "\\x00ff5c27"},
	"date":               {"2000-01-01", "0001-01-01", "2026-02-28", "infinity", "-infinity", "4713-01-01 BC"},
	"time":               {"00:00:00", "23:59:59.999999", "24:00:00"},
	"timetz":             {"12:00:00+02", "23:59:59.5-11:30"},
	"timestamp":          {"2000-01-01 00:00:00", "1969-12-31 23:59:59.999999", "infinity", "-infinity", "0001-01-01 00:00:00"},
	"timestamptz":        {"2026-07-01 12:00:00+02", "1969-12-31 23:59:59.999999Z", "infinity"},
	"interval":           {"0", "1 year 2 mons -3 days 04:05:06.789", "-1 mons"},
	"uuid":               {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	"json":               {`{"a": [1, null]}`, "null"},
	"jsonb":              {`{"b": 1, "a": [1, null, "x"]}`, `"x"`},
	"oid":                {"0", "4294967295"},
	"name":               {"pg_class"},
	`"char"`:             {"x"},
	"integer[]":          {"{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[2:3]={7,8}"},
	"text[]":             {`{"a b",NULL,"c\"d"}`, "{}"},
	"bigint[]":           {"{9223372036854775807}"},
	"numeric[]":          {"{1.50,NaN}"},
	"timestamptz[]":      {`{"2026-01-01 00:00:00+00"}`},
	"uuid[]":             {"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
	"boolean[]":          {"{t,f}"},
	"double precision[]": {"{1.5,-Infinity}"},
	"date[]":             {"{2026-01-01}"},
}

// TestWireForms: a value's binary form is PostgreSQL's to the byte, and so is the type that is announced; PostgreSQL's binary form is read as
// the same value.
func TestWireForms(t *testing.T) {
	theirs, ours := startPostgres(t), wired(t)
	one := func(c *pgconn.PgConn, sql string, param []byte, oid uint32, format int16) ([]byte, pgconn.FieldDescription, error) {
		var params [][]byte
		var oids []uint32
		var formats []int16
		if param != nil {
			params, oids, formats = [][]byte{param}, []uint32{oid}, []int16{1}
		}
		r := c.ExecParams(t.Context(), sql, params, oids, formats, []int16{format}).Read()
		if r.Err != nil {
			return nil, pgconn.FieldDescription{}, r.Err
		}
		return r.Rows[0][0], r.FieldDescriptions[0], nil
	}
	for name, values := range wireValues {
		for _, v := range values {
			t.Run(fmt.Sprintf("%s %s", name, v), func(t *testing.T) {
				sql := "SELECT " + quote(v) + "::" + name
				want, field, err := one(theirs, sql, nil, 0, 1)
				if err != nil {
					t.Fatal(err)
				}
				got, ourField, err := one(ours, sql, nil, 0, 1)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != string(want) {
					t.Errorf("binary: got %x, want %x", got, want)
				}
				if ourField.DataTypeOID != field.DataTypeOID || ourField.DataTypeSize != field.DataTypeSize {
					t.Errorf("announced as %d of %d bytes, PostgreSQL says %d of %d", ourField.DataTypeOID, ourField.DataTypeSize, field.DataTypeOID, field.DataTypeSize)
				}
				text, _, err := one(theirs, sql, nil, 0, 0)
				if err != nil {
					t.Fatal(err)
				}
				back, _, err := one(ours, "SELECT $1::"+name, want, field.DataTypeOID, 0)
				if err != nil {
					t.Fatal(err)
				}
				if string(back) != string(text) {
					t.Errorf("read back: got %q, want %q", back, text)
				}
			})
		}
	}
}
