-- Regular expressions that give arrays, and names taken apart.
SELECT regexp_match('foobarbequebaz', 'bar.*que'), regexp_match('foobarbequebaz', '(bar)(beque)'), regexp_match('abc', 'x'), regexp_match('abc', '(x)?b'), regexp_match('ABC', 'b', 'i'), (regexp_match('key=value', '(\w+)=(\w+)'))[2], regexp_match(NULL, 'a'), regexp_match('abc01234xyz', '(.*?)(\d+)(.*)'), regexp_match('abc01234xyz', '(?:(.*?)(\d+)(.*)){1,1}');
SELECT regexp_match('a', 'a', 'g');
SELECT regexp_split_to_array('hello world', '\s+'), regexp_split_to_array('the quick brown', '\s*'), regexp_split_to_array('abc', ''), regexp_split_to_array('', 'x'), regexp_split_to_array('aXbXc', 'x', 'i'), regexp_split_to_array('abc', 'b|c'), regexp_split_to_array('a,b,,c', ','), regexp_split_to_array('xax', 'x'), regexp_split_to_array('aaa', 'a*'), regexp_split_to_array('123456', '.');
SELECT regexp_split_to_array('a', 'a', 'g');
SELECT parse_ident('"SomeSchema".someTable'), parse_ident('a.b.c'), parse_ident(' A . "b""c" '), parse_ident('foo bar', false), parse_ident('ä.b'), parse_ident('a$1'), parse_ident(str => 'X', strict => false);
SELECT parse_ident('foo bar');
SELECT parse_ident('1a');
SELECT parse_ident('a.');
SELECT parse_ident('.a');
SELECT parse_ident('"a');
SELECT parse_ident('""');
SELECT parse_ident('');
SELECT string_to_array('a,b,c', ','), string_to_array('abc', NULL), string_to_array('a,,c', ',', ''), string_to_array('', ','), array_to_string(string_to_array(tx, ' '), '|') FROM t;
SELECT regexp_match(tx, '([a-z])([A-Z])?'), regexp_split_to_array(tx, '[ ,]+') FROM t;
SELECT '{"a":{"b":[1,2]}}'::jsonb #> ARRAY['a', 'b'], jsonb_set('{"a":1}', ARRAY['b'], to_jsonb(ARRAY[1,2])), to_json(ARRAY[[1,2],[3,4]]), to_jsonb(ARRAY[date '2026-01-01']), array_to_json(ARRAY[1,2]), json_build_object('a', ARRAY[1,NULL]), to_jsonb(ARRAY['x', NULL]), jsonb_build_array(ARRAY[]::integer[]);
SELECT array_to_json('{{1,2},{3,4}}'::integer[], true), array_to_json(ARRAY['a', NULL], false), array_to_json('{}'::text[]);
