# ClickHouse, for the loop below. Queries are timed until the whole answer is there as JSON.
import json, sys
from chdb import session

db = session.Session(sys.argv[1])


def execute(sql):
    return db.query(sql, "JSONCompactEachRow").bytes()


def rows(answer):
    # Numbers that are not whole stay as they are written: a decimal has more digits than a double.
    return [json.loads(line, parse_float=str) for line in answer.split(b"\n") if line]


def client(alone):
    return execute


