package segment

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// heed finds the pages whose zones a cutoff is compared with. There are none where the segment's column is of another type than the view's, as
// zones are of what is stored.
func (s *scanReader) heed(c *scan.Cutoff) (err error) {
	if c == nil {
		return nil
	}
	own, view := &s.m.r.meta.schema, s.m.view.Schema
	field, shown := own.Index(c.Column), view.Index(c.Column)
	if field < 0 || shown < 0 || own.IsTag(c.Column) || own.Fields[field].Type != view.Fields[shown].Type || own.Fields[field].Type.Physical() != column.PhysInt {
		return nil
	}
	s.cut, err = s.m.r.pagesOf(field)
	return err
}

// cutOff reports that none of the rows at hand can matter any more: their pages need not be read.
func (s *scanReader) cutOff() bool {
	c := s.m.req.Cutoff
	if !c.Set() {
		return false
	}
	for _, p := range s.pieces {
		for at := p.lo; at < p.hi; {
			page := s.cut.find(at)
			z := &s.cut.pages[page].zone
			if !c.Excludes(z.IntMin, z.IntMax, z.Nulls > 0, z.Values() > 0) {
				return false
			}
			at = s.cut.end(page)
		}
	}
	return true
}
