-- What PostgreSQL answers and Aegis does not build yet: it must say so and never answer.
SELECT B'101';
SELECT X'1F';
CREATE TABLE r (k integer PRIMARY KEY DEFERRABLE);
CREATE TABLE r (k integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TEMP TABLE r (k integer);
CREATE INDEX ON u (k) WHERE k > 1;
CREATE INDEX ON u ((k + 1));
CREATE INDEX ON u USING hash (k);
BEGIN;
SELECT k FROM u FOR UPDATE;
SELECT sum(k) OVER (ORDER BY generate_series(1, 2)) FROM u;
