package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestUnreadColumns: columns that nobody above a filter or a join reads are not copied, and the others are what they are the plain way: of
// joins of all kinds, in memory and on disk, with conditions and keys on columns that are read and on others.
func TestUnreadColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	side := func(rows int) *relation {
		values := make([]int64, rows)
		for i := range values {
			values[i] = rng.Int64N(500) << 20
		}
		return ints(values, 2)
	}
	for kind, kindName := range allKindNames {
		for round := range 4 {
			node := joinOn(plan.JoinKind(kind), side(700), side(900))
			node.BuildLeft = round&1 == 1 && node.Kind != plan.NullMarkJoin
			if round&2 == 2 && node.Kind != plan.NullAntiJoin && node.Kind != plan.NullMarkJoin {
				node.Cond = lessThan(t, &expr.Column{Index: 1, T: big}, &expr.Column{Index: 3, T: big})
			}
			for c, of := range node.Columns() {
				read := &plan.Project{Input: node, Exprs: []expr.Expr{&expr.Column{Index: c, T: of.Type}}, Names: []string{"c"}}
				plain := envOf(1)
				plain.Plain = true
				want, err := runAny(read, plain)
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(want)
				for _, held := range []int64{1 << 30, 10_000} {
					env := spillEnv(t, memfs.New(), 2, held, held/16)
					got, err := runAny(read, env.Env)
					if err != nil {
						t.Fatal(err)
					}
					slices.Sort(got)
					if !slices.Equal(got, want) {
						t.Errorf("%s join, build left %v, condition %v, column %d, held %d: %d rows, want %d, or they differ",
							kindName, node.BuildLeft, node.Cond != nil, c, held, len(got), len(want))
					}
					env.leftNothing(t)
				}
			}
		}
	}
}

// TestFilterLeavesUnreadColumnsOut: what a filter alone reads of a batch comes out of it as nothing that takes memory.
func TestFilterLeavesUnreadColumnsOut(t *testing.T) {
	n := &plan.Filter{Input: drawKeys(rand.New(rand.NewPCG(1, 1)), 300, 40).scan(), Cond: greater(t, &expr.Column{T: big}, 20)}
	p, _, err := buildRead(n, envOf(1), []bool{false, true})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := p.parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, open := range parts {
		s, err := open(t.Context(), newWorker(envOf(1)))
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := s.next(t.Context())
			if err != nil {
				break
			}
			rows += b.Len
			if b.Columns[0].Enc != column.Const || b.Columns[1].Enc != column.Flat {
				t.Errorf("columns come as %v and %v", b.Columns[0].Enc, b.Columns[1].Enc)
			}
		}
		s.close()
	}
	if rows == 0 || rows == 300 {
		t.Errorf("%d of 300 rows pass", rows)
	}
}
