package raftlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

func TestStable(t *testing.T) {
	fsys := memfs.New()
	s, err := OpenStable(fsys, "stable")
	must(t, err)
	if v, err := s.Get([]byte("none")); err != nil || len(v) != 0 {
		t.Fatalf("%q, %v", v, err)
	}
	if n, err := s.GetUint64([]byte("none")); err != nil || n != 0 {
		t.Fatalf("%d, %v", n, err)
	}
	must(t, s.SetUint64([]byte("term"), 1<<60+5))
	must(t, s.Set([]byte("vote"), []byte("node-1")))
	must(t, s.Set([]byte{0, 255}, nil))
	must(t, s.Set([]byte("vote"), []byte("node-2")))
	if _, err := s.GetUint64([]byte("vote")); err == nil {
		t.Error("a name was read as a number")
	}
	for range 2 {
		term, err := s.GetUint64([]byte("term"))
		vote, err2 := s.Get([]byte("vote"))
		if err != nil || err2 != nil || term != 1<<60+5 || string(vote) != "node-2" {
			t.Fatalf("%d %v, %q %v", term, err, vote, err2)
		}
		s, err = OpenStable(fsys, "stable")
		must(t, err)
	}
	whole, err := vfs.ReadFile(fsys, "stable")
	must(t, err)
	refused := func(what string, bad []byte) {
		must(t, vfs.WriteFileAtomic(fsys, "stable", bad))
		_, err := OpenStable(fsys, "stable")
		if !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), "stable: damage at offset") {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for at := range whole {
		bad := append([]byte(nil), whole...)
		bad[at] ^= 1 << (at % 8)
		refused(fmt.Sprint("flip ", at), bad)
		refused(fmt.Sprint("cut ", at), whole[:at])
	}
}

// TestStableCrash: after a power cut at any operation each key has its acknowledged value, or the one that
// was being written.
func TestStableCrash(t *testing.T) {
	for n := 1; ; n++ {
		mem := memfs.New()
		fsys := faultfs.New(mem, faultfs.FailFrom(n))
		acked, tried := uint64(0), uint64(0)
		s, err := OpenStable(fsys, "stable")
		for err == nil && tried < 10 {
			tried++
			if err = s.SetUint64([]byte("term"), tried); err == nil {
				acked = tried
			} else if _, again := s.GetUint64([]byte("term")); again != err || s.Set(nil, nil) != err {
				t.Fatalf("after %v: %v", err, again)
			}
		}
		for seed := range uint64(8) {
			s, err := OpenStable(mem.CrashClone(rand.New(rand.NewPCG(uint64(n), seed))), "stable")
			must(t, err)
			if got, _ := s.GetUint64([]byte("term")); got != acked && got != tried {
				t.Fatalf("operation %d: term %d, acknowledged %d", n, got, acked)
			}
		}
		if acked == 10 {
			return
		}
	}
}

var members = raft.Configuration{Servers: []raft.Server{{Suffrage: raft.Voter, ID: "a", Address: "b"}}}

func blob(n int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 9))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func take(s *SnapshotStore, index, term uint64, data []byte) (string, error) {
	sink, err := s.Create(raft.SnapshotVersionMax, index, term, members, 1, nil)
	if err != nil {
		return "", err
	}
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 100_000)
		if _, err := sink.Write(rest[:n]); err != nil {
			return "", errors.Join(err, sink.Cancel())
		}
		rest = rest[n:]
	}
	return sink.ID(), sink.Close()
}

func snapshotHolds(t testing.TB, s *SnapshotStore, id string, index uint64, want []byte) {
	t.Helper()
	meta, r, err := s.Open(id)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) || meta.Size != int64(len(want)) || meta.Index != index || meta.Configuration.Servers[0].ID != "a" {
		t.Fatalf("snapshot %s: %d bytes of %d, %+v, %v", id, len(got), len(want), meta, err)
	}
}

func TestSnapshots(t *testing.T) {
	fsys := memfs.New()
	s, err := OpenSnapshots(fsys, "snap", Options{})
	must(t, err)
	var ids []string
	for i, size := range []int{10, 0, 700_000, 256 << 10} {
		id, err := take(s, uint64(8+i), 2, blob(size, uint64(i)))
		must(t, err)
		ids = append(ids, id)
	}
	sink, err := s.Create(raft.SnapshotVersionMax, 50, 2, members, 1, nil)
	must(t, err)
	_, err = sink.Write([]byte("given up"))
	must(t, err)
	must(t, sink.Cancel())
	must(t, sink.Close())
	for range 2 {
		list, err := s.List()
		if err != nil || len(list) != 2 || list[0].ID != ids[3] || list[1].ID != ids[2] || list[1].Size != 700_000 {
			t.Fatalf("%v, %v", list, err)
		}
		snapshotHolds(t, s, ids[3], 11, blob(256<<10, 3))
		snapshotHolds(t, s, ids[2], 10, blob(700_000, 2))
		if _, _, err := s.Open(ids[0]); column.ClassOf(err) != column.NotFound {
			t.Fatal(err)
		}
		s, err = OpenSnapshots(fsys, "snap", Options{})
		must(t, err)
	}
	if again, err := take(s, 11, 2, []byte("same entry")); err != nil || again == ids[3] {
		t.Fatalf("%s, %v", again, err)
	}
}

// TestSnapshotDamage: a flipped byte or a cut is an error at the next start, and at the next Open, that names
// the file, and no byte of the state is given out.
func TestSnapshotDamage(t *testing.T) {
	fsys := memfs.New()
	s, err := OpenSnapshots(fsys, "snap", Options{})
	must(t, err)
	id, err := take(s, 8, 2, blob(900, 1))
	must(t, err)
	name := s.file(id)
	whole, err := vfs.ReadFile(fsys, name)
	must(t, err)
	refused := func(what string, bad []byte) {
		must(t, vfs.WriteFileAtomic(fsys, name, bad))
		_, err := OpenSnapshots(fsys, "snap", Options{})
		_, _, err2 := s.Open(id)
		for _, err := range []error{err, err2} {
			if !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), name+": damage at offset") {
				t.Fatalf("%s: %v", what, err)
			}
		}
	}
	for at := range whole {
		bad := append([]byte(nil), whole...)
		bad[at] ^= 1 << (at % 8)
		refused(fmt.Sprint("flip ", at), bad)
		refused(fmt.Sprint("cut ", at), whole[:at])
	}
	must(t, vfs.WriteFileAtomic(fsys, name, whole))
	snapshotHolds(t, s, id, 8, blob(900, 1))
	other := strings.Replace(name, "8-", "9-", 1)
	must(t, fsys.Rename(name, other))
	if _, err := OpenSnapshots(fsys, "snap", Options{}); !errors.Is(err, column.Corrupt) {
		t.Fatalf("under another name: %v", err)
	}
}

// TestSnapshotCrash: after a power cut at any operation the newest acknowledged snapshot is there and whole.
func TestSnapshotCrash(t *testing.T) {
	for n := 1; ; n++ {
		mem := memfs.New()
		fsys := faultfs.New(mem, faultfs.FailFrom(n))
		acked := uint64(0)
		s, err := OpenSnapshots(fsys, "snap", Options{})
		for i := uint64(1); err == nil && i <= 4; i++ {
			if _, err = take(s, i, 1, blob(3000, i)); err == nil {
				acked = i
			}
		}
		for seed := range uint64(8) {
			s, err := OpenSnapshots(mem.CrashClone(rand.New(rand.NewPCG(uint64(n), seed))), "snap", Options{})
			must(t, err)
			list, _ := s.List()
			if len(list) == 0 && acked > 0 || len(list) > 0 && list[0].Index < acked {
				t.Fatalf("operation %d: snapshot %d is gone: %v", n, acked, list)
			}
			for _, meta := range list {
				snapshotHolds(t, s, meta.ID, meta.Index, blob(3000, meta.Index))
			}
		}
		if acked == 4 {
			return
		}
	}
}

func TestStoresBelongTogether(t *testing.T) {
	fresh := func() *memfs.FS {
		fsys := memfs.New()
		s, err := Open(fsys, "raft", small)
		must(t, err)
		must(t, s.Stable.SetUint64([]byte("term"), 1))
		for i := range uint64(20) {
			must(t, s.Log.StoreLog(entry(i+1, 1)))
		}
		_, err = take(s.Snapshots, 10, 1, nil)
		must(t, err)
		must(t, s.Log.DeleteRange(1, 8))
		must(t, s.Close())
		return fsys
	}
	removeAll := func(fsys *memfs.FS, dir string) {
		names, err := fsys.List(dir)
		must(t, err)
		for _, name := range names {
			must(t, fsys.Remove(dir+"/"+name))
		}
	}
	for name, spoil := range map[string]func(*memfs.FS){
		"raft/stable: the file is missing": func(fsys *memfs.FS) { must(t, fsys.Remove("raft/stable")) },
		"the raft log is missing":          func(fsys *memfs.FS) { removeAll(fsys, "raft/log") },
		"the log begins at entry 9":        func(fsys *memfs.FS) { removeAll(fsys, "raft/snapshots") },
	} {
		fsys := fresh()
		spoil(fsys)
		if _, err := Open(fsys, "raft", small); !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A snapshot from the leader that came just before a crash: the log is cleared, and continues behind it.
	fsys := fresh()
	s, err := Open(fsys, "raft", small)
	must(t, err)
	_, err = take(s.Snapshots, 100, 3, nil)
	must(t, err)
	must(t, s.Close())
	s, err = Open(fsys, "raft", small)
	must(t, err)
	if last, _ := s.Log.LastIndex(); last != 0 {
		t.Fatalf("last index %d", last)
	}
	must(t, s.Log.StoreLog(entry(101, 3)))
	must(t, s.Close())
}

func FuzzValues(f *testing.F) {
	f.Add(appendValues(nil, map[string][]byte{"a": []byte("1"), "": nil}))
	f.Add([]byte{3, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if values, ok := decodeValues(b); ok {
			if again, ok := decodeValues(appendValues(nil, values)); !ok || len(again) != len(values) {
				t.Fatal(values, again)
			}
		}
	})
}
