package bind

import (
	"math"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// regclassNumber writes the number of a relation as one.
func regclassNumber(oid int64) sql.Expr {
	return &sql.Cast{
		Expr: &sql.Literal{Kind: sql.LitString, Text: strconv.FormatInt(oid, 10)}, Type: &sql.TypeName{Name: "regclass"},
	}
}

// nextOf takes a number of a sequence.
func nextOf(id meta.TableID) sql.Expr {
	return &sql.FuncCall{Name: sql.Name{Name: "nextval"}, Args: []sql.Expr{regclassNumber(catalog.RelationOID(id))}}
}

// identityOf gives the sequence of an identity column, nil if there is none.
func identityOf(c *meta.Snapshot, t *meta.Table, id column.ID) *meta.Sequence {
	for _, q := range c.Sequences(t.Database) {
		if q.Table == t.ID && q.Column == id && q.Identity {
			return q
		}
	}
	return nil
}

// sequenceNumbered is the relation whose number a text is; 0 if it is none.
func sequenceNumbered(text string) meta.TableID {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return catalog.RelationNumbered(n)
}

func (b *binder) createSequence(n *sql.CreateSequence) (plan.Statement, error) {
	d, err := b.defining("CREATE SEQUENCE", n.Pos)
	if err != nil {
		return nil, err
	}
	if n.Temp {
		return nil, unsupported(n.Pos, "temporary sequences are not supported", "Create an ordinary sequence and drop it.")
	}
	schema, err := d.creationSchema(n.Name)
	if err != nil {
		return nil, err
	}
	if d.hasName(schema, n.Name.Name) {
		if n.IfNotExists {
			d.notice("42P07", "relation \"%s\" already exists, skipping", n.Name.Name)
			return d.finish()
		}
		return nil, errDuplicate(n.Name.Name)
	}
	q := meta.Sequence{Database: d.Database.ID, Schema: schema, Name: n.Name.Name, Type: column.Int64}
	if err := d.sequenceOptions(&q, n.Options, nil); err != nil {
		return nil, err
	}
	d.do(meta.Command{CreateSequence: &meta.CreateSequence{Sequence: q}})
	return d.finish()
}

func (b *binder) alterSequence(n *sql.AlterSequence) (plan.Statement, error) {
	d, err := b.defining("ALTER SEQUENCE", n.Pos)
	if err != nil {
		return nil, err
	}
	f := d.find(n.Name)
	switch {
	case f == nil && n.IfExists:
		d.skipping("relation", n.Name)
		return d.finish()
	case f == nil:
		return nil, d.missing("relation", n.Name)
	case f.sequence == nil:
		return nil, column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not a sequence", n.Name.Name)
	}
	q := *f.sequence
	for _, o := range n.Options {
		if o.Word == "owned by" && q.Identity {
			e := column.SQLErrorf(column.Unsupported, "0A000", "cannot change ownership of identity sequence")
			e.Detail = "Sequence \"" + q.Name + "\" is linked to table \"" + d.Catalog.TableByID(q.Table).Name + "\"."
			return nil, e
		}
	}
	a := &meta.AlterSequence{From: q.Changed}
	if err := d.sequenceOptions(&q, n.Options, &a.Restart); err != nil {
		return nil, err
	}
	a.Sequence = q
	d.do(meta.Command{AlterSequence: a})
	return d.finish()
}

// sequenceOptions applies options to a sequence, which is new unless restart is given; that then says whether where it stands is set, too.
func (d *definition) sequenceOptions(q *meta.Sequence, list []sql.SequenceOption, restart *bool) error {
	given := map[string]*sql.SequenceOption{}
	for i := range list {
		o := &list[i]
		word := strings.TrimPrefix(o.Word, "no ")
		if given[word] != nil {
			return errorAt(o.Pos, "42601", "conflicting or redundant options")
		}
		given[word] = o
	}
	fresh := restart == nil
	typeChanged := false
	if o := given["as"]; o != nil {
		t, err := typeOf(o.Type)
		if err != nil {
			return err
		}
		if !t.IsInteger() {
			return column.SQLErrorf(column.Invalid, "22023", "sequence type must be smallint, integer, or bigint")
		}
		typeChanged = !fresh && q.Type != t.Kind
		low, high := sequenceBounds(q.Type)
		resetMin, resetMax := typeChanged && q.Min == low, typeChanged && q.Max == high
		q.Type = t.Kind
		if resetMin {
			q.Min, _ = sequenceBounds(q.Type)
		}
		if resetMax {
			_, q.Max = sequenceBounds(q.Type)
		}
	}
	s := sequenceSetting{given: given, q: q, fresh: fresh}
	if err := s.apply(restart); err != nil {
		return err
	}
	if o := given["owned by"]; o != nil {
		return d.ownSequence(q, o)
	}
	return nil
}

func sequenceBounds(k column.Kind) (low, high int64) {
	switch k {
	case column.Int16:
		return math.MinInt16, math.MaxInt16
	case column.Int32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// sequenceSetting computes what options mean together, in PostgreSQL's order and words.
type sequenceSetting struct {
	given map[string]*sql.SequenceOption
	q     *meta.Sequence
	fresh bool
}

// number reads an option's value.
func (s *sequenceSetting) number(word string) (int64, bool, error) {
	o := s.given[word]
	if o == nil || o.Value == "" {
		return 0, false, nil
	}
	v, err := strconv.ParseInt(o.Value, 10, 64)
	if err != nil {
		if strings.ContainsAny(o.Value, ".eE") {
			return 0, false, errorAt(o.Pos, "42601", "%s requires an integer value", word)
		}
		return 0, false, column.SQLErrorf(column.Invalid, "22003", "value \"%s\" is out of range for type bigint", o.Value)
	}
	return v, true, nil
}

func wrongSequence(format string, args ...any) error {
	return column.SQLErrorf(column.Invalid, "22023", format, args...)
}

var sequenceTypes = map[column.Kind]string{column.Int16: "smallint", column.Int32: "integer", column.Int64: "bigint"}

func (s *sequenceSetting) apply(restart *bool) error {
	q := s.q
	by, set, err := s.number("increment")
	switch {
	case err != nil:
		return err
	case set && by == 0:
		return wrongSequence("INCREMENT must not be zero")
	case set:
		q.Increment = by
	case s.fresh:
		q.Increment = 1
	}
	if o := s.given["cycle"]; o != nil {
		q.Cycle = o.Word == "cycle"
	}
	if err := s.bounds(); err != nil {
		return err
	}
	start, set, err := s.number("start")
	switch {
	case err != nil:
		return err
	case set:
		q.Start = start
	case s.fresh && q.Increment > 0:
		q.Start = q.Min
	case s.fresh:
		q.Start = q.Max
	}
	if q.Start < q.Min {
		return wrongSequence("START value (%d) cannot be less than MINVALUE (%d)", q.Start, q.Min)
	}
	if q.Start > q.Max {
		return wrongSequence("START value (%d) cannot be greater than MAXVALUE (%d)", q.Start, q.Max)
	}
	if s.fresh {
		q.Last, q.Called = q.Start, false
	}
	if s.given["restart"] != nil {
		at, set, err := s.number("restart")
		if err != nil {
			return err
		}
		if !set {
			at = q.Start
		}
		q.Last, q.Called = at, false
		if restart != nil {
			*restart = true
		}
	}
	if q.Last < q.Min {
		return wrongSequence("RESTART value (%d) cannot be less than MINVALUE (%d)", q.Last, q.Min)
	}
	if q.Last > q.Max {
		return wrongSequence("RESTART value (%d) cannot be greater than MAXVALUE (%d)", q.Last, q.Max)
	}
	cache, set, err := s.number("cache")
	switch {
	case err != nil:
		return err
	case set && cache <= 0:
		return wrongSequence("CACHE (%d) must be greater than zero", cache)
	case set:
		q.Cache = cache
	case s.fresh:
		q.Cache = 1
	}
	return nil
}

func (s *sequenceSetting) bounds() error {
	q := s.q
	low, high := sequenceBounds(q.Type)
	name := sequenceTypes[q.Type]
	top, set, err := s.number("maxvalue")
	if err != nil {
		return err
	}
	switch {
	case set:
		q.Max = top
	case s.fresh || s.given["maxvalue"] != nil:
		if q.Max = -1; q.Increment > 0 {
			q.Max = high
		}
	}
	if q.Max < low || q.Max > high {
		return wrongSequence("MAXVALUE (%d) is out of range for sequence data type %s", q.Max, name)
	}
	bottom, set, err := s.number("minvalue")
	if err != nil {
		return err
	}
	switch {
	case set:
		q.Min = bottom
	case s.fresh || s.given["minvalue"] != nil:
		if q.Min = 1; q.Increment < 0 {
			q.Min = low
		}
	}
	if q.Min < low || q.Min > high {
		return wrongSequence("MINVALUE (%d) is out of range for sequence data type %s", q.Min, name)
	}
	if q.Min >= q.Max {
		return wrongSequence("MINVALUE (%d) must be less than MAXVALUE (%d)", q.Min, q.Max)
	}
	return nil
}

// ownSequence makes a sequence belong to a column, or to none.
func (d *definition) ownSequence(q *meta.Sequence, o *sql.SequenceOption) error {
	q.Table, q.Column = 0, 0
	if o.Owner == nil {
		return nil
	}
	if len(o.Owner) < 2 {
		e := errorAt(o.Pos, "42601", "invalid OWNED BY option")
		e.Hint = "Specify OWNED BY table.column or OWNED BY NONE."
		e.Position = 0
		return e
	}
	n := sql.Name{Pos: o.Pos, Name: o.Owner[len(o.Owner)-2]}
	if len(o.Owner) > 2 {
		n.Schema = o.Owner[len(o.Owner)-3]
	}
	f := d.find(n)
	switch {
	case f == nil:
		return d.missing("relation", n)
	case f.table == nil:
		e := column.SQLErrorf(column.Invalid, "42809", "sequence cannot be owned by relation \"%s\"", f.name)
		e.Detail = "This operation is not supported for " + f.kind() + "s."
		return e
	case f.schema != q.Schema:
		return column.SQLErrorf(column.Invalid, "55000", "sequence must be in same schema as table it is linked to")
	}
	i := f.table.Columns.Lookup(o.Owner[len(o.Owner)-1])
	if i < 0 {
		return column.SQLErrorf(column.Invalid, "42703", "column \"%s\" of relation \"%s\" does not exist", o.Owner[len(o.Owner)-1], f.name)
	}
	q.Table, q.Column = f.table.ID, f.table.Columns.Fields[i].ID
	return nil
}
