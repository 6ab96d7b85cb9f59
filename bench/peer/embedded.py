# Serves one client: a JSON object per line comes in, one per line goes out. Queries are timed in here, so that neither the pipe nor JSON is
# charged to the database. What stands before this gives answers, the file to write to; execute(sql), which runs a statement and fetches its answer; rows(answer), which
# makes lists of it; and client(alone), which returns a function like execute for a client that may be one of several.
import json, sys, threading, time


def measure(statements, clients, seconds, least, most):
    taken, took, failures = [0], [], []
    lock = threading.Lock()
    begun = time.monotonic()

    def work():
        run = client(clients == 1)
        while not failures:
            with lock:
                i = taken[0]
                taken[0] += 1
            elapsed = time.monotonic() - begun
            if i >= len(statements) or i >= least and elapsed > seconds or 0 < most < elapsed:
                return
            try:
                started = time.perf_counter_ns()
                run(statements[i])
                took.append(time.perf_counter_ns() - started)
            except Exception as e:
                failures.append(f"{statements[i]}: {e}")

    threads = [threading.Thread(target=work) for _ in range(clients)]
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
            started = time.perf_counter_ns()
            result = execute(request["execute"])
            took = time.perf_counter_ns() - started
            answer = {"rows": rows(result), "nanoseconds": [took]}
        else:
            answer = {"nanoseconds": measure(**request["measure"])}
    except Exception as e:
        answer = {"error": str(e)}
    print(json.dumps(answer, default=str), file=answers, flush=True)
