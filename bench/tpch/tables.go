package tpch

import "strings"

// table is one of the eight: its columns, "name type" each, in the order of the generated files.
type table struct {
	name    string
	columns []string
}

var tables = []table{
	{"region", []string{"r_regionkey bigint", "r_name text", "r_comment text"}},
	{"nation", []string{"n_nationkey bigint", "n_name text", "n_regionkey bigint", "n_comment text"}},
	{"supplier", []string{
		"s_suppkey bigint", "s_name text", "s_address text", "s_nationkey bigint", "s_phone text", "s_acctbal numeric", "s_comment text",
	}},
	{"customer", []string{
		"c_custkey bigint", "c_name text", "c_address text", "c_nationkey bigint", "c_phone text", "c_acctbal numeric", "c_mktsegment text",
		"c_comment text",
	}},
	{"part", []string{
		"p_partkey bigint", "p_name text", "p_mfgr text", "p_brand text", "p_type text", "p_size integer", "p_container text",
		"p_retailprice numeric", "p_comment text",
	}},
	{"partsupp", []string{"ps_partkey bigint", "ps_suppkey bigint", "ps_availqty integer", "ps_supplycost numeric", "ps_comment text"}},
	{"orders", []string{
		"o_orderkey bigint", "o_custkey bigint", "o_orderstatus text", "o_totalprice numeric", "o_orderdate date", "o_orderpriority text",
		"o_clerk text", "o_shippriority integer", "o_comment text",
	}},
	{"lineitem", []string{
		"l_orderkey bigint", "l_partkey bigint", "l_suppkey bigint", "l_linenumber integer", "l_quantity numeric",
		"l_extendedprice numeric", "l_discount numeric", "l_tax numeric", "l_returnflag text", "l_linestatus text",
		"l_shipdate date", "l_commitdate date", "l_receiptdate date", "l_shipinstruct text", "l_shipmode text", "l_comment text",
	}},
}

func (t table) create() string {
	return "CREATE TABLE " + t.name + " (" + strings.Join(t.columns, " NOT NULL, ") + " NOT NULL)"
}

// quoted says which columns' values are written as strings.
func (t table) quoted() []bool {
	out := make([]bool, len(t.columns))
	for i, c := range t.columns {
		out[i] = strings.HasSuffix(c, " text") || strings.HasSuffix(c, " date")
	}
	return out
}
