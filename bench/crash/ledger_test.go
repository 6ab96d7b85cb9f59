package crash

import (
	"strings"
	"testing"
)

// TestLedgerFindsFaults: what a faulty server would show, and the sentence that must come of it.
func TestLedgerFindsFaults(t *testing.T) {
	// Two acknowledged batches, the second of which overwrites key 1; a third is in doubt.
	setup := func() (*Ledger, []Row, *Batch) {
		l := NewLedger(7)
		first, second := l.Next(3, nil), l.Next(2, []int64{1})
		l.Sent(first)
		l.Took()
		l.Sent(second)
		l.Took()
		third := l.Next(2, []int64{0})
		l.Sent(third)
		rows := append(second.Rows(7), NewRow(7, 0, 1), NewRow(7, 2, 1))
		return l, rows, third
	}
	for _, c := range []struct {
		name  string
		spoil func(rows []Row, doubt *Batch) []Row
		want  string
		taken bool
	}{
		{"as it should be", func(r []Row, _ *Batch) []Row { return r }, "", false},
		{"in doubt, taken", func(r []Row, b *Batch) []Row { return append(without(r, 0), b.Rows(7)...) }, "", true},
		{"lost", func(r []Row, _ *Batch) []Row { return without(r, 2) }, "key 2 of batch 1 was acknowledged and is lost", false},
		{"twice", func(r []Row, _ *Batch) []Row { return append(r, NewRow(7, 2, 1)) }, "key 2 is there twice", false},
		{"old version too", func(r []Row, _ *Batch) []Row { return append(r, NewRow(7, 1, 1)) }, "key 1 is there twice", false},
		{"old version", func(r []Row, _ *Batch) []Row { return append(without(r, 1), NewRow(7, 1, 1)) }, "key 1 shows batch 1, the acknowledged one is 2", false},
		{"invented", func(r []Row, _ *Batch) []Row { return append(r, NewRow(7, 99, 3)) }, "key 99 of batch 3 is there and was never taken", false},
		{"damaged", func(r []Row, _ *Batch) []Row { r[0].Value ^= 1; return r }, "not one that was ever written", false},
		{"another's", func(r []Row, _ *Batch) []Row { return append(r, NewRow(8, 50, 1)) }, "not one that was ever written", false},
		{"cut", func(r []Row, b *Batch) []Row { return append(r, b.Rows(7)[:1]...) }, "batch 3 was cut: 1 of its 3 rows", false},
		{"all lost", func([]Row, *Batch) []Row { return nil }, "is lost", false},
	} {
		l, rows, doubt := setup()
		problems, taken := l.Check(c.spoil(rows, doubt))
		if text := strings.Join(problems, "\n"); c.want == "" && text != "" || !strings.Contains(text, c.want) {
			t.Errorf("%s: problems %q, want %q", c.name, text, c.want)
		}
		if taken != c.taken {
			t.Errorf("%s: taken is %v", c.name, taken)
		}
	}
}

func without(rows []Row, key int64) (out []Row) {
	for _, r := range rows {
		if r.Key != key {
			out = append(out, r)
		}
	}
	return out
}

// TestLedgerRemembers: a batch once seen must stay, one once found missing must stay away.
func TestLedgerRemembers(t *testing.T) {
	l := NewLedger(1)
	b := l.Next(2, nil)
	l.Sent(b)
	if problems, taken := l.Check(b.Rows(1)); len(problems) > 0 || !taken || l.Len() != 2 {
		t.Fatalf("%v, %v, %d rows", problems, taken, l.Len())
	}
	if problems, _ := l.Check(nil); len(problems) != 2 {
		t.Errorf("rows that were seen vanish: %v", problems)
	}
	l = NewLedger(1)
	b = l.Next(2, nil)
	l.Sent(b)
	if problems, taken := l.Check(nil); len(problems) > 0 || taken {
		t.Fatal(problems)
	}
	if problems, _ := l.Check(b.Rows(1)); len(problems) != 2 {
		t.Errorf("rows come back from nowhere: %v", problems)
	}
	l.Sent(b)
	l.Refused()
	if problems, _ := l.Check(b.Rows(1)); len(problems) != 2 {
		t.Errorf("a refused batch is there: %v", problems)
	}
}
