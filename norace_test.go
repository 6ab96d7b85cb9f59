//go:build !race

package aegis

const slowdown = 1
