-- Expressions that stand in a query more than once, some of them only behind conditions.
CREATE TABLE ce (a bigint, b bigint, f double precision, n numeric, s text);
INSERT INTO ce VALUES (1, 0, 1.5, 2.50, 'x'), (2, 4, -2, 0.1, 'Yy'), (NULL, 3, NULL, NULL, NULL), (0, 0, 0, 0, ''), (7, -7, 'NaN', 1e10, 'long');
SELECT sum(a * b), sum(a * b + 1), avg(a * b), count(a * b) FROM ce;
SELECT a + b, a + b + 1, (a + b) * (a + b) FROM ce ORDER BY a;
SELECT CASE WHEN b <> 0 THEN a / b END, CASE WHEN b <> 0 THEN a / b + 1 ELSE 0 END FROM ce ORDER BY a, b;
SELECT CASE WHEN b <> 0 THEN a / b END, a / b FROM ce;
SELECT sum(a / b) FILTER (WHERE b <> 0), max(a / b) FILTER (WHERE b <> 0) FROM ce;
SELECT sum(a / b) FILTER (WHERE b <> 0), sum(a / b) FROM ce;
SELECT n * 2, n * 2 + n * 2, round(n * 2, 1) FROM ce ORDER BY n;
SELECT upper(s), upper(s) || upper(s), length(upper(s)) FROM ce ORDER BY s;
SELECT upper(s), count(*), max(upper(s)), min(upper(s) || 'z') FROM ce GROUP BY upper(s) ORDER BY 1;
SELECT b <> 0 AND a / b > 0, b = 0 OR a / b > 0 FROM ce ORDER BY a, b;
SELECT coalesce(a + b, 0), coalesce(a + b, 1), nullif(a + b, 1) FROM ce ORDER BY a, b;
SELECT (a + b)::text, (a + b)::text || (a + b)::text FROM ce ORDER BY a;
SELECT sum(f * 2), sum(f * 2 * (f * 2)), min(f * 2) FROM ce WHERE f * 2 < 100;
SELECT 9223372036854775807 + a, 9223372036854775807 + a FROM ce WHERE a <= 0;
SELECT 9223372036854775807 + a, 9223372036854775807 + a FROM ce;
