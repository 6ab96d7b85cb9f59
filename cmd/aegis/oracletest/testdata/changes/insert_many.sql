-- Lists of many constants, which are read a column at a time, and what is wrong in them.
CREATE TABLE many (a integer, b smallint, c bigint, r real, f double precision, n numeric(8,2), m numeric, t text, v varchar(3), p char(4), o boolean, d date, z timestamptz, i interval, j jsonb, l integer[]);
INSERT INTO many VALUES
 (1, 2, 3, 4, 5, 6, 7, '8', '9', '10', true, '2026-01-02', '2026-01-02 03:04:05+00', '1 day', '{"b": 1, "a": [2]}', '{1,NULL,3}'),
 ('1', '2', '3', '4', '5.5', '6.005', '7.50', NULL, NULL, NULL, 'f', NULL, NULL, '02:00', 'null', '{}'),
 (-1, -2, 9223372036854775807, -4.25, 1e300, 12345.675, 1e20, 'it''s', 'abc', 'd', false, 'infinity', '-infinity', '-1 mon', '1', NULL),
 (NULL, NULL, NULL, 1e-40, 0.1, -0.005, 0.000, '', '', '', NULL, '0044-03-15 BC', '2026-06-01 12:00', NULL, NULL, '{{1},{2}}'),
 (2147483647, -32768, -9223372036854775808, 16777217, 12345678901234567890, 99999, -0, E'a\tb', 'ä€z', 'öö  ', NULL, 'epoch', 'epoch', 'P1D', '"x"', '[2:3]={7,8}');
SELECT * FROM many ORDER BY a NULLS LAST, b;
INSERT INTO many (c, a) VALUES (1.5, 2.5), (2.5, -2.5), (-0.5, 3.49), (1e3, 4);
INSERT INTO many (a, t) VALUES (10, 1), (11, 2.50), (12, true), (13, 'x');
INSERT INTO many (t, a) VALUES (1, 10), ('two', 11), (3.30, 12), (NULL, 13) RETURNING a, t;
SELECT a, c, t FROM many WHERE a >= 2 ORDER BY 1, 2, 3;
INSERT INTO many (a) VALUES (1), (2), (3), (2147483648);
INSERT INTO many (a) VALUES (1), (2), (3), (1e10), (5);
INSERT INTO many (b) VALUES (1), (2), (3), (32768);
INSERT INTO many (c) VALUES (1), (2), (3), (9223372036854775808);
INSERT INTO many (a, v) VALUES (1, 'abc'), (2, 'abc   '), (3, 'abcd'), (4, 'x');
INSERT INTO many (a, v) VALUES (1, 'abc'), (2, 'abc   '), (3, 'ab '), (4, 1234);
INSERT INTO many (a, n) VALUES (1, 1), (2, 999999.99), (3, 999999.995), (4, 3);
INSERT INTO many (a, d) VALUES (1, '2026-01-01'), (2, '2026-02-30'), (3, NULL), (4, '2026-01-02');
INSERT INTO many (a, d) VALUES (1, '2026-01-01'), (2, '2026-02-03'), (3, NULL), (4, 5);
INSERT INTO many (a, o) VALUES (1, true), (2, 'no'), (3, NULL), (4, 1);
INSERT INTO many (a, o) VALUES (1, true), (true, 'no'), (3, NULL), (4, false);
INSERT INTO many (a, j) VALUES (1, '1'), (2, '[1,]'), (3, NULL), (4, '2');
INSERT INTO many (a, r) VALUES (1, 1), (2, 1e39), (3, NULL), (4, '2');
INSERT INTO many (a, f) VALUES (1, 1), (2, 1e-400), (3, NULL), (4, '2');
INSERT INTO many (a, b) VALUES (1, 1), (2, 2), (3), (4, 4);
INSERT INTO many (a, b) VALUES (1, 1), (2, 2), (3, 3, 3), (4, 4);
INSERT INTO many (a, b) VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4);
INSERT INTO many (a, b) VALUES (1), (2), (3), (4);
INSERT INTO many (a, b) VALUES (1, 1), (2, DEFAULT), (3, 1 + 2), (4, abs(-4)) RETURNING a, b;
INSERT INTO many (a, l) VALUES (20, '{1}'), (21, '{2,x}'), (22, NULL), (23, '{}');
INSERT INTO many VALUES (30, 1), (31, 2), (32, 3), (33, 4) RETURNING a, b, c, t;
SELECT count(*), sum(a), sum(b), min(v), max(n), sum(c) FROM many;
WITH added AS (INSERT INTO many (a, t) VALUES (40, 'a'), (41, 'b'), (42, NULL), (43, '') RETURNING a, t) SELECT * FROM added ORDER BY a;
CREATE TABLE keyed (id integer PRIMARY KEY, x text DEFAULT 'none', y integer GENERATED ALWAYS AS (id * 2) STORED, CHECK (id > 0));
INSERT INTO keyed VALUES (1), (2), (3), (4) RETURNING *;
INSERT INTO keyed (id, x) VALUES (5, 'e'), (6, NULL), (1, 'again'), (7, 'g');
INSERT INTO keyed (id, x) VALUES (5, 'e'), (6, NULL), (1, 'again'), (7, 'g') ON CONFLICT (id) DO UPDATE SET x = excluded.x || '!' RETURNING *;
INSERT INTO keyed (id, x) VALUES (8, 'e'), (9, NULL), (-1, 'again'), (10, 'g');
INSERT INTO keyed (id, x) VALUES (8, 'e'), (9, NULL), (NULL, 'again'), (10, 'g');
INSERT INTO keyed (id, y) VALUES (8, 1), (9, 2), (10, 3), (11, 4);
INSERT INTO keyed AS k (id, x) VALUES (8, 'e'), (9, 'f'), (1, 'one'), (2, 'two') ON CONFLICT DO NOTHING RETURNING k.id;
SELECT * FROM keyed ORDER BY id;
CREATE TABLE numbered (id integer GENERATED ALWAYS AS IDENTITY, t text);
INSERT INTO numbered VALUES (10, 'a'), (11, 'b'), (12, 'c'), (13, 'd');
INSERT INTO numbered OVERRIDING SYSTEM VALUE VALUES (10, 'a'), (11, 'b'), (12, 'c'), (13, 'd') RETURNING *;
INSERT INTO numbered OVERRIDING USER VALUE VALUES (10, 'a'), (11, 'b'), (12, 'c'), (13, 'd') RETURNING *;
INSERT INTO numbered (t) VALUES ('e'), ('f'), ('g'), ('h') RETURNING id, t;
