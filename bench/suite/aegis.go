package suite

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

// aegisFlags make it flush and merge while one waits.
var aegisFlags = []string{"--flush-age", "1s", "--compact-every", "1s", "--keep-removed", "1s", "--history", "0"}

type aegis struct {
	*server.Server
	binary, dir, version string
}

func openAegis(ctx context.Context, binary, dir string) (database, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", binary, err)
	}
	a := &aegis{binary: binary, dir: dir, version: strings.TrimPrefix(strings.TrimSpace(string(version)), "aegis ")}
	return a, a.start(ctx)
}

func (a *aegis) start(ctx context.Context) (err error) {
	a.Server, err = server.Start(ctx, server.Options{Binary: a.binary, Dir: a.dir, Args: append([]string{"--pg", "127.0.0.1:0"}, aegisFlags...), Ready: 5 * time.Minute})
	return err
}

func (a *aegis) about() peer.About {
	return peer.About{
		Name: "Aegis", Version: a.version, Settings: "aegis serve " + strings.Join(aegisFlags, " "),
		Loaded: fmt.Sprintf("COPY FROM STDIN of CSV, %d MiB a statement, %d connections; durable", copyBytes>>20, runtime.NumCPU()),
		Asked:  "SQL over HTTP, each time as a text, until the JSON answer is read and decoded",
	}
}

func (a *aegis) load(ctx context.Context, t Table, file string) (int64, error) {
	if _, err := a.Query(ctx, t.create(postgresType)); err != nil {
		return 0, err
	}
	url, err := a.PostgresURL()
	if err != nil {
		return 0, err
	}
	return copyFile(ctx, url+"?sslmode=disable&user=me", t, file)
}

func (a *aegis) settle(ctx context.Context, _ []Table) (int64, error) {
	if err := a.WaitSettled(ctx, 15*time.Minute); err != nil {
		return 0, err
	}
	return peer.FileBytes(filepath.Join(a.dir, "segments"))
}

func (a *aegis) ask(ctx context.Context, sql string) ([][]any, time.Duration, error) {
	started := time.Now()
	rows, err := a.Query(ctx, sql)
	if err != nil {
		return nil, 0, err
	}
	return rows.Rows, time.Since(started), nil
}

func (a *aegis) exact() *big.Rat { return tolerance }

func (a *aegis) restart(ctx context.Context) error {
	if a.Running() {
		if err := a.Stop(5 * time.Minute); err != nil {
			return err
		}
	}
	return a.start(ctx)
}

func (a *aegis) close() {
	if a.Server != nil && a.Running() {
		_ = a.Stop(time.Minute) // what it holds is durable
	}
}

// copyBytes is what one COPY brings; each is a transaction.
const copyBytes = 8 << 20

// notNull is a text that no field has: empty ones are no NULL.
const notNull = "nothing is NULL"

// copyFile copies the rows of a CSV file into a table, in parts, from as many connections as there are cores. No field has a line's end in it.
func copyFile(ctx context.Context, dsn string, t Table, file string) (rows int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	if _, err := in.ReadSlice('\n'); err != nil { // the names
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make(chan []byte)
	var group sync.WaitGroup
	var lock sync.Mutex
	for range runtime.NumCPU() {
		group.Go(func() {
			n, err := copyParts(ctx, dsn, t, parts)
			lock.Lock()
			defer lock.Unlock()
			if rows += n; err != nil {
				cancel(err)
			}
		})
	}
	err = cut(ctx, in, parts)
	close(parts)
	group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return rows, err
}

// cut hands on whole lines.
func cut(ctx context.Context, in io.Reader, parts chan<- []byte) error {
	var rest []byte
	for {
		part := make([]byte, copyBytes)
		n := copy(part, rest)
		read, err := io.ReadFull(in, part[n:])
		part = part[:n+read]
		if err == nil {
			end := bytes.LastIndexByte(part, '\n') + 1
			if end == 0 {
				return fmt.Errorf("a line is longer than %d bytes", copyBytes)
			}
			part, rest = part[:end], append([]byte(nil), part[end:]...)
		}
		if len(part) > 0 {
			select {
			case parts <- part:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// copyParts copies part after part over one connection.
func copyParts(ctx context.Context, dsn string, t Table, parts <-chan []byte) (rows int64, err error) {
	c, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return 0, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	for part := range parts {
		tag, err := c.CopyFrom(ctx, bytes.NewReader(part), "COPY "+t.Name+" FROM STDIN (FORMAT csv, NULL '"+notNull+"')")
		if err != nil {
			return rows, err
		}
		rows += tag.RowsAffected()
	}
	return rows, nil
}
