# DuckDB, for the loop below. Queries are timed around execute and fetchall.
import duckdb, sys

db = duckdb.connect(sys.argv[1])
db.execute("SET TimeZone = 'UTC'")
db.execute("SET enable_progress_bar = false")


def execute(sql):
    return db.execute(sql).fetchall()


def rows(answer):
    return [list(row) for row in answer]


def client(alone):
    connection = db if alone else db.cursor()  # what was prepared belongs to a connection
    return lambda sql: connection.execute(sql).fetchall()


