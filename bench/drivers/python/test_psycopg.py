"""psycopg 3 against a server whose address is in AEGIS_PG: what it does of its own accord, and what people do with it."""

import datetime
import decimal
import os
import threading
import time
import unittest
import uuid

import psycopg
from psycopg.rows import dict_row

DSN = os.environ["AEGIS_PG"]

UTC = datetime.timezone.utc

# One value of each type, with the type's name and what Python makes of it.
VALUES = [
    ("boolean", True),
    ("smallint", -32768),
    ("integer", 2147483647),
    ("bigint", -9223372036854775808),
    ("real", 1.5),
    ("double precision", -2.5e-300),
    ("double precision", float("inf")),
    ("numeric", decimal.Decimal("-12345678901234567890.000100")),
    ("numeric", decimal.Decimal("0")),
    ("text", "grüße, 世界 'quoted' \\ \t\n"),
    ("text", ""),
    ("bytea", b"\x00\xff\\'"),
    ("date", datetime.date(2026, 2, 28)),
    ("date", datetime.date(1, 1, 1)),
    ("timestamp", datetime.datetime(2026, 2, 28, 23, 59, 59, 999999)),
    ("timestamptz", datetime.datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)),
    ("interval", datetime.timedelta(days=-3, seconds=5, microseconds=7)),
    ("json", {"a": [1, None, "x"]}),
]


class Psycopg(unittest.TestCase):
    def connect(self, **more):
        conn = psycopg.connect(DSN, **more)
        self.addCleanup(conn.close)
        return conn

    def test_types_both_ways(self):
        conn = self.connect(autocommit=True)
        for binary in (False, True):
            cur = conn.cursor(binary=binary)
            for name, value in VALUES:
                with self.subTest(type=name, binary=binary, value=value):
                    param = psycopg.types.json.Json(value) if name == "json" else value
                    place = "%b" if binary and name not in ("json",) else "%s"
                    cur.execute(f"SELECT {place}::{name}, NULL::{name}", (param,))
                    got, null = cur.fetchone()
                    self.assertEqual(got, value)
                    self.assertIsNone(null)

    def test_insert_and_read(self):
        conn = self.connect()
        conn.execute("DROP TABLE IF EXISTS py") if conn.autocommit else None
        with psycopg.connect(DSN, autocommit=True) as admin:
            admin.execute("DROP TABLE IF EXISTS py")
            admin.execute("CREATE TABLE py (id bigint, name text, v double precision)")
        with conn.transaction():
            cur = conn.cursor()
            cur.executemany("INSERT INTO py VALUES (%s, %s, %s)", [(i, f"n{i}", i / 2) for i in range(100)])
        with self.assertRaises(ZeroDivisionError):
            with conn.transaction():
                conn.execute("INSERT INTO py VALUES (1000, 'gone', 0)")
                raise ZeroDivisionError
        cur = conn.execute("SELECT count(*), sum(id), max(name) FROM py WHERE id < %s", (50,))
        self.assertEqual(cur.fetchone(), (50, sum(range(50)), "n9"))
        conn.rollback()
        conn.execute("INSERT INTO py VALUES (1, 'x', 0)")
        conn.execute("UPDATE py SET v = -1 WHERE id = 1")
        self.assertEqual(conn.execute("SELECT count(*), sum(v) FROM py WHERE id = 1").fetchone(), (2, -2.0))
        conn.rollback()
        self.assertEqual(conn.execute("SELECT count(*) FROM py").fetchone()[0], 100)
        conn.rollback()

    def test_conflict(self):
        with psycopg.connect(DSN, autocommit=True) as admin:
            admin.execute("DROP TABLE IF EXISTS py_counter")
            admin.execute("CREATE TABLE py_counter (id bigint PRIMARY KEY, n bigint)")
            admin.execute("INSERT INTO py_counter VALUES (1, 0)")
        one, two = self.connect(), self.connect()
        one.execute("UPDATE py_counter SET n = n + 1 WHERE id = 1")
        two.execute("UPDATE py_counter SET n = n + 10 WHERE id = 1")
        one.commit()
        with self.assertRaises(psycopg.errors.SerializationFailure):
            two.commit()
        two.rollback()
        two.execute("UPDATE py_counter SET n = n + 10 WHERE id = 1")  # once more, from its start
        two.commit()
        self.assertEqual(one.execute("SELECT n FROM py_counter").fetchone()[0], 11)

    def test_prepared(self):
        conn = self.connect(autocommit=True)
        for i in range(20):  # psycopg prepares on its own after five
            self.assertEqual(conn.execute("SELECT %s::int * 2", (i,)).fetchone()[0], 2 * i)
        self.assertEqual(conn.execute("SELECT %s || 'x'", ("a",), prepare=True).fetchone()[0], "ax")

    def test_errors(self):
        conn = self.connect()
        with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
            conn.execute("SELECT nothing")
        self.assertEqual(caught.exception.diag.statement_position, "8")
        with self.assertRaises(psycopg.errors.InFailedSqlTransaction):
            conn.execute("SELECT 1")
        conn.rollback()
        with self.assertRaises(psycopg.errors.DivisionByZero):
            conn.execute("SELECT 1 / (g - 5000) FROM generate_series(1, 10000) AS t(g)").fetchall()
        conn.rollback()
        self.assertEqual(conn.execute("SELECT 1").fetchone()[0], 1)

    def test_savepoints(self):
        conn = self.connect()
        with conn.transaction():
            with self.assertRaises(psycopg.errors.DivisionByZero):
                with conn.transaction():
                    conn.execute("SELECT 1 / 0")
            self.assertEqual(conn.execute("SELECT 2").fetchone()[0], 2)

    def test_server_side_cursors(self):
        conn = self.connect()
        for binary in (False, True):
            with conn.cursor("named", binary=binary) as cur:
                cur.itersize = 1000
                cur.execute("SELECT g FROM generate_series(1, %s) AS t(g)", (30000,))
                self.assertEqual(sum(g for (g,) in cur), 30000 * 30001 // 2)
            with conn.cursor("named", binary=binary) as cur:
                cur.execute("SELECT g FROM generate_series(1, 100) AS t(g)")
                self.assertEqual(cur.fetchmany(2), [(1,), (2,)])
                self.assertEqual(cur.fetchone(), (3,))
                cur.scroll(5)
                self.assertEqual(cur.fetchone(), (9,))
        with conn.cursor("kept", withhold=True) as cur:
            cur.execute("SELECT g FROM generate_series(1, 5) AS t(g)")
            self.assertEqual(cur.fetchone(), (1,))
            conn.commit()
            self.assertEqual(len(cur.fetchall()), 4)

    def test_stream(self):
        conn = self.connect()
        total = 0
        for (g,) in conn.cursor().stream("SELECT g FROM generate_series(1, %s) AS t(g)", (30000,)):
            total += g
        self.assertEqual(total, 30000 * 30001 // 2)

    def test_copy(self):
        conn = self.connect(autocommit=True)
        conn.execute("DROP TABLE IF EXISTS pycopy")
        conn.execute("CREATE TABLE pycopy (id integer, name text, at timestamptz)")
        at = datetime.datetime(2026, 1, 1, tzinfo=UTC)
        for options in ("", " (FORMAT binary)"):
            with conn.cursor().copy("COPY pycopy (id, name, at) FROM STDIN" + options) as copy:
                copy.set_types(["int4", "text", "timestamptz"])
                for i in range(10000):
                    copy.write_row((i, None if i % 3 == 0 else f"tab\t{i}\\", at))
        self.assertEqual(conn.execute("SELECT count(*), count(name) FROM pycopy").fetchone(), (20000, 13332))
        with conn.cursor().copy("COPY (SELECT * FROM pycopy WHERE id = 7) TO STDOUT") as copy:
            copy.set_types(["int4", "text", "timestamptz"])
            self.assertEqual(list(copy.rows()), [(7, "tab\t7\\", at)] * 2)
        with conn.cursor().copy("COPY (SELECT id, name FROM pycopy WHERE id = 3) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            self.assertEqual(list(copy.rows()), [(3, None)] * 2)
        with self.assertRaises(psycopg.errors.InvalidTextRepresentation):
            with conn.cursor().copy("COPY pycopy (id) FROM STDIN") as copy:
                copy.write("1\nx\n")
        self.assertEqual(conn.execute("SELECT count(*) FROM pycopy").fetchone()[0], 20000)

    def test_pipeline(self):
        conn = self.connect(autocommit=True)
        with conn.pipeline() as pipe:
            cursors = [conn.execute("SELECT %s::int + 1", (i,)) for i in range(100)]
            pipe.sync()
            self.assertEqual([c.fetchone()[0] for c in cursors], list(range(1, 101)))
            bad = conn.execute("SELECT 1 / %s::int", (0,))
            after = conn.execute("SELECT 1")
            with self.assertRaises(psycopg.errors.DivisionByZero):
                pipe.sync()
        self.assertEqual(conn.execute("SELECT 3").fetchone()[0], 3)

    def test_cancel(self):
        conn = self.connect(autocommit=True)
        threading.Timer(0.3, conn.cancel).start()
        started = time.time()
        with self.assertRaises(psycopg.errors.QueryCanceled):
            conn.execute("SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y) WHERE x * y < 0")
        self.assertLess(time.time() - started, 5)
        self.assertEqual(conn.execute("SELECT 1").fetchone()[0], 1)

    def test_timeout(self):
        conn = self.connect(autocommit=True, options="-c statement_timeout=200")
        with self.assertRaises(psycopg.errors.QueryCanceled):
            conn.execute("SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y) WHERE x * y < 0")

    def test_settings(self):
        conn = self.connect(autocommit=True, application_name="test", options="-c timezone=Asia/Tokyo")
        self.assertEqual(conn.info.parameter_status("application_name"), "test")
        self.assertEqual(conn.info.parameter_status("TimeZone"), "Asia/Tokyo")
        conn.execute("SET TIME ZONE 'America/New_York'")
        self.assertEqual(str(conn.info.timezone), "America/New_York")
        got = conn.execute("SELECT '2026-07-01 12:00:00+00'::timestamptz").fetchone()[0]
        self.assertEqual(got.utcoffset(), datetime.timedelta(hours=-4))

    def test_rows(self):
        conn = self.connect(autocommit=True, row_factory=dict_row)
        self.assertEqual(conn.execute("SELECT 1 AS a, 'x' AS b").fetchone(), {"a": 1, "b": "x"})
        with self.assertRaises(psycopg.errors.InvalidTextRepresentation):
            conn.execute("SELECT %t::int", ("x",))


if __name__ == "__main__":
    unittest.main()
