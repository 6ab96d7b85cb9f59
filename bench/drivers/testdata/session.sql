\set VERBOSITY verbose
SELECT 1 AS one, 'x' AS two, NULL AS three;
SELECT $$a$$ AS text, 2.50 AS num, now() IS NOT NULL AS now \gx
SELECT nothing;
SELECT 1 / 0;
CREATE TABLE psql (ts timestamptz NOT NULL, host text, v double precision) WITH (time_column = ts, tags = (host));
\copy psql FROM 'rows.csv' CSV HEADER
SELECT * FROM psql ORDER BY ts, host;
\copy (SELECT host, sum(v) FROM psql GROUP BY host ORDER BY host) TO stdout CSV HEADER
BEGIN;
INSERT INTO psql VALUES ('2026-01-02', 'c', 9);
SELECT count(*) FROM psql;
SELECT 1;
ROLLBACK;
BEGIN;
INSERT INTO psql VALUES ('2026-01-02', 'c', 9);
SAVEPOINT a;
INSERT INTO psql VALUES ('2026-01-03', 'd', 9);
ROLLBACK TO a;
COMMIT;
SELECT count(*) FROM psql;
BEGIN;
CREATE TABLE inside (a integer);
ROLLBACK;
COMMIT;
PREPARE p (integer, text) AS SELECT $1 * 2, $2;
EXECUTE p (21, 'x');
EXECUTE p (1);
DEALLOCATE p;
SET TIME ZONE 'Europe/Berlin';
SELECT '2026-07-01 12:00Z'::timestamptz;
SELECT 1 \; SELECT 2;
CREATE TABLE made AS SELECT * FROM psql;
DROP TABLE made;
DROP TABLE psql;
