module github.com/automatanexus/aegis-db/query/sql/oracletest

go 1.26.0

require (
	github.com/automatanexus/aegis-db v0.0.0-00010101000000-000000000000
	github.com/pganalyze/pg_query_go/v6 v6.2.5
)

require google.golang.org/protobuf v1.36.12 // indirect

replace github.com/automatanexus/aegis-db => ../../..
