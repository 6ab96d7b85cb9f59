package catalog

import (
	"context"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/setting"
)

func quoteName(name string) string { return setting.QuoteIdent(name) }

// sequenceRelation is a sequence as a relation of one row, which says where it stands.
type sequenceRelation struct {
	view *View
	q    *meta.Sequence
}

var sequenceSchema = column.Schema{Version: 1, Fields: []column.Field{
	{ID: 1, Name: "last_value", Type: tInt8, NotNull: true},
	{ID: 2, Name: "log_cnt", Type: tInt8, NotNull: true},
	{ID: 3, Name: "is_called", Type: tBool, NotNull: true},
}}

// SequenceRelation gives a sequence as a relation.
func (v *View) SequenceRelation(q *meta.Sequence) plan.Relation { return &sequenceRelation{v, q} }

func (r *sequenceRelation) Name() string                { return r.q.Schema + "." + r.q.Name }
func (r *sequenceRelation) Schema() *column.Schema      { return &sequenceSchema }
func (r *sequenceRelation) Series() []scan.SeriesFilter { return nil }
func (r *sequenceRelation) Source() scan.Source         { return r }
func (r *sequenceRelation) Rows() int64                 { return 1 }

// OID is the relation's number, for tableoid.
func (r *sequenceRelation) OID() int64 { return tableOID(r.q.ID) }

// Columns are those of every sequence.
func (r *sequenceRelation) Columns() []plan.RelationColumn {
	var out []plan.RelationColumn
	for _, f := range sequenceSchema.Fields {
		out = append(out, plan.RelationColumn{Name: f.Name, Type: f.Type, ID: f.ID, NotNull: true})
	}
	return out
}

// Morsels implements scan.Source.
func (r *sequenceRelation) Morsels(_ context.Context, req *scan.Request) ([]scan.Morsel, scan.Stats, error) {
	return []scan.Morsel{&sequenceMorsel{r, req, false}}, scan.Stats{}, nil
}

// sequenceMorsel is the one row, and its own reader.
type sequenceMorsel struct {
	*sequenceRelation
	request *scan.Request
	done    bool
}

// Open implements scan.Morsel.
func (m *sequenceMorsel) Open(context.Context, *mem.Pool) (scan.Reader, error) {
	return &sequenceMorsel{m.sequenceRelation, m.request, false}, nil
}

// Next implements scan.Reader.
func (m *sequenceMorsel) Next(context.Context) (*scan.Batch, error) {
	if m.done {
		return nil, io.EOF
	}
	m.done = true
	last, called := m.view.Sequences.Stand(m.q)
	b := &scan.Batch{Len: 1}
	for _, id := range m.request.Columns {
		switch id {
		case 1:
			b.Columns = append(b.Columns, column.NewInts(tInt8, []int64{last}, nil))
		case 2:
			b.Columns = append(b.Columns, column.NewInts(tInt8, []int64{0}, nil))
		default:
			b.Columns = append(b.Columns, column.NewBools([]bool{called}, nil))
		}
	}
	return b, nil
}

// Close implements scan.Reader.
func (m *sequenceMorsel) Close() error { return nil }
