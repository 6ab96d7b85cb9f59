package query

import (
	"container/list"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/query/sql"
)

// statements remembers parsed statements by their text: a dashboard asks the same few again and again. What a statement means is
// worked out anew each time. A plan holds the snapshot's segments, the parameters' values and the time of the statement, and
// binding and optimizing a small query take some 20 µs (BenchmarkPlanning): less than it would take to prove that a plan that was
// kept fits all of them.
//
// Trees are shared by everybody who runs the text, so nobody changes them.
type statements struct {
	limit int64

	mu     sync.Mutex
	byText map[string]*list.Element // of *remembered
	recent *list.List               // the latest used first
	bytes  int64
}

type remembered struct {
	text string
	stmt sql.Statement
}

const (
	// rememberedText is the longest text that is kept: longer ones are bulk inserts, which do not come twice.
	rememberedText = 8 << 10
	// treeBytes is what a byte of text costs as a tree at the most: a+a+a+… was measured at 72, lists of columns at 52, of
	// numbers at 36.
	treeBytes = 80
)

func newStatements(limit int64) *statements {
	return &statements{limit: limit, byText: map[string]*list.Element{}, recent: list.New()}
}

func (r *remembered) bytes() int64 { return 512 + treeBytes*int64(len(r.text)) }

// parse gives the one statement of a text, its parameters numbered.
func (s *statements) parse(text string, maxBytes int) (sql.Statement, error) {
	if st, ok := s.find(text); ok {
		return st, nil
	}
	st, err := sql.ParseOne(text, sql.Options{MaxBytes: maxBytes})
	if err != nil {
		return st, err
	}
	number(st)
	if len(text) <= rememberedText {
		s.add(&remembered{text, st})
	}
	return st, nil
}

func (s *statements) find(text string) (sql.Statement, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byText[text]
	if e == nil {
		return sql.Statement{}, false
	}
	s.recent.MoveToFront(e)
	return e.Value.(*remembered).stmt, true
}

// add keeps a statement, and lets go of those that were not used for the longest time.
func (s *statements) add(r *remembered) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byText[r.text] != nil || r.bytes() > s.limit {
		return
	}
	s.byText[r.text] = s.recent.PushFront(r)
	s.bytes += r.bytes()
	for s.bytes > s.limit {
		old := s.recent.Remove(s.recent.Back()).(*remembered)
		delete(s.byText, old.text)
		s.bytes -= old.bytes()
	}
}

// number gives named parameters the numbers of their names.
func number(st sql.Statement) {
	if len(st.ParamNames) == 0 {
		return
	}
	sql.Walk(st.Stmt, func(n sql.Node) bool {
		if p, ok := n.(*sql.Param); ok && p.Name != "" {
			p.Index = slices.Index(st.ParamNames, p.Name) + 1
		}
		return true
	})
}
