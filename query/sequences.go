package query

import (
	"context"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
)

// sequences hands out the numbers of sequences. It takes many at a time from the catalog, so that a number does not cost an entry of its log, and gives back
// what is left when the engine is closed in order: only a crash leaves a gap.
type sequences struct {
	catalog meta.Catalog
	mu      sync.Mutex
	taken   map[meta.TableID]*takenValues
}

// takenValues are numbers of one sequence that were taken and not handed out yet.
type takenValues struct {
	mu      sync.Mutex
	changed meta.Version // of the record they were taken under
	stand   int64        // Last of the record then: a different one says that somebody has set it since
	next    int64
	step    int64
	left    uint64
	last    int64 // what was handed out last
	size    uint64
}

// The numbers that are taken at a time: at first as many as PostgreSQL may lose in a crash, then ever more while they are used up.
const (
	leastTaken = 32
	mostTaken  = 4096
)

func newSequences(c meta.Catalog) *sequences {
	return &sequences{catalog: c, taken: map[meta.TableID]*takenValues{}}
}

func (s *sequences) of(id meta.TableID) *takenValues {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.taken[id]
	if t == nil {
		t = &takenValues{size: leastTaken}
		s.taken[id] = t
	}
	return t
}

// fits reports whether what was taken is still the sequence's next.
func (t *takenValues) fits(q *meta.Sequence) bool {
	return t.changed == q.Changed && q.Called && t.stand == q.Last
}

// next gives the next number of a sequence.
func (s *sequences) next(ctx context.Context, id meta.TableID) (int64, error) {
	t := s.of(id)
	t.mu.Lock()
	defer t.mu.Unlock()
	q := s.catalog.Snapshot().SequenceByID(id)
	if q == nil {
		return 0, noSequence(id)
	}
	if !t.fits(q) {
		t.left = 0
	}
	if t.left == 0 {
		if err := s.take(ctx, t, id); err != nil {
			return 0, err
		}
	}
	t.last = t.next
	t.left--
	t.next += t.step // past the end it wraps, and is not used
	return t.last, nil
}

func noSequence(id meta.TableID) error {
	return column.SQLErrorf(column.NotFound, "42P01", "could not open relation with OID %d", catalog.RelationOID(id))
}

// take takes more numbers.
func (s *sequences) take(ctx context.Context, t *takenValues, id meta.TableID) error {
	got, err := s.catalog.Propose(ctx, meta.Command{TakeSequence: &meta.TakeSequence{Sequence: id, Count: t.size}})
	if err != nil {
		return err
	}
	q := s.catalog.Snapshot().SequenceByID(id)
	if q == nil {
		return noSequence(id)
	}
	v := got.Values
	t.next, t.step, t.left = v.First, v.Step, v.Count
	t.changed, t.stand = q.Changed, v.First+int64(v.Count-1)*v.Step
	t.size = min(2*t.size, mostTaken)
	return nil
}

// stand is where a sequence stands: what was handed out last, or what will be first.
func (s *sequences) stand(q *meta.Sequence) (last int64, called bool) {
	t := s.of(q.ID)
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := s.catalog.Snapshot().SequenceByID(q.ID); now != nil {
		q = now
	}
	if t.left > 0 && t.fits(q) {
		return t.last, true
	}
	return q.Last, q.Called
}

// settle gives back the numbers of a sequence that were taken and not handed out.
func (s *sequences) settle(ctx context.Context, id meta.TableID) error {
	t := s.of(id)
	t.mu.Lock()
	defer t.mu.Unlock()
	q := s.catalog.Snapshot().SequenceByID(id)
	if q == nil || t.left == 0 || !t.fits(q) {
		t.left = 0
		return nil
	}
	t.left = 0
	was := t.stand
	_, err := s.catalog.Propose(ctx, meta.Command{SetSequence: &meta.SetSequence{Sequence: id, Last: t.last, Called: true, Was: &was}})
	if column.ClassOf(err) == column.Conflict {
		return nil // somebody has set it
	}
	return err
}

// close gives everything back.
func (s *sequences) close(ctx context.Context) error {
	s.mu.Lock()
	ids := make([]meta.TableID, 0, len(s.taken))
	for id := range s.taken {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	for _, id := range ids {
		if err := s.settle(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// set says where a sequence stands.
func (s *sequences) set(ctx context.Context, id meta.TableID, value int64, called bool) error {
	t := s.of(id)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = 0
	_, err := s.catalog.Propose(ctx, meta.Command{SetSequence: &meta.SetSequence{Sequence: id, Last: value, Called: called}})
	return err
}

// settleSequences gives back what was taken of the sequences that commands change.
func (st *statement) settleSequences(list []meta.Command) error {
	for _, c := range list {
		if c.AlterSequence != nil {
			if err := st.session.sequencesOf(c.AlterSequence.Sequence.ID).settle(st.env.Expr.Ctx, c.AlterSequence.Sequence.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// sessionSequences implements catalog.Sequences for a session.
type sessionSequences struct{ session *Session }

// sequenceMemory is what nextval gave a session.
type sequenceMemory struct {
	mu    sync.Mutex
	given map[meta.TableID]int64
	last  meta.TableID
}

// Next implements catalog.Sequences.
func (s sessionSequences) Next(v *catalog.View, q *meta.Sequence) (int64, error) {
	if s.session.settings.ReadOnly {
		return 0, readOnlyBlock("nextval()")
	}
	n, err := s.session.sequencesOf(q.ID).next(v.Ctx, q.ID)
	if err != nil {
		return 0, err
	}
	s.session.numbers.note(q.ID, n, true)
	return n, nil
}

func (m *sequenceMemory) note(id meta.TableID, n int64, next bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.given == nil {
		m.given = map[meta.TableID]int64{}
	}
	if m.given[id] = n; next {
		m.last = id
	}
}

// forget drops what is known, as DISCARD SEQUENCES does.
func (m *sequenceMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.given, m.last = nil, 0
}

// Current implements catalog.Sequences.
func (s sessionSequences) Current(_ *catalog.View, q *meta.Sequence) (int64, error) {
	m := &s.session.numbers
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.given[q.ID]
	if !ok {
		return 0, column.SQLErrorf(column.Invalid, "55000", "currval of sequence \"%s\" is not yet defined in this session", q.Name)
	}
	return n, nil
}

// Last implements catalog.Sequences.
func (s sessionSequences) Last() (int64, error) {
	m := &s.session.numbers
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == 0 || s.session.sequencesOf(m.last).catalog.Snapshot().SequenceByID(m.last) == nil {
		return 0, column.SQLErrorf(column.Invalid, "55000", "lastval is not yet defined in this session")
	}
	return m.given[m.last], nil
}

// Set implements catalog.Sequences.
func (s sessionSequences) Set(v *catalog.View, q *meta.Sequence, value int64, called bool) error {
	if s.session.settings.ReadOnly {
		return readOnlyBlock("setval()")
	}
	if value < q.Min || value > q.Max {
		return column.SQLErrorf(column.Invalid, "22003", "setval: value %d is out of bounds for sequence \"%s\" (%d..%d)", value, q.Name, q.Min, q.Max)
	}
	if err := s.session.sequencesOf(q.ID).set(v.Ctx, q.ID, value, called); err != nil {
		return err
	}
	if called {
		s.session.numbers.note(q.ID, value, false)
	}
	return nil
}

// Stand implements catalog.Sequences.
func (s sessionSequences) Stand(q *meta.Sequence) (int64, bool) {
	return s.session.sequencesOf(q.ID).stand(q)
}
