package suite

import (
	"fmt"
	"os"
	"syscall"
)

// dropFile takes the kernel's order to forget clean pages, names and inodes. Only root may write it.
const dropFile = "/proc/sys/vm/drop_caches"

// dropCaches makes the machine read files from its disk again.
func dropCaches() error {
	syscall.Sync()
	if err := os.WriteFile(dropFile, []byte("3"), 0); err != nil {
		return fmt.Errorf("cold runs need to drop the kernel's caches: %w", err)
	}
	return nil
}

// CanDropCaches says whether cold runs can be measured here.
func CanDropCaches() error {
	f, err := os.OpenFile(dropFile, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}
