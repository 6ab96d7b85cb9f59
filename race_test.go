//go:build race

package aegis

// slowdown is about how much longer everything takes under the race detector.
const slowdown = 15
