package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// questdb is QuestDB.
type questdb struct {
	*process
	url     string
	http    *http.Client
	dir     string
	version string
}

// questdbSettings are the defaults but for what this machine's user decides: telemetry, and who else may connect.
var questdbSettings = []string{"telemetry.enabled=false", "line.tcp.enabled=false", "http.min.enabled=false", "pg.enabled=false", "metrics.enabled=false"}

// questdbJava is what QuestDB's own start script gives Java.
var questdbJava = []string{"-XX:+UseParallelGC"}

const questdbTable = "CREATE TABLE cpu (%s) TIMESTAMP(time) PARTITION BY DAY WAL"

var questSQL = tsbs.Dialect{
	Bucket:   func(unit string) string { return "timestamp_floor('" + unit[:1] + "', time)" }, // what SAMPLE BY is rewritten to
	LastRows: "SELECT time, hostname, " + strings.Join(tsbs.Fields[:], ", ") + " FROM cpu LATEST ON time PARTITION BY hostname",
}

// questdbJar is the jar that a path names, or the one that bench/peer/install got.
func questdbJar(path string) (string, error) {
	if path == "" {
		root, err := server.Root()
		if err != nil {
			return "", err
		}
		path = filepath.Join(root, ".tools", "java", "questdb.jar")
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("QuestDB: %w: run bench/peer/install, or name its jar: %w", ErrMissing, err)
	}
	return path, nil
}

// StartQuestDB starts QuestDB on an empty folder; jar is the path of its jar, or empty.
func StartQuestDB(ctx context.Context, jar, dir string) (System, error) {
	jar, err := questdbJar(jar)
	if err != nil {
		return nil, err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("QuestDB: %w: no java: %w", ErrMissing, err)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "conf")
	text := strings.Join(append([]string{"http.bind.to=" + address}, questdbSettings...), "\n") + "\n"
	if err := errors.Join(os.MkdirAll(conf, 0o755), os.WriteFile(filepath.Join(conf, "server.conf"), []byte(text), 0o600)); err != nil {
		return nil, err
	}
	c := exec.Command(java, append(questdbJava, "-p", jar, "-m", "io.questdb/io.questdb.ServerMain", "-d", dir)...)
	c.Env = append(os.Environ(), "QDB_LOG_W_STDOUT_LEVEL=ERROR,CRITICAL")
	p, err := start(c)
	if err != nil {
		return nil, err
	}
	q := &questdb{process: p, url: "http://" + address, http: newClient(), dir: dir}
	if err := p.waitHTTP(ctx, q.url+"/exec?query="+url.QueryEscape("SELECT 1"), time.Minute); err != nil {
		p.Close()
		return nil, fmt.Errorf("QuestDB: %w", err)
	}
	rows, err := q.Execute(ctx, "SELECT build")
	if err != nil {
		p.Close()
		return nil, err
	}
	if q.version = questdbVersion.FindString(fmt.Sprint(rows)); q.version == "" {
		q.version = "of unknown version"
	}
	return q, nil
}

var questdbVersion = regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+`)

func (q *questdb) About() About {
	return About{
		Name: "QuestDB", Version: q.version,
		Settings: "java " + strings.Join(questdbJava, " ") + "; " + strings.Join(questdbSettings, ", ") +
			"; a WAL table partitioned by day with a designated timestamp, tags are SYMBOL, that of hostname with an index and room for all hosts, fields LONG",
		Loaded: howLines + "; acknowledged before it is on disk (cairo.commit.mode=nosync, the default) and before it can be asked for",
		Asked:  "SQL by /exec over HTTP with kept connections, each query as a text of its own, until the JSON answer is read",
	}
}

func (q *questdb) request(ctx context.Context, sql string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, q.url+"/exec?query="+url.QueryEscape(sql), nil)
}

// Execute runs a statement and gives its rows.
func (q *questdb) Execute(ctx context.Context, sql string) ([][]any, error) {
	req, err := q.request(ctx, sql)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := do(q.http, req, &body); err != nil {
		return nil, err
	}
	var answer struct{ Dataset [][]any }
	d := json.NewDecoder(&body)
	d.UseNumber()
	err = d.Decode(&answer)
	return answer.Dataset, err
}

func (q *questdb) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	var columns []string
	for _, name := range tsbs.Tags {
		kind := "SYMBOL"
		if name == "hostname" {
			kind = fmt.Sprintf("SYMBOL CAPACITY %d INDEX", max(256, 2*w.Hosts))
		}
		columns = append(columns, name+" "+kind)
	}
	columns = append(columns, eachField(func(name string) string { return name + " LONG" }), "time TIMESTAMP")
	if _, err := q.Execute(ctx, fmt.Sprintf(questdbTable, strings.Join(columns, ", "))); err != nil {
		return 0, err
	}
	return sendLines(ctx, q.url, w)
}

// Settle waits until the log is applied to the table, and no more is done about it.
func (q *questdb) Settle(ctx context.Context) error {
	err := server.Until(ctx, 10*time.Minute, func() (bool, string, error) {
		rows, err := q.Execute(ctx, "SELECT suspended, writerTxn, sequencerTxn FROM wal_tables() WHERE name = 'cpu'")
		if err != nil {
			return false, "", err
		}
		if len(rows) != 1 || fmt.Sprint(rows[0][0]) != "false" {
			return false, "", fmt.Errorf("the table is not there, or its log is not applied: %v", rows)
		}
		return fmt.Sprint(rows[0][1]) == fmt.Sprint(rows[0][2]), fmt.Sprintf("log applied until %v of %v", rows[0][1], rows[0][2]), nil
	})
	if err != nil {
		return err
	}
	return waitIdle(ctx, q.PID(), 3*time.Minute)
}

func (q *questdb) Count(ctx context.Context, _ *tsbs.Workload) (int64, error) {
	rows, err := q.Execute(ctx, tsbs.CountSQL)
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

// Stored is what the rows fill of the columns' files, and the index. The files themselves are larger: they are reserved in steps of 16 MiB, and cut to
// their size when their partition is full or the server ends.
func (q *questdb) Stored(ctx context.Context) (int64, error) {
	rows, err := q.Execute(ctx, "SELECT count() FROM cpu")
	if err != nil {
		return 0, err
	}
	n, err := server.Int(rows[0][0])
	if err != nil {
		return 0, err
	}
	index, err := filepath.Glob(filepath.Join(q.dir, "db", "cpu~*", "[0-9]*", "hostname.[kv]"))
	if err != nil {
		return 0, err
	}
	indexed, err := diskBytes(index...)
	return n*int64(4*len(tsbs.Tags)+8*len(tsbs.Fields)+8) + indexed, err
}

func (q *questdb) Answer(ctx context.Context, query tsbs.Query) (tsbs.Answer, error) {
	rows, err := q.Execute(ctx, query.SQL(questSQL))
	if err != nil {
		return nil, err
	}
	return readRows(query, rows)
}

func (q *questdb) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	return timeRequests(ctx, q.http, len(queries), func(i int) (*http.Request, error) { return q.request(ctx, queries[i].SQL(questSQL)) }, clients, b)
}
