package bind

import (
	"errors"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Defaults, generated columns and checks are kept as SQL text. They are read and bound anew by each statement that needs them, so that they always mean
// what the catalog says now; what they say has been checked when they were declared.

// ruleKind is what an expression of a table's description is for.
type ruleKind struct {
	clause    string // as errors about it say
	functions string // for errors about aggregates and the like
	columns   bool   // it may read columns
}

var (
	defaultRule   = &ruleKind{"DEFAULT expression", "DEFAULT expressions", false}
	checkRule     = &ruleKind{"check constraint", "check constraints", true}
	generatedRule = &ruleKind{"column generation expression", "column generation expressions", true}
	transformRule = &ruleKind{"transform expression", "transform expressions", true}
)

// parseRule reads an expression that the catalog keeps.
func parseRule(text string) (sql.Expr, error) {
	e, err := sql.ParseExpr(text, sql.Options{})
	if err != nil {
		return nil, column.Errorf(column.Corrupt, "the catalog holds an expression that cannot be read: %w", err)
	}
	return sql.Unplaced(e), nil
}

// rule binds an expression of a table's description over its columns, which stand from column first on.
func (b *binder) rule(k *ruleKind, table string, schema *column.Schema, first int, n sql.Expr) (expr.Expr, error) {
	if err := k.plain(n); err != nil {
		return nil, err
	}
	s := &scope{clause: k.functions}
	if k.columns {
		src := &source{name: table}
		for i, f := range schema.Fields {
			src.fields = append(src.fields, binding{name: f.Name, e: &expr.Column{Index: first + i, Name: f.Name, T: f.Type}})
		}
		s.sources, s.fields = []*source{src}, src.fields
	}
	restore := b.alone()
	defer restore()
	e, err := b.expr(s, n)
	var refused *column.Error
	if errors.As(err, &refused) && refused.SQLState == "0A000" && strings.HasPrefix(refused.Message, "set-returning") {
		plain := *refused
		plain.Hint = "" // there is no FROM to move it to
		return nil, &plain
	}
	return e, err
}

// alone lets the binder see nothing around what is bound next, until the function it returns is called.
func (b *binder) alone() (restore func()) {
	outer, with := b.outer, b.with
	b.outer, b.with = nil, nil
	return func() { b.outer, b.with = outer, with }
}

// plain refuses what an expression of a table's description cannot have, by its text.
func (k *ruleKind) plain(n sql.Expr) error {
	var err error
	sql.Walk(n, func(n sql.Node) bool {
		if err != nil {
			return false
		}
		switch n := n.(type) {
		case *sql.Subquery, *sql.Exists, *sql.ArrayQuery, *sql.Query:
			err = errorAt(n.Position(), "0A000", "cannot use subquery in %s", k.clause)
		case *sql.Param:
			err = errorAt(n.Pos, "42P02", "there is no parameter $%d", n.Index)
		case *sql.ColumnRef:
			if !k.columns {
				err = errorAt(n.Pos, "0A000", "cannot use column reference in %s", k.clause)
			}
		}
		return err == nil
	})
	return err
}

// immutable reports an expression that has one value for the same row, whenever and wherever it is computed. What is constant inside a statement has
// become a literal when it is bound: the text tells.
func (b *binder) immutable(n sql.Expr, e expr.Expr) bool {
	fixed := true
	sql.Walk(n, func(n sql.Node) bool {
		if c, ok := n.(*sql.FuncCall); ok {
			fixed = fixed && b.Functions.Timeless(c.Name.Name)
		}
		return fixed
	})
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && (c.Fn.Volatile || c.Fn.Stable) {
			fixed = false
		}
		return fixed
	})
	return fixed
}

// fieldsIn lists the fields that an expression over a table's columns reads.
func fieldsIn(e expr.Expr, schema *column.Schema, first int) []column.ID {
	var out []column.ID
	for _, i := range expr.Columns(e) {
		if id := schema.Fields[i-first].ID; !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// valueRule brings a default or a generated value to its column's type.
func (b *binder) valueRule(e expr.Expr, f *column.Field) (expr.Expr, error) {
	from := e.Type()
	if from != unknown && !b.Functions.CanCast(from, f.Type, fn.Assignment) {
		err := errorAt(e.Pos(), "42804", "column \"%s\" is of type %s but default expression is of type %s", f.Name, f.Type, from)
		err.Hint = "You will need to rewrite or cast the expression."
		err.Position = 0
		return nil, err
	}
	out, err := b.coerce(e, f.Type, fn.Assignment)
	if err != nil {
		return nil, err
	}
	return b.bounded(out, f.Type, f.Mod, false), nil
}

// renamed gives the text of an expression with another name for a column.
func renamed(text, from, to string) (string, error) {
	e, err := parseRule(text)
	if err != nil {
		return "", err
	}
	sql.Walk(e, func(n sql.Node) bool {
		if c, ok := n.(*sql.ColumnRef); ok && c.Parts[len(c.Parts)-1] == from {
			c.Parts = []string{to}
		}
		return true
	})
	return sql.Format(e), nil
}

// reads reports whether an expression that the catalog keeps names a column.
func reads(text, name string) bool {
	e, err := parseRule(text)
	found := false
	if err == nil {
		sql.Walk(e, func(n sql.Node) bool {
			c, ok := n.(*sql.ColumnRef)
			found = found || ok && c.Parts[len(c.Parts)-1] == name
			return !found
		})
	}
	return found
}

// bare takes the table's name out of references to its columns: the text outlives a change of it.
func bare(n sql.Expr) sql.Expr {
	n = sql.Clone(n)
	sql.Walk(n, func(n sql.Node) bool {
		if c, ok := n.(*sql.ColumnRef); ok {
			c.Parts = c.Parts[len(c.Parts)-1:]
		}
		return true
	})
	return n
}

// usedSequences lists the sequences that an expression takes values of, by their numbers.
func usedSequences(text string) []meta.TableID {
	e, err := parseRule(text)
	if err != nil {
		return nil
	}
	var out []meta.TableID
	sql.Walk(e, func(n sql.Node) bool {
		if c, ok := n.(*sql.Cast); ok && c.Type.Name == "regclass" {
			if l, ok := c.Expr.(*sql.Literal); ok {
				if id := sequenceNumbered(l.Text); id != 0 {
					out = append(out, id)
				}
			}
		}
		return true
	})
	return out
}
