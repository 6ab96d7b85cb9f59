package aegis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/ingest/lineproto"
	"github.com/automatanexus/aegis-db/meta"
)

// lineModel is what line protocol should have made: per measurement the rows by tags and time, each a cell per column.
type lineModel map[string]map[string]map[string]string

// linePoint is a line as the model sees it.
type linePoint struct {
	measurement string
	cells       map[string]string // tags, time and fields, as SQL prints them
	key         string
	text        string
}

// drawPoint makes a line. Tags and fields of higher numbers come up as the test goes on; series and times repeat, so that points meet.
func drawPoint(r *rand.Rand, stage int) linePoint {
	p := linePoint{measurement: fmt.Sprintf("m%d", r.IntN(2)), cells: map[string]string{}}
	var b strings.Builder
	b.WriteString(p.measurement)
	for tag := range min(1+stage, 4) {
		if v := r.IntN(3); v > 0 {
			name, value := fmt.Sprintf("tag%d", tag), fmt.Sprintf("v%d", v)
			fmt.Fprintf(&b, ",%s=%s", name, value)
			p.cells[name] = value
		}
	}
	at := r.Int64N(4)*86_400_000_000_000 + r.Int64N(5)
	p.cells["time"] = timeText(at)
	p.key = fmt.Sprint(p.cells)
	separator := " "
	for _, f := range r.Perm(3 + 2*stage)[:1+r.IntN(3)] {
		n := r.IntN(1000)
		name, written, shown := fmt.Sprintf("i%d", f), fmt.Sprintf("%di", n), fmt.Sprint(n)
		switch f % 4 {
		case 1:
			name, written, shown = fmt.Sprintf("f%d", f), fmt.Sprintf("%d.5", n), fmt.Sprintf("%d.5", n)
		case 2:
			name, written, shown = fmt.Sprintf("s%d", f), fmt.Sprintf("\"text %d\"", n), fmt.Sprintf("text %d", n)
		case 3:
			name, written, shown = fmt.Sprintf("b%d", f), fmt.Sprint(n%2 == 0), fmt.Sprint(n%2 == 0)[:1]
		}
		fmt.Fprintf(&b, "%s%s=%s", separator, name, written)
		p.cells[name] = shown
		separator = ","
	}
	fmt.Fprintf(&b, " %d", at)
	p.text = b.String()
	return p
}

func timeText(nanos int64) string {
	return string(literal.Append(nil, column.NewInts(column.T(column.TimestampNS), []int64{nanos}, nil), 0, literal.Options{Location: time.UTC}))
}

func (m lineModel) apply(p linePoint) {
	rows := m[p.measurement]
	if rows == nil {
		rows = map[string]map[string]string{}
		m[p.measurement] = rows
	}
	row := rows[p.key]
	if row == nil {
		row = map[string]string{}
		rows[p.key] = row
	}
	for name, cell := range p.cells {
		row[name] = cell
	}
}

// check holds every table against the model, as a whole and by one tag.
func (m lineModel) check(t *testing.T, db *DB, when string) {
	t.Helper()
	for name, rows := range m {
		table := db.Catalog().Table(db.Catalog().Database(meta.DefaultDatabase).ID, meta.PublicSchema, name)
		if table == nil {
			t.Fatalf("%s: there is no table %s", when, name)
		}
		for _, filter := range []string{"", "v1", "v2"} {
			if filter != "" && table.Columns.Lookup("tag0") < 0 {
				continue
			}
			var want []string
			for _, row := range rows {
				var cells []string
				for _, f := range table.Columns.Fields {
					cells = append(cells, row[f.Name])
				}
				if filter == "" || row["tag0"] == filter {
					want = append(want, strings.Join(cells, "|"))
				}
			}
			query := "SELECT * FROM " + name
			if filter != "" {
				query += " WHERE tag0 = '" + filter + "'"
			}
			got := ask(t, db, query)
			sort.Strings(want)
			sort.Strings(got)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %s shows\n%s\nwant\n%s", when, query, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

// TestLinesModel writes random lines, with flushes, merges and restarts between them, and compares with the model after every step.
func TestLinesModel(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { linesModel(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func linesModel(t *testing.T, r *rand.Rand) {
	ctx, disk, m := context.Background(), newDisk(), lineModel{}
	db, err := Open(ctx, memOptions(Options{FS: disk}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	receiver := lineproto.New(lineproto.Limits{})
	for step := range 40 {
		when := fmt.Sprintf("step %d", step)
		switch r.IntN(8) {
		case 0:
			when += ", flush"
			err = db.Flush(ctx)
		case 1:
			when += ", merge"
			err = db.Compact(ctx)
		case 2:
			when += ", restart"
			if err := db.Close(ctx); err != nil {
				t.Fatal(err)
			}
			db, err = Open(ctx, memOptions(Options{FS: disk}))
		default:
			var body []byte
			for range 1 + r.IntN(12) {
				p := drawPoint(r, step/10)
				m.apply(p)
				body = append(append(body, p.text...), '\n')
			}
			when += ", write of\n" + string(body)
			var target lineproto.Target
			if target, err = db.Lines(""); err == nil {
				_, err = receiver.Receive(ctx, target, lineproto.Request{Body: body, Precision: lineproto.Nanosecond})
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		m.check(t, db, when)
	}
}

// TestLinesDatabases: lines go to the database that is named.
func TestLinesDatabases(t *testing.T) {
	db := open(t, t.TempDir())
	if _, err := db.Lines("nope"); column.ClassOf(err) != column.NotFound || !strings.Contains(err.Error(), `"nope"`) {
		t.Errorf("unknown database: %v", err)
	}
	if _, err := db.catalog.Propose(context.Background(), meta.Command{CreateDatabase: &meta.CreateDatabase{Name: "other"}}); err != nil {
		t.Fatal(err)
	}
	receiver := lineproto.New(lineproto.Limits{})
	for name, body := range map[string]string{"": "m v=1i 1", "default": "m v=2i 2", "other": "m v=3 3"} {
		target, err := db.Lines(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receiver.Receive(context.Background(), target, lineproto.Request{Body: []byte(body), Precision: lineproto.Nanosecond}); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, db, "SELECT v FROM m ORDER BY time"); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("default: %q", got)
	}
	got, err := tryAsk(db.NewSession("other"), "SELECT v FROM m")
	if err != nil || !slices.Equal(got, []string{"3"}) {
		t.Errorf("other: %q, %v", got, err)
	}
}

// TestLinesPushedBack: a full head refuses requests whole and asks for a pause; what was acknowledged is there, once.
func TestLinesPushedBack(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk(), HeadBytes: 256 << 10, FlushBytes: 1 << 30}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	receiver := lineproto.New(lineproto.Limits{})
	target, err := db.Lines("")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	stored, refused := 0, 0
	for i := 0; refused < 3; i++ {
		var body []byte
		for line := range 50 {
			body = fmt.Appendf(body, "m,host=h%d v=%di,n=1i %d\n", random.IntN(40), random.Int64(), i*50+line)
		}
		_, err := receiver.Receive(ctx, target, lineproto.Request{Body: body, Precision: lineproto.Nanosecond})
		switch {
		case err == nil:
			stored += 50
		case column.ClassOf(err) != column.Overloaded || ingest.RetryAfter(err) == 0:
			t.Fatalf("request %d: %v", i, err)
		default:
			refused++
			if got := ask(t, db, "SELECT sum(n) FROM m"); !slices.Equal(got, []string{fmt.Sprint(stored)}) {
				t.Fatalf("%q rows, %d were acknowledged", got, stored)
			}
			if err := db.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if i > 10_000 {
			t.Fatal("the head is never full")
		}
	}
}
