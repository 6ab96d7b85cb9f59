SELECT ? + ?, a = ?
SELECT a FROM t WHERE a=? AND b>=?::int
SELECT :a, :b::int, :a + 1
SELECT a[(:lo) : (:hi)], (:a)[1], :a[1]
INSERT INTO t VALUES (?, ?), (?, ?)
CREATE TABLE cpu (time timestamptz NOT NULL, host text, usage double precision) WITH (tags = (host), time_column = time, retention = '30 days')
CREATE TABLE t (a int) WITH (tags = (host, 'region', 3), empty = (), compression = zstd)
SELECT * FROM a AS x ASOF LEFT JOIN b ON a.ts > b.ts
