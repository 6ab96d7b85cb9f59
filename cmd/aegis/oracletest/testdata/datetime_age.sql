-- Ages up to and from infinity, which is the last of all times.
SELECT age('infinity'::timestamp, '2000-01-01');
SELECT age('-infinity'::timestamp, '2000-01-01');
SELECT age('2000-01-01', 'infinity'::timestamp);
SELECT age('2000-01-01', '-infinity'::timestamp);
SELECT age('infinity'::timestamp, 'infinity');
SELECT age('infinity'::timestamp, '-infinity');
SELECT age('-infinity'::timestamp, 'infinity');
SELECT age('infinity'::timestamptz, '2000-01-01');
SELECT age('2000-01-01', '-infinity'::timestamptz);
SELECT age('infinity'::date) IS NULL;
SELECT age('2026-01-02 03:04:05.5'::timestamp, '290000-12-31');
