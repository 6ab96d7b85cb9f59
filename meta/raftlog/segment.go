package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
)

const segmentSuffix = ".raftlog"

var logKind = frame.Kind{'R', 'L', 'O', 'G'}

// segment is one file of the log. Its number is never used again, so that a file which comes back from the
// dead, or a block of one, is known as a stranger by its seed.
type segment struct {
	number uint64
	name   string
	reader *frame.Reader
}

func segmentName(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%08d%s", number, segmentSuffix))
}

// segmentHeader are the bytes in the frame header: number, the index expected next (0: any).
func segmentHeader(number, next uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendIndex(number), next)
}

func parseSegmentHeader(b []byte) (number, next uint64, err error) {
	if len(b) != 16 {
		return 0, 0, errors.New("malformed segment header")
	}
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), nil
}

// segmentNumbers lists the segments in dir in order; none if there is no such folder. A file that is none of
// ours is an error: it may be a segment under a wrong name.
func segmentNumbers(fsys vfs.FS, dir string) ([]uint64, error) {
	names, err := fsys.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list raft log: %w", err)
	}
	var numbers []uint64
	for _, name := range names {
		if strings.HasSuffix(name, vfs.TempSuffix) {
			continue
		}
		digits, ok := strings.CutSuffix(name, segmentSuffix)
		n, err := strconv.ParseUint(digits, 10, 64)
		if !ok || err != nil || n == 0 {
			return nil, column.Errorf(column.Corrupt, "%s: not a segment of the raft log", filepath.Join(dir, name))
		}
		numbers = append(numbers, n)
	}
	sort.Slice(numbers, func(i, j int) bool { return numbers[i] < numbers[j] })
	for i := 1; i < len(numbers); i++ {
		if numbers[i] != numbers[i-1]+1 {
			return nil, column.Errorf(column.Corrupt, "%s: the file is missing, but segments before and after it are there",
				segmentName(dir, numbers[i-1]+1))
		}
	}
	return numbers, nil
}
