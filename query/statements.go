package query

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/sql"
)

// statements remembers parsed statements by their text: a dashboard asks the same few again and again. Trees are shared by everybody
// who runs the text, so nobody changes them.
type statements struct{ kept *lru[sql.Statement] }

const (
	// rememberedText is the longest text that is kept: longer ones are bulk inserts, which do not come twice.
	rememberedText = 8 << 10
	// treeBytes is what a byte of text costs as a tree at the most: a+a+a+… was measured at 72, lists of columns at 52, of
	// numbers at 36.
	treeBytes = 80
)

func newStatements(limit int64) *statements { return &statements{newLRU[sql.Statement](limit)} }

// bytesOf is what a text and its tree take.
func bytesOf(text string) int64 { return 512 + treeBytes*int64(len(text)) }

// parse gives the one statement of a text, its parameters numbered, and whether the text was asked before.
func (s *statements) parse(ctx context.Context, text string, maxBytes int) (st sql.Statement, again bool, err error) {
	if st, ok := s.kept.find(text); ok {
		return st, true, nil
	}
	st, err = sql.ParseOne(text, sql.Options{MaxBytes: maxBytes, Unwanted: func() bool { return ctx.Err() != nil }})
	if err != nil {
		if unwanted := expr.Interrupted(ctx); unwanted != nil {
			err = unwanted
		}
		return st, false, err
	}
	s.keep(text, st)
	return st, false, nil
}

// keep numbers the parameters of a statement and remembers it, unless it is long.
func (s *statements) keep(text string, st sql.Statement) {
	number(st)
	if len(text) <= rememberedText && !sql.HoldsSecret(st.Stmt) {
		s.kept.put(text, st, bytesOf(text))
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
