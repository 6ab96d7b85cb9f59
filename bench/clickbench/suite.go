package clickbench

import "github.com/automatanexus/aegis-db/bench/suite"

// Suite is the benchmark.
var Suite = suite.Suite{
	Name: "clickbench", Title: "ClickBench", Scale: "30000", Tables: []suite.Table{hits}, Systems: []string{"duckdb", "clickhouse"}, Generate: generate, Queries: queries,
}
