package aegis

import (
	"runtime"
	"strings"
	"time"
)

// lateStacks are the stacks of the goroutines at work some time after a statement was cancelled, if it had not ended by then.
type lateStacks struct{ text string }

// watchLate notes the stacks when three quarters of what a statement may take have passed. stop ends the watching.
func watchLate(into *lateStacks) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		timer := time.NewTimer(cancelMost * 3 / 4)
		defer timer.Stop()
		select {
		case <-over:
		case <-timer.C:
			buf := make([]byte, 1<<20)
			for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
				if strings.Contains(stack, "aegis-db/query/") {
					into.text += stack + "\n\n"
				}
			}
		}
	}()
	return func() { close(over); <-done }
}
