package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// windowModel is one function over one window, as a test draws it and computes it by hand: the frame of every row is listed row by row.
type windowModel struct {
	node *plan.Window
	name string
}

func drawWindow(r *rand.Rand, t *testing.T, input plan.Node) windowModel {
	n := &plan.Window{Input: input, Names: []string{"w"}}
	if r.IntN(3) > 0 {
		n.Partition = []expr.Expr{columns[0]}
	}
	for _, c := range r.Perm(2)[:r.IntN(3)] {
		n.Order = append(n.Order, plan.SortKey{Expr: columns[1+c], Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0})
	}
	m := windowModel{node: n, name: []string{"count", "sum", "min", "string_agg", "first_value", "last_value", "nth_value", "row_number", "rank", "lag"}[r.IntN(10)]}
	call := expr.WindowCall{Frame: drawFrame(r, n)}
	literal := func(v int64) expr.Expr {
		return &expr.Literal{Value: column.NewInts(column.T(column.Int32), []int64{v}, nil)}
	}
	comma := &expr.Literal{Value: column.NewStrings(",")}
	switch m.name {
	case "count", "sum", "min":
		call.Args = []expr.Expr{columns[2]}
		if m.name == "min" {
			call.Args = []expr.Expr{columns[1]}
		}
		if r.IntN(3) == 0 {
			call.Filter = greater(t, columns[1], 1)
		}
	case "string_agg":
		call.Args = []expr.Expr{columns[0], comma}
	case "nth_value":
		call.Args = []expr.Expr{columns[2], literal(2)}
	case "first_value", "last_value", "lag":
		call.Args = []expr.Expr{columns[2]}
	}
	var err error
	if fn.Default().IsWindow(m.name) {
		call.Fn, err = fn.Default().Window(m.name, typesOfExprs(call.Args))
		call.T = call.Fn.Result
		if len(call.Args) > 0 {
			call.T = call.Args[0].Type()
		}
	} else {
		call.Agg, err = fn.Default().Aggregate(m.name, typesOfExprs(call.Args))
		call.T = call.Agg.Result
	}
	if err != nil {
		t.Fatal(err)
	}
	n.Calls = []expr.WindowCall{call}
	return m
}

func drawFrame(r *rand.Rand, n *plan.Window) expr.Frame {
	f := expr.Frame{Mode: expr.FrameMode(r.IntN(3)), Exclude: expr.FrameExclude(r.IntN(4))}
	a, b := r.IntN(4), 1+r.IntN(4)
	f.Start.Kind, f.End.Kind = expr.BoundKind(min(a, b)), expr.BoundKind(max(a, b))
	// With an offset RANGE needs one number to be ordered by.
	offsets := f.Mode != expr.FrameRange || len(n.Order) == 1
	for _, e := range []*expr.FrameBound{&f.Start, &f.End} {
		if e.Kind != expr.Preceding && e.Kind != expr.Following {
			continue
		}
		v := column.NewInts(big, []int64{int64(r.IntN(4))}, nil)
		switch {
		case !offsets:
			e.Kind = expr.CurrentRow
		case f.Mode == expr.FrameRange && n.Order[0].Expr == columns[2]:
			v = column.NewFloats(float, []float64{float64(v.Ints[0]) * 10}, nil)
			fallthrough
		default:
			e.Offset = &expr.Literal{Value: v}
		}
	}
	return f
}

// byHand gives the rows of the window with the function's value.
func (m windowModel) byHand(rows []row) []string {
	parts := map[string][]row{}
	for _, v := range rows {
		key := ""
		if len(m.node.Partition) > 0 {
			key = v.host
		}
		parts[key] = append(parts[key], v)
	}
	var out []string
	for _, part := range parts {
		slices.SortStableFunc(part, m.compare)
		for i := range part {
			out = append(out, fmt.Sprintf("%s %s %v %s", orDash(part[i].host == "", part[i].host), orDash(part[i].null, fmt.Sprint(part[i].n)), part[i].x, m.value(part, i)))
		}
	}
	slices.Sort(out)
	return out
}

func orDash(null bool, text string) string {
	if null {
		return "-"
	}
	return text
}

func (m windowModel) compare(a, b row) int {
	for _, k := range m.node.Order {
		var c int
		if k.Expr == columns[1] {
			if a.null || b.null {
				if a.null != b.null {
					if a.null == k.NullsFirst {
						return -1
					}
					return 1
				}
				continue
			}
			c = int(a.n - b.n)
		} else {
			c = int(a.x - b.x)
		}
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// inFrame reports that row k is in the frame of row i.
func (m windowModel) inFrame(part []row, i, k int) bool {
	f := &m.node.Calls[0].Frame
	peers := m.compare(part[i], part[k]) == 0
	switch {
	case f.Exclude == expr.ExcludeCurrentRow && i == k, f.Exclude == expr.ExcludeGroup && peers, f.Exclude == expr.ExcludeTies && peers && i != k:
		return false
	}
	return m.behindStart(part, i, k, &f.Start, 1) && m.behindStart(part, i, k, &f.End, -1)
}

// behindStart reports that row k is not before the start of row i's frame; with sign -1, not behind its end.
func (m windowModel) behindStart(part []row, i, k int, b *expr.FrameBound, sign int) bool {
	switch b.Kind {
	case expr.UnboundedPreceding, expr.UnboundedFollowing:
		return true
	}
	mode := m.node.Calls[0].Frame.Mode
	if b.Kind == expr.CurrentRow {
		if mode == expr.FrameRows {
			return sign*(k-i) >= 0
		}
		return sign*m.compare(part[k], part[i]) >= 0
	}
	offset := 0.0
	if v := b.Offset.(*expr.Literal).Value; v.Type == big {
		offset = float64(v.Ints[0])
	} else {
		offset = v.Floats[0]
	}
	if b.Kind == expr.Preceding {
		offset = -offset
	}
	switch mode {
	case expr.FrameRows:
		return float64(sign)*(float64(k-i)-offset) >= 0
	case expr.FrameGroups:
		return float64(sign)*(float64(m.group(part, k)-m.group(part, i))-offset) >= 0
	}
	key := m.node.Order[0]
	value := func(v row) (float64, bool) {
		if key.Expr == columns[1] {
			return float64(v.n), v.null
		}
		return v.x, false
	}
	vi, ni := value(part[i])
	vk, nk := value(part[k])
	if ni || nk {
		// Rows without a value have each other for a frame on this side; else NULLs are where the order puts them.
		if ni == nk {
			return true
		}
		return sign*m.compare(part[k], part[i]) >= 0
	}
	if key.Desc {
		vi, vk = -vi, -vk
	}
	return float64(sign)*(vk-vi-offset) >= 0
}

// group is the number of a row's group of peers.
func (m windowModel) group(part []row, i int) int {
	n := 0
	for k := 1; k <= i; k++ {
		if m.compare(part[k-1], part[k]) != 0 {
			n++
		}
	}
	return n
}

func (m windowModel) value(part []row, i int) string {
	switch m.name {
	case "row_number":
		return fmt.Sprint(i + 1)
	case "rank":
		k := i
		for k > 0 && m.compare(part[k-1], part[i]) == 0 {
			k--
		}
		return fmt.Sprint(k + 1)
	case "lag":
		if i == 0 {
			return "-"
		}
		return fmt.Sprint(part[i-1].x)
	}
	var frame []row
	for k := range part {
		if m.inFrame(part, i, k) && !(m.node.Calls[0].Filter != nil && (part[k].null || part[k].n <= 1)) {
			frame = append(frame, part[k])
		}
	}
	at := map[string]int{"first_value": 0, "last_value": len(frame) - 1, "nth_value": 1}
	switch m.name {
	case "count":
		return fmt.Sprint(len(frame))
	case "first_value", "last_value", "nth_value":
		if k := at[m.name]; k >= 0 && k < len(frame) {
			return fmt.Sprint(frame[k].x)
		}
		return "-"
	}
	sum, least, texts, some := 0.0, int64(1<<40), []string{}, false
	for _, v := range frame {
		sum += v.x
		if !v.null {
			least, some = min(least, v.n), true
		}
		if v.host != "" {
			texts = append(texts, v.host)
		}
	}
	switch {
	case m.name == "sum":
		return orDash(len(frame) == 0, fmt.Sprint(sum))
	case m.name == "min":
		return orDash(!some, fmt.Sprint(least))
	}
	return orDash(len(texts) == 0, strings.Join(texts, ","))
}

// TestWindow compares random windows over random rows with a model that looks at every pair of rows.
func TestWindow(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		data, rows := randomTable(r, 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(8))
		m := drawWindow(r, t, scanOf(data))
		want := m.byHand(rows)
		for _, env := range []*Env{{Workers: 1}, {Workers: 4}, {Workers: 1, Plain: true}, {Workers: 3, BatchRows: 3}} {
			full := envOf(env.Workers)
			full.Plain, full.BatchRows = env.Plain, env.BatchRows
			got := run(t, m.node, full)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %s over %+v, order %+v, env %+v:\n got %v\nwant %v", seed, m.name, m.node.Calls[0].Frame, m.node.Order, env, got, want)
			}
		}
	}
}

// TestWindowMemory: what a window holds is in the account, and given back when the query ends.
func TestWindowMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	data, rows := randomTable(r, 4, 3, 200)
	number, err := fn.Default().Window("row_number", nil)
	if err != nil {
		t.Fatal(err)
	}
	node := &plan.Window{
		Input: scanOf(data), Partition: []expr.Expr{columns[0]}, Order: []plan.SortKey{{Expr: columns[2]}},
		Calls: []expr.WindowCall{{Fn: number, T: number.Result}}, Names: []string{"n"},
	}
	env := envOf(2)
	if got := run(t, node, env); len(got) != len(rows) {
		t.Fatalf("%d rows of %d", len(got), len(rows))
	}
	if peak := env.Pool.Peak(); peak < int64(len(rows))*30 {
		t.Errorf("the account saw %d bytes for %d rows", peak, len(rows))
	}
	env.Pool = mem.NewPool("test", int64(len(rows))*20, nil)
	if _, err := tryRun(node, env); err == nil {
		t.Error("a window within no memory")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if rows, err := Run(ctx, node, envOf(2)); err == nil {
		rows.Close()
		t.Error("a window that was cancelled")
	}
}
