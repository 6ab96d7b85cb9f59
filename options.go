package aegis

import (
	"bufio"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/promql"
)

// Options configures a DB. Only Dir is needed; every other zero value stands for its default.
type Options struct {
	// Dir is the folder that holds everything; it is made if missing. One process at a time may open it.
	Dir string
	FS  vfs.FS // default: the operating system's
	// MemoryBytes is what the DB may hold in all: head, queries, caches. Default: half of the machine's (or the container's)
	// memory.
	MemoryBytes int64
	// QueryBytes is what one statement may hold. Default: a quarter of MemoryBytes.
	QueryBytes int64
	// TransactionBytes is what a transaction holds in memory of the rows that it brings. When it has more, they are written to files that its commit
	// makes part of their tables. Default: half of QueryBytes, at most 64 MiB.
	TransactionBytes int64
	// TempBytes is what temporary files, of statements that need more memory than they have, may take on disk in all, QueryTempBytes what
	// those of one statement may. Default: 64 GiB, and half of TempBytes; negative: no bound.
	TempBytes, QueryTempBytes int64
	// HeadBytes is what rows that are not flushed yet may hold. Default: a quarter of MemoryBytes.
	HeadBytes int64
	// CacheBytes is what decoded pages of segments may hold, so that what is asked again is not unpacked again; they make room
	// when statements need it. Default: a quarter of MemoryBytes; negative: none.
	CacheBytes int64
	// WALBytes is how large the log may grow before writes are pushed back. Default 4 GiB.
	WALBytes int64
	// FlushAge is how long rows stay in the head at the most. Metrics want it long: a series should have some hundred
	// rows in a segment. Default 1 hour.
	FlushAge time.Duration
	// FlushBytes is the size of the head that starts a flush. Default: half of HeadBytes.
	FlushBytes int64
	// Workers is how many goroutines one query uses. Default: the cores.
	Workers int
	// QueryTimeout bounds statements that set no timeout. Default 5 minutes.
	QueryTimeout time.Duration
	// TransactionTimeout bounds transactions of several statements that set no transaction_timeout. Default 12 hours.
	TransactionTimeout time.Duration
	// HeldFiles and HeldMemory are how much may be kept for snapshots that are open: files that were replaced, and rows in memory that were
	// flushed, since they were taken. When it is more, the session with the oldest snapshot is ended. Default: 64 GiB, and an eighth of
	// MemoryBytes; negative: no bound.
	HeldFiles, HeldMemory int64
	// PromQL bounds queries in Prometheus' language.
	PromQL promql.Limits
	// CompactEvery is how often compaction looks for work. Default 10 seconds; negative: never, for tests.
	CompactEvery time.Duration
	// KeepRemoved is how long the files of replaced segments stay when nothing names them any more. Default 1 minute.
	KeepRemoved time.Duration
	// History is how long the past can be read: AS OF, table_changes, new pins. Replaced segments stay for as long. Default 1 hour;
	// negative: not at all.
	History time.Duration
	// Repair lets a damaged log be opened: what cannot be read is dropped, and said.
	Repair bool
	Logger *slog.Logger
	Now    func() time.Time

	// watch, if not nil, gives what the shard sees of the catalog: tests come between two looks at it.
	watch func(meta.Catalog) meta.Catalog
}

func (o *Options) watched(c meta.Catalog) meta.Catalog {
	if o.watch == nil {
		return c
	}
	return o.watch(c)
}

func (o *Options) defaults() error {
	if o.Dir == "" {
		return column.Errorf(column.Invalid, "no folder given to keep the data in")
	}
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	orDefault(&o.MemoryBytes, machineMemory()/2)
	orDefault(&o.QueryBytes, o.MemoryBytes/4)
	orDefault(&o.TransactionBytes, min(o.QueryBytes/2, 64<<20))
	orDefault(&o.TempBytes, 64<<30)
	orDefault(&o.QueryTempBytes, o.TempBytes/2)
	orDefault(&o.HeadBytes, o.MemoryBytes/4)
	orDefault(&o.FlushBytes, o.HeadBytes/2)
	orDefault(&o.CacheBytes, o.MemoryBytes/4)
	orDefault(&o.HeldFiles, 64<<30)
	orDefault(&o.HeldMemory, o.MemoryBytes/8)
	orDefault(&o.WALBytes, 4<<30)
	orDefault(&o.FlushAge, time.Hour)
	orDefault(&o.CompactEvery, 10*time.Second)
	orDefault(&o.KeepRemoved, time.Minute)
	orDefault(&o.History, time.Hour)
	if o.MemoryBytes < 64<<20 {
		return column.Errorf(column.Invalid, "a memory limit of %d bytes is too low: give at least 64 MiB", o.MemoryBytes)
	}
	return nil
}

func orDefault[T int64 | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

// machineMemory is what this process may use: the container's limit or the machine's memory, whichever is less; 4 GiB
// where neither can be read.
func machineMemory() int64 {
	limit := int64(4 << 30)
	if n := memTotal("/proc/meminfo"); n > 0 {
		limit = n
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			limit = min(limit, n)
		}
	}
	// A limit the user set for the Go runtime is a limit for us.
	return min(limit, debug.SetMemoryLimit(-1))
}

func memTotal(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == "MemTotal:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
