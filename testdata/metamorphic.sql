-- Queries that must have one answer wherever the rows lie and however they are run: every optimizer rule off, one worker, tiny batches,
-- everything on disk. One query a line, over the tables of metamorphic_test.go; "ordered" before it says that its order is fixed.
SELECT host, cpu, count(*), count(DISTINCT n), min(note), max(v) FROM wide GROUP BY host, cpu
SELECT n, note, count(*), sum(n) FILTER (WHERE ok) FROM wide GROUP BY n, note
SELECT count(DISTINCT note), count(DISTINCT n), sum(DISTINCT n), count(*) FROM wide
SELECT DISTINCT host, n, ok FROM wide
ordered SELECT host, ts, v, n FROM wide ORDER BY n DESC NULLS LAST, ts, host, cpu, v, w, note, ok
ordered SELECT n, note FROM wide ORDER BY note, n LIMIT 700
ordered SELECT n, note FROM keyed ORDER BY note DESC, n LIMIT 20 OFFSET 30
SELECT a.host, a.n, b.note FROM keyed AS a JOIN merged AS b ON a.host = b.host AND a.n = b.n
SELECT a.n, b.v FROM loose AS a LEFT JOIN loose AS b ON a.n = b.n AND a.v < b.v
SELECT a.note, count(*), count(b.n) FROM merged AS a FULL JOIN loose AS b ON a.note = b.note AND a.n = b.n GROUP BY a.note
SELECT count(*) FROM keyed WHERE n NOT IN (SELECT n FROM loose)
SELECT count(*) FROM keyed WHERE n NOT IN (SELECT n FROM loose WHERE n IS NOT NULL)
SELECT note, n IN (SELECT n FROM loose WHERE n > 2) FROM keyed
SELECT host, n FROM keyed AS a WHERE EXISTS (SELECT 1 FROM loose AS b WHERE b.host = a.host AND b.n > a.n)
SELECT host, n FROM keyed AS a WHERE NOT EXISTS (SELECT 1 FROM loose AS b WHERE b.note = a.note)
SELECT count(*) FROM loose AS a, loose AS b WHERE a.v < b.v
SELECT host, n, row_number() OVER (PARTITION BY host ORDER BY n, note, v, ts), count(*) OVER (PARTITION BY n) FROM keyed
SELECT n, sum(c) FROM (SELECT n, note, count(*) AS c FROM wide GROUP BY n, note) AS x GROUP BY n
SELECT a, count(*) FROM loose AS a GROUP BY a
SELECT count(DISTINCT (host, n)), count(DISTINCT ROW(note, ok)) FROM wide
ordered SELECT row_to_json(a) FROM keyed AS a ORDER BY a DESC LIMIT 300
SELECT a.note, b, (b).n FROM loose AS a LEFT JOIN keyed AS b ON a.n = b.n AND a.host = b.host
SELECT count(*) FROM loose AS a JOIN loose AS b ON a = b
ordered SELECT host, n, ts FROM keyed ORDER BY n, ts, host LIMIT (SELECT count(*) / 3 FROM loose) OFFSET (SELECT 5)
WITH RECURSIVE s (n, host) AS (SELECT DISTINCT n, host FROM loose WHERE n < 3 UNION ALL SELECT k.n, k.host FROM s JOIN (SELECT DISTINCT n, host FROM loose) AS k ON k.n = s.n + 1 AND k.host = s.host) SEARCH DEPTH FIRST BY n, host SET seq CYCLE n SET c USING p SELECT n, host, seq, c, p FROM s
