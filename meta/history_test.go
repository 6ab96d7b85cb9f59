package meta

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// pastWorld is a catalog under random commands with times, and what each of its versions was.
type pastWorld struct {
	t     *testing.T
	rng   *rand.Rand
	s     *Snapshot
	now   int64
	dumps map[Version]string
	times map[Version]int64 // of versions that changed something that can be read
	files map[string]bool   // ever written and not removed yet
}

// dumpReadable writes what can be read of a version: tables, by name, and their segments.
func dumpReadable(s *Snapshot) string {
	var b strings.Builder
	for _, d := range s.Databases() {
		for _, t := range s.Tables(d.ID) {
			fmt.Fprintf(&b, "table %d %s.%s v%d created %d: %v\n", t.ID, t.Schema, t.Name, t.Columns.Version, t.Created, t.Columns.Fields)
			for g := range s.Manifest(t.ID).All() {
				dumpSegment(&b, g)
			}
		}
	}
	return b.String()
}

func (w *pastWorld) do(cmd Command) Result {
	w.t.Helper()
	w.now += w.rng.Int64N(3)
	cmd.At = w.now
	next, r, err := w.s.Apply(cmd, 0)
	if err != nil {
		w.t.Fatalf("%s: %v", describe(cmd), err)
	}
	if next == w.s {
		return r
	}
	if before := w.dumps[w.s.Version]; dumpReadable(next) != before {
		w.times[next.Version] = w.now
	}
	w.s = next
	w.dumps[next.Version] = dumpReadable(next)
	return r
}

func fileName(home TableID, id SegmentID, vector uint64) string {
	return fmt.Sprintf("%d/%d.%d", home, id, vector)
}

func (w *pastWorld) id() uint64 { return w.do(Command{ReserveIDs: &ReserveIDs{Count: 1}}).ID }

func (w *pastWorld) vector(home TableID, id SegmentID, rows int64) DeletionVector {
	v := w.id()
	w.files[fileName(home, id, v)] = true
	return DeletionVector{Version: v, Rows: w.rng.Int64N(rows + 1), Bytes: 4, Sum: 2}
}

func (w *pastWorld) segment(table TableID, rows int64) Segment {
	id := SegmentID(w.id())
	w.files[fileName(table, id, 0)] = true
	return Segment{ID: id, Rows: rows, MinSeq: 1, MaxSeq: 1, DataBytes: 9, SidecarBytes: 8, SchemaVersion: 1}
}

// step does one random thing.
func (w *pastWorld) step() {
	tables := w.s.Tables(1)
	if len(tables) == 0 {
		w.do(Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "t0", Columns: plainSchema()}})
		return
	}
	t := tables[w.rng.IntN(len(tables))]
	segments := slices.Collect(w.s.Manifest(t.ID).All())
	edit := Edit{Table: t.ID}
	switch k := w.rng.IntN(24); {
	case k < 6:
		edit.Add = append(edit.Add, w.segment(t.ID, 1+w.rng.Int64N(50)))
	case k < 11 && len(segments) > 0:
		g := segments[w.rng.IntN(len(segments))]
		edit.Vectors = append(edit.Vectors, VectorChange{SegmentAt{g.ID, vectorOf(g)}, w.vector(g.FilesOf(t.ID), g.ID, g.Rows)})
	case k < 14 && len(segments) > 1: // a merge
		rows := int64(0)
		for _, g := range segments[:2] {
			edit.Remove = append(edit.Remove, SegmentAt{g.ID, vectorOf(g)})
			rows += g.LiveRows()
		}
		if edit.Rewrite = true; rows > 0 {
			edit.Add = append(edit.Add, w.segment(t.ID, rows))
		}
	case k == 14 && len(segments) > 0:
		edit.Remove = append(edit.Remove, SegmentAt{segments[0].ID, vectorOf(segments[0])})
	case k == 15:
		w.do(Command{AddColumns: &AddColumns{Table: t.ID, From: t.Columns.Version, Columns: []column.Field{{Name: fmt.Sprint("c", t.NextColumn), Type: column.T(column.Bool)}}}})
		return
	case k == 16:
		w.do(Command{DropTable: &DropTable{Table: t.ID}})
		return
	case k == 17:
		w.do(Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: fmt.Sprint("t", w.rng.IntN(3)), Columns: plainSchema(), IfNotExists: true}})
		return
	case k < 20:
		at := Version(0)
		if w.rng.IntN(2) == 0 {
			at = w.readable()
		}
		source := w.s
		if at != 0 {
			source, _ = w.s.At(at)
		}
		if list := source.Tables(1); len(list) > 0 {
			w.do(Command{CloneTable: &CloneTable{
				Source: list[w.rng.IntN(len(list))].ID, At: at, Database: 1, Schema: "public", Name: fmt.Sprint("c", w.rng.IntN(4)), IfNotExists: true,
			}})
		}
		return
	case k == 20:
		w.do(Command{CreatePin: &CreatePin{Name: fmt.Sprint("p", w.rng.IntN(4)), Version: w.readable(), IfNotExists: true}})
		return
	case k == 21:
		if pins := w.s.Pins(); len(pins) > 0 {
			w.do(Command{DropPin: &DropPin{Name: pins[0].Name}})
		}
		return
	case k == 22:
		w.do(Command{Expire: w.s.Horizons(w.now, w.rng.Int64N(60)-5)})
		return
	default:
		w.collect()
		return
	}
	w.do(Command{Commit: &Commit{Edits: []Edit{edit}}})
}

// readable is a version that can be read.
func (w *pastWorld) readable() Version {
	oldest := w.s.OldestVersion()
	return oldest + Version(w.rng.Uint64N(uint64(w.s.Version-oldest)+1))
}

// collect removes the files of all garbage: none of them may be needed any more, and each is there once.
func (w *pastWorld) collect() {
	garbage := w.s.Garbage()
	for _, g := range garbage {
		name := fileName(g.Table, g.Segment, g.Vector)
		if !w.files[name] {
			w.t.Fatalf("garbage %v names no file", g)
		}
		delete(w.files, name)
	}
	if len(garbage) > 0 {
		w.do(Command{Forget: &Forget{Garbage: garbage}})
	}
}

// check compares every version that is kept with what it was, and the files that are needed with those that are there.
func (w *pastWorld) check(s *Snapshot) {
	w.t.Helper()
	needed := map[string]bool{}
	read := func(v Version) {
		old, err := s.At(v)
		if err != nil {
			w.t.Fatalf("version %d of %d to %d: %v", v, s.OldestVersion(), s.Version, err)
		}
		if got := dumpReadable(old); got != w.dumps[v] {
			w.t.Fatalf("version %d was\n%sand is now\n%s", v, w.dumps[v], got)
		}
		for _, t := range old.Tables(1) {
			for g := range old.Manifest(t.ID).All() {
				needed[fileName(g.FilesOf(t.ID), g.ID, 0)] = true
				if g.Deleted != nil {
					needed[fileName(g.FilesOf(t.ID), g.ID, g.Deleted.Version)] = true
				}
			}
		}
	}
	for v := s.OldestVersion(); v <= s.Version; v++ {
		read(v)
	}
	for _, p := range s.Pins() {
		read(p.Version)
	}
	for _, g := range s.Garbage() {
		if needed[fileName(g.Table, g.Segment, g.Vector)] {
			w.t.Fatalf("%v is garbage, and needed", g)
		}
		needed[fileName(g.Table, g.Segment, g.Vector)] = true
	}
	for name := range needed {
		if !w.files[name] {
			w.t.Fatalf("%s is needed, and gone", name)
		}
	}
	for name := range w.files {
		if !needed[name] {
			w.t.Fatalf("nobody needs %s, and it is no garbage", name)
		}
	}
	if v := s.OldestVersion() - 1; s.history.before != 0 && !s.history.pinned(v, v+1) {
		if _, err := s.At(v); err == nil && v > 0 {
			w.t.Fatalf("version %d can be read, the oldest is %d", v, s.OldestVersion())
		}
	}
	for v, at := range w.times {
		if v < s.OldestVersion() {
			continue
		}
		later := false
		for u, t := range w.times {
			later = later || u > v && t == at
		}
		if got, err := s.VersionAt(at); err != nil || !later && got != v {
			w.t.Fatalf("at %d there was version %d, not %d: %v", at, v, got, err)
		}
	}
	named := map[string]bool{}
	s.Files(func(home TableID, id SegmentID, vector uint64) { named[fileName(home, id, vector)] = true })
	if len(named) != len(w.files) {
		w.t.Fatalf("%d files are named, there are %d", len(named), len(w.files))
	}
}

// TestHistoryModel: whatever happens, every version that is kept reads as it was read then, after a restart too, and files go exactly when
// no version that is kept and no clone names them.
func TestHistoryModel(t *testing.T) {
	for seed := range uint64(40) {
		w := &pastWorld{
			t: t, rng: rand.New(rand.NewPCG(seed, 1)), s: NewSnapshot(), now: 1000,
			dumps: map[Version]string{0: ""}, times: map[Version]int64{}, files: map[string]bool{},
		}
		w.do(Command{CreateDatabase: &CreateDatabase{Name: "d"}})
		for range 120 {
			w.step()
			if w.rng.IntN(10) == 0 {
				data, err := AppendSnapshot(nil, w.s)
				if err != nil {
					t.Fatal(err)
				}
				back, err := DecodeSnapshot(data)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if again, _ := AppendSnapshot(nil, back); !bytes.Equal(again, data) {
					t.Fatal("the decoded state encodes to other bytes")
				}
				w.s = back
				w.do(Command{Expire: &Expire{Before: w.s.OldestVersion()}}) // what only a dropped pin needed
				w.check(w.s)
			}
		}
		// Without history, pins and tables nothing is left.
		for _, p := range w.s.Pins() {
			w.do(Command{DropPin: &DropPin{Name: p.Name}})
		}
		w.do(Command{Expire: w.s.Horizons(w.now, -1)})
		w.check(w.s)
		for _, table := range w.s.Tables(1) {
			w.do(Command{DropTable: &DropTable{Table: table.ID}})
		}
		w.do(Command{Expire: w.s.Horizons(w.now, -1)})
		w.collect()
		if len(w.files) > 0 || w.s.history.shared.n > 0 || w.s.history.segments.n > 0 {
			t.Fatalf("seed %d: %v are left, %d shared, %d past", seed, w.files, w.s.history.shared.n, w.s.history.segments.n)
		}
	}
}

// TestChanges: the live rows of a version are those of an earlier one, plus and minus the changes between.
func TestChanges(t *testing.T) {
	for seed := range uint64(20) {
		w := &pastWorld{
			t: t, rng: rand.New(rand.NewPCG(seed, 2)), s: NewSnapshot(), now: 1000,
			dumps: map[Version]string{0: ""}, times: map[Version]int64{}, files: map[string]bool{},
		}
		w.do(Command{CreateDatabase: &CreateDatabase{Name: "d"}})
		for range 100 {
			w.step()
		}
		for id := TableID(1); id < w.s.nextTable; id++ {
			from, to := w.readable(), w.readable()
			if from > to {
				from, to = to, from
			}
			list, err := w.s.Changes(id, from, to)
			if err != nil {
				t.Fatal(err)
			}
			live := func(v Version) int64 {
				s, err := w.s.At(v)
				if err != nil {
					t.Fatal(err)
				}
				return s.Manifest(id).LiveRows()
			}
			rows := live(from)
			for _, c := range list {
				if c.Version <= from || c.Version > to || c.Old == nil && c.New == nil {
					t.Fatalf("between %d and %d: %+v", from, to, c)
				}
				if c.Old != nil {
					rows -= c.Old.LiveRows()
				}
				if c.New != nil {
					rows += c.New.LiveRows()
				}
			}
			if got := live(to); got != rows {
				t.Fatalf("seed %d, table %d: version %d has %d rows, with the changes since %d it would have %d", seed, id, to, got, from, rows)
			}
		}
	}
}

// TestTableHistory: a table may keep its past for longer or for less than others, and what it has lost does not come back.
func TestTableHistory(t *testing.T) {
	s := NewSnapshot()
	do := func(at int64, cmd Command) {
		t.Helper()
		cmd.At = at
		next, _, err := s.Apply(cmd, 0)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	do(1, Command{CreateDatabase: &CreateDatabase{Name: "d"}})
	for i, name := range []string{"usual", "long", "short"} {
		do(2, Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: name, Columns: plainSchema()}})
		table := *s.TableByID(TableID(i + 1))
		table.History = []int64{0, 1000, -1}[i]
		s.tables = withEntry(s.tables, table.ID, &table)
	}
	do(3, Command{ReserveIDs: &ReserveIDs{Count: 100}})
	id := SegmentID(0)
	add := func(at int64) Version {
		c := &Commit{}
		for table := TableID(1); table <= 3; table++ {
			id++
			e := Edit{Table: table, Add: []Segment{{ID: id, Rows: 1, SchemaVersion: 1}}}
			for g := range s.Manifest(table).All() {
				e.Remove = append(e.Remove, SegmentAt{ID: g.ID})
			}
			c.Edits = append(c.Edits, e)
		}
		do(at, Command{Commit: c})
		return s.Version
	}
	first, second := add(10), add(20)
	do(115, Command{Expire: s.Horizons(115, 100)})
	third := add(120)
	add(121)
	do(122, Command{Expire: s.Horizons(122, 100)})
	tables := func(v Version) string {
		old, err := s.At(v)
		if err != nil {
			return err.Error()
		}
		var names []string
		for _, table := range old.Tables(1) {
			names = append(names, table.Name)
		}
		return strings.Join(names, " ")
	}
	for v, want := range map[Version]string{first: "long", second: "long usual", third: "long usual", s.Version: "long short usual"} {
		if got := tables(v); got != want {
			t.Errorf("version %d: %s", v, got)
		}
	}
	if _, err := s.Changes(3, second, s.Version); column.ClassOf(err) != column.NotFound {
		t.Error("changes of a table whose past is gone:", err)
	}
	for at := int64(300); at < 305; at++ { // each from what the one before has left
		do(at, Command{Expire: s.Horizons(at, 100)})
	}
	if got := tables(first); got != "long" {
		t.Errorf("version %d, after others have lost it: %s", first, got)
	}
	long := *s.tables[3]
	long.History = 1000
	s.tables = withEntry(s.tables, 3, &long)
	do(300, Command{Expire: s.Horizons(300, 100)})
	if got := tables(third); got != "long" {
		t.Errorf("version %d: %s", third, got)
	}
	if _, _, err := s.Apply(Command{CreatePin: &CreatePin{Name: "p", Version: first}}, 0); column.ClassOf(err) != column.NotFound {
		t.Error("a version that not all tables keep was pinned:", err)
	}
}

// historyCommands came to version 1 later, and so did times, homes and marks of rewriting.
func historyCommands() []Command {
	one := Segment{ID: 1, Rows: 10, MinSeq: 1, MaxSeq: 4, DataBytes: 500, SidecarBytes: 60, SchemaVersion: 1}
	two := Segment{ID: 2, Rows: 7, MinSeq: 1, MaxSeq: 4, DataBytes: 400, SidecarBytes: 50, SchemaVersion: 1, Level: 1}
	return []Command{
		{CreateDatabase: &CreateDatabase{Name: "default"}, At: 1_700_000_000_000_000},
		{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "plain", Columns: plainSchema()}, At: 1_700_000_000_000_001},
		{ReserveIDs: &ReserveIDs{Count: 10}, At: 1_700_000_000_000_002},
		{Commit: &Commit{Edits: []Edit{{Table: 1, Add: []Segment{one}}}}, At: 1_700_000_000_000_003},
		{Commit: &Commit{Edits: []Edit{{
			Table: 1, Vectors: []VectorChange{{SegmentAt{ID: 1}, DeletionVector{Version: 3, Rows: 3, Bytes: 40, Sum: 1}}},
		}}}, At: 1_700_000_000_000_004},
		{CreatePin: &CreatePin{Name: "before", Version: 4, IfNotExists: true}, At: 1_700_000_000_000_005},
		{CloneTable: &CloneTable{Source: 1, At: 4, Database: 1, Schema: "public", Name: "clone", IfNotExists: true}, At: 1_700_000_000_000_006},
		{Commit: &Commit{Edits: []Edit{{Table: 1, Add: []Segment{two}, Remove: []SegmentAt{{ID: 1, Vector: 3}}, Rewrite: true}}}, At: 1_700_000_000_000_007},
		{AddColumns: &AddColumns{Table: 1, From: 1, Columns: []column.Field{{Name: "y", Type: column.T(column.Text)}}}, At: 1_700_000_000_000_008},
		{CreatePin: &CreatePin{Name: "gone"}, At: 1_700_000_000_000_009},
		{DropPin: &DropPin{Name: "gone"}, At: 1_700_000_000_000_010},
		{Expire: &Expire{Before: 6, Tables: []TableHorizon{{Table: 1, Before: 5}}}, At: 1_700_000_000_000_011},
	}
}

func TestHistoryGolden(t *testing.T) {
	for i, cmd := range historyCommands() {
		data, err := AppendCommand(nil, cmd)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeCommand(golden(t, fmt.Sprintf("command-history-%02d.v1", i), data))
		if err != nil || !reflect.DeepEqual(back, cmd) {
			t.Errorf("command %d: %s, %v", i, describe(back), err)
		}
	}
	s := goldenState(t, historyCommands())
	data, err := AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeSnapshot(golden(t, "snapshot-history.v1", data))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.history, s.history) {
		t.Errorf("%+v\nnot\n%+v", back.history, s.history)
	}
	for n := range data { // no cut end is read, and none panics
		if _, err := DecodeSnapshot(data[:n]); err == nil {
			t.Fatalf("%d of %d bytes were read", n, len(data))
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		bad := slices.Clone(data)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		if s, err := DecodeSnapshot(bad); err == nil { // there is no checksum: it may be another state
			_, _ = s.At(s.OldestVersion())
		}
	}
}

// TestHistorySize: a removed segment takes far less than 512 bytes of the catalog, a version a few.
func TestHistorySize(t *testing.T) {
	s := goldenState(t, historyCommands()[:3])
	size := func() int {
		data, err := AppendSnapshot(nil, s)
		if err != nil {
			t.Fatal(err)
		}
		return len(data)
	}
	before := size()
	const n = 1000
	for i := range n {
		id := SegmentID(1000 + i)
		s.nextSegment = id + 1
		e := Edit{Table: 1, Add: []Segment{{
			ID: id, Rows: 1 << 20, MinSeq: 1 << 40, MaxSeq: 1<<40 + 1<<20, DataBytes: 1 << 30, SidecarBytes: 1 << 20, SidecarSum: 7, SchemaVersion: 1,
		}}}
		for g := range s.Manifest(1).All() {
			e.Remove = append(e.Remove, SegmentAt{ID: g.ID})
		}
		next, _, err := s.Apply(Command{Commit: &Commit{Edits: []Edit{e}}, At: 1_700_000_001_000_000 + int64(i)*1e9}, 0)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	if per := (size() - before) / n; per > 80 {
		t.Errorf("%d bytes for each removed segment and its version", per)
	} else {
		t.Logf("%d bytes for each removed segment and its version", per)
	}
}

// TestPinsRefused: what is wrong with pins and versions has PostgreSQL's states.
func TestPinsRefused(t *testing.T) {
	s := goldenState(t, historyCommands())
	refused(t, s, Command{CreatePin: &CreatePin{Name: "before"}}, column.Conflict, "42710", "already exists")
	refused(t, s, Command{CreatePin: &CreatePin{Name: ""}}, column.Invalid, "42602", "")
	refused(t, s, Command{CreatePin: &CreatePin{Name: "p", Version: 99}}, column.Invalid, "22023", "no version 99 yet")
	refused(t, s, Command{CreatePin: &CreatePin{Name: "p", Version: 2}}, column.NotFound, "72000", "not kept")
	refused(t, s, Command{DropPin: &DropPin{Name: "p"}}, column.NotFound, "42704", "does not exist")
	refused(t, s, Command{CloneTable: &CloneTable{Source: 1, At: 2, Database: 1, Schema: "public", Name: "x"}}, column.NotFound, "72000", "not kept")
	refused(t, s, Command{CloneTable: &CloneTable{Source: 9, Database: 1, Schema: "public", Name: "x"}}, column.NotFound, "42P01", "no table")
	refused(t, s, Command{CloneTable: &CloneTable{Source: 1, Database: 1, Schema: "public", Name: "clone"}}, column.Conflict, "42P07", "already exists")
	if _, err := s.VersionAt(1); column.ClassOf(err) != column.NotFound {
		t.Error(err)
	}
}
