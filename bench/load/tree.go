package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// children are the processes whose parent a process is.
func children(pid int) (list []int, err error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range all {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			list = append(list, child)
		}
	}
	return list, nil
}

// ReadTree reads the usage of a process and its children, those that have ended included. Memory that several of them share counts once; PeakRSS
// stays that of the process alone.
func ReadTree(pid int) (Usage, error) {
	u, err := ReadUsage(pid)
	if err != nil {
		return u, err
	}
	ended, err := endedChildren(pid)
	if err != nil {
		return u, err
	}
	u.CPU += ended
	list, err := children(pid)
	if err != nil || len(list) == 0 {
		return u, err
	}
	if u.RSS, err = share(pid); err != nil {
		return u, err
	}
	for _, child := range list {
		c, err := ReadUsage(child)
		if err != nil {
			continue // it has ended meanwhile
		}
		part, err := share(child)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return u, err
		}
		u.CPU, u.RSS = u.CPU+c.CPU, u.RSS+part
	}
	return u, nil
}

// endedChildren is the CPU time of the children that were waited for: fields 16 and 17 of stat.
func endedChildren(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return 0, fmt.Errorf("unreadable process stat %q", text)
	}
	user, err := strconv.ParseInt(fields[13], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[14], 10, 64)
	return time.Duration(user+system) * clockTick, err
}

// share is the process's share of the memory it holds, which the kernel calls proportional set size.
func share(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "Pss:"); found {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d says nothing of its memory", pid)
}
