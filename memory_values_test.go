package aegis

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestValuesFitInMemory: a value that a statement may not hold is refused before it is made, and one that it may hold is made.
func TestValuesFitInMemory(t *testing.T) {
	db := manyRows(t, Options{MemoryBytes: 256 << 20, QueryBytes: 32 << 20}, 10)
	for _, value := range []string{
		"repeat('x', 500000000)",
		"repeat('x', 400000000 + i::integer)",
		"lpad('x', 200000000 + i::integer)",
		"rpad('x', 200000000 + i::integer, 'abc')",
		"replace(repeat('ab', 4000000 + i::integer), 'a', repeat('x', 100))",
		"repeat('x', 20000000 + i::integer) || repeat('y', 20000000)",
		"concat(repeat('x', 20000000 + i::integer), repeat('y', 20000000))",
		"format('%s%s', repeat('x', 20000000 + i::integer), repeat('y', 20000000))",
		"encode(repeat('x', 20000000 + i::integer)::bytea, 'hex')",
		"array_fill(i, ARRAY[100000000])",
		"array_fill('abc'::text, ARRAY[100000000 + i::integer])",
		"array_to_string(array_fill(i, ARRAY[100000000]), ',')",
		"jsonb_pretty(('[' || repeat('1,', 5000000) || i::text || ']')::jsonb)",
		"regexp_split_to_array(repeat('ab', 5000000 + i::integer), 'b')",
		"(SELECT string_agg(repeat('x', 100000), ',') FROM generate_series(1, 100000 + i))",
		"(SELECT array_agg(repeat('x', 100000)) FROM generate_series(1, 100000 + i))",
		"(SELECT jsonb_agg(repeat('x', 100000)) FROM generate_series(1, 100000 + i))",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(t.Context(), db.NewSession(""), "SELECT length(("+value+")::text) FROM generate_series(1, 3) AS i")
		runtime.ReadMemStats(&after)
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != "53200" {
			t.Errorf("%s: %v", value, err)
		}
		made := (after.TotalAlloc - before.TotalAlloc) >> 20
		if made > 400 && !strings.Contains(value, "SELECT") { // what aggregates hold is counted where they hold it

			t.Errorf("%s: %d MiB were allocated before it was refused", value, made)
		} else {
			t.Logf("%d MiB: %s", made, value)
		}
	}
	if got := run(t, db, "SELECT sum(length(repeat('x', 10000000 + i::integer))) FROM generate_series(1, 20) AS i"); got != "200000210" {
		t.Errorf("values that fit one after the other: %s", got)
	}
}
