package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// sqlCmd is aegis sql.
type sqlCmd struct {
	Command []string `short:"c" sep:"none" help:"Statement to run, or several with semicolons; may be given more than once." placeholder:"SQL"`
	Format  string   `help:"${enum}." enum:"table,csv,json,ndjson,arrow,parquet" default:"table"`
	Timing  bool     `help:"Print how long statements take."`
	source
}

// Run runs the statements of -c, of a script on standard input, or of whoever sits at the terminal.
func (c *sqlCmd) Run(ctx context.Context, s streams) (err error) {
	cl, closing, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		cl.rollback(ctx)
		err = errors.Join(err, closing())
	}()
	r := &runner{client: cl, format: c.Format, timing: c.Timing, streams: s}
	if len(c.Command) > 0 {
		for _, text := range c.Command {
			if err := r.script(ctx, text); err != nil {
				return err
			}
		}
		return nil
	}
	if f, ok := s.in.(*os.File); ok && isTerminal(f) {
		return r.shell(ctx)
	}
	text, err := io.ReadAll(s.in)
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	return r.script(ctx, string(text))
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// runner runs statements and prints what comes back.
type runner struct {
	client *client
	format string
	timing bool
	streams
}

// media are the content types of formats. Tables come as Arrow, which has the types.
var media = map[string]string{
	"table": "application/vnd.apache.arrow.stream", "arrow": "application/vnd.apache.arrow.stream", "csv": "text/csv",
	"json": "application/json", "ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet",
}

// script runs statements until one fails.
func (r *runner) script(ctx context.Context, text string) error {
	statements, rest := splitSQL(text)
	if rest != "" {
		statements = append(statements, rest)
	}
	for _, one := range statements {
		if err := r.run(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// run runs one statement. Ctrl-C ends the statement, not the program. A statement's own errors are shown here, with the place.
func (r *runner) run(ctx context.Context, text string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	started := time.Now()
	err := r.print(ctx, text)
	var e *serverError
	if errors.As(err, &e) {
		showError(r.err, e, text)
		return shownError{err}
	}
	if err == nil && r.timing {
		_, err = fmt.Fprintf(r.err, "Time: %.3f ms\n", float64(time.Since(started).Microseconds())/1000)
	}
	return err
}

func (r *runner) print(ctx context.Context, text string) error {
	answer, err := r.client.query(ctx, text, media[r.format])
	if err != nil {
		return err
	}
	defer answer.body.Close()
	if r.format != "table" {
		if _, err := io.Copy(r.out, answer.body); err != nil {
			return fmt.Errorf("the answer ended early: %w; the server's log says why", err)
		}
		return nil
	}
	t, err := readTable(answer.body)
	if err != nil {
		return fmt.Errorf("the answer ended early: %w", err)
	}
	if len(t.names) == 0 && answer.command != "SELECT" {
		_, err := fmt.Fprintln(r.out, answer.command)
		return err
	}
	return t.print(r.out)
}

// showError prints an error as psql does: the line, and a caret below the place.
func showError(w io.Writer, e *serverError, text string) {
	fmt.Fprintln(w, "ERROR:  "+e.Message)
	if e.Detail != "" {
		fmt.Fprintln(w, "DETAIL:  "+e.Detail)
	}
	if line, number, at, ok := place(text, e.Position); ok {
		head := "LINE " + itoa(number) + ": "
		fmt.Fprintln(w, head+strings.ReplaceAll(line, "\t", " "))
		before := []rune(line)[:at]
		fmt.Fprintln(w, strings.Repeat(" ", len(head)+width(string(before)))+"^")
	}
	if e.Hint != "" {
		fmt.Fprintln(w, "HINT:  "+e.Hint)
	}
}

// place finds the line of a position, which counts characters from 1, and the characters before it on that line.
func place(text string, position int) (line string, number, at int, ok bool) {
	if position < 1 || position > utf8.RuneCountInString(text)+1 {
		return "", 0, 0, false
	}
	at = position - 1
	for line := range strings.SplitSeq(text, "\n") {
		number++
		n := utf8.RuneCountInString(line)
		if at <= n {
			return line, number, at, true
		}
		at -= n + 1
	}
	return "", 0, 0, false
}

func itoa(n int) string { return strconv.Itoa(n) }
