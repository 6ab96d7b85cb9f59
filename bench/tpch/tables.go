package tpch

import "github.com/automatanexus/aegis-db/bench/suite"

// The eight tables, in the order in which they are loaded: sorted by their primary keys, with indexes of those, of foreign keys and of dates.
var tables = []suite.Table{
	{Name: "region", Order: []string{"r_regionkey"}, Indexes: []string{"r_regionkey"}, Columns: []string{"r_regionkey bigint", "r_name text", "r_comment text"}},
	{Name: "nation", Order: []string{"n_nationkey"}, Indexes: []string{"n_nationkey"}, Columns: []string{"n_nationkey bigint", "n_name text", "n_regionkey bigint", "n_comment text"}},
	{Name: "supplier", Order: []string{"s_suppkey"}, Indexes: []string{"s_suppkey", "s_nationkey"}, Columns: []string{
		"s_suppkey bigint", "s_name text", "s_address text", "s_nationkey bigint", "s_phone text", "s_acctbal numeric(15,2)", "s_comment text",
	}},
	{Name: "customer", Order: []string{"c_custkey"}, Indexes: []string{"c_custkey", "c_nationkey"}, Columns: []string{
		"c_custkey bigint", "c_name text", "c_address text", "c_nationkey bigint", "c_phone text", "c_acctbal numeric(15,2)", "c_mktsegment text",
		"c_comment text",
	}},
	{Name: "part", Order: []string{"p_partkey"}, Indexes: []string{"p_partkey"}, Columns: []string{
		"p_partkey bigint", "p_name text", "p_mfgr text", "p_brand text", "p_type text", "p_size integer", "p_container text",
		"p_retailprice numeric(15,2)", "p_comment text",
	}},
	{Name: "partsupp", Order: []string{"ps_partkey", "ps_suppkey"}, Indexes: []string{"ps_partkey, ps_suppkey", "ps_suppkey"}, Columns: []string{"ps_partkey bigint", "ps_suppkey bigint", "ps_availqty integer", "ps_supplycost numeric(15,2)", "ps_comment text"}},
	{Name: "orders", Order: []string{"o_orderkey"}, Indexes: []string{"o_orderkey", "o_custkey", "o_orderdate"}, Columns: []string{
		"o_orderkey bigint", "o_custkey bigint", "o_orderstatus text", "o_totalprice numeric(15,2)", "o_orderdate date", "o_orderpriority text",
		"o_clerk text", "o_shippriority integer", "o_comment text",
	}},
	{Name: "lineitem", Order: []string{"l_orderkey", "l_linenumber"}, Indexes: []string{"l_orderkey", "l_partkey, l_suppkey", "l_suppkey", "l_shipdate"}, Columns: []string{
		"l_orderkey bigint", "l_partkey bigint", "l_suppkey bigint", "l_linenumber integer", "l_quantity numeric(15,2)",
		"l_extendedprice numeric(15,2)", "l_discount numeric(15,2)", "l_tax numeric(15,2)", "l_returnflag text", "l_linestatus text",
		"l_shipdate date", "l_commitdate date", "l_receiptdate date", "l_shipinstruct text", "l_shipmode text", "l_comment text",
	}},
}
