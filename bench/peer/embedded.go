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
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// aside is the begin of all programs below. Answers have the pipe for themselves: what a database prints, such as progress bars, goes to standard
// error.
const aside = `import os
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
`

// loop is their end: it serves one client and measures.
//
//go:embed embedded.py
var loop string

// embedded is a database that is a library, in a Python process of its own. Its methods are called one after the other.
type embedded struct {
	*process
	name string // of the database
	in   io.WriteCloser
	out  *bufio.Reader
}

// python is a Python that has a package: the one of a folder of .tools, or the first in PATH.
func python(ctx context.Context, name, folder, module string) (string, error) {
	candidates := []string{"python3"}
	if root, err := server.Root(); err == nil {
		candidates = []string{filepath.Join(root, ".tools", folder, "bin", "python3"), "python3"}
	}
	for _, candidate := range candidates {
		if exec.CommandContext(ctx, candidate, "-I", "-c", "import "+module).Run() == nil {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%s: %w: no python3 with the package %s; run bench/peer/install", name, ErrMissing, module)
}

// embed starts a program that opens the database in place and says how to execute a statement.
func embed(python, name, program, place string) (*embedded, error) {
	d := &embedded{name: name}
	c := exec.Command(python, "-I", "-c", aside+program+loop, place)
	var err error
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
	return d, nil
}

// embeddedAnswer is what the program answers: one of these.
type embeddedAnswer struct {
	Error       string          `json:"error"`
	Rows        [][]any         `json:"rows"`
	Nanoseconds []time.Duration `json:"nanoseconds"`
}

// call sends a request and reads the answer.
func (d *embedded) call(ctx context.Context, request any) (embeddedAnswer, error) {
	var answer embeddedAnswer
	text, err := json.Marshal(request)
	if err != nil {
		return answer, err
	}
	// A context that ends kills the process: a statement inside of it can be reached in no other way.
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
		return answer, errors.New(d.name + ": " + answer.Error)
	}
	return answer, nil
}

func (d *embedded) broken(ctx context.Context, err error) error {
	return fmt.Errorf("%s's process: %w; it printed:\n%s", d.name, errors.Join(err, ctx.Err()), &d.process.out)
}

// Execute runs a statement and gives its rows: numbers are json.Number, what JSON has no form for is text.
func (d *embedded) Execute(ctx context.Context, sql string) ([][]any, error) {
	answer, err := d.call(ctx, map[string]string{"execute": sql})
	return answer.Rows, err
}

// Timed does the same, and gives how long it took inside of the process until the answer was there.
func (d *embedded) Timed(ctx context.Context, sql string) ([][]any, time.Duration, error) {
	answer, err := d.call(ctx, map[string]string{"execute": sql})
	if err != nil || len(answer.Nanoseconds) != 1 {
		return nil, 0, err
	}
	return answer.Rows, answer.Nanoseconds[0], nil
}

// Measure runs statements from so many clients at once, in order, and gives how long each took inside of the process.
func (d *embedded) Measure(ctx context.Context, statements []string, clients int, b Budget) ([]time.Duration, error) {
	answer, err := d.call(ctx, map[string]any{"measure": map[string]any{
		"statements": statements, "clients": clients, "seconds": b.Time.Seconds(), "least": b.Least, "most": b.Most.Seconds(),
	}})
	return answer.Nanoseconds, err
}

// count asks how many values there are.
func (d *embedded) count(ctx context.Context) (int64, error) {
	rows, err := d.Execute(ctx, tsbs.CountSQL)
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

// answer asks a query of the scoreboard.
func (d *embedded) answer(ctx context.Context, q tsbs.Query, dialect tsbs.Dialect) (tsbs.Answer, error) {
	rows, err := d.Execute(ctx, q.SQL(dialect))
	if err != nil {
		return nil, err
	}
	return readRows(q, rows)
}

// time measures queries of the scoreboard.
func (d *embedded) time(ctx context.Context, queries []tsbs.Query, dialect tsbs.Dialect, clients int, b Budget) ([]time.Duration, error) {
	statements := make([]string, len(queries))
	for i, q := range queries {
		statements[i] = q.SQL(dialect)
	}
	return d.Measure(ctx, statements, clients, b)
}
