package tpch

import (
	"fmt"
	"testing"

	"github.com/automatanexus/aegis-db/bench/suite"
)

// TestTPCH loads the tables at scale 0.1, or what AEGIS_TPCH_SCALE says, and compares every answer with DuckDB's. "make tpch" shows the
// times of scale 1.
func TestTPCH(t *testing.T) {
	suite.Suite{
		Name: "tpch", Scale: "0.1", Programs: []string{"tpchgen-cli"}, Tables: tables, Generate: generate,
		Queries: func(string) (names, texts []string, err error) {
			texts, err = queries()
			for i := range texts {
				names = append(names, fmt.Sprint("Q", i+1))
			}
			return names, texts, err
		},
	}.Run(t)
}
