-- Queries of WITH that are read several times, once of them whole.
CREATE TABLE sales (shop integer, day date, amount numeric(10, 2), what text);
INSERT INTO sales SELECT i % 7, date '2024-01-01' + i % 30, (i * 37 % 1000)::numeric / 4, CASE WHEN i % 5 = 0 THEN NULL ELSE 'thing ' || i % 11 END FROM generate_series(1, 500) AS i;
INSERT INTO sales VALUES (NULL, '2024-01-05', 10.50, 'x'), (NULL, '2024-01-06', NULL, 'y'), (99, NULL, NULL, NULL);
WITH r AS (SELECT shop, sum(amount) AS total FROM sales GROUP BY shop) SELECT shop, total FROM r WHERE total = (SELECT max(total) FROM r) ORDER BY shop;
WITH r (s, t) AS (SELECT shop, sum(amount) FROM sales GROUP BY shop) SELECT s, t, t / (SELECT sum(t) FROM r) FROM r ORDER BY s;
WITH r AS (SELECT shop, what, count(*) AS n FROM sales GROUP BY shop, what) SELECT a.shop, a.what, a.n FROM r a JOIN r b ON a.shop = b.shop AND a.what = b.what WHERE a.n >= (SELECT avg(n) FROM r) ORDER BY 1, 2 LIMIT 10;
WITH r AS (SELECT shop, count(DISTINCT what) AS n FROM sales GROUP BY shop), m AS (SELECT max(n) AS top FROM r) SELECT r.shop, r.n FROM r, m WHERE r.n = m.top ORDER BY 1;
WITH r AS (SELECT shop, sum(amount) AS total FROM sales WHERE shop > 100 GROUP BY shop) SELECT count(*), (SELECT max(total) FROM r) FROM r;
WITH r AS (SELECT day, max(amount) AS m FROM sales GROUP BY day) SELECT (SELECT min(m) FROM r), (SELECT max(m) FROM r), (SELECT count(*) FROM r WHERE m IS NULL);
WITH r AS (SELECT shop, sum(amount) AS total FROM sales GROUP BY shop) SELECT s.what, (SELECT count(*) FROM r WHERE r.shop = s.shop), (SELECT max(total) FROM r) FROM sales s WHERE s.shop = 3 ORDER BY 1 LIMIT 4;
WITH r AS NOT MATERIALIZED (SELECT shop, sum(amount) AS total FROM sales GROUP BY shop) SELECT shop FROM r WHERE total < (SELECT avg(total) FROM r) ORDER BY shop;
WITH r AS (SELECT shop, 1 / (shop - 3) AS x FROM sales GROUP BY shop) SELECT max(x) FROM r WHERE x = (SELECT max(x) FROM r);
DROP TABLE sales;
