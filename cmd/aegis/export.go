package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// exportCmd is aegis export.
type exportCmd struct {
	Query  string `arg:"" help:"Statement whose rows to write, such as 'SELECT * FROM t'."`
	Out    string `short:"o" required:"" help:"File to write. It appears when it is whole." type:"path" placeholder:"FILE"`
	Format string `help:"parquet, csv, ndjson, json or arrow. Default: what the file's name ends with." placeholder:"FORMAT"`
	source
}

// endings of file names and the formats they stand for.
var endings = map[string]string{
	".parquet": "parquet", ".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".arrow": "arrow", ".arrows": "arrow",
}

// Run writes the file.
func (c *exportCmd) Run(ctx context.Context, s streams) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := c.chooseFormat(); err != nil {
		return err
	}
	cl, closing, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	started := time.Now()
	answer, err := cl.export(ctx, c.Query, c.Format)
	if err != nil {
		var e *serverError
		if errors.As(err, &e) {
			showError(s.err, e, c.Query)
			return shownError{err}
		}
		return err
	}
	defer answer.Body.Close()
	p := &progress{started: started}
	if f, ok := s.err.(*os.File); ok && isTerminal(f) {
		p.out = f
	}
	err = writeFile(c.Out, func(w io.Writer) error {
		_, err := io.Copy(io.MultiWriter(w, p), answer.Body)
		p.clear()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.New("canceled: nothing was written")
		}
		return fmt.Errorf("the answer ended early, nothing was written: %w; the server's log says why", err)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, p.summary(c.Out, answer.Trailer.Get("X-Aegis-Rows")))
	return err
}

func (c *exportCmd) chooseFormat() error {
	if c.Format == "" {
		if c.Format = endings[strings.ToLower(filepath.Ext(c.Out))]; c.Format == "" {
			return usageError{fmt.Sprintf("--out %s does not say which format: let it end with .parquet, .csv, .ndjson, .json or .arrow, or give --format", filepath.Base(c.Out))}
		}
	}
	for _, known := range endings {
		if c.Format == known {
			return nil
		}
	}
	return usageError{fmt.Sprintf("--format %s is not known: give parquet, csv, ndjson, json or arrow", c.Format)}
}

// writeFile writes a file under another name and gives it its own when it is whole and on the disk: whoever finds the file finds all of it.
func writeFile(name string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one to tell
		}
	}()
	// A temporary file is for its owner only; the result is as readable as others that are made here.
	const mode = 0o644
	err = errors.Join(f.Chmod(mode), write(f))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// progress counts what goes by, and shows it to whoever sits at a terminal.
type progress struct {
	out     io.Writer // nil = nobody looks
	started time.Time
	shown   time.Time
	bytes   int64
	total   int64 // 0 or less = nobody knows
}

// Write implements io.Writer.
func (p *progress) Write(b []byte) (int, error) {
	p.bytes += int64(len(b))
	const every = 200 * time.Millisecond
	if now := time.Now(); p.out != nil && now.Sub(p.shown) >= every {
		p.shown = now
		of := ""
		if p.total > 0 {
			of = fmt.Sprintf(" of %s (%d %%)", byteText(p.total), 100*p.bytes/p.total)
		}
		fmt.Fprintf(p.out, "\r\x1b[K%s%s, %s/s", byteText(p.bytes), of, byteText(perSecond(p.bytes, now.Sub(p.started))))
	}
	return len(b), nil
}

// clear takes the line away.
func (p *progress) clear() {
	if p.out != nil && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// summary is what is said at the end; rows is the server's count.
func (p *progress) summary(name, rows string) string {
	took := time.Since(p.started)
	var n int64
	if _, err := fmt.Sscan(rows, &n); err != nil { // a server of another version, which does not count
		return fmt.Sprintf("%s: %s in %s", name, byteText(p.bytes), took.Round(time.Millisecond))
	}
	return fmt.Sprintf("%s: %d rows, %s in %s, %d rows/s", name, n, byteText(p.bytes), took.Round(time.Millisecond), perSecond(n, took))
}

func perSecond(n int64, took time.Duration) int64 {
	return int64(float64(n) / max(took.Seconds(), 1e-6))
}

// byteText prints a size for people: 1.5 MiB.
func byteText(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[i])
}
