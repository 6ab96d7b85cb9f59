package query

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

func enter(t *testing.T, a *admission, c class) *place {
	t.Helper()
	p, err := a.enter(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waiting reports whether a statement is in a queue, and gives its place when it comes in.
func waiting(t *testing.T, a *admission, c class) <-chan *place {
	t.Helper()
	before := a.stats()
	in := make(chan *place, 1)
	go func() {
		p, err := a.enter(context.Background(), c)
		if err != nil {
			t.Error(err)
		}
		in <- p
	}()
	synctest.Wait()
	if now := a.stats(); now.Waiting != before.Waiting+1 {
		t.Errorf("it does not wait: %+v", now)
	}
	return in
}

func isOverloaded(err error) bool {
	var e *column.Error
	return errors.As(err, &e) && e.Class == column.Overloaded && e.SQLState == "53300" && e.Hint != ""
}

// TestLightPassHeavy: heavy statements that wait keep no light one from running.
func TestLightPassHeavy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(3, 1, 10, time.Minute)
		first := enter(t, a, heavy)
		second, third := waiting(t, a, heavy), waiting(t, a, heavy)
		for range 3 {
			defer enter(t, a, light).leave()
		}
		if s := a.stats(); s.Running != 4 || s.Heavy != 1 || s.HeavyWaiting != 2 {
			t.Errorf("%+v", s)
		}
		first.leave()
		first.leave() // does nothing
		p := <-second
		select {
		case <-third:
			t.Error("two heavy statements run")
		default:
		}
		p.leave()
		(<-third).leave()
		if s := a.stats(); s.Heavy != 0 || s.Queued != 2 || s.Refused != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, 1, 1, 30*time.Second)
		p := enter(t, a, heavy)
		in := waiting(t, a, heavy)
		if _, err := a.enter(context.Background(), heavy); !isOverloaded(err) {
			t.Errorf("a queue that is full: %v", err)
		}
		p.leave()
		p = <-in
		began := time.Now()
		if _, err := a.enter(context.Background(), heavy); !isOverloaded(err) || time.Since(began) != 30*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := a.enter(ctx, heavy); !isOverloaded(err) {
			t.Errorf("a statement whose time is over: %v", err)
		}
		if s := a.stats(); s.Waiting != 0 || s.Refused != 3 || s.WaitedSeconds < 31 {
			t.Errorf("%+v", s)
		}
		p.leave()
	})
}

// TestOverdueStatementsMakeRoom: a statement that was taken for light and is not gives its place to others after a while.
func TestOverdueStatementsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, 1, 10, time.Minute)
		long := enter(t, a, light)
		in := waiting(t, a, light)
		began := time.Now()
		p := <-in
		if d := time.Since(began); d < overdue || d > 2*overdue {
			t.Errorf("it waited %v", d)
		}
		if s := a.stats(); s.Heavy != 1 || s.Running != 2 {
			t.Errorf("%+v", s)
		}
		next := waiting(t, a, light)
		time.Sleep(2 * overdue) // the heavy gate takes twice its places
		(<-next).leave()
		last := enter(t, a, light)
		full := waiting(t, a, light)
		time.Sleep(10 * overdue)
		synctest.Wait()
		if s := a.stats(); s.Waiting != 1 {
			t.Errorf("the heavy gate took more than twice its places: %+v", s)
		}
		long.leave()
		p.leave()
		last.leave()
		(<-full).leave()
		if s := a.stats(); s.Running != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCloseWaitsForTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, 1, 10, time.Minute)
		p := enter(t, a, light)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := a.close(ctx); err == nil {
			t.Error("closed while a statement runs")
		}
		if _, err := a.enter(context.Background(), light); !errors.Is(err, errClosing) {
			t.Errorf("entered a closed engine: %v", err)
		}
		p.leave()
		if err := a.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestMemoryIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, 1, 10, 5*time.Second)
		server := mem.NewPool("server", 100, nil)
		other := mem.NewPool("other", 0, server)
		if err := other.Grow(80); err != nil {
			t.Fatal(err)
		}
		pool := mem.NewPool("work", 0, server)
		go func() {
			time.Sleep(time.Second)
			other.Shrink(30)
		}()
		began := time.Now()
		if err := a.guarantee(context.Background(), pool, 50); err != nil || time.Since(began) < time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if err := a.guarantee(context.Background(), mem.NewPool("late", 0, server), 50); !isOverloaded(err) {
			t.Errorf("memory that never comes: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := a.guarantee(ctx, mem.NewPool("late", 0, server), 50); !isOverloaded(err) {
			t.Errorf("a statement whose time is over: %v", err)
		}
		if server.Used() != 100 {
			t.Errorf("%d bytes are reserved", server.Used())
		}
	})
}

func TestAdmissionConcurrently(t *testing.T) {
	a := newAdmission(4, 2, 1000, time.Minute)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for k := range 50 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i*k%7)*100*time.Microsecond)
				p, err := a.enter(ctx, class((i+k)%2))
				if s := a.stats(); s.Running > 6 || s.Heavy > 2 {
					t.Errorf("%+v", s)
				}
				if err == nil {
					p.leave()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if s := a.stats(); s.Running != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}
