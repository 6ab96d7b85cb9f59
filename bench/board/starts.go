package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

// systemNames are the names of the systems in -systems.
var systemNames = []string{"aegis", "victoria", "prometheus", "questdb", "duckdb", "clickhouse", "postgresql"}

// systemTitles are their names in reports.
var systemTitles = map[string]string{
	"aegis": "Aegis", "victoria": "VictoriaMetrics", "prometheus": "Prometheus", "questdb": "QuestDB", "duckdb": "DuckDB", "clickhouse": "ClickHouse", "postgresql": "PostgreSQL",
}

// programs are the paths of the programs that can be given.
type programs struct{ victoria, prometheus, questdb string }

// start starts a system.
type start func(ctx context.Context) (peer.System, error)

// starts are the functions that start the chosen systems, each in a folder of its own.
func (s settings) starts(dir string) (list []start, err error) {
	binary, err := server.Binary(filepath.Join(dir, "bin")) // beside the folders of the systems, one of which is called aegis, too
	if err != nil {
		return nil, err
	}
	names := strings.Split(s.systems, ",")
	if names[0] != "aegis" || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		return nil, fmt.Errorf("-systems %s: give aegis first, because all others are compared with it, and each system once", s.systems)
	}
	for _, name := range names {
		begin := s.programs.start(name, binary)
		if begin == nil {
			return nil, fmt.Errorf("-systems: %q is none of %s", name, strings.Join(systemNames, ", "))
		}
		folder := filepath.Join(dir, name)
		list = append(list, func(ctx context.Context) (peer.System, error) {
			if err := os.Mkdir(folder, 0o755); err != nil {
				return nil, err
			}
			return begin(ctx, folder)
		})
	}
	return list, nil
}

// start is the function that starts a system in an empty folder; nil if there is no such system.
func (p programs) start(name, aegis string) func(ctx context.Context, dir string) (peer.System, error) {
	switch name {
	case "aegis":
		return func(ctx context.Context, dir string) (peer.System, error) {
			return peer.StartAegis(ctx, aegis, filepath.Join(dir, "data"))
		}
	case "victoria":
		return func(ctx context.Context, dir string) (peer.System, error) {
			return peer.StartVictoria(ctx, p.victoria, dir)
		}
	case "prometheus":
		return func(ctx context.Context, dir string) (peer.System, error) {
			return peer.StartPrometheus(ctx, p.prometheus, dir)
		}
	case "questdb":
		return func(ctx context.Context, dir string) (peer.System, error) {
			return peer.StartQuestDB(ctx, p.questdb, dir)
		}
	case "duckdb":
		return peer.StartDuckDB
	case "clickhouse":
		return peer.StartClickHouse
	case "postgresql":
		return peer.StartPostgreSQL
	}
	return nil
}
