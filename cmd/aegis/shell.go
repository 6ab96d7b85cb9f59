package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/reeflective/readline"
)

const shellHelp = `\d          list tables
\d NAME     describe a table or a metric
\dm         list metrics
\timing     print how long statements take, or stop that
\format F   print results as table, csv, json or ndjson
\q          leave (so does Ctrl-D)
A statement ends with a semicolon and may take several lines. Each runs in a session of its own, so SET does not last;
those from BEGIN to COMMIT or ROLLBACK are one transaction.
`

// shell talks to a person until they leave.
func (r *runner) shell(ctx context.Context) error {
	line := readline.NewShell()
	line.Prompt.Primary(func() string {
		return r.client.database + map[bool]string{true: "=> ", false: "=*> "}[r.client.transaction == ""]
	})
	line.Prompt.Secondary(func() string { return r.client.database + "-> " })
	line.AcceptMultiline = func(text []rune) bool { return complete(string(text)) }
	if name := historyFile(); name != "" {
		line.History.AddFromFile("aegis", name)
	}
	fmt.Fprintf(r.out, "aegis %s, %s; \\? for help\n", version, r.client.base)
	for {
		text, err := line.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue // the line is dropped
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read a line: %w", err)
		}
		quit, err := r.line(ctx, text)
		if quit {
			return nil
		}
		var shown shownError
		if err != nil && !errors.As(err, &shown) {
			fmt.Fprintln(r.err, err)
		}
	}
}

// complete reports whether Enter should run what was typed.
func complete(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasPrefix(text, `\`) {
		return true
	}
	_, rest := splitSQL(text)
	return rest == ""
}

// historyFile keeps what was typed, where only the user can read it; "" if there is no place for it.
func historyFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	name := filepath.Join(dir, "aegis", "history")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return ""
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return ""
	}
	_ = f.Close() // nothing was written
	return name
}

// line does what one line, or statement, asks.
func (r *runner) line(ctx context.Context, text string) (quit bool, err error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, `\`) {
		return false, r.script(ctx, text)
	}
	command, argument, _ := strings.Cut(strings.TrimRight(text, "; "), " ")
	argument = strings.TrimSpace(argument)
	switch command {
	case `\q`:
		return true, nil
	case `\?`, `\h`, `\help`:
		_, err = io.WriteString(r.out, shellHelp)
	case `\timing`:
		r.timing = !r.timing
		fmt.Fprintln(r.out, "timing is", map[bool]string{true: "on", false: "off"}[r.timing])
	case `\format`:
		if media[argument] == "" || argument == "arrow" || argument == "parquet" {
			return false, fmt.Errorf("format %q is not known; use table, csv, json or ndjson", argument)
		}
		r.format = argument
	case `\d`, `\dt`:
		if argument == "" {
			return false, r.list(ctx, "/api/v1/tables")
		}
		return false, r.describe(ctx, argument)
	case `\dm`:
		return false, r.list(ctx, "/api/v1/tables?schema=metrics")
	default:
		return false, fmt.Errorf(`%s is not known; \? lists what is`, command)
	}
	return false, err
}

// list prints tables.
func (r *runner) list(ctx context.Context, path string) error {
	var answer struct {
		Tables []struct {
			Schema, Name string
			Rows         int64 `json:"flushed_rows"`
			Segments     int
			Bytes        int64
		}
	}
	if err := r.client.get(ctx, path, &answer); err != nil {
		return err
	}
	t := &table{names: []string{"schema", "name", "flushed rows", "segments", "bytes"}, right: []bool{false, false, true, true, true}}
	for _, a := range answer.Tables {
		t.cells = append(t.cells, []string{a.Schema, a.Name, fmt.Sprint(a.Rows), itoa(a.Segments), fmt.Sprint(a.Bytes)})
	}
	return t.print(r.out)
}

// describe prints the columns of a table.
func (r *runner) describe(ctx context.Context, name string) error {
	var answer struct {
		Schema, Name string
		Columns      []struct {
			Name, Type          string
			Nullable, Tag, Time bool
		}
	}
	if err := r.client.get(ctx, "/api/v1/tables/"+url.PathEscape(name), &answer); err != nil {
		return err
	}
	t := &table{names: []string{"column", "type", "nullable", "role"}, right: make([]bool, 4)}
	for _, c := range answer.Columns {
		nullable, role := "", ""
		if !c.Nullable {
			nullable = "not null"
		}
		switch {
		case c.Time:
			role = "time"
		case c.Tag:
			role = "tag"
		}
		t.cells = append(t.cells, []string{c.Name, c.Type, nullable, role})
	}
	fmt.Fprintf(r.out, "%s.%s\n", answer.Schema, answer.Name)
	return t.print(r.out)
}
