package query

import (
	"errors"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/catalog"
)

func isGranted(w *advisoryWait) bool {
	select {
	case <-w.granted:
		return true
	default:
		return false
	}
}

// TestAdvisoryLine: who waits is served in turn, readers together, and nobody overtakes; who holds a lock already goes in front of those who wait for it.
func TestAdvisoryLine(t *testing.T) {
	var a advisoryLocks
	k := advisoryKey{"d", catalog.AdvisoryKey{A: 1}}
	s := make([]*Session, 6)
	for i := range s {
		s[i] = &Session{pid: int64(i)}
	}
	wait := func(i, mode int) *advisoryWait {
		t.Helper()
		taken, w, err := a.take(s[i], k, mode, false, true)
		if taken || err != nil {
			t.Fatalf("session %d has the lock at once, or never: %v", i, err)
		}
		return w
	}
	if taken, _, _ := a.take(s[0], k, advisoryShared, false, false); !taken {
		t.Fatal("a free lock is not given")
	}
	writer, reader, another := wait(1, advisoryExclusive), wait(2, advisoryShared), wait(3, advisoryShared)
	if taken, _, _ := a.take(s[4], k, advisoryShared, false, false); taken {
		t.Fatal("a reader overtakes the writer that waits")
	}
	if taken, _, _ := a.take(s[0], k, advisoryExclusive, false, true); !taken {
		t.Fatal("who alone holds the lock cannot have it for itself")
	}
	a.back(s[0], k, advisoryExclusive, false)
	if isGranted(writer) {
		t.Fatal("the writer is given what a reader has")
	}
	a.back(s[0], k, advisoryShared, false)
	if !isGranted(writer) || isGranted(reader) {
		t.Fatal("the writer is not next, or not alone")
	}
	a.back(s[1], k, advisoryExclusive, false)
	if !isGranted(reader) || !isGranted(another) {
		t.Fatal("the readers are not served together")
	}
	upgrade := wait(2, advisoryExclusive)
	if _, _, err := a.take(s[3], k, advisoryExclusive, false, true); !errors.Is(err, column.Conflict) {
		t.Fatalf("two readers that both want to write: %v", err)
	}
	a.backAll(s[3])
	if !isGranted(upgrade) {
		t.Fatal("the reader that is left does not become the writer")
	}
	a.backAll(s[2])
	if len(a.locks) != 0 || len(a.waits) != 0 {
		t.Fatalf("locks that nobody has: %v, %v", a.locks, a.waits)
	}
}
