package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/zeebo/xxh3"
)

// importCmd is aegis import.
type importCmd struct {
	Files  []string `arg:"" help:"Files to take; - is standard input, and of a folder all files whose ending says what they are."`
	Table  string   `short:"t" required:"" help:"Table that gets the rows; columns are matched by name." placeholder:"TABLE"`
	Create bool     `help:"Make the table of the first file's columns."`
	Time   string   `help:"With --create: its time column." placeholder:"COLUMN"`
	Tags   []string `help:"With --create: its tags." placeholder:"COLUMN"`
	Format string   `help:"parquet, csv, ndjson or arrow. Default: what a file's name ends with." placeholder:"FORMAT"`
	Batch  int64    `help:"Rows that are committed at a time. An import that was interrupted goes on behind them. 0: each file is one transaction, which is held in memory." default:"1000000"`
	Again  bool     `help:"Take files that the table has got already once more."`
	source
}

// importFormats are the formats that can be read.
var importFormats = []string{"parquet", "csv", "ndjson", "arrow"}

// Run takes the files, one after the other.
func (c *importCmd) Run(ctx context.Context, s streams) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	files, err := c.list()
	if err != nil {
		return err
	}
	cl, closing, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	for i, name := range files {
		if err := c.take(ctx, s, cl, name, c.Create && i == 0); err != nil {
			var e *serverError
			if errors.As(err, &e) {
				showError(s.err, &serverError{Message: name + ": " + e.Message, Detail: e.Detail, Hint: e.Hint, SQLState: e.SQLState}, "")
				return shownError{err}
			}
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// list gives the files, those of folders in the order of their names.
func (c *importCmd) list() (files []string, err error) {
	if c.Format != "" && !slices.Contains(importFormats, c.Format) {
		return nil, usageError{fmt.Sprintf("--format %s is not known: give parquet, csv, ndjson or arrow", c.Format)}
	}
	if !c.Create && (c.Time != "" || len(c.Tags) > 0) {
		return nil, usageError{"--time and --tags are for a new table: give --create with them"}
	}
	for _, name := range c.Files {
		info, err := os.Stat(name)
		switch {
		case name == "-":
			if c.Format == "" {
				return nil, usageError{"standard input does not say which format it has: give --format"}
			}
		case err != nil:
			return nil, err
		case info.IsDir():
			n := len(files)
			err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() && !strings.HasPrefix(d.Name(), ".") && (formatOf(path) != "" || c.Format != "") {
					files = append(files, path)
				}
				return err
			})
			if err != nil {
				return nil, err
			}
			if len(files) == n {
				return nil, fmt.Errorf("%s: there are no files that end with .parquet, .csv, .ndjson, .jsonl or .arrow", name)
			}
			continue
		case c.Format == "" && formatOf(name) == "":
			return nil, usageError{fmt.Sprintf("%s does not say which format it has: let it end with .parquet, .csv, .ndjson or .arrow, or give --format", filepath.Base(name))}
		}
		files = append(files, name)
	}
	return files, nil
}

// formatOf is the format that a file's name ends with; "" = none that can be read.
func formatOf(name string) string {
	if f := endings[strings.ToLower(filepath.Ext(name))]; slices.Contains(importFormats, f) {
		return f
	}
	return ""
}

// take imports one file.
func (c *importCmd) take(ctx context.Context, s streams, cl *client, name string, create bool) error {
	q := url.Values{"format": {c.Format}, "batch": {strconv.FormatInt(c.Batch, 10)}, "database": {cl.database}}
	if c.Format == "" {
		q.Set("format", formatOf(name))
	}
	body, size := s.in, int64(-1)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		id, n, err := contentID(f)
		if err != nil {
			return err
		}
		body, size = f, n
		q.Set("import", id)
		if c.Again {
			q.Set("again", "true")
		}
	}
	if create {
		q.Set("create", "true")
		if c.Time != "" {
			q.Set("time", c.Time)
		}
		if len(c.Tags) > 0 {
			q.Set("tags", strings.Join(c.Tags, ","))
		}
	}
	p := &progress{started: time.Now(), total: size}
	if f, ok := s.err.(*os.File); ok && isTerminal(f) {
		p.out = f
	}
	a, err := cl.importRows(ctx, c.Table, q, io.TeeReader(body, p), size)
	p.clear()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, c.summary(name, a, p))
	return err
}

// contentID names a file by what is in it, so that it is known again wherever it lies.
func contentID(f *os.File) (id string, size int64, err error) {
	h := xxh3.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	_, err = f.Seek(0, io.SeekStart)
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:]) + "-" + strconv.FormatInt(size, 10), size, err
}

// imported is what a server says of an import.
type imported struct {
	Rows    int64 `json:"rows"`
	Before  int64 `json:"rows_before"`
	Already bool  `json:"already"`
}

func (c *importCmd) summary(name string, a *imported, p *progress) string {
	took := time.Since(p.started)
	switch {
	case a.Already:
		return fmt.Sprintf("%s: its %d rows are in %s already; --again takes them once more", name, a.Rows, c.Table)
	case a.Before > 0:
		return fmt.Sprintf("%s: %d rows, behind %d that were there, %s in %s, %d rows/s", name, a.Rows-a.Before, a.Before, byteText(p.bytes),
			took.Round(time.Millisecond), perSecond(a.Rows-a.Before, took))
	}
	return p.summary(name, strconv.FormatInt(a.Rows, 10))
}

// importRows sends a file; size < 0 = nobody knows how long it is.
func (c *client) importRows(ctx context.Context, table string, q url.Values, body io.Reader, size int64) (*imported, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/import/"+url.PathEscape(table)+"?"+q.Encode(), io.NopCloser(body))
	if err != nil {
		return nil, err
	}
	if r.ContentLength = size; size == 0 {
		return nil, errors.New("the file is empty")
	}
	r.Header.Set("Expect", "100-continue") // who may not import learns it before the file is sent
	answer, err := c.do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var a imported
	if err := json.NewDecoder(answer.Body).Decode(&a); err != nil {
		return nil, fmt.Errorf("%s: the answer is not understood: %w", c.base, err)
	}
	return &a, nil
}
