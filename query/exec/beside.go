package exec

import (
	"sync"
	"sync/atomic"
)

// besideCells is from how many values on columns that do not depend on each other are worked on side by side: below, starting a goroutine
// costs more than it gains.
const besideCells = 8 << 10

// beside runs f for 0 … n-1 on up to so many goroutines, the caller's being one of them. After an error no other call begins.
func beside(workers, n int, f func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	work := func() {
		for failed.Load() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if err := guarded(f, i); err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		}
	}
	var group sync.WaitGroup
	for range min(workers, n) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

func guarded(f func(i int) error, i int) (err error) {
	defer guard(&err)
	return f(i)
}
