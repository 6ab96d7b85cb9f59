package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query"
)

// The whole of what changes tables in one model: definitions, changes of rows, indexes and transactions, in any order, between flushes, merges, builds of indexes,
// restarts and power cuts. The model is tables in memory that are copied where a transaction or a savepoint begins.

// wholeColumn is a column; its number outlives its name.
type wholeColumn struct {
	id              int
	name, kind      string
	byDefault       string // "" = NULL
	notNull, change bool   // change: ALTER TABLE may have it
}

// wholeTable is a table. Rows are never changed in place.
type wholeTable struct {
	kind    string // keyed, replacing or plain
	columns []wholeColumn
	rows    []wholeRow
	indexes map[string]int // columns, by name
}

// wholeRow has a row's values by column, as SQL prints them; absent = NULL.
type wholeRow map[int]string

type wholeState map[string]*wholeTable

func (s wholeState) clone() wholeState {
	out := wholeState{}
	for name, t := range s {
		c := *t
		c.columns, c.rows = slices.Clone(t.columns), slices.Clone(t.rows)
		c.indexes = map[string]int{}
		for n, on := range t.indexes {
			c.indexes[n] = on
		}
		out[name] = &c
	}
	return out
}

// columns that every table has.
const (
	wholeK = iota
	wholeV
	wholeS
	wholeMore // the first number of others
)

// wholeModel is a database and what it should hold.
type wholeModel struct {
	disk      *memfs.FS
	db        *DB
	session   *query.Session
	committed wholeState
	now       wholeState // as the session sees it
	inBlock   bool
	failed    bool
	saved     []wholeSavepoint
	number    int
	own       int64 // what a transaction holds in memory; 0 = the default
	log       []string
	rng       *rand.Rand
}

type wholeSavepoint struct {
	name  string
	state wholeState
}

func openWhole(own int64) (*wholeModel, error) {
	m := &wholeModel{own: own, disk: newDisk(), committed: wholeState{}, now: wholeState{}}
	return m, m.reopen()
}

func (m *wholeModel) reopen() error {
	db, err := Open(context.Background(), memOptions(Options{FS: m.disk, TransactionBytes: m.own}))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	m.db, m.session = db, db.NewSession("")
	m.session.Blocks = true
	m.roll(m.committed)
	return nil
}

// roll ends the block; state is what is there then.
func (m *wholeModel) roll(state wholeState) {
	m.committed = state
	m.now = state.clone()
	m.inBlock, m.failed, m.saved = false, false, nil
}

var errWhole = errors.New("differs from the model")

func wholeErr(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errWhole, fmt.Sprintf(format, args...))
}

// run runs a statement that must succeed, "" = "", or fail with a SQLSTATE. done says that it was done.
func (m *wholeModel) run(text, state string) (done bool, err error) {
	m.log = append(m.log, text)
	if m.failed && !strings.HasPrefix(text, "ROLLBACK") && text != "COMMIT" {
		state = "25P02"
	}
	_, err = textRowsOf(m.session, text)
	got := sqlState(err)
	if err != nil {
		m.log = append(m.log, "-- "+err.Error())
		m.session.Fail()
	}
	if got != state {
		return false, wholeErr("%s: %v, want state %q", text, err, state)
	}
	if err != nil && m.inBlock {
		m.failed = true
	}
	return err == nil, nil
}

func sqlState(err error) string {
	var e *column.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		return "no SQLSTATE"
	case e.SQLState == "" && e.Class == column.Conflict:
		return "40001"
	}
	return e.SQLState
}

func textRowsOf(s *query.Session, text string) ([]string, error) { return tryAsk(s, text) }

func (m *wholeModel) one(list ...string) string { return list[m.rng.IntN(len(list))] }

func (m *wholeModel) next() int {
	m.number++
	return m.number
}

// table draws a table; nil if there is none.
func (m *wholeModel) table() (string, *wholeTable) {
	var list []string
	for name := range m.now {
		list = append(list, name)
	}
	if len(list) == 0 {
		return "", nil
	}
	slices.Sort(list)
	name := m.one(list...)
	return name, m.now[name]
}

// step does something.
func (m *wholeModel) step() error {
	name, t := m.table()
	if t == nil || len(m.now) < 3 && m.rng.IntN(8) == 0 {
		return m.create()
	}
	switch n := m.rng.IntN(40); {
	case n < 7:
		return m.insert(name, t)
	case n < 11:
		return m.update(name, t)
	case n < 14:
		return m.delete(name, t)
	case n < 17:
		return m.merge(name, t)
	case n < 19:
		return m.onConflict(name, t)
	case n < 24:
		return m.alter(name, t)
	case n < 27:
		return m.index(name, t)
	case n < 33:
		return m.transact()
	case n == 33:
		return m.truncateOrDrop(name, t)
	case n == 34:
		return m.wrong(name, t)
	}
	return m.background()
}

func (m *wholeModel) create() error {
	name := fmt.Sprintf("t%d", m.next())
	kind := m.one("plain", "keyed", "replacing", "keyed", "dated")
	with := ""
	switch kind {
	case "replacing":
		with = " WITH (unique_key = (k))"
	case "dated":
		with = " WITH (time_column = ts, tags = (s))"
	}
	text := "CREATE TABLE " + name + " (k bigint, v bigint, s text"
	if kind == "keyed" {
		text += ", PRIMARY KEY (k)"
	}
	t := &wholeTable{kind: kind, indexes: map[string]int{}, columns: []wholeColumn{
		{id: wholeK, name: "k", kind: "bigint", notNull: kind == "keyed"}, {id: wholeV, name: "v", kind: "bigint"}, {id: wholeS, name: "s", kind: "text"},
	}}
	if kind == "dated" {
		text += ", ts timestamptz DEFAULT '2026-01-01 00:00:00+00'"
		t.columns = append(t.columns, wholeColumn{id: m.next() + wholeMore, name: "ts", kind: "timestamptz", byDefault: "2026-01-01 00:00:00+00", notNull: true})
	}
	done, err := m.run(text+")"+with, "")
	if done {
		m.now[name] = t
		m.auto()
	}
	return err
}

// auto commits what was done outside of a block.
func (m *wholeModel) auto() {
	if !m.inBlock {
		m.committed = m.now.clone()
	}
}

func (m *wholeModel) transact() error {
	if !m.inBlock {
		_, err := m.run(m.one("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"), "")
		m.inBlock = true
		return err
	}
	switch n := m.rng.IntN(8); {
	case n < 2:
		failed, now := m.failed, m.now
		done, err := m.run("COMMIT", "")
		switch {
		case err != nil:
			return err
		case done && !failed:
			m.roll(now)
		default:
			m.roll(m.committed)
		}
		return nil
	case n < 3:
		_, err := m.run("ROLLBACK", "")
		m.roll(m.committed)
		return err
	case n < 5:
		name := fmt.Sprintf("p%d", m.rng.IntN(4))
		done, err := m.run("SAVEPOINT "+name, "")
		if done {
			m.saved = append(m.saved, wholeSavepoint{name, m.now.clone()})
		}
		return err
	}
	if len(m.saved) == 0 {
		return nil
	}
	name := m.saved[m.rng.IntN(len(m.saved))].name
	at := -1
	for i := range m.saved {
		if m.saved[i].name == name {
			at = i
		}
	}
	if m.rng.IntN(3) == 0 {
		done, err := m.run("RELEASE "+name, "")
		if done {
			m.saved = m.saved[:at]
		}
		return err
	}
	done, err := m.run("ROLLBACK TO "+name, "")
	if done {
		m.now, m.failed = m.saved[at].state.clone(), false
		m.saved = m.saved[:at+1]
	}
	return err
}

func (m *wholeModel) truncateOrDrop(name string, _ *wholeTable) error {
	if m.rng.IntN(3) > 0 {
		return m.doing(name, "TRUNCATE "+name, func(t *wholeTable) bool {
			t.rows = nil
			return false
		})
	}
	done, err := m.run("DROP TABLE "+name, "")
	if done {
		delete(m.now, name)
		m.auto()
	}
	return err
}

// background does what a server does by itself.
func (m *wholeModel) background() error {
	ctx := context.Background()
	what := m.one("flush", "flush", "publish", "compact", "build indexes", "restart", "power cut")
	m.log = append(m.log, "-- "+what)
	switch what {
	case "flush":
		return m.db.Flush(ctx)
	case "publish":
		return m.db.shard.PublishDeletes(ctx)
	case "compact":
		return m.db.Compact(ctx)
	case "build indexes":
		return m.db.BuildIndexes(ctx)
	}
	after := m.disk
	if what == "power cut" {
		after = m.disk.CrashClone(rand.New(rand.NewPCG(m.rng.Uint64(), 0)))
	}
	if err := m.close(); err != nil {
		return err
	}
	m.disk = after
	return m.reopen()
}

func (m *wholeModel) close() error {
	m.session.Close()
	return m.db.Close(context.Background())
}

// check compares a table, all of it and by a condition, as the session sees it and as others do.
func (m *wholeModel) check() error {
	name, t := m.table()
	if t != nil && !m.failed {
		if err := m.same(m.session, name, t); err != nil {
			return err
		}
	}
	other := m.db.NewSession("")
	defer other.Close()
	for name, t := range m.committed {
		if err := m.same(other, name, t); err != nil {
			return fmt.Errorf("in another session: %w", err)
		}
	}
	return nil
}

func (m *wholeModel) same(s *query.Session, name string, t *wholeTable) error {
	cond, hit := m.condition(t)
	for _, c := range []struct {
		where string
		hit   func(wholeRow) bool
	}{{"true", func(wholeRow) bool { return true }}, {cond, hit}} {
		var want []string
		for _, r := range t.rows {
			if !c.hit(r) {
				continue
			}
			var cells []string
			for _, col := range t.columns {
				cells = append(cells, r[col.id])
			}
			want = append(want, strings.Join(cells, "|"))
		}
		text := "SELECT " + namesOf(t.columns, "") + " FROM " + name + " WHERE " + c.where
		got, err := textRowsOf(s, text)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return wholeErr("%s: %d rows\n%s\nnot %d\n%s", text, len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
		}
	}
	return nil
}

// runWhole does some of the steps of a seed.
func runWhole(seed uint64, steps []int) (log []string, err error) {
	m, err := openWhole([...]int64{0, 1, 1 << 10, 4 << 10}[seed%4])
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := m.close(); err == nil {
			err = closeErr
		}
		log = m.log
	}()
	for _, n := range steps {
		m.rng = rand.New(rand.NewPCG(seed, uint64(n)))
		if err := m.step(); err != nil {
			return nil, fmt.Errorf("step %d: %w", n, err)
		}
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("after step %d: %w", n, err)
		}
	}
	return nil, nil
}

// shorten looks for fewer steps that fail.
func shorten(seed uint64, steps []int, until time.Time) []int {
	for size := len(steps) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(steps) && time.Now().Before(until); {
			fewer := slices.Delete(slices.Clone(steps), at, at+size)
			if _, err := runWhole(seed, fewer); err != nil {
				steps = fewer
			} else {
				at += size
			}
		}
	}
	return steps
}

// TestWholeModel runs random sequences of all there is, or the one that AEGIS_SEED names.
func TestWholeModel(t *testing.T) {
	seed, within := course(t), budget(6*time.Second)
	if long {
		within = 5 * time.Minute
	}
	once := os.Getenv("AEGIS_SEED") != ""
	began, runs, statements := time.Now(), 0, 0
	for ; time.Since(began) < within; seed++ {
		steps := make([]int, 150)
		for i := range steps {
			steps[i] = i
		}
		log, err := runWhole(seed, steps)
		if err != nil {
			steps = shorten(seed, steps, time.Now().Add(time.Minute))
			log, fewer := runWhole(seed, steps)
			if fewer == nil {
				fewer = err
			}
			t.Fatalf("seed %d, steps %v: %v\n%s", seed, steps, fewer, strings.Join(log, "\n"))
		}
		runs++
		statements += len(log)
		if once {
			break
		}
	}
	t.Logf("%d runs, %d statements and moves", runs, statements)
}
