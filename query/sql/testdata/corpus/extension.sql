SELECT ? + ?, a = ?
SELECT a FROM t WHERE a=? AND b>=?::int
SELECT :a, :b::int, :a + 1
SELECT a[(:lo) : (:hi)], (:a)[1], :a[1]
INSERT INTO t VALUES (?, ?), (?, ?)
CREATE TABLE cpu (time timestamptz NOT NULL, host text, usage double precision) WITH (tags = (host), time_column = time, retention = '30 days')
CREATE TABLE t (a int) WITH (tags = (host, 'region', 3), empty = (), compression = zstd)
SELECT * FROM a AS x ASOF LEFT JOIN b ON a.ts > b.ts
SELECT * FROM t FOR VERSION AS OF 12
SELECT * FROM s.t FOR VERSION AS OF 'before the load' AS x JOIN t FOR SYSTEM_TIME AS OF now() - interval '1 hour' y ON x.k = y.k
SELECT * FROM t FOR SYSTEM_TIME AS OF $1 AS x (a, b)
CREATE PIN p
CREATE PIN IF NOT EXISTS "a pin" FOR VERSION AS OF 3
CREATE PIN p FOR SYSTEM_TIME AS OF '2026-01-01'
DROP PIN p
DROP PIN IF EXISTS p
CREATE TABLE u CLONE t
CREATE TABLE IF NOT EXISTS a.u CLONE b.t FOR VERSION AS OF 'p'
