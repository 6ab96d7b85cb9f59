-- What constants with a modifier are, and fields of zones by their short names.
SELECT interval(0) '1 day 01:23:45.6789', interval '12:34.5678' minute to second(2), time(1) '10:11:12.37', '1.55'::numeric(4,1), 'abcdef'::varchar(3), 'ab'::char(4);
SELECT extract(timezone_h from timestamptz '2026-01-01 10:00Z'), extract(timezone_m from timestamptz '2026-01-01 10:00Z'), date_part('timezone_h', timetz '10:11+05:30');
SELECT extract(timezone_m from date '2026-01-01');
