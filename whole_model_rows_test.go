package aegis

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What the whole model does to rows.

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
