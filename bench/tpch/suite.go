package tpch

import (
	"fmt"
	"strings"

	"github.com/automatanexus/aegis-db/bench/suite"
)

// Suite is the benchmark.
var Suite = suite.Suite{
	Name: "tpch", Title: "TPC-H", Scale: "0.1", Programs: []string{"tpchgen-cli"}, Tables: tables, Systems: []string{"duckdb", "clickhouse", "postgresql"}, Generate: generate,
	Queries: func(string) (names, texts []string, err error) {
		texts, err = queries()
		for i := range texts {
			names = append(names, fmt.Sprint("Q", i+1))
		}
		return names, texts, err
	},
	// To ClickHouse these are doubles, whose sum and difference are not what they look like.
	Dialects: map[string]*strings.Replacer{
		"clickhouse": strings.NewReplacer("0.06 - 0.01", "toDecimal64('0.05', 2)", "0.06 + 0.01", "toDecimal64('0.07', 2)"),
	},
}
