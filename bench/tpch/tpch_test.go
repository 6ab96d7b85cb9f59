package tpch

import "testing"

// TestTPCH loads the tables at scale 0.1, or what AEGIS_TPCH_SCALE says, and compares every answer with DuckDB's. "make tpch" shows the
// times of scale 1.
func TestTPCH(t *testing.T) {
	Suite.Run(t)
}
