package upkeep

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Loop
		ran, ended := 0, false
		l.Start(time.Minute, func(ctx context.Context) {
			if ran++; ran == 3 {
				<-ctx.Done() // a long chore is told to end, and waited for
				ended = true
			}
		})
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if ran != 3 {
			t.Errorf("ran %d times, want 3: the third never ends by itself", ran)
		}
		l.Stop()
		if !ended {
			t.Error("Stop did not wait for the chore")
		}
	})
	var never Loop
	never.Stop()
}
