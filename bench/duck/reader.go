package duck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
)

// script runs statements, one JSON list on standard input, and prints the rows of each.
const script = `
import json, sys, duckdb
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
print(json.dumps([[list(row) for row in db.execute(q).fetchall()] for q in json.load(sys.stdin)], default=str))
`

// Available says whether Python and its package duckdb are there.
func Available() error {
	if text, err := exec.Command("python3", "-c", "import duckdb").CombinedOutput(); err != nil {
		return fmt.Errorf("python3 with the package duckdb: %w: %s", err, bytes.TrimSpace(text))
	}
	return nil
}

// Query runs statements in an empty DuckDB: rows of values per statement. Numbers are json.Number.
func Query(statements ...string) ([][][]any, error) {
	in, err := json.Marshal(statements)
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
	var answers [][][]any
	return answers, d.Decode(&answers)
}
