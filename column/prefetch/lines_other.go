//go:build !amd64 && !arm64

package prefetch

// Ask does nothing where it is not known how: answers are the same.
func Ask(*Lines, int) {}
