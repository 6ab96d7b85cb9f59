package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// source is one item of FROM.
type source struct {
	schema, name string // as they can be referred to; an alias hides the table's schema
	alias        bool
	columns      []plan.RelationColumn
	names        []string // of the columns, aliases applied
	sorted       bool     // the time column orders the rows of a run
	scan         *plan.Scan
	first        int // index of its first column in the scope's input
}

// scope is what names mean in one SELECT: the columns of its sources, side by side.
type scope struct {
	sources []*source
	// aggs, if not nil, collects the aggregates met; else clause says where they are refused.
	aggs   *aggregates
	clause string
}

// within gives the scope for a clause that has no aggregates.
func (s *scope) within(clause string) *scope {
	c := *s
	c.aggs, c.clause = nil, clause
	return &c
}

// table resolves a table of FROM.
func (b *binder) table(t *sql.Table) (*source, error) {
	if t.Sample != nil {
		return nil, unsupported(t.Sample.Pos, "TABLESAMPLE is not supported", "")
	}
	rel, err := b.Resolver.Resolve(b.ctx, t.Name.Schema, t.Name.Name)
	if err != nil {
		return nil, place(err, t.Name.Pos)
	}
	src := &source{schema: t.Name.Schema, name: t.Name.Name, columns: rel.Columns()}
	schema := rel.Schema()
	order := schema.Order()
	src.sorted = schema.Time != 0 && len(order) > 0 && order[0] == schema.Time
	src.names = make([]string, len(src.columns))
	project := make([]int, len(src.columns))
	for i, c := range src.columns {
		src.names[i] = c.Name
		project[i] = i
	}
	src.scan = newScan(rel, project)
	if t.Alias != nil {
		src.schema, src.name, src.alias = "", t.Alias.Name, true
		if len(t.Alias.Columns) > len(src.names) {
			return nil, errorAt(t.Pos, "42P10", "table \"%s\" has %d columns available but %d columns specified", t.Alias.Name, len(src.names), len(t.Alias.Columns))
		}
		for i, c := range t.Alias.Columns {
			src.names[i] = c.Name
		}
	}
	return src, nil
}

// column resolves a column reference.
func (b *binder) column(s *scope, n *sql.ColumnRef) (expr.Expr, error) {
	name := n.Parts[len(n.Parts)-1]
	if len(n.Parts) == 1 {
		return s.unqualified(n, name)
	}
	src, err := s.find(n.Parts[:len(n.Parts)-1], n.Pos)
	if err != nil {
		return nil, err
	}
	found := -1
	for i, c := range src.names {
		if c == name {
			if found >= 0 {
				return nil, errorAt(n.Pos, "42702", "column reference \"%s\" is ambiguous", name)
			}
			found = i
		}
	}
	if found < 0 {
		return nil, errorAt(n.Pos, "42703", "column %s does not exist", strings.Join(n.Parts[len(n.Parts)-2:], "."))
	}
	return src.ref(found, n.Pos), nil
}

func (s *scope) unqualified(n *sql.ColumnRef, name string) (expr.Expr, error) {
	var hit expr.Expr
	for _, src := range s.sources {
		for i, c := range src.names {
			if c != name {
				continue
			}
			if hit != nil {
				return nil, errorAt(n.Pos, "42702", "column reference \"%s\" is ambiguous", name)
			}
			hit = src.ref(i, n.Pos)
		}
	}
	if hit == nil {
		e := errorAt(n.Pos, "42703", "column \"%s\" does not exist", name)
		if near := s.similar(name); near != "" {
			e.Hint = "Perhaps you meant to reference the column \"" + near + "\"."
		}
		return nil, e
	}
	return hit, nil
}

// find gives the source that a qualifier names.
func (s *scope) find(parts []string, pos int) (*source, error) {
	name := parts[len(parts)-1]
	schema := ""
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	for _, src := range s.sources {
		if src.name == name && (schema == "" || schema == src.schema || src.schema == "" && !src.alias) {
			return src, nil
		}
	}
	e := errorAt(pos, "42P01", "missing FROM-clause entry for table \"%s\"", name)
	for _, src := range s.sources {
		if src.alias && src.scan != nil && strings.HasSuffix(src.scan.Relation.Name(), name) {
			e.Message = "invalid reference to FROM-clause entry for table \"" + name + "\""
			e.Hint = "Perhaps you meant to reference the table alias \"" + src.name + "\"."
		}
	}
	return nil, e
}

func (src *source) ref(i, pos int) *expr.Column {
	c := src.columns[i]
	return &expr.Column{Index: src.first + i, Name: src.names[i], T: c.Type, Sorted: c.Time && src.sorted, At: pos}
}

// similar finds the visible column whose name is nearest to one that does not exist, if it is near enough.
func (s *scope) similar(name string) string {
	best, least := "", len(name)/2+1
	for _, src := range s.sources {
		for _, c := range src.names {
			if d := distance(name, c, least); d < least {
				best, least = src.name+"."+c, d
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
