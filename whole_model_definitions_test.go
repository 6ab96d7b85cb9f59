package aegis

import (
	"fmt"
	"slices"
	"strconv"
)

// What the whole model does to definitions, and what must fail.

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
