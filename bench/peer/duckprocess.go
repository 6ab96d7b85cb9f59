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
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

//go:embed duckdb.py
var duckProgram string

// DuckDB is DuckDB in a Python process of its own. Its methods are called one after the other.
type DuckDB struct {
	*process
	Version string
	File    string // of the database
	in      io.WriteCloser
	out     *bufio.Reader
}

// python is a Python that has the package duckdb: the one of .tools, or the first in PATH.
func python(ctx context.Context) (string, error) {
	candidates := []string{"python3"}
	if root, err := server.Root(); err == nil {
		candidates = []string{filepath.Join(root, ".tools", "python", "bin", "python3"), "python3"}
	}
	for _, name := range candidates {
		if exec.CommandContext(ctx, name, "-I", "-c", "import duckdb").Run() == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("DuckDB: %w: no python3 with the package duckdb; run bench/peer/install", ErrMissing)
}

// OpenDuckDB starts DuckDB on a database file, which is made if it is not there.
func OpenDuckDB(ctx context.Context, file string) (*DuckDB, error) {
	name, err := python(ctx)
	if err != nil {
		return nil, err
	}
	d := &DuckDB{File: file}
	c := exec.Command(name, "-I", "-c", duckProgram, file)
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
	rows, err := d.Execute(ctx, "SELECT version()")
	if err != nil {
		d.Close()
		return nil, err
	}
	d.Version = fmt.Sprint(rows[0][0])
	return d, nil
}

// duckAnswer is what the program answers: one of these.
type duckAnswer struct {
	Error       string          `json:"error"`
	Rows        [][]any         `json:"rows"`
	Nanoseconds []time.Duration `json:"nanoseconds"`
}

// call sends a request and reads the answer.
func (d *DuckDB) call(ctx context.Context, request any) (duckAnswer, error) {
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

func (d *DuckDB) broken(ctx context.Context, err error) error {
	return fmt.Errorf("DuckDB's process: %w; it printed:\n%s", errors.Join(err, ctx.Err()), &d.process.out)
}

// Execute runs a statement and gives its rows: numbers are json.Number, what JSON has no form for is text.
func (d *DuckDB) Execute(ctx context.Context, sql string) ([][]any, error) {
	answer, err := d.call(ctx, map[string]string{"execute": sql})
	return answer.Rows, err
}

// Measure runs statements from so many clients at once, in order, and gives how long each took inside of the process.
func (d *DuckDB) Measure(ctx context.Context, statements []string, clients int, b Budget) ([]time.Duration, error) {
	answer, err := d.call(ctx, map[string]any{"measure": map[string]any{
		"statements": statements, "clients": clients, "seconds": b.Time.Seconds(), "least": b.Least,
	}})
	return answer.Nanoseconds, err
}
