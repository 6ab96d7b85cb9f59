package aegis

import "testing"

// TestTruncateIsSeenWithWhatWasBefore: a snapshot that sees a table truncated sees all that was committed before, in all tables.
func TestTruncateIsSeenWithWhatWasBefore(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	ask(t, db, "CREATE TABLE x (n bigint)")
	ask(t, db, "CREATE TABLE y (n bigint)")
	ask(t, db, "INSERT INTO x VALUES (1)")
	before, old := db.shard.Snapshot(), db.catalog.Snapshot()
	ask(t, db, "INSERT INTO y VALUES (1)")
	ask(t, db, "TRUNCATE x")
	if fits(before, db.catalog.Snapshot()) {
		t.Error("a head without the row of y goes with a catalog in which x is truncated")
	}
	if !fits(before, old) || !fits(db.shard.Snapshot(), db.catalog.Snapshot()) {
		t.Error("what was taken together does not fit")
	}
	again := clone(t, dir)
	if a, b := db.catalog.Snapshot().TruncatedSeq(), again.catalog.Snapshot().TruncatedSeq(); a != b || a == 0 {
		t.Errorf("truncated up to %d, after a restart %d", a, b)
	}
	ask(t, db, "DROP TABLE x")
	if n := db.catalog.Snapshot().TruncatedSeq(); n != 0 {
		t.Errorf("truncated up to %d, though the table is gone", n)
	}
}
