package aegis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
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
	log       []string
	rng       *rand.Rand
}

type wholeSavepoint struct {
	name  string
	state wholeState
}

func openWhole() (*wholeModel, error) {
	m := &wholeModel{disk: newDisk(), committed: wholeState{}, now: wholeState{}}
	return m, m.reopen()
}

func (m *wholeModel) reopen() error {
	db, err := Open(context.Background(), memOptions(Options{FS: m.disk}))
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

func literalOf(v string, there bool) string {
	if !there {
		return "NULL"
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

// drawRow makes a row with values for some columns, which are named, and defaults for the others.
func (m *wholeModel) drawRow(t *wholeTable, named []wholeColumn, k int) wholeRow {
	row := wholeRow{}
	for _, c := range t.columns {
		if c.byDefault != "" {
			row[c.id] = c.byDefault
		}
	}
	for _, c := range named {
		delete(row, c.id)
		switch {
		case c.id == wholeK:
			row[c.id] = strconv.Itoa(k)
		case c.id == wholeV:
			row[c.id] = strconv.Itoa(m.rng.IntN(20))
		case c.notNull || m.rng.IntN(5) > 0:
			row[c.id] = evolvingValue(m.rng, c.kind)
		}
	}
	return row
}

// named draws the columns that an INSERT names.
func (m *wholeModel) named(t *wholeTable) []wholeColumn {
	var out []wholeColumn
	for _, c := range t.columns {
		if c.id == wholeK || c.id == wholeV || c.notNull && c.byDefault == "" || m.rng.IntN(3) > 0 {
			out = append(out, c)
		}
	}
	return out
}

func tuples(named []wholeColumn, rows []wholeRow) string {
	var list []string
	for _, r := range rows {
		var cells []string
		for _, c := range named {
			v, there := r[c.id]
			cells = append(cells, literalOf(v, there))
		}
		list = append(list, "("+strings.Join(cells, ", ")+")")
	}
	return strings.Join(list, ", ")
}

func namesOf(named []wholeColumn, prefix string) string {
	var list []string
	for _, c := range named {
		list = append(list, prefix+c.name)
	}
	return strings.Join(list, ", ")
}

// put adds rows as a table takes them; clash says that keys repeat.
func (t *wholeTable) put(rows []wholeRow) (clash bool) {
	for _, r := range rows {
		if t.kind == "keyed" && t.find(r[wholeK]) >= 0 {
			return true
		}
		if at := t.find(r[wholeK]); t.kind == "replacing" && at >= 0 {
			t.rows = slices.Delete(slices.Clone(t.rows), at, at+1)
		}
		t.rows = append(t.rows, r)
	}
	return false
}

func (t *wholeTable) find(k string) int {
	return slices.IndexFunc(t.rows, func(r wholeRow) bool { return r[wholeK] == k })
}

// many is how many rows an INSERT has: mostly few.
func (m *wholeModel) many() int {
	if m.rng.IntN(12) == 0 {
		return 200
	}
	return 1 + m.rng.IntN(6)
}

func (m *wholeModel) insert(name string, t *wholeTable) error {
	named := m.named(t)
	var rows []wholeRow
	for range m.many() {
		k := m.next()
		if t.kind != "keyed" && m.rng.IntN(4) == 0 {
			k = 1 + m.rng.IntN(m.number)
		}
		rows = append(rows, m.drawRow(t, named, k))
	}
	text := "INSERT INTO " + name + " (" + namesOf(named, "") + ") VALUES " + tuples(named, rows)
	return m.doing(name, text, func(t *wholeTable) bool { return t.put(rows) })
}

// doing runs a statement and does the same in the model; do says whether keys clash.
func (m *wholeModel) doing(name, text string, do func(*wholeTable) bool) error {
	after := m.now.clone()
	state := ""
	if do(after[name]) {
		state = "23505"
	}
	done, err := m.run(text, state)
	if done {
		m.now = after
		m.auto()
	}
	return err
}

// condition draws a condition, in SQL and for the model.
func (m *wholeModel) condition(t *wholeTable) (string, func(wholeRow) bool) {
	number := func(r wholeRow, id int) (int, bool) {
		n, err := strconv.Atoi(r[id])
		return n, err == nil
	}
	switch m.rng.IntN(5) {
	case 0:
		by, rest := 2+m.rng.IntN(4), m.rng.IntN(2)
		return fmt.Sprintf("k %% %d = %d", by, rest), func(r wholeRow) bool {
			n, ok := number(r, wholeK)
			return ok && n%by == rest
		}
	case 1:
		to := m.rng.IntN(20)
		return fmt.Sprintf("v < %d", to), func(r wholeRow) bool {
			n, ok := number(r, wholeV)
			return ok && n < to
		}
	case 2:
		if len(t.rows) == 0 {
			break
		}
		k := t.rows[m.rng.IntN(len(t.rows))][wholeK]
		return "k = " + k, func(r wholeRow) bool { return r[wholeK] == k }
	case 3:
		c := t.columns[m.rng.IntN(len(t.columns))]
		return c.name + " IS NULL", func(r wholeRow) bool {
			_, there := r[c.id]
			return !there
		}
	}
	c := t.columns[m.rng.IntN(len(t.columns))]
	v := evolvingValue(m.rng, c.kind)
	if c.id <= wholeV {
		v = strconv.Itoa(m.rng.IntN(20))
	}
	return c.name + " = '" + v + "'", func(r wholeRow) bool { return r[c.id] == v }
}

func (m *wholeModel) update(name string, t *wholeTable) error {
	cond, hit := m.condition(t)
	c := t.columns[wholeV]
	if n := m.rng.IntN(len(t.columns)); n > wholeV && t.columns[n].name != "ts" && !(t.kind == "dated" && n == wholeS) {
		c = t.columns[n]
	}
	set, value := "v + 1", func(r wholeRow) (string, bool) {
		n, err := strconv.Atoi(r[wholeV])
		return strconv.Itoa(n + 1), err == nil
	}
	if c.id != wholeV {
		v := evolvingValue(m.rng, c.kind)
		set, value = "'"+v+"'", func(wholeRow) (string, bool) { return v, true }
	}
	text := "UPDATE " + name + " SET " + c.name + " = " + set + " WHERE " + cond
	if m.rng.IntN(3) == 0 { // by a join
		text = "UPDATE " + name + " SET " + c.name + " = " + set + " FROM (SELECT 1 AS one) AS x WHERE x.one = 1 AND " + cond
	}
	return m.doing(name, text, func(t *wholeTable) bool {
		t.change(hit, func(r wholeRow) {
			if v, ok := value(r); ok {
				r[c.id] = v
			} else {
				delete(r, c.id)
			}
		})
		return false
	})
}

// change changes copies of rows.
func (t *wholeTable) change(hit func(wholeRow) bool, do func(wholeRow)) {
	for i, r := range t.rows {
		if hit(r) {
			t.rows[i] = changedRow(r, do)
		}
	}
}

func changedRow(r wholeRow, do func(wholeRow)) wholeRow {
	out := wholeRow{}
	for id, v := range r {
		out[id] = v
	}
	do(out)
	return out
}

func (m *wholeModel) delete(name string, t *wholeTable) error {
	cond, hit := m.condition(t)
	text := "DELETE FROM " + name + " WHERE " + cond
	if m.rng.IntN(4) == 0 {
		text = "DELETE FROM " + name + " USING (SELECT 1 AS one) AS x WHERE x.one = 1 AND " + cond
	}
	return m.doing(name, text, func(t *wholeTable) bool {
		t.rows = slices.DeleteFunc(t.rows, hit)
		return false
	})
}

// proposed draws keys, of rows that are there and of others, each once.
func (m *wholeModel) proposed(t *wholeTable) []int {
	seen := map[int]bool{}
	var out []int
	for range 1 + m.rng.IntN(5) {
		k := m.next()
		if len(t.rows) > 0 && m.rng.IntN(2) == 0 {
			k, _ = strconv.Atoi(t.rows[m.rng.IntN(len(t.rows))][wholeK])
		}
		if !seen[k] {
			out = append(out, k)
		}
		seen[k] = true
	}
	return out
}

func (m *wholeModel) merge(name string, t *wholeTable) error {
	if slices.ContainsFunc(t.columns, func(c wholeColumn) bool { return c.notNull && c.byDefault == "" && c.id != wholeK }) {
		return nil
	}
	keys, v := m.proposed(t), m.rng.IntN(20)
	var list []string
	for _, k := range keys {
		list = append(list, fmt.Sprintf("(%d, %d)", k, v))
	}
	dies := m.rng.IntN(20)
	text := fmt.Sprintf("MERGE INTO %s AS t USING (VALUES %s) AS x (k, v) ON t.k = x.k WHEN MATCHED AND t.v < %d THEN DELETE WHEN MATCHED THEN UPDATE SET v = x.v "+
		"WHEN NOT MATCHED THEN INSERT (k, v) VALUES (x.k, x.v)", name, strings.Join(list, ", "), dies)
	return m.doing(name, text, func(t *wholeTable) bool {
		for _, k := range keys {
			text, matched := strconv.Itoa(k), false
			hit := func(r wholeRow) bool { return r[wholeK] == text }
			matched = slices.ContainsFunc(t.rows, hit)
			t.rows = slices.DeleteFunc(t.rows, func(r wholeRow) bool {
				n, err := strconv.Atoi(r[wholeV])
				return hit(r) && err == nil && n < dies
			})
			t.change(hit, func(r wholeRow) { r[wholeV] = strconv.Itoa(v) })
			if !matched {
				r := m.drawRow(t, nil, 0)
				r[wholeK], r[wholeV] = text, strconv.Itoa(v)
				t.rows = append(t.rows, r)
			}
		}
		return false
	})
}

func (m *wholeModel) onConflict(name string, t *wholeTable) error {
	if t.kind != "keyed" {
		return m.insertSelect(name, t)
	}
	named := m.named(t)
	var rows []wholeRow
	for _, k := range m.proposed(t) {
		rows = append(rows, m.drawRow(t, named, k))
	}
	update := m.rng.IntN(2) == 0
	text := "INSERT INTO " + name + " (" + namesOf(named, "") + ") VALUES " + tuples(named, rows) + " ON CONFLICT (k) DO "
	if update {
		text += "UPDATE SET v = excluded.v, s = 'again'"
	} else {
		text += "NOTHING"
	}
	return m.doing(name, text, func(t *wholeTable) bool {
		for _, r := range rows {
			at := t.find(r[wholeK])
			switch {
			case at < 0:
				t.rows = append(t.rows, r)
			case update:
				t.rows[at] = changedRow(t.rows[at], func(old wholeRow) {
					if old[wholeS] = "again"; r[wholeV] == "" {
						delete(old, wholeV)
					} else {
						old[wholeV] = r[wholeV]
					}
				})
			}
		}
		return false
	})
}

// insertSelect copies rows of another table, or of the same.
func (m *wholeModel) insertSelect(name string, _ *wholeTable) error {
	from, src := m.table()
	if slices.ContainsFunc(m.now[name].columns, func(c wholeColumn) bool { return c.notNull && c.byDefault == "" && c.id != wholeK }) || len(src.rows) > 400 {
		return nil
	}
	add := 100_000 * m.next()
	text := fmt.Sprintf("INSERT INTO %s (k, v) SELECT k + %d, v FROM %s", name, add, from)
	rows := slices.Clone(src.rows)
	if src.kind == "plain" || src.kind == "dated" { // of rows of one key, which come in any order, only one
		text = fmt.Sprintf("INSERT INTO %s (k, v) SELECT k + %d, max(v) FROM %s GROUP BY k", name, add, from)
		rows = greatest(rows)
	}
	return m.doing(name, text, func(t *wholeTable) bool {
		for _, r := range rows {
			k, _ := strconv.Atoi(r[wholeK])
			out := m.drawRow(t, nil, 0)
			out[wholeK] = strconv.Itoa(k + add)
			if v, there := r[wholeV]; there {
				out[wholeV] = v
			} else {
				delete(out, wholeV)
			}
			t.put([]wholeRow{out})
		}
		return false
	})
}

// greatest gives one row of each key, with its greatest v.
func greatest(rows []wholeRow) []wholeRow {
	best := map[string]wholeRow{}
	for _, r := range rows {
		n, err := strconv.Atoi(r[wholeV])
		if old, known := best[r[wholeK]]; known {
			o, bad := strconv.Atoi(old[wholeV])
			if err != nil || bad == nil && o >= n {
				continue
			}
		}
		best[r[wholeK]] = r
	}
	return slices.Collect(maps.Values(best))
}

// wrong runs statements that must fail, and leave no trace.
func (m *wholeModel) wrong(name string, t *wholeTable) error {
	text, state := "SELECT * FROM nowhere", "42P01"
	if len(t.rows) > 0 {
		k := t.rows[m.rng.IntN(len(t.rows))][wholeK]
		switch n := m.rng.IntN(3); {
		case n == 0 && t.kind == "keyed":
			text, state = "INSERT INTO "+name+" (k, v) VALUES ("+strconv.Itoa(m.next())+", 1), ("+k+", 2)", "23505"
			for _, c := range t.columns {
				if c.notNull && c.byDefault == "" && c.id != wholeK {
					state = "23502"
				}
			}
		case n == 1:
			text, state = "UPDATE "+name+" SET v = 1 / (k - "+k+")", "22012"
		}
	}
	_, err := m.run(text, state)
	return err
}

func (m *wholeModel) alter(name string, t *wholeTable) error {
	var changeable []int
	for i, c := range t.columns {
		if c.change {
			changeable = append(changeable, i)
		}
	}
	if len(changeable) == 0 || len(changeable) < 5 && m.rng.IntN(3) == 0 {
		return m.addColumn(name)
	}
	at := changeable[m.rng.IntN(len(changeable))]
	c := t.columns[at]
	alter := "ALTER TABLE " + name + " "
	set := func(text string, do func(*wholeColumn)) error {
		return m.doing(name, alter+text, func(t *wholeTable) bool {
			do(&t.columns[at])
			return false
		})
	}
	switch m.rng.IntN(8) {
	case 0:
		return m.doing(name, alter+"DROP COLUMN "+c.name, func(t *wholeTable) bool {
			t.columns = slices.Delete(t.columns, at, at+1)
			for n, on := range t.indexes {
				if on == c.id {
					delete(t.indexes, n)
				}
			}
			return false
		})
	case 1:
		to := fmt.Sprintf("d%d", m.next())
		return set("RENAME COLUMN "+c.name+" TO "+to, func(c *wholeColumn) { c.name = to })
	case 2, 3:
		if (c.kind == "smallint" || c.kind == "integer" || c.kind == "bigint") && !m.inBlock && m.rng.IntN(3) == 0 { // the rows are written anew
			return set("ALTER "+c.name+" TYPE text", func(c *wholeColumn) { c.kind = "text" })
		}
		if to := wider[c.kind]; to != "" {
			return set("ALTER "+c.name+" TYPE "+to, func(c *wholeColumn) { c.kind = to })
		}
	case 4:
		v := evolvingValue(m.rng, c.kind)
		return set("ALTER "+c.name+" SET DEFAULT '"+v+"'", func(c *wholeColumn) { c.byDefault = v })
	case 5:
		if !c.notNull {
			return set("ALTER "+c.name+" DROP DEFAULT", func(c *wholeColumn) { c.byDefault = "" })
		}
		return set("ALTER "+c.name+" DROP NOT NULL", func(c *wholeColumn) { c.notNull = false })
	case 6:
		if m.inBlock || c.notNull {
			return nil
		}
		state := ""
		for _, r := range t.rows {
			if _, there := r[c.id]; !there {
				state = "23502"
			}
		}
		done, err := m.run(alter+"ALTER "+c.name+" SET NOT NULL", state)
		if done {
			m.now[name].columns[at].notNull = true
			m.auto()
		}
		return err
	case 7:
		to := fmt.Sprintf("t%d", m.next())
		done, err := m.run(alter+"RENAME TO "+to, "")
		if done {
			m.now[to] = m.now[name]
			delete(m.now, name)
			m.auto()
		}
		return err
	}
	return nil
}

func (m *wholeModel) addColumn(name string) error {
	kinds := []string{"smallint", "integer", "real", "varchar(6)", "text", "numeric(6,2)", "boolean", "timestamptz"}
	id := m.next() + wholeMore
	c := wholeColumn{id: id, name: fmt.Sprintf("c%d", id), kind: m.one(kinds...), change: true}
	text := "ALTER TABLE " + name + " ADD COLUMN " + c.name + " " + c.kind
	if m.rng.IntN(3) > 0 {
		c.byDefault = evolvingValue(m.rng, c.kind)
		text += " DEFAULT '" + c.byDefault + "'"
		if c.notNull = m.rng.IntN(2) == 0; c.notNull {
			text += " NOT NULL"
		}
	}
	return m.doing(name, text, func(t *wholeTable) bool {
		t.columns = append(t.columns, c)
		if c.byDefault != "" {
			t.change(func(wholeRow) bool { return true }, func(r wholeRow) { r[c.id] = c.byDefault })
		}
		return false
	})
}

func (m *wholeModel) index(name string, t *wholeTable) error {
	var list []string
	for n := range t.indexes {
		list = append(list, n)
	}
	slices.Sort(list)
	if len(list) == 0 || len(list) < 4 && m.rng.IntN(2) == 0 {
		c := t.columns[m.rng.IntN(len(t.columns))]
		x := fmt.Sprintf("x%d", m.next())
		return m.doing(name, fmt.Sprintf("CREATE INDEX %s ON %s USING %s (%s)", x, name, m.one("btree", "bitmap", "bloom"), c.name), func(t *wholeTable) bool {
			t.indexes[x] = c.id
			return false
		})
	}
	x := m.one(list...)
	switch m.rng.IntN(3) {
	case 0:
		return m.doing(name, "DROP INDEX "+x, func(t *wholeTable) bool {
			delete(t.indexes, x)
			return false
		})
	case 1:
		to := fmt.Sprintf("x%d", m.next())
		return m.doing(name, "ALTER INDEX "+x+" RENAME TO "+to, func(t *wholeTable) bool {
			t.indexes[to] = t.indexes[x]
			delete(t.indexes, x)
			return false
		})
	}
	return m.doing(name, "REINDEX INDEX "+x, func(*wholeTable) bool { return false })
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
	m, err := openWhole()
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

// TestWholeModel runs random sequences of all there is. AEGIS_MODEL_TIME is for how long (5s), AEGIS_MODEL_SEED a certain one.
func TestWholeModel(t *testing.T) {
	within, seed := budget(6*time.Second), uint64(time.Now().UnixNano())
	if text := os.Getenv("AEGIS_MODEL_TIME"); text != "" {
		var err error
		if within, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	once := false
	if text := os.Getenv("AEGIS_MODEL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
		once = true
	}
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
