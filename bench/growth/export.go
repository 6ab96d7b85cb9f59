package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

var start2025 = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// number writes three significant digits, and whole numbers with separators.
func number(v float64) string {
	if math.Abs(v) >= 1000 {
		return measure.Grouped(v)
	}
	return measure.Digits(v)
}

// exported are the columns of the file, the same in both systems.
var exported = strings.Join(append(append([]string{"time"}, tsbs.Tags[:]...), tsbs.Fields[:]...), ", ")

// export writes a day of TSBS rows to a Parquet file: Aegis over HTTP, DuckDB by COPY. DuckDB reads both files, and they must say the same.
func (s settings) export(ctx context.Context) ([]figure, error) {
	w, err := tsbs.New(tsbs.Config{Hosts: s.hosts, Start: start2025, Span: 24 * time.Hour, Seed: 1})
	if err != nil {
		return nil, err
	}
	theirs, err := peer.StartDuckDB(ctx, s.work)
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	ours, err := peer.StartAegis(ctx, s.binary, filepath.Join(s.work, "data"))
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	for _, system := range []peer.System{theirs, ours} {
		if _, err := system.Load(ctx, w); err != nil {
			return nil, err
		}
		if err := system.Settle(ctx); err != nil {
			return nil, err
		}
	}
	duck, ok := theirs.(interface {
		Execute(ctx context.Context, sql string) ([][]any, error)
	})
	at, isServer := ours.(interface{ Address() string })
	if !ok || !isServer {
		return nil, errors.New("the systems cannot be asked for an export")
	}
	files := [2]string{filepath.Join(s.work, "aegis.parquet"), filepath.Join(s.work, "duckdb.parquet")}
	do := [2]func() error{
		func() error { return download(ctx, at.Address(), "SELECT "+exported+" FROM cpu", files[0]) },
		func() error {
			_, err := duck.Execute(ctx, fmt.Sprintf("COPY (SELECT %s FROM cpu) TO '%s' (FORMAT parquet)", exported, files[1]))
			return err
		},
	}
	var took, cpu [2][]float64
	for range s.rounds {
		for k, system := range []peer.System{ours, theirs} {
			before, err := load.ReadUsage(system.PID())
			if err != nil {
				return nil, err
			}
			started := time.Now()
			if err := do[k](); err != nil {
				return nil, err
			}
			took[k] = append(took[k], time.Since(started).Seconds())
			after, err := load.ReadUsage(system.PID())
			if err != nil {
				return nil, err
			}
			cpu[k] = append(cpu[k], (after.CPU - before.CPU).Seconds())
		}
	}
	var sums [2]string
	var size [2]int64
	for k, file := range files {
		var list []string
		for _, f := range tsbs.Fields {
			list = append(list, "sum("+f+")", "sum("+f+" * (hash(hostname) % 1000)::BIGINT)")
		}
		rows, err := duck.Execute(ctx, fmt.Sprintf("SELECT count(*), count(DISTINCT hostname), min(time)::TIMESTAMP, max(time)::TIMESTAMP, %s FROM read_parquet('%s')", strings.Join(list, ", "), file))
		if err != nil {
			return nil, err
		}
		sums[k] = fmt.Sprint(rows)
		if size[k], err = peer.FileBytes(file); err != nil {
			return nil, err
		}
	}
	if sums[0] != sums[1] {
		return nil, fmt.Errorf("the files differ: %s and %s", sums[0], sums[1])
	}
	mid := func(list []float64) float64 { m, _, _ := measure.Spread(list); return m }
	note := fmt.Sprintf("%s rows of %d columns, median of %d; DuckDB reads the same from both files", measure.Grouped(float64(w.Rows())), len(tsbs.Tags)+len(tsbs.Fields)+1, s.rounds)
	return []figure{
		{Name: "Aegis: SELECT as Parquet over HTTP", Value: mid(took[0]), Unit: "s", Note: note},
		{Name: "DuckDB: COPY", Value: mid(took[1]), Unit: "s"},
		{Name: "DuckDB ÷ Aegis, time", Value: mid(took[1]) / mid(took[0]), Unit: "", Aim: 1},
		{Name: "Aegis: CPU", Value: mid(cpu[0]), Unit: "s"},
		{Name: "DuckDB: CPU", Value: mid(cpu[1]), Unit: "s"},
		{Name: "Aegis: file", Value: float64(size[0]) / (1 << 20), Unit: "MiB"},
		{Name: "DuckDB: file", Value: float64(size[1]) / (1 << 20), Unit: "MiB"},
	}, nil
}

// download writes an answer to a file.
func download(ctx context.Context, base, sql, file string) error {
	body, err := json.Marshal(map[string]string{"sql": sql})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/query", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/vnd.apache.parquet")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // what there is of it says what is wrong
		return fmt.Errorf("%s: %s: %s", sql, resp.Status, text)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}
