SELECT
SELECT 1
SELECT 1, 2.5, .5, 1., 1e10, 1.5e-3, 'x', NULL, TRUE, false, B'101', X'1F'
SELECT 0xFF, 0o17, 0b101, 1_000_000, 0x_ff, 9223372036854775808
SELECT -9223372036854775808, - 5, -(5), - -5, -a, +a, - + - a, -1::int, (-1)::int, -a::int
SELECT 'it''s', E'a\nb\t\\ \x41\u0041\101', $$dollar$$, $tag$a $$ b$tag$, 'a' FROM t WHERE 1 = 0 OR 'x' = 'y'
SELECT U&'d\0061t\+000061', U&"d\0061t"
SELECT a, b AS c, d e, "F", "g" "H", t.*, * FROM t
SELECT a.b.c, a.b.c.d, x.y.* FROM t
SELECT DISTINCT a FROM t
SELECT DISTINCT ON (a, b + 1) a, b FROM t ORDER BY a, b
SELECT ALL a FROM t
SELECT FROM t
SELECT WHERE true
SELECT a FROM t WHERE a > 1 AND b < 2 OR c = 3 AND NOT d
SELECT a FROM t GROUP BY a HAVING count(*) > 1
SELECT a FROM t ORDER BY a ASC, b DESC, c NULLS FIRST, d DESC NULLS LAST, e USING <
SELECT a FROM t LIMIT 10 OFFSET 5
SELECT a FROM t OFFSET 5 LIMIT 10
SELECT a FROM t LIMIT ALL
SELECT a FROM t OFFSET 5 ROWS FETCH FIRST 10 ROWS ONLY
SELECT a FROM t FETCH NEXT ROW ONLY
SELECT a FROM t ORDER BY a FETCH FIRST 3 ROWS WITH TIES
SELECT a FROM t ORDER BY a FETCH FIRST (1 + 2) ROWS WITH TIES
SELECT a FROM t LIMIT 1 + 2
SELECT a FROM a, b, c
SELECT a FROM s.t, d.s.t AS x, ONLY t, ONLY (t), t * AS y
SELECT a FROM t x, t AS y (a, b), t z (c)
SELECT * FROM a JOIN b ON a.x = b.x
SELECT * FROM a INNER JOIN b USING (x, y)
SELECT * FROM a JOIN b USING (x) AS j
SELECT * FROM a LEFT JOIN b ON true RIGHT OUTER JOIN c ON false FULL JOIN d USING (z)
SELECT * FROM a CROSS JOIN b NATURAL JOIN c NATURAL LEFT JOIN d
SELECT * FROM a JOIN b JOIN c ON b.x = c.x ON a.x = b.x
SELECT * FROM a JOIN b CROSS JOIN c ON true
SELECT * FROM a CROSS JOIN b JOIN c ON true
SELECT * FROM (a JOIN b ON true) JOIN c ON true
SELECT * FROM a JOIN (b JOIN c ON true) ON true
SELECT * FROM (a JOIN b ON true) AS j (x, y)
SELECT * FROM ((a JOIN b ON true) j JOIN c ON true) AS k
SELECT * FROM (SELECT 1) x, (VALUES (1, 2), (3, 4)) AS v (a, b), LATERAL (SELECT x.a) y
SELECT * FROM ((SELECT 1)) x
SELECT * FROM ((SELECT 1) UNION SELECT 2) x
SELECT * FROM ((SELECT 1) x JOIN y ON true)
SELECT * FROM (((SELECT 1) x CROSS JOIN y) CROSS JOIN z)
SELECT * FROM (SELECT 1)
SELECT * FROM a LEFT JOIN LATERAL (SELECT * FROM b WHERE b.x = a.x LIMIT 1) c ON true
SELECT * FROM generate_series(1, 10) g
SELECT * FROM generate_series(1, 10) AS g (n), unnest(ARRAY[1, 2]) WITH ORDINALITY AS u (x, i)
SELECT * FROM ROWS FROM (generate_series(1, 2), f(3) AS (a int, b text)) WITH ORDINALITY AS r
SELECT * FROM f(1) AS (a int, b text COLLATE "C")
SELECT * FROM f(1) AS x (a int, b numeric(10, 2)[])
SELECT * FROM f(1) x (a int, b text)
SELECT * FROM s.f(1), LATERAL s.g(a), current_date, coalesce(1, 2) AS c
SELECT * FROM t TABLESAMPLE bernoulli(10) REPEATABLE (42)
SELECT * FROM t AS x TABLESAMPLE system(1.5)
TABLE t
TABLE s.t ORDER BY 1 LIMIT 2
TABLE ONLY t
VALUES (1, 'a'), (2, 'b') ORDER BY 1 LIMIT 1
SELECT 1 UNION SELECT 2
SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 3
SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4
(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3
SELECT 1 UNION (SELECT 2 UNION SELECT 3)
SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 3)
(SELECT 1 ORDER BY 1 LIMIT 1) UNION ALL (SELECT 2 LIMIT 3) ORDER BY 1 OFFSET 2
(SELECT 1)
((SELECT 1))
((SELECT 1) UNION (SELECT 2)) ORDER BY 1
(SELECT 1 ORDER BY 1) LIMIT 2
(SELECT 1 LIMIT 2) ORDER BY 1
(WITH x AS (SELECT 1) SELECT * FROM x) LIMIT 1
(WITH x AS (SELECT 1) SELECT * FROM x) UNION SELECT 1
WITH a AS (SELECT 1) SELECT * FROM a
WITH a (x, y) AS (SELECT 1, 2), b AS MATERIALIZED (SELECT 3), c AS NOT MATERIALIZED (VALUES (1)) SELECT * FROM a, b, c
WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t
WITH a AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a
WITH a AS (DELETE FROM t RETURNING *), b AS (UPDATE t SET a = 1 RETURNING a) SELECT * FROM a, b
SELECT (SELECT 1), ((SELECT 1)), ((SELECT 1) UNION SELECT 2), ((SELECT 1) + 1), (((SELECT 1)) LIMIT 1)
SELECT * FROM t WHERE a = (SELECT max(a) FROM t) AND EXISTS (SELECT 1) AND NOT EXISTS (SELECT 2)
SELECT * FROM t WHERE a IN (1, 2, 3) AND b NOT IN (SELECT b FROM u) AND (a, b) IN (SELECT 1, 2) AND c IN ((SELECT 1))
SELECT * FROM t WHERE a IN ((SELECT 1), 2) AND b IN (((SELECT 1))) AND c IN ((SELECT 1) UNION SELECT 2)
SELECT a FROM t GROUP BY GROUPING SETS ((a, b), (a), ()), ROLLUP (c, (d, e)), CUBE (f, g)
SELECT a FROM t GROUP BY DISTINCT ROLLUP (a, b), CUBE (a)
SELECT a FROM t GROUP BY ALL a, b
SELECT a, GROUPING(a, b) FROM t GROUP BY ()
SELECT a FROM t GROUP BY GROUPING SETS (GROUPING SETS (a, b), ROLLUP (c))
SELECT a FROM t GROUP BY (a), (a, b), ROW(a, b)
SELECT sum(a) OVER (), rank() OVER (PARTITION BY a, b ORDER BY c DESC), lag(a, 1) OVER w, avg(a) OVER (w ROWS 1 PRECEDING) FROM t WINDOW w AS (PARTITION BY a), w2 AS (w ORDER BY b)
SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t
SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN INTERVAL '1 hour' PRECEDING AND '10 min' FOLLOWING EXCLUDE TIES) FROM t
SELECT sum(a) OVER (ORDER BY b GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) FROM t
SELECT sum(a) OVER (ROWS UNBOUNDED PRECEDING EXCLUDE GROUP), sum(a) OVER (ROWS CURRENT ROW EXCLUDE NO OTHERS), sum(a) OVER (RANGE a + 1 PRECEDING) FROM t
SELECT count(*) FILTER (WHERE a > 1), sum(DISTINCT a), array_agg(a ORDER BY b DESC, c), string_agg(ALL a, ','), percentile_cont(0.5) WITHIN GROUP (ORDER BY a DESC) FILTER (WHERE b) OVER w FROM t WINDOW w AS ()
SELECT f(), f(a => 1, b := 2), f(1, b => 2), f(VARIADIC a), f(1, VARIADIC ARRAY[1, 2]), s.f(1), d.s.f(1)
SELECT 1 AS "select", 2 AS select, 3 AS from, 4 value, 5 name, 6 type, 7 time, 8 date
SELECT time, value, "timestamp", name, type, date, zone, data, key, "user" FROM metrics
SELECT left('abc', 1), right('abc', 1), "left"('a', 2), replace('a', 'b', 'c')
SELECT count, sum, avg, min, max, first, last FROM t
SELECT a int, b text, c user, d null, e true, f end FROM t
SELECT date '2024-01-01', timestamp '2024-01-01 00:00', timestamptz '2024-01-01', timestamp with time zone '2024-01-01', timestamp(3) without time zone '2024-01-01', time '12:00', time(2) with time zone '12:00+1'
SELECT interval '1 hour', interval '1' hour, interval '1-2' year to month, interval '1 2:03' day to second(3), interval(3) '1.2345', interval '1' second(2), interval '5' month AS m
SELECT int '1', integer '1', bigint '1', smallint '1', real '1', float '1', float(3) '1', double precision '1', numeric '1', numeric(10, 2) '1', decimal '1', boolean 'true', char 'x', char(3) 'x', varchar 'x', varchar(3) 'x', character varying 'x', bit '1', bit(3) '101', bit varying(3) '1', json '{}', jsonb '{}', pg_catalog.date '2024-01-01', foo(3) 'x', national character varying(3) 'x', nchar 'x', N'x'
SELECT a::int, a::int4, a::integer[], a::numeric(10, 2)[3][], a::text, a::s.mytype, a::double precision, a::timestamp with time zone, a::interval day to second, a::char(3), a::varchar, a::"char", a::int array, a::int array[4], a::bit varying, a::float(53), a::time, a::timestamp(3), a::timetz, a::bit, a::interval(2), a::"interval", a::"Foo"
SELECT CAST(a AS int), CAST('1' AS double precision), CAST(a + 1 AS text)::varchar(3)
SELECT a + b * c, (a + b) * c, a - b - c, a - (b - c), a * b / c % d, a ^ b ^ c, a ^ (b ^ c), -a ^ 2, (-a) ^ 2, -(a ^ 2), 2 ^ -1, a || b || c, a || (b || c), a - -1, a - - b, a--comment
SELECT a = b, a <> b, a != b, a < b, a <= b, a > b, a >= b, (a = b) = c, a = (b = c), (a < b) = (c < d)
SELECT NOT a, NOT NOT a, NOT a = b, NOT a AND b, NOT (a AND b), a AND b AND c, a AND (b AND c), (a AND b) AND c, a OR b AND c OR d, (a OR b) AND (c OR d)
SELECT a IS NULL, a IS NOT NULL, a ISNULL, a NOTNULL, a IS TRUE, a IS NOT FALSE, a IS UNKNOWN, a IS NOT UNKNOWN, a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b + 1, a = b IS NULL, a IS NULL IS TRUE, a IS NULL = b, NOT a IS NULL, a IS DISTINCT FROM b = c
SELECT a BETWEEN 1 AND 2, a NOT BETWEEN 1 AND 2 AND b, a BETWEEN SYMMETRIC 2 AND 1, a BETWEEN ASYMMETRIC b + 1 AND c + 1, a BETWEEN 1 AND 2 = true, NOT a BETWEEN 1 AND 2, a BETWEEN (b AND c) AND (d OR e), a BETWEEN b = c AND d, a BETWEEN 'x' || 'y' AND (b COLLATE "C")
SELECT a LIKE 'x%', a NOT LIKE 'x', a ILIKE 'x', a NOT ILIKE 'x' ESCAPE '!', a SIMILAR TO 'x', a NOT SIMILAR TO 'x' ESCAPE 'y', a LIKE b || c, a LIKE b = c, a ~~ b, a !~~* b, a ~ b, a !~ b, a ~* b
SELECT a = ANY (b), a <> ALL (SELECT 1), a > SOME (ARRAY[1, 2]), a LIKE ANY (b), a NOT ILIKE ALL (b), a = ANY (b) = true, a + b = ANY (c), a || ANY (b), a = ANY ((SELECT 1)), a = ANY ((SELECT 1) UNION SELECT 2)
SELECT a AT TIME ZONE 'UTC', a AT TIME ZONE 'UTC' AT TIME ZONE b, a::timestamp AT TIME ZONE 'x' + interval '1 hour', a AT LOCAL, -a AT TIME ZONE b, (a + b) AT TIME ZONE (c || d)
SELECT a COLLATE "C", a COLLATE pg_catalog."default" || b, a || b COLLATE "C", (a || b) COLLATE "C"
SELECT CASE WHEN a THEN 1 END, CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END, CASE WHEN a AND b THEN c OR d ELSE NOT e END + 1, CASE a + 1 WHEN b THEN c END::text
SELECT coalesce(a, b, 1), nullif(a, b), greatest(a, 1), LEAST(1, 2, 3), "coalesce"(a), "nullif"(a)
SELECT extract(year FROM a), extract('epoch' FROM a - b), extract(dow FROM timestamp '2024-01-01'), EXTRACT(foo FROM a), extract("Bar" FROM a)
SELECT substring(a FROM 1 FOR 2), substring(a FROM 1), substring(a FOR 2), substring(a, 1, 2), substring(a, 'x'), substring(a SIMILAR 'x' ESCAPE '!'), substring(a FOR 2 FROM 1), substring(a FROM b = c FOR 1)
SELECT trim(a), trim(both from a), trim(leading 'x' FROM a), trim(trailing FROM a), trim(both 'x' from a), trim('x' FROM a), trim(a, 'x'), trim(leading a), trim(both 'x' from a, b)
SELECT position('a' IN b), position(a || b IN c), overlay(a PLACING b FROM 1 FOR 2), overlay(a PLACING b FROM 1), overlay(a, b, 1, 2), normalize(a), normalize(a, NFKC)
SELECT current_date, current_time, current_time(3), current_timestamp, current_timestamp(6), localtime, localtimestamp(2), current_user, session_user, user, current_role, current_catalog, current_schema, current_schema(), now()
SELECT ROW(), ROW(1), ROW(1, 2), (1, 2), (a, b) = (c, d), ROW(a, b) < (1, 2), (ROW(1, 2)).*, (a).b, (a).b.c, (a.b).c, (a).*, (t.a).*, (f(x)).y, ($1).a
SELECT ARRAY[1, 2], ARRAY[]::int[], ARRAY[[1, 2], [3, 4]], ARRAY(SELECT 1), ARRAY[a, b + 1], ARRAY[ARRAY[1], ARRAY[2]]
SELECT a[1], a[1][2], a[1:2], a[:2], a[1:], a[:], a.b[1], a[1].b, (a)[1], (ARRAY[1, 2])[1], a[b[1] + 1], (f(x))[1], $1[1], a[1:2][3], t.a[1:2].b.c
SELECT (a, b) OVERLAPS (c, d), ROW(a, b) OVERLAPS ROW(c, d), NOT (a, b) OVERLAPS (c, d)
SELECT a -> 'x', a ->> 'x' || 'y', a #> '{a}', a @> b, a <@ b, a && b, a << 1, a >> 2, a & b | c # d, ~a, ~ a || b, @ a, |/ 25, !! a, a @@ b, a -> 'x' ->> 'y', a ? 'b', a ?| b, a ?& b, a @? 'x'
SELECT a OPERATOR(pg_catalog.+) b, OPERATOR(pg_catalog.-) a, a OPERATOR(+) b * c, a OPERATOR(s.~~) ANY (b)
SELECT $1, $2::int, a = $1 AND b = $10
SELECT a FROM t WHERE ts >= now() - interval '1 hour' AND host = 'a' GROUP BY 1 ORDER BY 2 DESC LIMIT 5
SELECT time_bucket('5 minutes', ts) AS bucket, host, avg(cpu), max(cpu) FILTER (WHERE cpu > 0.5) FROM cpu WHERE ts BETWEEN '2024-01-01' AND '2024-01-02' GROUP BY bucket, host ORDER BY bucket, host
SELECT a/*comment /* nested */ here*/b FROM t -- trailing
SELECT a+-1, a*-b, a=-1, a<-1, a<@-1, a@-1, 1-(-1)
SELECT "a""b", "select", "A b".c, "ä", ä FROM "T"
SELECT a AS asof, b AS sample, "fill", qualify FROM t AS asof
SELECT asof, sample, fill, t.qualify FROM t
SELECT 'a' LIKE 'b' ESCAPE 'c' AND d, a IN (1) IN (true), a IN (1) = b, a || b IN (c)
SELECT x FROM t WHERE ROW(a, b) IN ((1, 2), (3, 4)) AND (a IS NULL) IS NOT TRUE AND (a, b) IS NOT NULL
SELECT a FROM t WHERE (((((a = 1)))))
SELECT (((1))), ((a)), (((SELECT (((2))))))
SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, count(*) AS count_order FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90' day GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus
SELECT s_acctbal, s_name FROM part, supplier, partsupp WHERE p_partkey = ps_partkey AND p_type LIKE '%BRASS' AND ps_supplycost = (SELECT min(ps_supplycost) FROM partsupp WHERE p_partkey = ps_partkey) ORDER BY s_acctbal DESC LIMIT 100
SELECT o_year, sum(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume) AS mkt_share FROM (SELECT extract(year FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) AS volume, n2.n_name AS nation FROM part, lineitem, nation n2) AS all_nations GROUP BY o_year ORDER BY o_year
SELECT c_count, count(*) AS custdist FROM (SELECT c_custkey, count(o_orderkey) FROM customer LEFT OUTER JOIN orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) AS c_orders (c_custkey, c_count) GROUP BY c_count ORDER BY custdist DESC, c_count DESC
SELECT cntrycode, count(*) FROM (SELECT substring(c_phone FROM 1 FOR 2) AS cntrycode FROM customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31')) AS custsale GROUP BY cntrycode
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16385' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
SELECT n.nspname AS "Schema", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END AS "Type" FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', '') AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema'
SELECT t.typname, t.oid FROM pg_type t JOIN pg_namespace n ON t.typnamespace = n.oid WHERE (t.typtype = 'b' OR t.typtype = 'e') AND typelem = 0
SELECT array_to_string(ARRAY(SELECT unnest(x) ORDER BY 1), ','), current_setting('a.b'), 'x'::regclass::oid FROM (SELECT ARRAY[1, 2] AS x) s
SELECT sum(x) FILTER (WHERE y) OVER (PARTITION BY z ORDER BY time RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW) AS s FROM t ORDER BY s NULLS LAST
SELECT max(a) - min(a) AS range, count(*) AS rows, 1 AS groups, 2 AS partition FROM t WINDOW range AS (ORDER BY a)
SELECT double, rollup, cube, operator, nulls, rows, partition FROM t
SELECT a FROM t ORDER BY a, nulls DESC
SELECT f(DISTINCT a, b ORDER BY c), f(a ORDER BY b NULLS FIRST)
SELECT date_trunc('hour', ts) AS h, first_value(v) OVER (PARTITION BY k ORDER BY ts DESC ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM s.t AS x WHERE x.v IS NOT NULL
SELECT a = NOT b = c AND d, a + NOT b * c, - NOT a, a AND b IS NOT NULL, NOT a BETWEEN 1 AND NOT b
SELECT row, double '1', a::double
SELECT a IS NFC NORMALIZED
SELECT a || b IS NOT NORMALIZED AND c
SELECT * FROM a ASOF JOIN b ON a.k = b.k AND a.ts >= b.ts JOIN c ON true
WITH RECURSIVE t (a, b) AS (SELECT 1, 2 UNION ALL SELECT a, b FROM t) SEARCH DEPTH FIRST BY a, b SET "Seq" SELECT 1
WITH RECURSIVE t AS (SELECT 1) SEARCH BREADTH FIRST BY a SET b CYCLE a, c SET b USING d SELECT 1
WITH RECURSIVE t AS (SELECT 1) CYCLE a SET b TO 'Y' DEFAULT date '2026-01-01' USING d, u AS (SELECT 1) SELECT 1
