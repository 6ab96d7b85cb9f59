package query

import (
	"context"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Script is a text of any number of statements, parsed.
type Script struct {
	Text       string
	Statements []sql.Statement
}

// Parse reads a text of statements, separated by semicolons.
func (s *Session) Parse(ctx context.Context, text string) (Script, error) {
	if st, ok := s.engine.statements.kept.find(text); ok {
		return Script{text, []sql.Statement{st}}, nil
	}
	list, err := sql.Parse(text, sql.Options{MaxBytes: s.engine.options.StatementBytes, Unwanted: func() bool { return ctx.Err() != nil }})
	if err != nil {
		if unwanted := expr.Interrupted(ctx); unwanted != nil {
			err = unwanted
		}
		return Script{}, located(err, text)
	}
	return Script{Text: text, Statements: list}, nil
}

// RunOne runs statement i of a script, which may have no parameters. A timeout of 0 stands for the session's, one below 0 for none.
func (s *Session) RunOne(ctx context.Context, script Script, i int, timeout time.Duration) (*Result, error) {
	st := script.Statements[i]
	if st.NumParams > 0 || len(st.ParamNames) > 0 {
		name := "$1"
		if len(st.ParamNames) > 0 {
			name = ":" + st.ParamNames[0]
		}
		return nil, column.SQLErrorf(column.Invalid, "42P02", "there is no parameter %s", name)
	}
	req := Request{SQL: script.Text, Timeout: timeout}
	if len(script.Statements) == 1 && len(script.Text) <= rememberedText {
		return s.Run(ctx, req) // its plan may be there already
	}
	return s.start(ctx, script.Text, req.timeout(s), func(r *Result) (*Result, error) {
		if done, err := s.transact(r, st.Stmt); done || err != nil {
			return r, err
		}
		run, err := s.open(r, script.Text)
		if err != nil {
			return nil, err
		}
		return run.run(st.Stmt, nil)
	})
}

// Timeout is how long a statement may take; 0 = no limit.
func (s *Session) Timeout() time.Duration { return s.settings.Timeout }

// TypeOf is the type that a type's name means.
func TypeOf(n *sql.TypeName) (column.Type, error) { return bind.TypeOf(n) }

// ResetAll gives all settings their defaults.
func (s *Session) ResetAll() error {
	s.engine.advisory.backAll(s)
	return s.settings.ResetAll()
}
