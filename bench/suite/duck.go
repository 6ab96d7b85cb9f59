package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
)

// script loads the files into DuckDB, asks each query some times, and prints the rows and the best time in seconds. Its first input is
// {"dir": …, "create": […], "names": […], "queries": […], "rounds": n}.
const script = `
import json, sys, time, duckdb
job = json.load(sys.stdin)
db = duckdb.connect()
db.execute("SET threads = %d; SET enable_progress_bar = false" % job["threads"])
for sql, name in zip(job["create"], job["names"]):
    db.execute(sql)
    db.execute("COPY %s FROM '%s/%s.csv' (HEADER, NULLSTR 'nothing is NULL')" % (name, job["dir"], name))
out = []
for q in job["queries"]:
    best = None
    for _ in range(job["rounds"]):
        start = time.perf_counter()
        rows = db.execute(q).fetchall()
        took = time.perf_counter() - start
        best = took if best is None else min(best, took)
    out.append({"rows": [list(r) for r in rows], "seconds": best})
print(json.dumps(out, default=str))
`

// answer is what a query gives. Numbers are json.Number; DuckDB's decimals, which are exact, are strings.
type answer struct {
	Rows    [][]any
	Seconds float64
}

// duck asks DuckDB.
func duck(dir string, tables []Table, queries []string, rounds, threads int) ([]answer, error) {
	job := map[string]any{"dir": dir, "queries": queries, "rounds": rounds, "threads": threads}
	var create, names []string
	for _, t := range tables {
		create, names = append(create, t.create()), append(names, t.Name)
	}
	job["create"], job["names"] = create, names
	in, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	var out, printed bytes.Buffer
	c := exec.Command("python3", "-c", script)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(in), &out, &printed
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("duckdb: %w\n%s", err, printed.Bytes())
	}
	d := json.NewDecoder(&out)
	d.UseNumber()
	var answers []answer
	return answers, d.Decode(&answers)
}
