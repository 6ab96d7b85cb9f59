package raftlog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

// small makes segments that hold a few entries only.
var small = Options{SegmentSize: 300, MaxEntry: 1 << 16}

func entry(index, term uint64) *raft.Log {
	l := &raft.Log{
		Index: index, Term: term, Type: raft.LogType(index % 3),
		Data: []byte(fmt.Sprintf("data of %d in term %d%s", index, term, strings.Repeat(".", int(index%40)))),
	}
	if index%2 == 0 {
		l.Extensions = []byte{byte(index)}
		l.AppendedAt = time.Unix(1700000000, int64(index))
	}
	return l
}

func same(a, b *raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && bytes.Equal(a.Data, b.Data) &&
		bytes.Equal(a.Extensions, b.Extensions) && a.AppendedAt.Equal(b.AppendedAt)
}

// state is what a log should hold: entries first, first+1, ..., of these terms.
type state struct {
	first uint64
	terms []uint64
}

func (m state) last() uint64 { return m.first + uint64(len(m.terms)) - 1 }

func (m state) clone() state { return state{m.first, append([]uint64(nil), m.terms...)} }

func (m *state) store(index, term uint64, n int) (logs []*raft.Log) {
	if len(m.terms) == 0 {
		m.first = index
	}
	for i := range n {
		m.terms = append(m.terms, term)
		logs = append(logs, entry(index+uint64(i), term))
	}
	return logs
}

func (m *state) drop(lo, hi uint64) {
	if len(m.terms) == 0 || lo > hi || hi < m.first || lo > m.last() {
		return
	}
	if lo <= m.first {
		n := min(hi, m.last()) + 1 - m.first
		m.terms = m.terms[n:]
		m.first += n
	} else {
		m.terms = m.terms[:lo-m.first]
	}
}

// holds says in what the log differs from m, nil if in nothing.
func (m state) holds(s *LogStore) error {
	first, err1 := s.FirstIndex()
	last, err2 := s.LastIndex()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var l raft.Log
	if len(m.terms) == 0 {
		if first != 0 || last != 0 {
			return fmt.Errorf("entries %d to %d in an empty log", first, last)
		}
		if err := s.GetLog(1, &l); err != raft.ErrLogNotFound {
			return fmt.Errorf("entry 1 of an empty log: %v", err)
		}
		return nil
	}
	if first != m.first || last != m.last() {
		return fmt.Errorf("entries %d to %d, want %d to %d", first, last, m.first, m.last())
	}
	for i, term := range m.terms {
		index := m.first + uint64(i)
		if err := s.GetLog(index, &l); err != nil {
			return err
		}
		if want := entry(index, term); !same(&l, want) {
			return fmt.Errorf("entry %d: got %+v, want %+v", index, l, want)
		}
	}
	for _, index := range []uint64{first - 1, last + 1} {
		if err := s.GetLog(index, &l); err != raft.ErrLogNotFound {
			return fmt.Errorf("entry %d outside %d to %d: %v", index, first, last, err)
		}
	}
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openLog(t testing.TB, fsys vfs.FS) *LogStore {
	t.Helper()
	s, err := OpenLog(fsys, "log", small)
	must(t, err)
	return s
}

func TestLogSemantics(t *testing.T) {
	for _, c := range []struct {
		name        string
		lo, hi      uint64
		refused     bool
		first, last uint64
		thenStore   uint64
	}{
		{"prefix", 5, 12, false, 13, 30, 31},
		{"prefix from below", 1, 12, false, 13, 30, 31},
		{"suffix", 20, 30, false, 5, 19, 20},
		{"suffix to beyond", 20, 99, false, 5, 19, 20},
		{"all", 5, 30, false, 0, 0, 100},
		{"all and more", 0, 1 << 62, false, 0, 0, 1},
		{"before", 1, 4, false, 5, 30, 31},
		{"after", 31, 40, false, 5, 30, 31},
		{"upside down", 20, 10, false, 5, 30, 31},
		{"middle", 10, 20, true, 5, 30, 31},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := memfs.New()
			s := openLog(t, fsys)
			var m state
			must(t, m.holds(s))
			must(t, s.StoreLogs(m.store(5, 1, 26)))
			must(t, m.holds(s))
			if err := s.StoreLog(entry(32, 1)); column.ClassOf(err) != column.Invalid {
				t.Fatalf("a gap: %v", err)
			}
			if err := s.StoreLog(&raft.Log{Index: 31, Data: make([]byte, 1<<16)}); column.ClassOf(err) != column.Limit {
				t.Fatalf("an entry over the limit: %v", err)
			}
			if err := s.DeleteRange(c.lo, c.hi); (err != nil) != c.refused {
				t.Fatalf("DeleteRange: %v", err)
			} else if !c.refused {
				m.drop(c.lo, c.hi)
			}
			for range 2 {
				first, _ := s.FirstIndex()
				last, _ := s.LastIndex()
				if first != c.first || last != c.last {
					t.Fatalf("entries %d to %d, want %d to %d", first, last, c.first, c.last)
				}
				must(t, m.holds(s))
				must(t, s.Close())
				s = openLog(t, fsys)
			}
			must(t, s.StoreLogs(m.store(c.thenStore, 2, 3)))
			must(t, s.Close())
			s = openLog(t, fsys)
			must(t, m.holds(s))
			must(t, s.Close())
		})
	}
}

func TestPrefixDeletesFiles(t *testing.T) {
	fsys := memfs.New()
	s := openLog(t, fsys)
	var m state
	for i := range uint64(60) {
		must(t, s.StoreLogs(m.store(i+1, 1, 1)))
	}
	before, _ := fsys.List("log")
	must(t, s.DeleteRange(1, 55))
	after, _ := fsys.List("log")
	if len(before) < 10 || len(after) > 3 {
		t.Fatalf("%d segments before, %d after", len(before), len(after))
	}
	must(t, s.Close())
	for _, lost := range after {
		name := filepath.Join("log", lost)
		data, _ := vfs.ReadFile(fsys, name)
		must(t, fsys.Remove(name))
		if _, err := OpenLog(fsys, "log", small); !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), "log/0") {
			t.Fatalf("without %s: %v", lost, err)
		}
		must(t, vfs.WriteFileAtomic(fsys, name, data))
	}
	s = openLog(t, fsys)
	m.drop(1, 55)
	must(t, m.holds(s))
}

// change is one call that changes the log, and what it makes of the state.
type change func(s *LogStore, m *state) error

func storing(n int) change {
	return func(s *LogStore, m *state) error {
		next := uint64(7)
		if len(m.terms) > 0 {
			next = m.last() + 1
		}
		return s.StoreLogs(m.store(next, uint64(n), n))
	}
}

// dropping drops the oldest n entries, or the newest -n.
func dropping(n int) change {
	return func(s *LogStore, m *state) error {
		if len(m.terms) == 0 {
			return nil
		}
		lo, hi := m.first, m.first+uint64(max(n, 1))-1
		if n < 0 {
			hi = m.last()
			lo = max(m.first, hi+1-min(hi, uint64(-n)))
		}
		m.drop(lo, hi)
		return s.DeleteRange(lo, hi)
	}
}

// between says whether the log holds what it held before a change, or after it, or, if that stored entries,
// a part of them: any of these may be found after a crash during the change.
func between(s *LogStore, before, after state) error {
	err := before.holds(s)
	if err == nil {
		return nil
	}
	part := after.clone()
	for {
		if part.holds(s) == nil {
			return nil
		}
		if len(part.terms) <= len(before.terms) || len(part.terms) == 0 {
			return fmt.Errorf("neither before nor after: %w; %v", err, after.holds(s))
		}
		part.terms = part.terms[:len(part.terms)-1]
	}
}

var work = []change{
	storing(1), storing(3), storing(5), dropping(2), storing(4), dropping(-3), storing(2), storing(6), dropping(9),
	storing(3), dropping(-100), storing(4), storing(8), dropping(100), storing(5), storing(5), dropping(-1), storing(1),
}

// TestLogCrash cuts the power at every operation. What was acknowledged is there; the change in flight is
// there or not; and the log goes on.
func TestLogCrash(t *testing.T) {
	for n := 1; ; n++ {
		rng := rand.New(rand.NewPCG(uint64(n), 2))
		mem := memfs.New()
		fsys := faultfs.New(mem, func(op faultfs.Op, _ string, count int) error {
			if count >= n && op.Changes() {
				return faultfs.ErrInjected
			}
			return nil
		})
		var m, before state
		finished := false
		s, err := OpenLog(fsys, "log", small)
		if err == nil {
			finished = true
			for _, do := range work {
				before = m.clone()
				if err = do(s, &m); err != nil {
					finished = false
					if again := s.StoreLog(entry(1, 1)); again == nil {
						t.Fatalf("operation %d: a success after %v", n, err)
					}
					break
				}
				must(t, m.holds(s))
			}
		}
		if finished {
			before = m
		}
		for range 8 {
			after := mem.CrashClone(rng)
			s, err := OpenLog(after, "log", small)
			if err != nil {
				t.Fatalf("operation %d: %v", n, err)
			}
			if err := between(s, before, m); err != nil {
				t.Fatalf("operation %d: %v", n, err)
			}
			last, _ := s.LastIndex()
			must(t, s.StoreLog(entry(last+1, 9)))
			must(t, s.Close())
			s = openLog(t, after)
			var l raft.Log
			must(t, s.GetLog(last+1, &l))
			must(t, s.Close())
		}
		if finished {
			if n < 100 {
				t.Fatalf("only %d operations", n)
			}
			return
		}
	}
}

// TestLogFailure fails single operations: from then on there is no success, and a fresh start finds all that
// was acknowledged.
func TestLogFailure(t *testing.T) {
	for n := 1; ; n++ {
		mem := memfs.New()
		fsys := faultfs.New(mem, faultfs.FailAt(n, faultfs.ErrInjected))
		s, err := OpenLog(fsys, "log", small)
		if err != nil {
			continue
		}
		var m, before state
		failed := false
		for _, do := range work {
			before = m.clone()
			if err = do(s, &m); err != nil {
				failed = true
				break
			}
		}
		if !failed {
			if fsys.Count() >= n {
				t.Fatalf("operation %d failed unnoticed", n)
			}
			return
		}
		if !errors.Is(err, faultfs.ErrInjected) {
			t.Fatalf("operation %d: %v", n, err)
		}
		if again := s.StoreLog(entry(before.last()+1, 1)); again == nil || again.Error() != err.Error() {
			t.Fatalf("operation %d: first %v, then %v", n, err, again)
		}
		_ = s.Close()
		s = openLog(t, mem)
		if err := between(s, before, m); err != nil {
			t.Fatalf("operation %d: %v", n, err)
		}
		must(t, s.Close())
	}
}

func TestLogRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		fsys := memfs.New()
		open := func() *LogStore {
			s, err := OpenLog(fsys, "log", small)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		var m state
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			var err error
			switch n := rng.IntN(12); {
			case n < 6:
				err = storing(1+rng.IntN(9))(s, &m)
			case n < 8:
				err = dropping(1+rng.IntN(12))(s, &m)
			case n < 10:
				err = dropping(-1-rng.IntN(12))(s, &m)
			case n == 10:
				err = s.Close()
				s = open()
			default:
				fsys = fsys.CrashClone(rng)
				s = open()
			}
			if err == nil {
				err = m.holds(s)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestLogDamage flips every byte of every segment and cuts each at every length: the log does not open, and
// says which file and where, or it lacks no more than its end.
func TestLogDamage(t *testing.T) {
	fsys := memfs.New()
	s := openLog(t, fsys)
	var m state
	must(t, s.StoreLogs(m.store(1, 1, 4)))
	must(t, s.StoreLogs(m.store(5, 1, 4)))
	must(t, s.DeleteRange(8, 8))
	m.drop(8, 8)
	must(t, s.StoreLogs(m.store(8, 2, 3)))
	must(t, s.StoreLogs(m.store(11, 2, 2)))
	must(t, s.Close())
	names, _ := fsys.List("log")
	if len(names) < 3 {
		t.Fatalf("segments: %v", names)
	}
	for i, base := range names {
		name := filepath.Join("log", base)
		whole, err := vfs.ReadFile(fsys, name)
		must(t, err)
		isLast := i == len(names)-1
		try := func(what string, bad []byte, mayLose int) {
			must(t, vfs.WriteFileAtomic(fsys, name, bad))
			s, err := OpenLog(fsys, "log", small)
			if err != nil {
				if !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "offset") {
					t.Fatalf("%s %s: %v", name, what, err)
				}
				return
			}
			last, _ := s.LastIndex()
			part := m.clone()
			part.terms = part.terms[:last]
			if err := part.holds(s); err != nil || int(m.last()-last) > mayLose {
				t.Fatalf("%s %s: up to entry %d of %d: %v", name, what, last, m.last(), err)
			}
			must(t, s.Close())
		}
		for at := range whole {
			bad := append([]byte(nil), whole...)
			bad[at] ^= 1 << (at % 8)
			lose := 0
			if isLast {
				lose = 1
			}
			try(fmt.Sprintf("flip %d", at), bad, lose)
			lose = 0
			if isLast {
				lose = 5
			}
			try(fmt.Sprintf("cut %d", at), whole[:at], lose)
		}
		must(t, vfs.WriteFileAtomic(fsys, name, whole))
	}
	s = openLog(t, fsys)
	must(t, m.holds(s))
	// Damage that comes while the log is open is noticed when the entry is read.
	name := filepath.Join("log", names[0])
	data, _ := vfs.ReadFile(fsys, name)
	data[len(data)-60] ^= 1
	f, err := fsys.OpenAppend(name)
	must(t, err)
	must(t, f.Truncate(0))
	_, err = f.Write(data)
	must(t, err)
	var l raft.Log
	bad := 0
	for index := m.first; index <= m.last(); index++ {
		if err := s.GetLog(index, &l); err != nil {
			bad++
			if !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), name) {
				t.Fatal(err)
			}
		} else if !same(&l, entry(index, m.terms[index-m.first])) {
			t.Fatalf("entry %d is wrong", index)
		}
	}
	if bad != 1 {
		t.Fatalf("%d damaged entries", bad)
	}
}

func FuzzEntry(f *testing.F) {
	for i := range uint64(4) {
		l := entry(i, 1)
		f.Add(append(appendEntryHead(nil, l), l.Data...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var l, again raft.Log
		if decodeEntry(&l, b) != nil {
			return
		}
		b2 := append(appendEntryHead(nil, &l), l.Data...)
		if err := decodeEntry(&again, b2); err != nil || !same(&l, &again) {
			t.Fatalf("%+v, %+v, %v", l, again, err)
		}
	})
}

func BenchmarkStoreLog(b *testing.B) {
	s, err := OpenLog(vfs.OS(), b.TempDir(), Options{})
	must(b, err)
	index := uint64(0)
	for b.Loop() {
		index++
		must(b, s.StoreLog(&raft.Log{Index: index, Term: 1, Data: make([]byte, 512)}))
	}
	must(b, s.Close())
}
