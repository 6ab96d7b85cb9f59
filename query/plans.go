package query

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// plans remembers optimized plans. A plan fits a statement of the same text and parameters, in the same database and with the same settings,
// as long as every name in it means a relation with the very same schema and columns: the labels of a metric are among these. That is
// looked up again each time, in the statement's own snapshot; what is kept holds no snapshot.
//
// Plans that depend on the moment are not kept: now() has become a constant in them, and so has the value of a subquery that ran first.
//
// A text with parameters has a general plan where that can be: its parameters are still parameters, and scans find out what they may
// leave out when they are opened. So has the shape of texts that differ only in the strings they compare with (see sql.Shape).
type plans struct {
	kept         *lru[*keptPlan]
	hits, misses atomic.Int64
}

// keptPlan is a plan over placeholders.
type keptPlan struct {
	root  plan.Node
	names []*placeholder
	types []column.Type // of the parameters of a general plan
	// constants of a general plan are computed when the parameters have values.
	constants []constant
}

// planBytes is what a plan takes beside its text: the trees of the queries of bench/tsbs hold 10 to 20 KiB.
const planBytes = 24 << 10

func newPlans(limit int64) *plans { return &plans{kept: newLRU[*keptPlan](limit)} }

// placeholder stands for a relation in a plan that is kept.
type placeholder struct {
	schema, name string       // as they were written
	id           meta.TableID // what a view meant, in the place of a name; 0 = it was written
	view         *meta.View   // it is one, whose query stands in its place
	stored       *column.Schema
	columns      []plan.RelationColumn
	indexes      []*meta.Index
}

func (p *placeholder) Name() string                   { return p.name }
func (p *placeholder) Schema() *column.Schema         { return p.stored }
func (p *placeholder) Columns() []plan.RelationColumn { return p.columns }
func (p *placeholder) Series() []scan.SeriesFilter    { return nil }
func (p *placeholder) Source() scan.Source            { return nil }
func (p *placeholder) Rows() int64                    { return 0 }

// fits reports whether a relation is what the plan was made for. Schemas are immutable, and each version of a table's is one object.
func (p *placeholder) fits(r plan.Relation) bool {
	if v, ok := r.(plan.View); ok || p.view != nil {
		return ok && v.Definition() == p.view // each version of a view's definition is one object
	}
	return r.Schema() == p.stored && slices.Equal(r.Columns(), p.columns) && slices.Equal(indexesOf(r), p.indexes)
}

// indexesOf lists a relation's indexes. Each version of one is an object of its own.
func indexesOf(r plan.Relation) []*meta.Index {
	if x, ok := r.(plan.Indexed); ok {
		return x.Indexes()
	}
	return nil
}

// resolved notes what names meant while a plan was bound.
type resolved struct {
	plan.Resolver
	names map[plan.Relation]*placeholder
}

func (r *resolved) Resolve(ctx context.Context, schema, name string) (plan.Relation, error) {
	rel, err := r.Resolver.Resolve(ctx, schema, name)
	if err == nil {
		r.note(rel, &placeholder{schema: schema, name: name})
	}
	return rel, err
}

// ResolveAsOf implements plan.Past. Statements that read the past have no plans that are kept.
func (r *resolved) ResolveAsOf(ctx context.Context, schema, name string, at plan.AsOf) (plan.Relation, error) {
	past, ok := r.Resolver.(plan.Past)
	if !ok {
		return nil, errNoPast()
	}
	return past.ResolveAsOf(ctx, schema, name, at)
}

// ResolveChanges implements plan.Past.
func (r *resolved) ResolveChanges(ctx context.Context, schema, name string, from, to plan.AsOf) (plan.Relation, error) {
	past, ok := r.Resolver.(plan.Past)
	if !ok {
		return nil, errNoPast()
	}
	return past.ResolveChanges(ctx, schema, name, from, to)
}

// ResolveID implements plan.ByID.
func (r *resolved) ResolveID(ctx context.Context, id meta.TableID) (plan.Relation, error) {
	rel, err := r.Resolver.(plan.ByID).ResolveID(ctx, id)
	if err == nil {
		r.note(rel, &placeholder{id: id})
	}
	return rel, err
}

func (r *resolved) note(rel plan.Relation, p *placeholder) {
	p.stored, p.columns, p.indexes = rel.Schema(), rel.Columns(), indexesOf(rel)
	if v, ok := rel.(plan.View); ok {
		p.view = v.Definition()
	}
	r.names[rel] = p
}

// planKey names everything that a plan depends on but the relations, behind what tells kinds of keys apart.
func planKey(s *Session, kind, text string, params []*string) string {
	b := append(make([]byte, 0, 128+len(text)), kind...)
	add := func(part string) {
		b = append(strconv.AppendInt(b, int64(len(part)), 10), ':')
		b = append(b, part...)
	}
	add(s.database)
	add(s.settings.PlanKey())
	add(s.settings.User)
	for _, rule := range slices.Sorted(maps.Keys(s.Tuning.RulesOff)) {
		add(rule)
	}
	b = append(b, '.')
	add(text)
	for _, p := range params {
		if p == nil {
			b = append(b, '-')
			continue
		}
		add(*p)
	}
	return string(b)
}

// find gives a plan over the relations of a snapshot; nil if none is kept that fits.
func (p *plans) find(ctx context.Context, key string, names plan.Resolver) (plan.Node, error) {
	k, ok := p.kept.find(key)
	if !ok {
		p.misses.Add(1)
		return nil, nil
	}
	root, err := k.in(ctx, names)
	if err != nil {
		return nil, err
	}
	if root == nil {
		p.misses.Add(1)
		return nil, nil
	}
	p.hits.Add(1)
	return root, nil
}

// in gives the plan over the relations of a snapshot; nil if it no longer fits them.
func (k *keptPlan) in(ctx context.Context, names plan.Resolver) (plan.Node, error) {
	if k.root == nil {
		return nil, nil
	}
	now := make(map[plan.Relation]plan.Relation, len(k.names))
	for _, name := range k.names {
		r, err := name.resolve(ctx, names)
		if err != nil && column.ClassOf(err) != column.NotFound {
			return nil, err
		}
		if err != nil || !name.fits(r) {
			return nil, nil
		}
		now[name] = r
	}
	return over(k.root, func(r plan.Relation) plan.Relation { return now[r] }), nil
}

func (p *placeholder) resolve(ctx context.Context, names plan.Resolver) (plan.Relation, error) {
	if p.id != 0 {
		return names.(plan.ByID).ResolveID(ctx, p.id)
	}
	return names.Resolve(ctx, p.schema, p.name)
}

// keep remembers a plan whose relations all come from names.
func (p *plans) keep(key string, root plan.Node, names map[plan.Relation]*placeholder) {
	if k := keptOf(root, names); k != nil {
		p.kept.put(key, k, planBytes+bytesOf(key))
	}
}

// keptOf makes a plan that holds no snapshot; nil if a relation in it comes from no name.
func keptOf(root plan.Node, names map[plan.Relation]*placeholder) *keptPlan {
	k := &keptPlan{}
	known := true
	k.root = over(root, func(r plan.Relation) plan.Relation {
		name := names[r]
		if name == nil {
			known = false
			return r
		}
		if !slices.Contains(k.names, name) {
			k.names = append(k.names, name)
		}
		return name
	})
	if !known {
		return nil
	}
	for _, p := range names { // views are not in the plan, but it is right only as long as they are the same
		if p.view == nil {
			continue
		}
		inner, err := sql.ParseOne(p.view.Query, sql.Options{})
		if err != nil || !keepable(inner.Stmt, p.view.Query, nil, catalog.Functions()) {
			return nil
		}
		k.names = append(k.names, p)
	}
	return k
}

// over gives a plan with other relations.
func over(n plan.Node, relation func(plan.Relation) plan.Relation) plan.Node {
	if s, ok := n.(*plan.Scan); ok {
		c := *s
		c.Relation = relation(s.Relation)
		return &c
	}
	inputs := n.Inputs()
	if len(inputs) == 0 {
		return n
	}
	next := make([]plan.Node, len(inputs))
	for i, in := range inputs {
		next[i] = over(in, relation)
	}
	return n.With(next)
}

// keepable reports whether a plan of the statement is right at another moment: it is a query that calls nothing that depends on more than
// its arguments and the time zone, and no text in it could be a word for a time.
func keepable(st sql.Stmt, text string, params []*string, functions *fn.Registry) bool {
	if _, ok := st.(*sql.Query); !ok || len(text) > rememberedText || momentary(text) {
		return false
	}
	for _, p := range params {
		if p != nil && (len(*p) > rememberedText || momentary(*p)) {
			return false
		}
	}
	timeless := true
	sql.Walk(st, func(n sql.Node) bool {
		switch n := n.(type) {
		case *sql.Table: // a version that is there today may be gone tomorrow
			timeless = timeless && n.AsOf == nil
		case *sql.FuncCall:
			timeless = timeless && n.Name.Name != "table_changes" && functions.Timeless(n.Name.Name)
		case *sql.TypeName: // what a name means changes with the catalog
			timeless = timeless && !strings.HasPrefix(n.Name, "reg")
		}
		return timeless
	})
	return timeless
}

// momentary reports whether a text holds one of the words that PostgreSQL reads as a time of its own.
func momentary(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"now", "today", "tomorrow", "yesterday"}, func(word string) bool { return strings.Contains(text, word) })
}
