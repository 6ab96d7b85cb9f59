"""Writes the Parquet files of this folder: what other writers make of their types. pip install pyarrow pandas duckdb"""
import datetime as dt, decimal, os, uuid
import duckdb, numpy as np, pandas as pd, pyarrow as pa, pyarrow.parquet as pq

here = os.path.dirname(os.path.abspath(__file__)) + "/"
D = decimal.Decimal
utc = dt.timezone.utc
when = [dt.datetime(2026, 1, 2, 3, 4, 5, 678000), None, dt.datetime(1969, 12, 31, 23, 59, 59, 999000)]
at = [x and x.replace(tzinfo=utc) for x in when]

table = pa.table({
    "b": pa.array([True, None, False]),
    "i8": pa.array([-128, None, 127], pa.int8()), "i16": pa.array([-32768, None, 32767], pa.int16()),
    "i32": pa.array([-2**31, None, 2**31 - 1], pa.int32()), "i64": pa.array([-2**63, None, 2**63 - 1], pa.int64()),
    "u8": pa.array([0, None, 255], pa.uint8()), "u16": pa.array([0, None, 65535], pa.uint16()),
    "u32": pa.array([0, None, 2**32 - 1], pa.uint32()), "u64": pa.array([0, None, 2**64 - 1], pa.uint64()),
    "f16": pa.array([np.float16(1.5), None, np.float16(-0.000061)], pa.float16()),
    "f32": pa.array([0.1, None, -np.inf], pa.float32()), "f64": pa.array([0.1, None, np.nan], pa.float64()),
    "s": pa.array(["", None, "äöü€"]), "large": pa.array(["x", None, "y"], pa.large_string()),
    "dict": pa.array(["red", None, "red"]).dictionary_encode(),
    "bin": pa.array([b"\x00\xff", None, b""]), "fixed": pa.array([b"abc", None, b"def"], pa.binary(3)),
    "d": pa.array([dt.date(2026, 1, 2), None, dt.date(1, 1, 1)]),
    "t32": pa.array([dt.time(1, 2, 3, 4000), None, dt.time(0)], pa.time32("ms")), "t64": pa.array([dt.time(1, 2, 3, 4), None, dt.time(23, 59)], pa.time64("us")),
    "tns": pa.array([3723000004000, None, 0], pa.time64("ns")),
    "ms": pa.array(when, pa.timestamp("ms")), "us": pa.array(when, pa.timestamp("us")), "ns": pa.array(when, pa.timestamp("ns")),
    "msz": pa.array(at, pa.timestamp("ms", "UTC")), "usz": pa.array(at, pa.timestamp("us", "Europe/Berlin")), "nsz": pa.array(at, pa.timestamp("ns", "UTC")),
    "d9": pa.array([D("1.50"), None, D("-99999.99")], pa.decimal128(7, 2)), "d18": pa.array([D("1.5000"), None, D("-1")], pa.decimal128(18, 4)),
    "d38": pa.array([D("12345678901234567890123456789.123456789"), None, D("-0.000000001")], pa.decimal128(38, 9)),
    "d60": pa.array([D(10)**50, None, D(-10)**49], pa.decimal256(60, 0)),
    "list": pa.array([[1, None, 3], None, []], pa.list_(pa.int32())), "texts": pa.array([["a", "b,c"], [], [None]]),
    "struct": pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "\"q\""}]),
    "deep": pa.array([[{"k": [1, 2]}, None], [], [{"k": []}, {"k": None}]], pa.list_(pa.struct([("k", pa.list_(pa.int64()))]))),
    "map": pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int64())),
    "nested": pa.array([[[1], [2, 3]], None, [[], None]], pa.list_(pa.list_(pa.int64()))),
    "nothing": pa.nulls(3),
})
pq.write_table(table, here + "pyarrow.parquet", version="2.6")
pq.write_table(table, here + "pyarrow_v2_pages.parquet", version="2.6", data_page_version="2.0", use_dictionary=False, compression="zstd", row_group_size=2)
pq.write_table(table.select(["i32", "s", "list", "dict"]), here + "pyarrow_delta.parquet", use_dictionary=False, compression="gzip", column_encoding={"i32": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "dict": "DELTA_LENGTH_BYTE_ARRAY"})
# What Spark and Impala wrote for years, and what pandas before 2 did.
pq.write_table(table.select(["us", "usz", "d9", "list"]), here + "spark_legacy.parquet", version="1.0", use_deprecated_int96_timestamps=True, store_decimal_as_integer=False, use_compliant_nested_type=False, compression="snappy")
pd.DataFrame({"n": [1.0, None, 3.0], "when": pd.to_datetime(["2026-01-01 00:00:00", None, "2026-01-03 12:00:00.123456"], format="ISO8601"), "c": pd.Categorical(["a", None, "b"]), "s": ["x", None, "y"]}).to_parquet(here + "pandas.parquet")
duckdb.sql("""copy (select * from (values
  (true, 1::tinyint, 2::smallint, 3, 4::bigint, 5::hugeint, 6::utinyint, 7::usmallint, 8::uinteger, 9::ubigint, 1.5::float, 2.5, 1.25::decimal(9,2), 'text', 'x'::blob,
   date '2026-01-02', time '01:02:03.000004', timestamp '2026-01-02 03:04:05.000006', timestamptz '2026-01-02 03:04:05.000006+00', timestamp_ns '2026-01-02 03:04:05.000000007',
   timestamp_ms '2026-01-02 03:04:05.006', timestamp_s '2026-01-02 03:04:05', interval '1 month 2 days 3 seconds', uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a":1}'::json,
   [1,2,null], {'a': 1, 'b': [true]}, map {'k': 1}, 'happy'::enum('happy','sad'), timetz '01:02:03+02'),
  (null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null)
) t(b,i8,i16,i32,i64,huge,u8,u16,u32,u64,f,d,dec,s,blob,day,clock,us,usz,ns,ms,sec,span,id,doc,list,struct,map,mood,tz)) to '%sduckdb.parquet' (format parquet)""" % here)
