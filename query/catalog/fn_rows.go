package catalog

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/sql"
)

// addRowFunctions adds the functions about the system that give rows.
func addRowFunctions(r *fn.Registry) {
	r.AddSets(&expr.SetFunction{
		Name: "pg_get_keywords", Stable: true, Doc: "the words of the grammar, and where each may stand",
		Columns: []expr.SetColumn{
			{Name: "word", Type: tText},
			{Name: "catcode", Type: column.T(column.InternalChar)},
			{Name: "barelabel", Type: tBool},
			{Name: "catdesc", Type: tText},
			{Name: "baredesc", Type: tText},
		},
		Open: func(*expr.Context, []*column.Vector, int) (expr.Rows, error) {
			return &keywordRows{list: sql.Keywords()}, nil
		},
	})
	r.AddSets(explodeACL)
	for _, t := range []column.Type{column.Int2Vector, column.OIDVector, column.ArrayOf(tInt2), column.ArrayOf(tInt4), column.ArrayOf(tOID), column.ArrayOf(tText)} {
		r.AddSets(&expr.SetFunction{
			Name: "_pg_expandarray", Args: types(t), Strict: true, Doc: "a row for each element, with its place from 1 on",
			Columns: []expr.SetColumn{{Name: "x", Type: t.Element()}, {Name: "n", Type: tInt4}},
			Open: func(_ *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
				a, err := array.Decode(args[0].Bytes(i), t.Element())
				return &placedRows{elements: a.Elements}, err
			},
		})
	}
}

// categories are the descriptions of sql.Keyword's.
var categories = map[byte]string{
	'U': "unreserved", 'C': "unreserved (cannot be function or type name)", 'T': "reserved (can be function or type name)", 'R': "reserved",
}

// keywordRows are the rows of pg_get_keywords.
type keywordRows struct{ list []sql.Keyword }

// Next implements expr.Rows.
func (k *keywordRows) Next(out []*column.Builder, most int) (int, error) {
	n := min(most, len(k.list))
	for _, w := range k.list[:n] {
		out[0].AppendString(w.Word)
		out[1].AppendString(string(w.Category))
		out[2].AppendBool(w.BareLabel)
		out[3].AppendString(categories[w.Category])
		if w.BareLabel {
			out[4].AppendString("can be bare label")
		} else {
			out[4].AppendString("requires AS")
		}
	}
	k.list = k.list[n:]
	return n, nil
}

// placedRows are the elements of an array with their places.
type placedRows struct {
	elements *column.Vector
	next     int
}

// Next implements expr.Rows.
func (p *placedRows) Next(out []*column.Builder, most int) (int, error) {
	if p.elements == nil {
		return 0, nil
	}
	n := min(most, p.elements.Len-p.next)
	for i := p.next; i < p.next+n; i++ {
		out[0].AppendRow(p.elements, i)
		out[1].AppendInt(int64(i + 1))
	}
	p.next += n
	return n, nil
}
