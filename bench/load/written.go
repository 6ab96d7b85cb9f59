package load

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Written is how many bytes a process and its children have sent towards the disk so far, those of children that have ended aside.
func Written(pid int) (int64, error) {
	total, err := writtenBy(pid)
	if err != nil {
		return 0, err
	}
	list, err := children(pid)
	if err != nil {
		return 0, err
	}
	for _, child := range list {
		n, err := writtenBy(child)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func writtenBy(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if n, found := strings.CutPrefix(line, "write_bytes:"); found {
			return strconv.ParseInt(strings.TrimSpace(n), 10, 64)
		}
	}
	return 0, fmt.Errorf("process %d says nothing of what it has written", pid)
}
