// Package duck reads the store with a program that shares no line of code with it: DuckDB is given the Parquet files that
// the catalog names and must come to the counts and sums that SQL gave. It must not read segments in any other way.
package duck
