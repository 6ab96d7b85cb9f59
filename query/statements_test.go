package query

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/query/sql"
)

// TestStatementsAreBounded: what was not used for the longest time goes first, and long texts are never kept.
func TestStatementsAreBounded(t *testing.T) {
	text := func(i int) string { return fmt.Sprintf("SELECT %04d", i) }
	one := bytesOf(text(0))
	s := newStatements(10 * one)
	parse := func(text string) {
		t.Helper()
		if _, _, err := s.parse(context.Background(), text, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		parse(text(i))
	}
	parse(text(0)) // the oldest is used again
	parse(text(10))
	for i, want := range map[int]bool{0: true, 1: false, 2: true, 10: true} {
		if _, ok := s.kept.find(text(i)); ok != want {
			t.Errorf("statement %d is kept: %v, want %v", i, ok, want)
		}
	}
	if s.kept.bytes != 10*one || s.kept.recent.Len() != 10 || len(s.kept.byKey) != 10 {
		t.Errorf("%d bytes of %d statements, want %d of 10", s.kept.bytes, s.kept.recent.Len(), 10*one)
	}
	long := "SELECT '" + strings.Repeat("x", rememberedText) + "'"
	parse(long)
	if _, ok := s.kept.find(long); ok {
		t.Error("a long statement is kept")
	}
	if _, _, err := s.parse(context.Background(), "SELECT 1 +", 1<<20); err == nil {
		t.Error("a wrong statement was parsed")
	}
}

// TestStatementsAreShared: many run one text at a time, whose parameters are numbered before anybody sees the tree.
func TestStatementsAreShared(t *testing.T) {
	s := newStatements(1 << 20)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				st, _, err := s.parse(context.Background(), "SELECT :b, :a, :b", 1<<20)
				if err != nil {
					t.Error(err)
					return
				}
				var got []int
				sql.Walk(st.Stmt, func(n sql.Node) bool {
					if p, ok := n.(*sql.Param); ok {
						got = append(got, p.Index)
					}
					return true
				})
				if fmt.Sprint(got) != "[1 2 1]" {
					t.Errorf("numbers are %v", got)
				}
			}
		})
	}
	group.Wait()
}
