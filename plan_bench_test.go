package aegis

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/opt"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// The question of a dashboard's panel: the busiest minute of one host, in one hour (TSBS single-groupby-1-1-1).
const smallQuery = `SELECT time_bucket('1 minute', ts) AS minute, max(usage_user) FROM cpu
WHERE hostname = 'host_3' AND ts >= '2026-01-01 03:00:00Z' AND ts < '2026-01-01 04:00:00Z' GROUP BY minute ORDER BY minute`

const smallTable = `CREATE TABLE cpu (ts timestamptz NOT NULL, hostname text, region text, datacenter text, rack text, os text, arch text,
team text, service text, service_version text, service_environment text, usage_user bigint, usage_system bigint, usage_idle bigint,
usage_nice bigint, usage_iowait bigint, usage_irq bigint, usage_softirq bigint, usage_steal bigint, usage_guest bigint, usage_guest_nice bigint)
WITH (time_column = ts, tags = (hostname, region, datacenter, rack, os, arch, team, service, service_version, service_environment))`

// BenchmarkPlanning measures what a small query costs before its first row is read, stage by stage.
func BenchmarkPlanning(b *testing.B) {
	db, err := Open(context.Background(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close(context.Background()) }()
	ask(b, db, smallTable)
	snap, err := db.Snapshot("")
	if err != nil {
		b.Fatal(err)
	}
	defer snap.Close()
	ctx, now := context.Background(), time.Now()
	parsed, err := sql.ParseOne(smallQuery, sql.Options{})
	if err != nil {
		b.Fatal(err)
	}
	bound := func() plan.Node {
		s, err := bind.Bind(ctx, parsed.Stmt, bind.Options{Resolver: snap, Functions: fn.Default(), Now: now})
		if err != nil {
			b.Fatal(err)
		}
		return s.(*plan.Query).Root
	}
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sql.ParseOne(smallQuery, sql.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bind", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bound()
		}
	})
	b.Run("optimize", func(b *testing.B) {
		b.ReportAllocs()
		root := bound()
		for b.Loop() {
			if _, _, err := opt.Optimize(root, &expr.Context{Ctx: ctx, Now: now, Location: time.UTC}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	session := db.NewSession("")
	whole := func(b *testing.B, text string) {
		r, err := session.Run(ctx, query.Request{SQL: text})
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	b.Run("whole, no rows, a new text", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			whole(b, smallQuery+" LIMIT "+strconv.Itoa(i))
		}
	})
	b.Run("whole, no rows, asked before", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			whole(b, smallQuery)
		}
	})
}
