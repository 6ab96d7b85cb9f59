package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// relation is a table in memory with columns of any type.
type relation struct {
	table
	columns []plan.RelationColumn
}

func (r *relation) Name() string                   { return "public.r" }
func (r *relation) Schema() *column.Schema         { return &column.Schema{Tags: []column.ID{1}} }
func (r *relation) Columns() []plan.RelationColumn { return r.columns }
func (r *relation) Series() []scan.SeriesFilter    { return nil }
func (r *relation) Source() scan.Source            { return &r.table }
func (r *relation) Rows() int64                    { return 0 }

func newRelation(types ...column.Type) *relation {
	r := &relation{}
	for i, t := range types {
		r.columns = append(r.columns, plan.RelationColumn{Name: fmt.Sprint("c", i), Type: t, ID: column.ID(i + 1)})
	}
	return r
}

func (r *relation) scan() *plan.Scan {
	n := &plan.Scan{Relation: r, Time: scan.AllTime}
	for i := range r.columns {
		n.Project = append(n.Project, i)
	}
	return n
}

// domains are a few values of each type, among them those that are equal and look different. The last is NULL.
func domain(k column.Kind) *column.Vector {
	b := column.NewBuilder(column.T(k), 8)
	switch k {
	case column.Int64:
		for _, v := range []int64{0, 1, -1, math.MinInt64, 1 << 40} {
			b.AppendInt(v)
		}
	case column.Float64:
		for _, v := range []float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000123), 1.5, math.Inf(1)} {
			b.AppendFloat(v)
		}
	case column.Bool:
		b.AppendBool(true)
		b.AppendBool(false)
	case column.IntervalKind:
		for _, v := range []column.Interval{{Months: 1}, {Days: 30}, {Micros: 30 * 86_400_000_000}, {Days: 1}} {
			b.AppendInterval(v)
		}
	case column.Numeric:
		for _, v := range []string{"1", "1.0", "-1", "0.00", "0", "NaN"} {
			b.AppendString(v)
		}
	default:
		for _, v := range []string{"", "a", "a\x00", strings.Repeat("long ", 9)} {
			b.AppendString(v)
		}
	}
	b.AppendNull()
	return b.Finish()
}

// sameKey is equality as SQL has it, told another way than by the operator.
func sameKey(a *column.Vector, i int, b *column.Vector, k int) bool {
	if a.IsNull(i) || b.IsNull(k) {
		return false
	}
	switch a.Type.Kind {
	case column.Int64:
		return a.Int(i) == b.Int(k)
	case column.Float64:
		x, y := a.Float(i), b.Float(k)
		return x == y || math.IsNaN(x) && math.IsNaN(y)
	case column.Bool:
		return a.Bool(i) == b.Bool(k)
	case column.IntervalKind:
		total := func(v column.Interval) int64 { return (int64(v.Months)*30+int64(v.Days))*86_400_000_000 + v.Micros }
		return total(a.Interval(i)) == total(b.Interval(k))
	case column.Numeric:
		x, _, _ := apd.NewFromString(string(a.Bytes(i)))
		y, _, _ := apd.NewFromString(string(b.Bytes(k)))
		return x.Form == y.Form && (x.Form == apd.NaN || x.Cmp(y) == 0)
	}
	return string(a.Bytes(i)) == string(b.Bytes(k))
}

// encode lays picked rows of a domain out in a random encoding.
func encode(t *rapid.T, values *column.Vector, rows []int32) *column.Vector {
	flat := column.Gather(values, rows)
	switch rapid.SampledFrom([]column.Encoding{column.Flat, column.Dict, column.RunEnd, column.Const}).Draw(t, "encoding") {
	case column.Dict:
		codes := make([]uint32, len(rows))
		for i, r := range rows {
			codes[i] = uint32(r)
		}
		return &column.Vector{Type: values.Type, Enc: column.Dict, Len: len(rows), Child: values, Codes: codes}
	case column.RunEnd:
		var kept, ends []int32
		for i, r := range rows {
			if i == len(rows)-1 || rows[i+1] != r {
				kept, ends = append(kept, r), append(ends, int32(i+1))
			}
		}
		return &column.Vector{Type: values.Type, Enc: column.RunEnd, Len: len(rows), Child: column.Gather(values, kept), Ends: ends}
	case column.Const:
		if slices.Min(rows) == slices.Max(rows) {
			return column.NewConst(flat, 0, len(rows))
		}
	}
	return flat
}

// side is a random relation, and its rows in the order of the batches: the keys, a number that is the row's own, and one
// for conditions.
type side struct {
	*relation
	rows *scan.Batch // flat
}

func drawSide(t *rapid.T, domains []*column.Vector, distinct bool) side {
	types := []column.Type{}
	for _, d := range domains {
		types = append(types, d.Type)
	}
	s := side{relation: newRelation(append(types, big, big, text)...)}
	condition := column.NewInts(big, []int64{1, 2, 3, 0}, column.Bitmap{0b0111})
	id, all := int64(0), make([][]*column.Vector, len(types)+3)
	for range rapid.IntRange(0, 3).Draw(t, "morsels") {
		var list []*scan.Batch
		for range rapid.IntRange(0, 3).Draw(t, "batches") {
			n := rapid.IntRange(1, 7).Draw(t, "rows")
			if distinct {
				n = 1
			}
			b := &scan.Batch{Len: n}
			for _, d := range append(slices.Clone(domains), condition) {
				last := int32(d.Len - 1)
				rows := rapid.SliceOfN(rapid.Int32Range(0, last), n, n).Draw(t, "values")
				switch {
				case distinct:
					rows[0] = int32(id) % int32(d.Len)
				case rapid.Bool().Draw(t, "one value"):
					rows = slices.Repeat(rows[:1], n)
				}
				b.Columns = append(b.Columns, encode(t, d, rows))
			}
			var ids []int64
			var names []string
			for range n {
				ids, names = append(ids, id), append(names, fmt.Sprint("row ", id))
				id++
			}
			b.Columns = append(b.Columns, column.NewInts(big, ids, nil))
			b.Columns = append(b.Columns, column.NewStrings(names...))
			for c, v := range b.Columns {
				all[c] = append(all[c], v)
			}
			list = append(list, b)
		}
		s.morsels = append(s.morsels, list)
	}
	s.rows = &scan.Batch{Len: int(id)}
	for c, list := range all {
		v, err := column.Concat(s.columns[c].Type, list...)
		if err != nil {
			t.Fatal(err)
		}
		s.rows.Columns = append(s.rows.Columns, v)
	}
	return s
}

// pairCells prints a row of each side; −1 stands for a row of NULLs.
func pairCells(l side, i int, r side, k int, alone bool) string {
	var cells []string
	add := func(s side, i int) {
		for _, v := range s.rows.Columns {
			if i < 0 {
				cells = append(cells, "-")
			} else {
				cells = append(cells, anyCell(v, i))
			}
		}
	}
	add(l, i)
	if !alone {
		add(r, k)
	}
	return strings.Join(cells, " ")
}

func anyCell(v *column.Vector, i int) string {
	switch {
	case v.IsNull(i):
		return "-"
	case v.Type.Physical() == column.PhysBool:
		return fmt.Sprint(v.Bool(i))
	case v.Type.Physical() == column.PhysInterval:
		return fmt.Sprint(v.Interval(i))
	case v.Type.Physical() == column.PhysFloat:
		return fmt.Sprintf("%x", math.Float64bits(v.Float(i)))
	}
	return cell(v, i)
}

// joinByHand is the definition: every row beside every other.
func joinByHand(kind plan.JoinKind, keys int, cond bool, l, r side) []string {
	var out []string
	partners := func(i, k int) bool {
		for c := range keys {
			if !sameKey(l.rows.Columns[c], i, r.rows.Columns[c], k) {
				return false
			}
		}
		if !cond {
			return true
		}
		a, b := l.rows.Columns[keys], r.rows.Columns[keys]
		return !a.IsNull(i) && !b.IsNull(k) && a.Int(i) > b.Int(k)
	}
	matched, rightNull := make([]bool, r.rows.Len), false
	for k := range r.rows.Len {
		rightNull = rightNull || keys > 0 && r.rows.Columns[0].IsNull(k)
	}
	for i := range l.rows.Len {
		found := false
		for k := range r.rows.Len {
			if partners(i, k) {
				found, matched[k] = true, true
				if kind < plan.SemiJoin {
					out = append(out, pairCells(l, i, r, k, false))
				}
			}
		}
		null := keys > 0 && l.rows.Columns[0].IsNull(i)
		switch {
		case kind == plan.SemiJoin && found, kind == plan.AntiJoin && !found,
			kind == plan.NullAntiJoin && !found && (r.rows.Len == 0 || !rightNull && !null):
			out = append(out, pairCells(l, i, r, 0, true))
		case kind == plan.MarkJoin, kind == plan.NullMarkJoin && (found || r.rows.Len == 0 || !rightNull && !null):
			out = append(out, pairCells(l, i, r, 0, true)+fmt.Sprint(" ", found))
		case kind == plan.NullMarkJoin:
			out = append(out, pairCells(l, i, r, 0, true)+" -")
		case (kind == plan.LeftJoin || kind == plan.FullJoin) && !found:
			out = append(out, pairCells(l, i, r, -1, false))
		}
	}
	for k, m := range matched {
		if !m && (kind == plan.RightJoin || kind == plan.FullJoin) {
			out = append(out, pairCells(l, -1, r, k, false))
		}
	}
	slices.Sort(out)
	return out
}

func lessThan(t require, a, b expr.Expr) expr.Expr {
	f, err := fn.Default().Operator(">", big, big)
	if err != nil {
		t.Fatal(err)
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{a, b}, T: f.Result}
}

type require interface{ Fatal(...any) }

var kindNames = []string{"inner", "left", "right", "full", "semi", "anti", "null anti"}

var allKindNames = append(kindNames, "mark", "null mark")

// runAny is tryRun for columns of all types.
func runAny(n plan.Node, env *Env) ([]string, error) {
	var out []string
	err := eachBatch(n, env, func(b *scan.Batch) {
		if len(b.Columns) != len(n.Columns()) {
			panic(fmt.Sprintf("%d columns, want %d", len(b.Columns), len(n.Columns())))
		}
		for i := range b.Len {
			var cells []string
			for _, v := range b.Columns {
				cells = append(cells, anyCell(v, i))
			}
			out = append(out, strings.Join(cells, " "))
		}
	})
	return out, err
}

func eachBatch(n plan.Node, env *Env, see func(*scan.Batch)) error {
	rows, err := Run(context.Background(), n, env)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		b, err := rows.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		see(b)
	}
}

// ints makes a relation of one bigint column and its row number, in batches of scan.BatchRows.
func ints(values []int64, morsels int) *relation {
	r := newRelation(big, big)
	r.morsels = make([][]*scan.Batch, morsels)
	for lo := 0; lo < len(values); lo += scan.BatchRows {
		part := values[lo:min(lo+scan.BatchRows, len(values))]
		ids := make([]int64, len(part))
		for i := range ids {
			ids[i] = int64(lo + i)
		}
		m := lo / scan.BatchRows % morsels
		r.morsels[m] = append(r.morsels[m], &scan.Batch{Len: len(part), Columns: []*column.Vector{column.NewInts(big, part, nil), column.NewInts(big, ids, nil)}})
	}
	return r
}

func joinOn(kind plan.JoinKind, l, r *relation) *plan.Join {
	return &plan.Join{
		Left: l.scan(), Right: r.scan(), Kind: kind,
		LeftKeys: []expr.Expr{&expr.Column{T: l.columns[0].Type}}, RightKeys: []expr.Expr{&expr.Column{T: r.columns[0].Type}},
	}
}
