-- Literals and the types they get.
SELECT 1, -1, 2147483647, 2147483648, 9223372036854775807, 9223372036854775808, -9223372036854775808;
SELECT 1.0, 1.50, .5, 1., 1e3, 1.5e-3, 1e20, -0.0;
SELECT 0.1 + 0.2, 1e-10, 123456789012345678901234567890.5;
SELECT 'abc', '', 'it''s', E'tab\there', E'\u00e4\x41\101', U&'\00e4', $$dollar 'quoted'$$, $tag$x$$y$tag$;
SELECT 'one'
  'two';
SELECT true, false, NULL, TRUE AND FALSE, NOT true;
SELECT true AS a, NULL::boolean AS b, NULL::integer AS c;
SELECT date '2026-01-02', timestamp '2026-01-02 03:04:05.6', timestamptz '2026-01-02 03:04:05+02', interval '1 day 2 hours';
SELECT integer '12', double precision '1.5', numeric '1.50', boolean 'yes', text 'x', real '0.1', bigint '-5', smallint '7';
SELECT int2 '1', int4 '2', int8 '3', float4 '1', float8 '2', bool 't', varchar 'v', decimal '1.0';
SELECT '\x00ff'::bytea, 'abc'::bytea, '\\'::bytea, E'\\001'::bytea;
SELECT 1 AS "Quoted Name", 2 AS select_like, 3 "as", 4 AS Übung;
SELECT current_date IS NOT NULL, now() IS NOT NULL;
SELECT CASE WHEN true THEN 1 END, COALESCE(1, 2), NULLIF(1, 2), GREATEST(1, 2), LEAST(1, 2);
SELECT 1::text, 'a' || 'b', 1 = 1, 1 IN (1), 1 BETWEEN 0 AND 2, 1 IS NULL, 'a' LIKE 'a';
SELECT CAST(1 AS text), CAST('1' AS integer), '1'::int4, 1::int8, now()::date IS NULL;
SELECT 0x1F;
SELECT 1_000;
SELECT 'abc;
SELECT "unclosed;
SELECT 1 /* comment */ + /* nested /* deeper */ */ 2;
SELECT 1 -- comment
 + 2;
SELECT U&'\zzzz';
SELECT E'\xZZ';
SELECT 'nul: ' || E'\000';
SELECT 99999999999999999999999999;
SELECT 1e400, 1e-400;
SELECT 12abc;
SELECT '€'::text, length('€'), octet_length('€'), 'ä' < 'b', 'Z' < 'a';
SELECT;
SELECT 1,;
SELECT FROM u;
SELECT 1 1;
SELECT *;
