package oracletest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/influxdata/influxdb-client-go/v2/api/write"

	"github.com/automatanexus/aegis-db/bench/server"
)

// TestClient writes to a real server with the official client, in batches and point by point, and reads back with SQL.
func TestClient(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(ctx, server.Options{Binary: binary, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	const hosts, steps = 7, 300
	start := time.Date(2026, 3, 1, 23, 0, 0, 123456789, time.UTC) // over midnight
	for name, options := range map[string]*influxdb2.Options{
		"plain":        influxdb2.DefaultOptions().SetBatchSize(500),
		"gzip":         influxdb2.DefaultOptions().SetBatchSize(100).SetUseGZip(true),
		"milliseconds": influxdb2.DefaultOptions().SetBatchSize(100).SetPrecision(time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			client := influxdb2.NewClientWithOptions(s.URL, "any token", options)
			defer client.Close()
			if up, err := client.Ping(ctx); err != nil || !up {
				t.Fatalf("ping: %v, %v", up, err)
			}
			out := client.WriteAPI("any org", "default")
			var lost error
			go func() {
				for err := range out.Errors() {
					lost = errors.Join(lost, err)
				}
			}()
			for i := range hosts * steps {
				out.WritePoint(clientPoint(name, i%hosts, i/hosts, start))
			}
			out.Flush()
			if lost != nil {
				t.Fatal(lost)
			}
			check(ctx, t, s, name, options.Precision(), hosts, steps, start)
		})
	}
	t.Run("partial", func(t *testing.T) {
		client := influxdb2.NewClient(s.URL, "")
		defer client.Close()
		err := client.WriteAPIBlocking("", "default/autogen").WriteRecord(ctx, "part v=1i 1", "part v=oops 2", "part v=3i 3")
		var refusal *http.Error
		if !errors.As(err, &refusal) || refusal.StatusCode != 400 || refusal.Code != "invalid" || !strings.Contains(refusal.Message, "partial write: line 2: ") {
			t.Errorf("%v", err)
		}
		answer, err := s.Query(ctx, "SELECT sum(v) FROM part")
		if err != nil || fmt.Sprint(answer.Rows) != "[[4]]" {
			t.Errorf("%v, %v", answer, err)
		}
	})
}

// clientPoint is a point of every type, with names and texts that need escapes.
func clientPoint(measurement string, host, step int, start time.Time) *write.Point {
	return influxdb2.NewPoint(measurement,
		map[string]string{"host name": fmt.Sprintf("h %d,=", host), "zone": "a\\b"},
		map[string]any{
			"int": int64(step) * 1_000_000_007, "uint": uint64(host), "float": float64(step) / 7, "up": step%2 == 0,
			"text": fmt.Sprintf("say \"%d\", a\\b = c", step),
		},
		start.Add(time.Duration(step)*time.Minute))
}

func check(ctx context.Context, t *testing.T, s *server.Server, name string, unit time.Duration, hosts, steps int, start time.Time) {
	t.Helper()
	answer, err := s.Query(ctx, `SELECT "host name", zone, time, int, uint, float, up, text FROM `+name+` ORDER BY "host name", time`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(answer.Types, ", "), "text, text, timestamp_ns, bigint, bigint, double precision, boolean, text"; got != want {
		t.Errorf("types %s, want %s", got, want)
	}
	if len(answer.Rows) != hosts*steps {
		t.Fatalf("%d rows, want %d", len(answer.Rows), hosts*steps)
	}
	for i, row := range answer.Rows {
		host, step := i/steps, i%steps
		at, err := server.Time(row[2])
		if err != nil {
			t.Fatal(err)
		}
		number, err := server.Int(row[3])
		if err != nil {
			t.Fatal(err)
		}
		float, err := server.Float(row[5])
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintln(row[0], row[1], at.UTC(), number, row[4], float, row[6], row[7])
		want := fmt.Sprintln(fmt.Sprintf("h %d,=", host), "a\\b", start.Add(time.Duration(step)*time.Minute).Truncate(unit), int64(step)*1_000_000_007,
			host, float64(step)/7, step%2 == 0, fmt.Sprintf("say \"%d\", a\\b = c", step))
		if got != want {
			t.Fatalf("row %d: %s, want %s", i, got, want)
		}
	}
}
