//go:build linux

package oracletest

import (
	"fmt"
	"testing"
)

// TestRowsOnTheWire: the binary form of a row is PostgreSQL's to the byte, and its type is announced the same.
func TestRowsOnTheWire(t *testing.T) {
	pg, own := startPostgres(t), wired(t)
	for _, text := range []string{
		"SELECT ROW(1, 'a'::text, NULL::bigint, 1.50, true, '2026-01-02'::date, ARRAY[1, NULL], '{\"a\": 1}'::jsonb)",
		"SELECT ROW(), ROW(ROW(1, 2), 3)",
		"SELECT ARRAY[ROW(1, 'x'::text), NULL, ROW(2, NULL::text)]",
		"SELECT NULL::record",
		"SELECT a FROM (SELECT 1 AS x, interval '1 day' AS y) a",
	} {
		for _, format := range []int16{0, 1} {
			want := pg.ExecParams(t.Context(), text, nil, nil, nil, []int16{format}).Read()
			got := own.ExecParams(t.Context(), text, nil, nil, nil, []int16{format}).Read()
			if want.Err != nil || got.Err != nil {
				t.Fatalf("%s: PostgreSQL %v, Aegis %v", text, want.Err, got.Err)
			}
			for i, f := range want.FieldDescriptions {
				if g := got.FieldDescriptions[i]; g.DataTypeOID != f.DataTypeOID || g.DataTypeSize != f.DataTypeSize || g.Name != f.Name {
					t.Errorf("%s: column %d is %v, in PostgreSQL %v", text, i, g, f)
				}
			}
			if w, g := fmt.Sprintf("%q", want.Rows), fmt.Sprintf("%q", got.Rows); w != g {
				t.Errorf("%s in form %d:\n%s, in PostgreSQL\n%s", text, format, g, w)
			}
		}
	}
}
