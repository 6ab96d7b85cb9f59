# ClickHouse, for the loop below. Queries are timed until the whole answer is there as JSON.
import json, sys
from chdb import session

db = session.Session(sys.argv[1])


def execute(sql):
    return [json.loads(line) for line in db.query(sql, "JSONCompactEachRow").bytes().splitlines()]


def client(alone):
    return lambda sql: db.query(sql, "JSONCompact").bytes()


