package vfs

import "golang.org/x/sys/unix"

// Ahead tells the kernel what will be read soon. It may not heed it, and nobody waits.
func (f osFile) Ahead(offset, length int64) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { _ = unix.Fadvise(int(fd), offset, length, unix.FADV_WILLNEED) }) // a hint
}
