# A DuckDB that serves one client: a JSON object per line comes in, one per line goes out. Queries are timed in here, around
# execute and fetchall, so that neither the pipe nor JSON is charged to DuckDB.
import json, os, sys, threading, time
import duckdb

# Answers have the pipe for themselves: what DuckDB prints, such as progress bars, goes to standard error.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

db = duckdb.connect(sys.argv[1])
db.execute("SET TimeZone = 'UTC'")
db.execute("SET enable_progress_bar = false")


def execute(sql):
    return [list(row) for row in db.execute(sql).fetchall()]


def measure(statements, clients, seconds, least):
    taken, took, failures = [0], [], []
    lock = threading.Lock()
    deadline = time.monotonic() + seconds

    def client():
        connection = db.cursor() if clients > 1 else db  # what was prepared belongs to a connection
        while not failures:
            with lock:
                i = taken[0]
                taken[0] += 1
            if i >= len(statements) or i >= least and time.monotonic() > deadline:
                return
            try:
                started = time.perf_counter_ns()
                connection.execute(statements[i]).fetchall()
                took.append(time.perf_counter_ns() - started)
            except Exception as e:
                failures.append(f"{statements[i]}: {e}")

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise RuntimeError(failures[0])
    return took


for line in sys.stdin:
    request = json.loads(line)
    try:
        if "execute" in request:
            answer = {"rows": execute(request["execute"])}
        else:
            answer = {"nanoseconds": measure(**request["measure"])}
    except Exception as e:
        answer = {"error": str(e)}
    print(json.dumps(answer, default=str), file=answers, flush=True)
