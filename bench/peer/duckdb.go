package peer

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

//go:embed duckdb.py
var duckProgram string

// duckdb is DuckDB in a Python process.
type duckdb struct {
	*process
	in      io.WriteCloser
	out     *bufio.Reader
	dir     string
	version string
}

var duckSQL = tsbs.Dialect{
	Bucket: func(unit string) string { return "date_trunc('" + unit + "', time)" }, // as fast as time_bucket, or faster
	// Ten times as fast as arg_max per field, and more than that against DISTINCT ON.
	LastRows: "SELECT time, hostname, " + strings.Join(tsbs.Fields[:], ", ") +
		" FROM cpu JOIN (SELECT hostname, max(time) AS time FROM cpu GROUP BY hostname) USING (hostname, time)",
}

// python is a Python that has the package duckdb: the one of .tools, or the first in PATH.
func python(ctx context.Context) (string, error) {
	candidates := []string{"python3"}
	if root, err := server.Root(); err == nil {
		candidates = []string{filepath.Join(root, ".tools", "python", "bin", "python3"), "python3"}
	}
	for _, name := range candidates {
		if exec.CommandContext(ctx, name, "-c", "import duckdb").Run() == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("DuckDB: %w: no python3 with the package duckdb; run bench/peer/install", ErrMissing)
}

// StartDuckDB starts DuckDB on a database file in an empty folder.
func StartDuckDB(ctx context.Context, dir string) (System, error) {
	name, err := python(ctx)
	if err != nil {
		return nil, err
	}
	d := &duckdb{dir: dir}
	c := exec.Command(name, "-c", duckProgram, d.file())
	if d.in, err = c.StdinPipe(); err != nil {
		return nil, err
	}
	// A pipe of our own: that of StdoutPipe is closed by Wait, perhaps before the last answer was read.
	answers, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdout = out
	d.process, err = start(c)
	out.Close()
	if err != nil {
		answers.Close()
		return nil, err
	}
	d.out = bufio.NewReaderSize(answers, 1<<20)
	rows, err := d.execute(ctx, "SELECT version()")
	if err != nil {
		d.Close()
		return nil, err
	}
	d.version = fmt.Sprint(rows[0][0])
	return d, nil
}

func (d *duckdb) file() string { return filepath.Join(d.dir, "cpu.duckdb") }

func (d *duckdb) About() About {
	return About{
		Name: "DuckDB", Version: d.version,
		Settings: "defaults (threads = cores), a database file; the table is sorted by (hostname, time), tags are VARCHAR, fields BIGINT, time TIMESTAMP",
		Loaded:   "one CREATE TABLE AS … ORDER BY from a CSV file that was there before, and a CHECKPOINT",
		Asked:    "SQL inside its own Python process, one cursor per client; the time of execute and fetchall, without HTTP, JSON or a pipe",
	}
}

// duckAnswer is what the program answers: one of these.
type duckAnswer struct {
	Error       string          `json:"error"`
	Rows        [][]any         `json:"rows"`
	Nanoseconds []time.Duration `json:"nanoseconds"`
}

// call sends a request and reads the answer.
func (d *duckdb) call(ctx context.Context, request any) (duckAnswer, error) {
	var answer duckAnswer
	text, err := json.Marshal(request)
	if err != nil {
		return answer, err
	}
	// A context that ends kills the process: a statement of DuckDB's can be reached in no other way.
	stop := context.AfterFunc(ctx, d.process.Close)
	defer stop()
	if _, err := d.in.Write(append(text, '\n')); err != nil {
		return answer, d.broken(ctx, err)
	}
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		return answer, d.broken(ctx, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return answer, d.broken(ctx, err)
	}
	if answer.Error != "" {
		return answer, errors.New("DuckDB: " + answer.Error)
	}
	return answer, nil
}

func (d *duckdb) broken(ctx context.Context, err error) error {
	return fmt.Errorf("DuckDB's process: %w; it printed:\n%s", errors.Join(err, ctx.Err()), &d.process.out)
}

func (d *duckdb) execute(ctx context.Context, sql string) ([][]any, error) {
	answer, err := d.call(ctx, map[string]string{"execute": sql})
	return answer.Rows, err
}

// Load writes the workload to a CSV file first, which is not measured: reading files is how DuckDB is loaded.
func (d *duckdb) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	path := filepath.Join(d.dir, "cpu.csv")
	if err := writeCSV(path, w); err != nil {
		return 0, err
	}
	defer os.Remove(path)
	var names, columns []string
	for _, list := range []struct {
		names []string
		kind  string
	}{{tsbs.Tags[:], "VARCHAR"}, {tsbs.Fields[:], "BIGINT"}, {[]string{"time"}, "TIMESTAMP"}} {
		for _, name := range list.names {
			names, columns = append(names, name), append(columns, "'"+name+"': '"+list.kind+"'")
		}
	}
	started := time.Now()
	_, err := d.execute(ctx, fmt.Sprintf("CREATE TABLE cpu AS SELECT %s FROM read_csv('%s', header = false, columns = {%s}) ORDER BY hostname, time",
		strings.Join(names, ", "), strings.ReplaceAll(path, "'", "''"), strings.Join(columns, ", ")))
	if err != nil {
		return 0, err
	}
	_, err = d.execute(ctx, "CHECKPOINT")
	return time.Since(started), err
}

// rowsPerWrite bounds the memory of writing a CSV file.
const rowsPerWrite = 10_000

func writeCSV(path string, w *tsbs.Workload) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	rows := w.CSV()
	var text []byte
	for first := 0; err == nil && first < w.Rows(); first += rowsPerWrite {
		text = rows.Append(text[:0], first, min(first+rowsPerWrite, w.Rows()))
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Close())
}

// Settle does nothing: a CHECKPOINT was part of loading, and DuckDB does nothing by itself afterwards.
func (d *duckdb) Settle(context.Context) error { return nil }

func (d *duckdb) Count(ctx context.Context, _ *tsbs.Workload) (int64, error) {
	rows, err := d.execute(ctx, tsbs.CountSQL)
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

func (d *duckdb) Stored(context.Context) (int64, error) { return fileBytes(d.file()) }

func (d *duckdb) Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error) {
	rows, err := d.execute(ctx, q.SQL(duckSQL))
	if err != nil {
		return nil, err
	}
	return readRows(q, rows)
}

func (d *duckdb) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	statements := make([]string, len(queries))
	for i, q := range queries {
		statements[i] = q.SQL(duckSQL)
	}
	answer, err := d.call(ctx, map[string]any{"measure": map[string]any{
		"statements": statements, "clients": clients, "seconds": b.Time.Seconds(), "least": b.Least,
	}})
	return answer.Nanoseconds, err
}
