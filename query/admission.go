package query

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// Statements wait for their turn instead of sharing what is not there. There are two gates, each with its own places and its own queue, first
// come, first served: a statement enters by the light one, is planned, and runs if its plan reads little. One whose plan reads much gives
// its place back and waits at the heavy gate, where fewer may pass. So small statements wait for small ones only, and large ones are not
// overtaken for ever.
//
// What a plan reads is an estimate. A statement that has held a light place for longer than overdue is counted as heavy from then on,
// if others wait for its place; the heavy gate may be overfull by as many as it has places.
type class uint8

const (
	light class = iota
	heavy
)

// lightRows is up to how many rows, read and made on the way, a plan is light: what takes a few milliseconds.
const lightRows = 1 << 17

// overdue is how long a light statement keeps its place when others wait for it.
const overdue = time.Second

// retryMemory is how often a statement that waits for memory looks whether there is some.
const retryMemory = 10 * time.Millisecond

// admission keeps the gates.
type admission struct {
	queue int           // statements that may wait, at both gates
	wait  time.Duration // how long one may wait
	now   func() time.Time

	mu     sync.Mutex
	gates  [2]gate
	closed bool
	idle   chan struct{} // closed when closed and nobody is inside

	queued, refused int64
	waited          time.Duration
}

// gate is one of them.
type gate struct {
	places  int
	inside  list.List // of *place, by the time they entered
	waiting list.List // of *place
}

// place is a statement's, inside or waiting.
type place struct {
	of      *admission
	class   class
	entered time.Time
	at      *list.Element
	ready   chan struct{} // closed when it comes inside
	inside  bool
}

func newAdmission(places, heavyPlaces, queue int, wait time.Duration) *admission {
	a := &admission{queue: queue, wait: wait, now: time.Now, idle: make(chan struct{})}
	a.gates[light].places, a.gates[heavy].places = places, heavyPlaces
	return a
}

// enter waits for a place. It is given back with leave.
func (a *admission) enter(ctx context.Context, c class) (*place, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	p, inside, err := a.line(c)
	if err != nil || inside {
		return p, err
	}
	started := a.now()
	timer := time.NewTimer(a.wait)
	defer timer.Stop()
	tick := time.NewTicker(overdue / 4)
	defer tick.Stop()
	for {
		select {
		case <-p.ready:
			a.mu.Lock()
			a.waited += a.now().Sub(started)
			a.mu.Unlock()
			return p, nil
		case <-tick.C:
			a.mu.Lock()
			a.relieve()
			a.mu.Unlock()
			continue
		case <-ctx.Done():
			err = errWaited("the statement waited for its turn until its time was over", context.Cause(ctx))
		case <-timer.C:
			err = errWaited("the statement waited for its turn for "+a.wait.String(), nil)
		}
		if cause := context.Cause(ctx); errors.Is(cause, errClosing) {
			err = cause
		}
		p.leave() // wherever it is by now
		a.mu.Lock()
		a.waited += a.now().Sub(started)
		a.refused++
		a.mu.Unlock()
		return nil, err
	}
}

// line takes a place inside if there is one and nobody waits for it, else at the end of the queue.
func (a *admission) line(c class) (p *place, inside bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, false, errClosing
	}
	p = &place{of: a, class: c}
	g := &a.gates[c]
	if g.waiting.Len() == 0 && g.inside.Len() < g.places {
		a.admit(p)
		return p, true, nil
	}
	if a.gates[light].waiting.Len()+a.gates[heavy].waiting.Len() >= a.queue {
		a.refused++
		return nil, false, errWaited("too many statements wait for their turn already", nil)
	}
	a.queued++
	p.ready = make(chan struct{})
	p.at = g.waiting.PushBack(p)
	a.relieve()
	return p, false, nil
}

func errWaited(message string, cause error) error {
	return &column.Error{
		Class: column.Overloaded, SQLState: "53300", Message: message,
		Hint: "Too many statements run at once: try again later, or raise the number that may.", Err: cause,
	}
}

// admit lets a place in that is in no list.
func (a *admission) admit(p *place) {
	p.entered, p.inside = a.now(), true
	p.at = a.gates[p.class].inside.PushBack(p)
	if p.ready != nil {
		close(p.ready)
	}
}

// advance lets in who waits first, while there are places.
func (a *admission) advance(c class) {
	g := &a.gates[c]
	for g.inside.Len() < g.places {
		first := g.waiting.Front()
		if first == nil {
			return
		}
		g.waiting.Remove(first)
		a.admit(first.Value.(*place))
	}
}

// relieve moves statements that are not as light as they were taken to be, when others wait for their places.
func (a *admission) relieve() {
	from, to := &a.gates[light], &a.gates[heavy]
	for from.waiting.Len() > 0 && to.inside.Len() < 2*to.places {
		oldest := from.inside.Front()
		if oldest == nil {
			return
		}
		p := oldest.Value.(*place)
		if a.now().Sub(p.entered) < overdue {
			return
		}
		from.inside.Remove(oldest)
		p.class, p.at = heavy, to.inside.PushBack(p)
		a.advance(light)
	}
}

// leave gives a place back, or leaves the queue. A second call does nothing.
func (p *place) leave() {
	a := p.of
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.at == nil {
		return
	}
	g := &a.gates[p.class]
	if p.inside {
		g.inside.Remove(p.at)
	} else {
		g.waiting.Remove(p.at)
	}
	p.at, p.inside = nil, false
	a.advance(p.class)
	a.ended()
}

// ended tells whoever waits for the last statement.
func (a *admission) ended() {
	if !a.closed || a.gates[light].inside.Len()+a.gates[heavy].inside.Len() > 0 {
		return
	}
	select {
	case <-a.idle:
	default:
		close(a.idle)
	}
}

// aside makes places for others while a statement inside waits for what one of them may have, or takes them back.
func (a *admission) aside(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range a.gates {
		a.gates[c].places += n
		a.advance(class(c))
	}
}

// close lets nobody in any more, and waits until the last has left, or for ctx.
func (a *admission) close(ctx context.Context) error {
	a.mu.Lock()
	a.closed = true
	a.ended()
	a.mu.Unlock()
	select {
	case <-a.idle:
		return nil
	case <-ctx.Done():
		return column.Errorf(column.Cancelled, "a result of a statement was never closed: %w", context.Cause(ctx))
	}
}

// guarantee waits until a pool can be given the memory that a statement needs at least.
func (a *admission) guarantee(ctx context.Context, pool *mem.Pool, bytes int64) error {
	err := pool.Guarantee(bytes)
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, a.wait, errWaited("the statement waited for memory for "+a.wait.String(), err))
	defer cancel()
	for {
		select {
		case <-time.After(retryMemory):
			if err = pool.Guarantee(bytes); err == nil {
				return nil
			}
		case <-ctx.Done():
			if cause := context.Cause(ctx); errors.Is(cause, column.Overloaded) {
				return cause
			}
			return errWaited("the statement waited for memory until its time was over", context.Cause(ctx))
		}
	}
}

// Admission is how statements came in.
type Admission struct {
	Running, Heavy               int // inside, and those of them that are heavy
	Waiting, HeavyWaiting        int
	Queued, Refused              int64 // that had to wait, that got no turn
	WaitedSeconds                float64
	Places, HeavyPlaces, Longest int
}

func (a *admission) stats() Admission {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, h := &a.gates[light], &a.gates[heavy]
	return Admission{
		Running: l.inside.Len() + h.inside.Len(), Heavy: h.inside.Len(), Waiting: l.waiting.Len() + h.waiting.Len(), HeavyWaiting: h.waiting.Len(),
		Queued: a.queued, Refused: a.refused, WaitedSeconds: a.waited.Seconds(), Places: l.places, HeavyPlaces: h.places, Longest: a.queue,
	}
}
