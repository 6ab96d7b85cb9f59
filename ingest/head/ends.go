package head

import "github.com/automatanexus/aegis-db/column/scan"

// ends drops the groups of a series between those that surely hold the rows the request needs from its start and its end.
// Groups are in the order of time and share no time, so rows of one time are never torn apart.
func (p *plan) ends(groups [][]piece) [][]piece {
	want := p.req.Ends
	if want == (scan.Ends{}) || len(groups) < 2 || len(p.order) == 0 || p.order[0] != p.schema.Time {
		return groups
	}
	lo := 0
	for n := want.First; n > 0 && lo < len(groups); lo++ {
		n -= p.sure(groups[lo])
	}
	hi := len(groups)
	for n := want.Last; n > 0 && hi > lo; {
		hi--
		n -= p.sure(groups[hi])
	}
	return append(groups[:lo:lo], groups[hi:]...)
}

// sure is how many rows of a group are given for certain, without decoding it.
func (p *plan) sure(g []piece) (rows int64) {
	for i := range g {
		c := &g[i].chunk
		if g[i].dead != nil && p.schema.Supersedes() {
			return 0 // of each key it may be the newest that has ended
		}
		inTime := p.schema.Time == 0 || p.req.Time.Min <= c.minT && c.maxT <= p.req.Time.Max
		if inTime && c.first > p.after && c.last <= g[i].place.in.upTo {
			rows += int64(c.rows - g[i].deaths())
		}
	}
	if p.schema.Supersedes() {
		return min(rows, 1) // the others may be of the same key
	}
	return rows
}
