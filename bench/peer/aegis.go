package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// aegis is the system that is compared with the others.
type aegis struct {
	*server.Server
	http    *http.Client
	dir     string
	version string
	wire    *wire // nil until it is asked over it
}

// aegisFlags make the server flush and merge within seconds of the last write, so that it settles while one waits.
var aegisFlags = []string{"--flush-age", "10s", "--compact-every", "1s", "--keep-removed", "1s", "--history", "0"}

var aegisSQL = tsbs.Dialect{
	Bucket: func(unit string) string { return "time_bucket('1 " + unit + "', time)" },
	LastRows: "SELECT max(time), hostname, " + eachField(func(name string) string { return "last(" + name + ", time)" }) +
		" FROM cpu GROUP BY hostname",
}

func eachField(f func(name string) string) string {
	var list []string
	for _, name := range tsbs.Fields {
		list = append(list, f(name))
	}
	return strings.Join(list, ", ")
}

// StartAegis starts an aegis server on an empty folder.
func StartAegis(ctx context.Context, binary, dir string) (System, error) {
	version, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", binary, err)
	}
	s, err := server.Start(ctx, server.Options{Binary: binary, Dir: dir, Args: append([]string{"--pg", "127.0.0.1:0"}, aegisFlags...)})
	if err != nil {
		return nil, err
	}
	return &aegis{Server: s, http: newClient(), dir: dir, version: strings.TrimPrefix(strings.TrimSpace(string(version)), "aegis ")}, nil
}

func (a *aegis) About() About {
	return About{
		Name: "Aegis", Version: a.version, Settings: "aegis serve " + strings.Join(aegisFlags, " ") + "; the table that the first line made",
		Loaded: howLines + "; fsync before each acknowledgement",
		Asked:  "SQL over HTTP with kept connections, each query as a text of its own, until the JSON answer is read",
	}
}

// Columns are PostgreSQL's protocol, and Prometheus' language.
func (a *aegis) Columns(context.Context) ([]Column, error) {
	dsn, err := a.PostgresURL()
	if err != nil {
		return nil, err
	}
	a.wire = &wire{dsn: dsn + "?sslmode=disable&user=me", dialect: aegisSQL}
	return []Column{
		{"Aegis (pgwire)", "SQL over PostgreSQL's protocol with kept connections, each query as a text of its own, until all rows are read as text", a.wire},
		{"Aegis (PromQL)", "PromQL by query_range over HTTP with kept connections, until the JSON answer is read", &prom{url: a.URL, http: a.http, expr: tsbs.Query.PromQL}},
	}, nil
}

func (a *aegis) Close() {
	if a.wire != nil {
		a.wire.disconnect()
	}
	a.http.CloseIdleConnections()
	a.Kill()
}

func (a *aegis) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	return sendLines(ctx, a.URL, w)
}

func (a *aegis) Settle(ctx context.Context) error { return a.WaitSettled(ctx, 3*time.Minute) }

func (a *aegis) Count(ctx context.Context, _ *tsbs.Workload) (int64, error) {
	rows, err := a.Query(ctx, tsbs.CountSQL)
	if err != nil {
		return 0, err
	}
	return server.Int(rows.Rows[0][0])
}

// Stored is the size of the segments with their sidecars; the log is empty and the catalog does not grow with the data.
func (a *aegis) Stored(context.Context) (int64, error) {
	return FileBytes(filepath.Join(a.dir, "segments"))
}

func (a *aegis) request(ctx context.Context, q tsbs.Query) (*http.Request, error) {
	body, err := json.Marshal(map[string]string{"sql": q.SQL(aegisSQL)})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+"/api/v1/query", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

func (a *aegis) Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error) {
	rows, err := a.Query(ctx, q.SQL(aegisSQL))
	if err != nil {
		return nil, err
	}
	return readRows(q, rows.Rows)
}

func readRows(q tsbs.Query, rows [][]any) (answer tsbs.Answer, err error) {
	for i, columns := range rows {
		row, err := q.ReadRow(columns)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		answer = append(answer, row)
	}
	return answer, nil
}

func (a *aegis) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	return timeRequests(ctx, a.http, len(queries), func(i int) (*http.Request, error) { return a.request(ctx, queries[i]) }, clients, b)
}

// Address is http://host:port.
func (a *aegis) Address() string { return a.URL }
