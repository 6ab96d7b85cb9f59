package scan

import "testing"

func TestRowSet(t *testing.T) {
	var a, b RowSet
	for _, at := range [][2]int64{{7, 0}, {7, 1 << 31}, {-2, 1 << 40}, {OwnRows, 3}} {
		if !a.Add(at[0], at[1]) || a.Add(at[0], at[1]) {
			t.Errorf("%v was added not once", at)
		}
		if !a.Contains(at[0], at[1]) || a.Contains(at[0]+1, at[1]) || b.Contains(at[0], at[1]) {
			t.Errorf("%v: not where it was added", at)
		}
	}
	b.Add(7, 1)
	b.Add(OwnRows, 3)
	b.Union(&a)
	if a.Len() != 4 || b.Len() != 5 || !b.Contains(-2, 1<<40) || a.Contains(7, 1) || a.SizeBytes() == 0 {
		t.Errorf("%d and %d rows", a.Len(), b.Len())
	}
}
