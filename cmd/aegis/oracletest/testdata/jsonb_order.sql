-- How jsonb is ordered: an empty array is the least value, but only where it is the whole value.
CREATE TABLE jo (v jsonb);
INSERT INTO jo VALUES ('[]'), ('null'), ('[null,null]'), ('[null,[]]'), ('[null,1]'), ('[[]]'), ('[null]'), ('{"a":[]}'), ('{"a":null}'), ('[true]'), ('{}'), ('1'), ('"a"'), ('true'), ('[[],1]'), ('[null,{}]'), ('{"aa":null}'), ('{"b":null}'), ('{"b":1,"aa":2}'), ('{"c":1,"a":2}'), (NULL);
SELECT v FROM jo ORDER BY v;
SELECT a.v, b.v, a.v < b.v, a.v = b.v FROM jo a, jo b ORDER BY a.v, b.v;
SELECT max(v::text), count(DISTINCT v) FROM jo;
