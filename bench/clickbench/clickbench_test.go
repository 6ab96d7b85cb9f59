package clickbench

import "testing"

// TestClickBench compares the answers to the 43 queries with DuckDB's, on the number of rows that AEGIS_CLICKBENCH_SCALE says. "make
// clickbench" shows the times of 1,000,000 rows.
func TestClickBench(t *testing.T) {
	Suite.Run(t)
}
