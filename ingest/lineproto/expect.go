package lineproto

import "slices"

// mostExpected bounds the rows that room is made for before they come. It is what senders put into a body; what comes beyond makes slices grow.
const mostExpected = 8192

// expect makes room for the rows that the body has from the present line on, if all are of its length and of its table, and tells how many that are: slices that
// double until they have grown to a body's rows are moved as often as values are written. Only the first table gets room, so all of it takes about twice
// as many bytes as the body at most: a field of a line takes four bytes of text, and eight of a column.
func (d *decoder) expect(t *table) int {
	if len(d.order) > 1 {
		return 0
	}
	n := (d.end-int(d.text.from))/int(d.text.to-d.text.from) + 1
	t.hoped = min(n+n/16, mostExpected) // numbers have more digits in one line than in another
	t.times = slices.Grow(t.times, t.hoped)
	t.of = slices.Grow(t.of, t.hoped)
	t.lines = slices.Grow(t.lines, t.hoped)
	return t.hoped
}

// growSeries makes room for the series that the rows that are expected have, if they have as many as the rows before.
func (t *table) growSeries(row int) {
	n := len(t.series)
	if row == 0 || n < cap(t.series) {
		return
	}
	if more := n * (t.hoped - row) / row; more > n {
		t.series = slices.Grow(t.series, more)
		t.hashes = slices.Grow(t.hashes, more)
	}
}
