// Package tpch asks a server, and DuckDB beside it, the 22 queries of TPC-H over the same generated data: answers must agree, and
// times are shown side by side. The data comes from the program tpchgen-cli (PyPI), which gives the same rows at every run.
//
// Statements and expected answers follow the TPC-H specification; the figures are no TPC-H results.
package tpch
