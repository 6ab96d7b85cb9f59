package peer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// ErrMissing is what a start ends with when the program is not on this machine; the text says how to get it.
var ErrMissing = errors.New("missing")

// About is what a report says of a system.
type About struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Settings string `json:"settings"` // of the server and its tables
	Loaded   string `json:"loaded"`   // how it is loaded
	Asked    string `json:"asked"`    // how it is asked, and what the measured time contains
}

// String describes the system in a report.
func (a About) String() string {
	return fmt.Sprintf("**%s %s.** Settings: %s. Loaded: %s. Asked: %s.", a.Name, a.Version, a.Settings, a.Loaded, a.Asked)
}

// Budget bounds a measurement: it ends once the time is over and at least so many queries were answered, or when there
// are no more of them. After Most, if it is given, none is begun, however few were answered; each client has begun one.
type Budget struct {
	Time  time.Duration
	Least int
	Most  time.Duration
}

// over says whether a query that would be the i-th, counted from 0, is not to be begun any more.
func (b Budget) over(i int, elapsed time.Duration) bool {
	return i >= b.Least && elapsed > b.Time || b.Most > 0 && elapsed > b.Most
}

// Way is a way to ask a running system: a language over a protocol.
type Way interface {
	// Answer runs a query and reads its answer; tsbs.ErrNotExpressible if the language has no such query.
	Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error)
	// Time answers queries from so many clients at once, in order, and returns how long each took.
	Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error)
}

// Column is a further way to ask a system, which a report shows beside the first one.
type Column struct {
	Name, Asked string
	Way
}

// Polyglot is a system that can be asked in further ways. They end with it.
type Polyglot interface {
	Columns(ctx context.Context) ([]Column, error)
}

// Profiled is a system that has profiles of itself below http://host:port/debug/pprof/.
type Profiled interface {
	ProfilesAt() string // http://host:port
}

// System is a running database that may be loaded once. Its methods are called one after the other.
type System interface {
	Way // the first one, which About describes
	About() About
	// PID is the process that does all the work, by itself or by its children.
	PID() int
	// Load writes the workload and returns how long it took until the last row was acknowledged.
	Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error)
	// Settle waits until nothing is left that the system does by itself after writes.
	Settle(ctx context.Context) error
	// Count is how many values are stored; duplicates count.
	Count(ctx context.Context, w *tsbs.Workload) (int64, error)
	// Stored brings the files into their smallest form, if the system has to be asked for that, and returns their bytes.
	Stored(ctx context.Context) (int64, error)
	// Close ends the process.
	Close()
}
