package crash

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// changedRows is the ledger of rows that one client inserts, updates and deletes, a statement at a time. What a row shows follows from its key and from the
// number of the statement that wrote it last.
type changedRows struct {
	writer  int64
	rand    *rand.Rand
	current map[int64]changedRow
	doubt   *rowChange // sent, and the answer never came
	keys    int64
	number  int64
}

// changedRow is the statement that has written it last, and when it was inserted: what columns without a value got follows from that.
type changedRow struct{ number, began, ended int64 }

// rowChange is a statement.
type rowChange struct {
	kind   string // INSERT, UPDATE or DELETE
	number int64
	keys   []int64
	began  int64
}

// keysPerWriter keeps the keys of writers apart.
const keysPerWriter = 1_000_000

func newChangedRows(writer int64, r *rand.Rand) *changedRows {
	return &changedRows{writer: writer, rand: r, current: map[int64]changedRow{}}
}

// value is what a row shows in v.
func (c *changedRows) value(k, number int64) int64 { return number*4*keysPerWriter + k }

// draw makes the next change.
func (c *changedRows) draw(began int64) *rowChange {
	c.number++
	out := &rowChange{kind: "INSERT", number: c.number, began: began}
	if n := c.rand.IntN(5); len(c.current) > 0 && n > 1 {
		out.kind = "UPDATE"
		if n == 4 || len(c.current) > 500 {
			out.kind = "DELETE"
		}
		have := make([]int64, 0, len(c.current))
		for k := range c.current {
			have = append(have, k)
		}
		slices.Sort(have)
		c.rand.Shuffle(len(have), func(i, j int) { have[i], have[j] = have[j], have[i] })
		out.keys = have[:min(len(have), 1+c.rand.IntN(20))]
		return out
	}
	n := 1 + c.rand.IntN(20)
	if c.rand.IntN(10) == 0 {
		n = 300
	}
	for range n {
		out.keys = append(out.keys, c.writer*keysPerWriter+c.keys)
		c.keys++
	}
	return out
}

// sql writes a change as a statement. Tables with a time have one that follows from the key.
func (c *changedRows) sql(table string, timed bool, r *rowChange) string {
	var b strings.Builder
	switch r.kind {
	case "INSERT":
		columns, more := "k, v, note", func(int64) string { return "" }
		if timed {
			columns, more = "ts, host, k, v, note", func(k int64) string { return fmt.Sprintf("'%s','host-%d',", keyTime(k), k%7) }
		}
		fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, columns)
		for i, k := range r.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "(%s%d,%d,'%s')", more(k), k, c.value(k, r.number), noteOf(k))
		}
		return b.String()
	case "UPDATE":
		fmt.Fprintf(&b, "UPDATE %s SET v = k + %d WHERE k IN (", table, c.value(0, r.number))
	case "DELETE":
		fmt.Fprintf(&b, "DELETE FROM %s WHERE k IN (", table)
	}
	for i, k := range r.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(k, 10))
	}
	return b.String() + ")"
}

func noteOf(k int64) string { return fmt.Sprintf("note %d of %d", k%100, k%3) }

// took notes that a change was acknowledged.
func (c *changedRows) took(r *rowChange, ended int64) {
	for _, k := range r.keys {
		switch row := c.current[k]; r.kind {
		case "INSERT":
			c.current[k] = changedRow{r.number, r.began, ended}
		case "UPDATE":
			row.number = r.number
			c.current[k] = row
		default:
			delete(c.current, k)
		}
	}
	c.doubt = nil
}

// check holds rows, key → v, against the ledger; a change in doubt was done to all of its rows or to none, and is known afterwards. decided says which
// of the two it must be, where something else tells.
func (c *changedRows) check(shown map[int64]int64, now int64, decided *bool) (problems []string, taken bool) {
	say := func(format string, args ...any) {
		if len(problems) < 10 {
			problems = append(problems, fmt.Sprintf("writer %d: ", c.writer)+fmt.Sprintf(format, args...))
		}
	}
	if r := c.doubt; r != nil {
		n := 0
		for _, k := range r.keys {
			v, there := shown[k]
			if r.kind == "DELETE" && !there || r.kind != "DELETE" && there && v == c.value(k, r.number) {
				n++
			}
		}
		if taken = n == len(r.keys); n > 0 && !taken {
			say("%s %d was cut: done to %d of %d rows", r.kind, r.number, n, len(r.keys))
		}
		if decided != nil && *decided != taken {
			say("%s %d was done: %v; the change of the table in the same transaction: %v", r.kind, r.number, taken, *decided)
		}
		if taken {
			c.took(r, now)
		}
		c.doubt = nil
	}
	for k, row := range c.current {
		switch v, there := shown[k]; {
		case !there:
			say("key %d of statement %d is lost", k, row.number)
		case v != c.value(k, row.number):
			say("key %d shows statement %d, not %d", k, v/(4*keysPerWriter), row.number)
		}
	}
	for k, v := range shown {
		if _, known := c.current[k]; !known {
			say("key %d is there, of statement %d", k, v/(4*keysPerWriter))
		}
	}
	return problems, taken
}
