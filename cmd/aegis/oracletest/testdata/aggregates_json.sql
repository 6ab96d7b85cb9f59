-- Aggregates that make JSON and arrays of arrays.
SELECT json_agg(k ORDER BY k), jsonb_agg(k ORDER BY k) FROM u;
SELECT json_agg(v ORDER BY k, v, x), json_agg(x ORDER BY k, v, x) FROM u;
SELECT json_object_agg(v, k ORDER BY k, v) FROM u WHERE v IS NOT NULL;
SELECT jsonb_object_agg(v, k ORDER BY k, v) FROM u WHERE v IS NOT NULL;
SELECT json_object_agg(k, v ORDER BY k, v) FROM u WHERE k IS NOT NULL;
SELECT json_object_agg(k, v) FROM u;
SELECT json_agg(k) FROM e;
SELECT json_agg(ts ORDER BY id), json_agg(d ORDER BY id), json_agg(b ORDER BY id), json_agg(f8 ORDER BY id) FROM t WHERE id < 12;
SELECT array_agg(ARRAY[k, 1] ORDER BY k, x) FROM u;
SELECT percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY q), percentile_disc(ARRAY[0.1, NULL, 0.9]) WITHIN GROUP (ORDER BY i4) FROM t;
SELECT percentile_disc('{{0,0.5},{0.75,1}}'::float8[]) WITHIN GROUP (ORDER BY host) FROM t;
