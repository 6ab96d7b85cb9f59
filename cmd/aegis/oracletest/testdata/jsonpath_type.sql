-- Paths as values: their canonical text, their mistakes, and paths that are computed.
SELECT '$'::jsonpath, 'strict $.a.b'::jsonpath, 'lax $ . "a b" [ * ]'::jsonpath, pg_typeof('$'::jsonpath);
SELECT '$.load[0, 2 to last, last - 1]'::jsonpath, '$.**.x'::jsonpath, '$.**{2}.x'::jsonpath, '$.**{1 to last}'::jsonpath, '$.**{last}'::jsonpath;
SELECT '$.a?(@.b>1&&(@.c==2||!(exists(@.d))))'::jsonpath, '$?((@.x + 1) * 2 <> -3)'::jsonpath, '$ ? ((@ > 1) is unknown)'::jsonpath;
SELECT '1 + 2 * $.a'::jsonpath, '(1 + $.a) * 2'::jsonpath, '-(-$.a)'::jsonpath, '- 1.50'::jsonpath, '+.5e2'::jsonpath, '(1 - ($.b - 2)).abs()'::jsonpath;
SELECT '$.a.type()'::jsonpath, '$.size() > 1'::jsonpath, '(-1).abs()'::jsonpath, '"x".type()'::jsonpath, '$.t.datetime("HH24:MI")'::jsonpath;
SELECT '$ ? (@ like_regex "^a.*\"" flag "mi")'::jsonpath, '$ ? (@ starts with $prefix)'::jsonpath, '$ ? (@ like_regex "a+b" flag "xq")'::jsonpath;
SELECT 'null'::jsonpath, 'true'::jsonpath, '"tab\there\u00e9"'::jsonpath, '$"a var"'::jsonpath, '1.e2'::jsonpath, '$.a == null'::jsonpath;
SELECT ARRAY['$.a', 'strict $[*]']::jsonpath[], '{$.a,"$.b[0,1]"}'::jsonpath[];
SELECT NULL::jsonpath IS NULL, '$'::jsonpath::text || '!', length('$.a'::jsonpath::text);
SELECT p::jsonpath, jsonb_path_query_first('{"a": 1, "b": [2, 3]}', p::jsonpath) FROM (VALUES ('$.a'), ('$.b[1]'), ('$.c'), (NULL)) AS v (p) ORDER BY p::text;
SELECT jsonb '{"a": [1, 2]}' @? ('$.' || k)::jsonpath, jsonb '{"a": 5}' @@ ('$.' || k || ' > 4')::jsonpath FROM (VALUES ('a'), ('b')) AS v (k) ORDER BY k;
SELECT CASE WHEN true THEN '$.a'::jsonpath ELSE '$.b' END, coalesce(NULL::jsonpath, '$.c'), to_json('$.a'::jsonpath), array_agg('$.a'::jsonpath);
SELECT typname, typlen, typcategory, typarray FROM pg_type WHERE oid IN ('jsonpath'::regtype, 'jsonpath[]'::regtype) ORDER BY oid;
SELECT ''::jsonpath;
SELECT '$.'::jsonpath;
SELECT '$.a ? (@ >)'::jsonpath;
SELECT '@.a'::jsonpath;
SELECT 'last'::jsonpath;
SELECT '1.type()'::jsonpath;
SELECT '1.e'::jsonpath;
SELECT '$ ? (@ like_regex "a" flag "z")'::jsonpath;
SELECT '$ ? (@ like_regex "(" )'::jsonpath;
SELECT '"\ud83d"'::jsonpath;
SELECT '"\ude00\ud83d"'::jsonpath;
SELECT '$."\u0000"'::jsonpath;
SELECT '$.a'::jsonpath = '$.a'::jsonpath;
SELECT DISTINCT '$.a'::jsonpath;
SELECT 1 ORDER BY '$.a'::jsonpath;
SELECT jsonb_path_exists('{}', '$.a'::text);
SELECT jsonb '{}' @? '$.a'::text;
SELECT p::jsonpath FROM (VALUES ('$.a['), ('$')) AS v (p);
-- Names of arguments, and what only asks whether there is something.
SELECT jsonb_path_query('{"a": 1}', 'strict $.b', silent => true);
SELECT * FROM jsonb_path_query('[1, 2, 3]', '$[*] ? (@ > $min)', vars => '{"min": 1}') AS x;
SELECT * FROM jsonb_path_query(path => '$.*', target => '{"a": 1, "b": null}') AS q (x);
SELECT jsonb_path_query('{}', 'strict $.b', nosuch => true);
SELECT jsonb_path_query(target => '{}', 'strict $.b');
SELECT jsonb '["x", 2]' @? '-$[*]', jsonb '["x"]' @? '-$[*]', jsonb '["x"]' @? '(-$[*]).abs()', jsonb '["x", 1]' @? 'strict +$[*]', jsonb '["x", 1]' @? '$ ? (exists (+@[*]))';
-- What the operators of jsonb are called, and subscripts that are texts of numbers.
SELECT jsonb_contains('{"a": 1, "b": 2}', '{"b": 2}'), jsonb_contained('{"a": 1}', '{"b": 2}'), jsonb_exists('["k"]', 'k'), jsonb_exists_any('{"a": 1}', '{b,a}'), jsonb_exists_all('{"a": 1}', '{b,a}');
SELECT jsonb_concat('{"a": 1}', '{"b": 2}'), jsonb_delete('{"a": 1, "b": 2}'::jsonb, 'a'), jsonb_delete('[1, 2]'::jsonb, 0), jsonb_delete_path('{"a": {"b": 1}}', '{a,b}');
SELECT ('["x", "y"]'::jsonb)['1'], ('["x", "y"]'::jsonb)['-1'], ('{"1": "z"}'::jsonb)['1'], ('["x"]'::jsonb)['a'], ('["x", "y"]'::jsonb)[k::text] FROM (VALUES (0), (1)) AS v (k) ORDER BY k;
SELECT (jsonb '{"a": 1}')['a':'b'];
SELECT (jsonb '[1]')[:2];
SELECT (jsonb '[1]')[1:];
-- Times in JSON have ISO's form.
SELECT to_json(d), to_jsonb(ts), json_build_array(tz) FROM t WHERE id < 6 ORDER BY id;
SELECT jsonb_path_query('1e400', '$.double()');
