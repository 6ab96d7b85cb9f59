package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// binding is a name and what it means over the scope's input: a column, or for columns that FULL JOIN … USING merges an
// expression.
type binding struct {
	name string
	e    expr.Expr
	// unlisted says that * does not stand for it: what SEARCH and CYCLE add to a recursive query, in its own term.
	unlisted bool
}

// at gives what the field means, for use at a place of the text.
func (f binding) at(pos int) expr.Expr {
	switch e := f.e.(type) {
	case *expr.Column:
		c := *e
		c.At = pos
		return &c
	case *expr.Call:
		c := *e
		c.At = pos
		return &c
	case *expr.Case:
		c := *e
		c.At = pos
		return &c
	}
	return f.e
}

// source is an item of FROM that can stand in front of a dot.
type source struct {
	schema, name string // as it can be referred to; an alias hides a table's schema
	alias        bool
	rel          plan.Relation // the table it is; nil for anything else
	fields       []binding
	key          []int        // the fields that are its table's primary key; nil = it has none
	present      *expr.Column // true in its rows, NULL where an outer join has none; nil = it is always there
	single       bool         // a function that gives one value a row
}

// scope is what names mean in one SELECT.
type scope struct {
	sources []*source
	// fields are what a bare name can mean, in the order of *: columns that USING merged are there once.
	fields []binding
	// hidden are sources of the same FROM that cannot be read from here, for errors that say so.
	hidden []*source
	// outer is the scope around; link, if this one stands between a query and what is around it, collects what is read there.
	outer *scope
	link  *link
	// aggs, if not nil, collects the aggregates met; else clause says where they are refused.
	aggs *aggregates
	// sets, if not nil, collects the functions met that give rows; else noSets, or clause, says where they are refused.
	sets *sets
	// work says that one of the sources is the recursive query that is being bound.
	work   bool
	noSets string
	clause string
	// windows likewise collects the calls of window functions.
	windows *windows
	// gaps likewise collects the calls of locf and interpolate.
	gaps *gaps
}

// within gives the scope for a clause that has no aggregates.
func (s *scope) within(clause string) *scope {
	c := *s
	c.sets, c.noSets = nil, ""
	c.aggs, c.windows, c.clause = nil, nil, clause
	return &c
}

// add puts more sources and fields beside those that are there.
func (s *scope) add(it *item) {
	s.sources = append(s.sources[:len(s.sources):len(s.sources)], it.sources...)
	s.fields = append(s.fields[:len(s.fields):len(s.fields)], it.fields...)
}

// column resolves a column reference, in the scope or else in the one around it.
func (b *binder) column(s *scope, n *sql.ColumnRef) (expr.Expr, error) {
	e, err := s.lookup(n)
	if e != nil || err != nil {
		return e, err
	}
	var links []*link
	for out := s.outer; out != nil; out = out.outer {
		if out.link != nil {
			links = append(links, out.link)
		}
		e, err := out.lookup(n)
		if err != nil {
			return nil, err
		}
		if e != nil {
			return b.outside(links, e), nil
		}
	}
	return nil, s.unknown(n)
}

// moved gives a column reference by places further on.
func moved(e expr.Expr, by int) expr.Expr {
	c, ok := e.(*expr.Column)
	if !ok || by == 0 {
		return e
	}
	out := *c
	out.Index += by
	return &out
}

// lookup finds what a column reference means in this scope; nil without an error where it means nothing.
func (s *scope) lookup(n *sql.ColumnRef) (expr.Expr, error) {
	name := n.Parts[len(n.Parts)-1]
	fields, sources := s.fields, s.sources
	if len(n.Parts) > 1 {
		src, err := s.find(n.Parts[:len(n.Parts)-1], n.Pos)
		if src == nil || err != nil {
			return nil, err
		}
		fields, sources = src.fields, []*source{src}
	}
	found := -1
	for i := range fields {
		if fields[i].name != name {
			continue
		}
		if found >= 0 {
			return nil, errorAt(n.Pos, "42702", "column reference \"%s\" is ambiguous", name)
		}
		found = i
	}
	if found >= 0 {
		return fields[found].at(n.Pos), nil
	}
	if e := tableNumber(name, sources, n.Pos); e != nil {
		return e, nil
	}
	if len(n.Parts) == 1 {
		if src, err := s.find(n.Parts, n.Pos); err != nil || src != nil {
			return rowOf(src, err, n.Pos)
		}
	}
	if len(n.Parts) > 1 {
		return nil, errorAt(n.Pos, "42703", "column %s does not exist", strings.Join(n.Parts[len(n.Parts)-2:], "."))
	}
	return nil, nil
}

func rowOf(src *source, err error, pos int) (expr.Expr, error) {
	if err != nil {
		return nil, err
	}
	return wholeRow(src, pos), nil
}

// find gives the source that a qualifier names; nil without an error where there is none.
func (s *scope) find(parts []string, pos int) (*source, error) {
	var found *source
	for _, src := range s.sources {
		if !src.named(parts) {
			continue
		}
		if found != nil {
			return nil, errorAt(pos, "42P09", "table reference \"%s\" is ambiguous", parts[len(parts)-1])
		}
		found = src
	}
	return found, nil
}

// qualified gives the source that the qualifier of * names, in the scope or else in the one around it; links are those on the way there.
func (s *scope) qualified(parts []string, pos int) (*source, []*link, error) {
	var links []*link
	for at := s; at != nil; at = at.outer {
		if at.link != nil {
			links = append(links, at.link)
		}
		if src, err := at.find(parts, pos); src != nil || err != nil {
			return src, links, err
		}
	}
	return nil, nil, s.noSource(parts, pos)
}

func (src *source) named(parts []string) bool {
	schema := ""
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	return src.name == parts[len(parts)-1] && (schema == "" || schema == src.schema || src.schema == "" && src.rel != nil && !src.alias)
}

// unknown is the error of a reference that means nothing anywhere.
func (s *scope) unknown(n *sql.ColumnRef) error {
	if len(n.Parts) > 1 {
		return s.noSource(n.Parts[:len(n.Parts)-1], n.Pos)
	}
	e := errorAt(n.Pos, "42703", "column \"%s\" does not exist", n.Parts[0])
	if near := s.similar(n.Parts[0]); near != "" {
		e.Hint = "Perhaps you meant to reference the column \"" + near + "\"."
	}
	return e
}

// noSource is the error of a qualifier that names nothing that can be read here.
func (s *scope) noSource(parts []string, pos int) error {
	name := parts[len(parts)-1]
	for at := s; at != nil; at = at.outer {
		for _, src := range at.sources {
			if src.alias && src.rel != nil && strings.HasSuffix(src.rel.Name(), "."+name) {
				e := errorAt(pos, "42P01", "invalid reference to FROM-clause entry for table \"%s\"", name)
				e.Hint = "Perhaps you meant to reference the table alias \"" + src.name + "\"."
				return e
			}
		}
		for _, src := range at.hidden {
			if src.named(parts) {
				e := errorAt(pos, "42P01", "invalid reference to FROM-clause entry for table \"%s\"", name)
				e.Detail = "There is an entry for table \"" + name + "\", but it cannot be referenced from this part of the query."
				return e
			}
		}
	}
	return errorAt(pos, "42P01", "missing FROM-clause entry for table \"%s\"", name)
}

// similar finds the visible column whose name is nearest to one that does not exist, if it is near enough.
func (s *scope) similar(name string) string {
	best, least := "", len(name)/2+1
	for _, src := range s.sources {
		for _, f := range src.fields {
			if d := distance(name, f.name, least); d < least {
				best, least = src.name+"."+f.name, d
			}
		}
	}
	return best
}

// distance is the number of edits between two names, or limit if it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
