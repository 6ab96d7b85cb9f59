package aegis

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
)

func TestMetadata(t *testing.T) {
	ctx := context.Background()
	o := Options{Dir: t.TempDir(), MemoryBytes: 64 << 20, CompactEvery: -1}
	open := func() *DB {
		db, err := Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	write := func(want int, list ...remotewrite.Metadata) {
		t.Helper()
		changed, err := db.WriteMetadata(ctx, list, meta.AckWAL)
		if err != nil || changed != want {
			t.Fatalf("%d changed, %v; want %d", changed, err, want)
		}
	}
	up := remotewrite.Metadata{Metric: "up", Type: "gauge", Help: "Whether the target\nanswers: \"é\"."}
	took := remotewrite.Metadata{Metric: "took_seconds", Type: "histogram", Unit: "seconds"}
	write(2, up, took, up)
	write(0, took, up)
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	up.Type = "counter"
	write(1, remotewrite.Metadata{Metric: "up", Type: "unknown"}, up)
	want := map[string][]Metadata{"up": {{"counter", "", up.Help}}, "took_seconds": {{"histogram", "seconds", ""}}}
	check := func(when string) {
		t.Helper()
		for metric, want := range map[string]map[string][]Metadata{"": want, "up": {"up": want["up"]}, "nope": {}} {
			got, err := db.Metadata(ctx, metric, 0)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %q: %v, %v; want %v", when, metric, got, err, want)
			}
		}
		if got, err := db.Metadata(ctx, "", 1); err != nil || len(got) != 1 {
			t.Errorf("%s: limit 1: %v, %v", when, got, err)
		}
	}
	check("over a flushed row")
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	check("flushed")
	if err := db.Close(ctx); err != nil {
		t.Fatal(err)
	}
	db = open()
	defer db.Close(ctx)
	check("opened again")
	write(0, up, took) // what is stored is known from the table
	write(1, remotewrite.Metadata{Metric: "up", Type: "counter", Help: "another"})
}

// TestMetadataIsBounded: metrics above the bound are not described; those that are can still change.
func TestMetadataIsBounded(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, Options{Dir: t.TempDir(), MemoryBytes: 128 << 20, CompactEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	list := make([]remotewrite.Metadata, 0, maxDescribed+5)
	for i := range cap(list) {
		list = append(list, remotewrite.Metadata{Metric: fmt.Sprint("m", i), Type: "gauge"})
	}
	total := 0
	for piece := range slices.Chunk(list, 10_000) {
		changed, err := db.WriteMetadata(ctx, piece, meta.AckNone)
		if err == nil {
			err = db.Flush(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		total += changed
	}
	if total != maxDescribed {
		t.Errorf("%d metrics are described", total)
	}
	list[0].Help = "changed"
	if changed, err := db.WriteMetadata(ctx, list[:1], meta.AckNone); err != nil || changed != 1 {
		t.Fatalf("%d, %v", changed, err)
	}
}
