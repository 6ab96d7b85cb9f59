-- What Grafana's PostgreSQL data source asks when it is set up and when panels are drawn, as its macros expand.
CREATE TABLE cpu (ts timestamptz NOT NULL, host text, usage double precision) WITH (time_column = ts, tags = (host));
INSERT INTO cpu SELECT '2026-01-01 00:00:00Z'::timestamptz + g * interval '10 seconds', CASE g % 2 WHEN 0 THEN 'a' ELSE 'b' END, g FROM generate_series(0, 59) AS t(g);

-- The test of the connection, its version, and whether TimescaleDB is there.
SELECT 1;
SELECT current_setting('server_version_num')::int/100 AS version;
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb';

-- The builder's lists of tables and columns.
SELECT
    CASE WHEN
          quote_ident(table_schema) IN (
          SELECT
            CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )
      THEN quote_ident(table_name)
      ELSE quote_ident(table_schema) || '.' || quote_ident(table_name)
    END AS "table"
    FROM information_schema.tables
    WHERE quote_ident(table_schema) NOT IN ('information_schema',
                             'pg_catalog',
                             '_timescaledb_cache',
                             '_timescaledb_catalog',
                             '_timescaledb_internal',
                             '_timescaledb_config',
                             'timescaledb_information',
                             'timescaledb_experimental')
      AND table_name = 'cpu'
    ORDER BY 1;
SELECT quote_ident(column_name) AS "column", data_type AS "type"
    FROM information_schema.columns WHERE quote_ident(table_name) = 'cpu' ORDER BY ordinal_position;

-- $__time, $__timeFilter
SELECT ts AS "time", host AS metric, usage FROM cpu WHERE ts BETWEEN '2026-01-01T00:00:00Z' AND '2026-01-01T00:00:30Z' ORDER BY 1, 2;
-- $__timeGroupAlias(ts, 1m) without TimescaleDB
SELECT floor(extract(epoch from ts)/60)*60 AS "time", host AS metric, avg(usage) AS "usage" FROM cpu
  WHERE ts BETWEEN '2026-01-01T00:00:00Z' AND '2026-01-01T00:05:00Z' GROUP BY 1, 2 ORDER BY 1, 2;
-- and with it
SELECT time_bucket('60.000s',ts) AS "time", avg(usage) AS "usage" FROM cpu WHERE ts BETWEEN '2026-01-01T00:00:00Z' AND '2026-01-01T00:05:00Z' GROUP BY 1 ORDER BY 1;
-- $__timeEpoch, $__unixEpochFilter, $__timeFrom, $__timeTo
SELECT extract(epoch from ts) AS "time", usage FROM cpu WHERE extract(epoch from ts) >= 1767225600 AND extract(epoch from ts) <= 1767225620 ORDER BY 1;
SELECT count(*) FROM cpu WHERE ts > '2026-01-01T00:00:00Z' AND ts < '2026-01-01T00:01:00Z';
-- a variable, a table panel, an annotation
SELECT DISTINCT host FROM cpu ORDER BY 1;
SELECT host, min(usage), max(usage), count(*) FROM cpu WHERE host IN ('a','b') GROUP BY host ORDER BY host LIMIT 50;
SELECT ts AS time, 'high' AS text, host AS tags FROM cpu WHERE ts BETWEEN '2026-01-01T00:00:00Z' AND '2026-01-01T01:00:00Z' AND usage > 57 ORDER BY ts;
DROP TABLE cpu;
