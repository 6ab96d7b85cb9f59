//go:build !unix

package aegis

import "time"

var began = time.Now()

// cpuTime is the time that passes: here is nothing better.
func cpuTime() time.Duration { return time.Since(began) }
