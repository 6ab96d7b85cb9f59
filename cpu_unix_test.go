//go:build unix

package aegis

import (
	"syscall"
	"time"
)

// cpuTime is how long this process has computed, on all processors together.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
