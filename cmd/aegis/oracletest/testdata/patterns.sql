SELECT 'abc' LIKE 'a%', 'abc' LIKE '_b_', 'abc' LIKE 'abc', 'abc' LIKE 'ABC', 'abc' ILIKE 'ABC', '' LIKE '%', '' LIKE '_', 'a' LIKE '';
SELECT 'a%c' LIKE 'a\%c', 'abc' LIKE 'a\%c', 'a%c' LIKE 'a#%c' ESCAPE '#', 'a_c' LIKE 'a__c' ESCAPE '_', 'a\c' LIKE 'a\c' ESCAPE '';
SELECT 'abc' LIKE 'a\';
SELECT 'abc' LIKE 'ab' ESCAPE 'xx';
SELECT 'äöü' LIKE '_ö_', 'äöü' ILIKE 'ÄÖÜ', '€' LIKE '_', 'a
b' LIKE 'a%b';
SELECT 'abc' NOT LIKE 'a%', 'abc' NOT ILIKE 'A%', NULL LIKE 'a', 'a' LIKE NULL;
SELECT tx LIKE '%a%', tx LIKE 'a%', tx LIKE '%c', tx LIKE '%\%%', tx LIKE '___', tx ILIKE '%B%', tx NOT LIKE '%o%' FROM t;
SELECT count(*) FROM t WHERE tx LIKE 'a%b%';
SELECT count(*) FROM t WHERE host LIKE 'w%';
SELECT count(*) FROM t WHERE host LIKE 'gr_ße' OR region ILIKE 'E%';
SELECT host, count(*) FROM t WHERE host ~ '^[ab]$' GROUP BY host;
SELECT 'abc' ~ 'b', 'abc' ~ '^b', 'abc' ~* 'B', 'abc' !~ 'z', 'abc' !~* 'B', 'abc' ~ '', 'a1' ~ '\d', 'ab' ~ '\ya';
SELECT 'abc' ~ '(';

SELECT 'abc' ~ 'a{1,', 'a{1,' ~ 'a{1,';
SELECT 'foobar' ~ 'o{2}', 'foobar' ~ '(foo|bar)+$', 'x.y' ~ 'x\.y', 'aB' ~ '[[:upper:]]', 'a b' ~ '\s', 'äx' ~ '^.x$', 'ab' ~ '(?i)AB';
SELECT tx ~ '^[a-z]+$', tx ~ '[0-9]', tx ~* 'HELLO', tx !~ '^$' FROM t;
SELECT 'abc' SIMILAR TO 'a(b|x)c', 'abc' SIMILAR TO '%b%', 'abc' SIMILAR TO 'b', 'abc' NOT SIMILAR TO 'a_c', 'a%' SIMILAR TO 'a\%';
SELECT 'abc' LIKE 1;
SELECT 1 LIKE 'a';
SELECT i4 LIKE 'a' FROM t;
SELECT tx LIKE host FROM t;
SELECT tx LIKE tx || '%', host LIKE '%' || region || '%' FROM t;
SELECT 'x' ~~ 'x', 'x' !~~ 'x', 'x' ~~* 'X', 'x' !~~* 'X';
