package exec

import (
	"sync"

	"github.com/automatanexus/aegis-db/column/mem"
)

// account is the memory that one operator holds of its query's. There are two pockets: Held, for rows that can as well lie on disk, and
// Pool, for what an operator cannot do without. Safe for concurrent use; nil-safe it is not. Close it on every path.
//
// The rule for operators: ask fits for what is to be kept; where that says no, write to disk what is kept, and take what the next step
// needs with must.
type account struct {
	env   *Env
	stats *Stats // may be nil

	mu         sync.Mutex
	soft, hard int64 // of Held, of Pool
}

func newAccount(env *Env, stats *Stats) *account { return &account{env: env, stats: stats} }

// fits reserves n bytes for what can be spilled. false says that memory is full and rows have to go to disk; the error is that there is
// no disk to take them.
func (a *account) fits(n int64) (bool, error) {
	if n <= 0 {
		a.shrink(-n)
		return true, nil
	}
	err := a.env.held().Grow(n)
	if err == nil {
		a.count(n, 0)
		return true, nil
	}
	if a.env.Spill == nil {
		return false, err
	}
	a.mu.Lock()
	little := a.soft+a.hard+n <= a.env.Least
	a.mu.Unlock()
	if little {
		return true, a.must(n)
	}
	return false, nil
}

// must reserves n bytes for what there is no other place for.
func (a *account) must(n int64) error {
	if err := a.env.Pool.Grow(n); err != nil {
		return err
	}
	a.count(0, n)
	return nil
}

// need is must for what is better taken from Held, as long as there is room.
func (a *account) need(n int64) error {
	if a.env.held().Grow(n) == nil {
		a.count(n, 0)
		return nil
	}
	return a.must(n)
}

func (a *account) count(soft, hard int64) {
	a.mu.Lock()
	a.soft += soft
	a.hard += hard
	a.mu.Unlock()
	a.stats.hold(soft + hard)
}

// shrink gives n bytes back, those of Pool first: they are the scarcer ones.
func (a *account) shrink(n int64) {
	a.mu.Lock()
	hard := min(n, a.hard)
	soft := min(n-hard, a.soft)
	a.hard -= hard
	a.soft -= soft
	a.mu.Unlock()
	a.env.Pool.Shrink(hard)
	a.env.held().Shrink(soft)
	a.stats.hold(-hard - soft)
}

// used is what is held now.
func (a *account) used() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.soft + a.hard
}

func (a *account) close() { a.shrink(a.used()) }

// held is the pool for what can be spilled.
func (e *Env) held() *mem.Pool {
	if e.Held != nil {
		return e.Held
	}
	return e.Pool
}
