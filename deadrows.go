package aegis

import (
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/meta"
)

// deadUnions keeps, for segments that have rows which ended a moment ago beside a deletion vector, both as one: statement after statement asks
// for it, and it is made once for each commit that ends rows, and each publish. Safe for concurrent use.
type deadUnions struct {
	mu   sync.Mutex
	kept map[meta.SegmentID]deadUnion
}

type deadUnion struct{ vector, ended, both *roaring.Bitmap }

// keptUnions bounds the segments that are kept.
const keptUnions = 1 << 10

func (u *deadUnions) of(record *meta.Segment, vector, ended *roaring.Bitmap) *roaring.Bitmap {
	u.mu.Lock()
	have, ok := u.kept[record.ID]
	u.mu.Unlock()
	if ok && have.vector == vector && have.ended == ended {
		return have.both
	}
	both := roaring.Or(vector, ended)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.kept == nil || len(u.kept) >= keptUnions {
		u.kept = map[meta.SegmentID]deadUnion{}
	}
	u.kept[record.ID] = deadUnion{vector, ended, both}
	return both
}
