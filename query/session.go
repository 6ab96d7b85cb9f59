package query

import (
	"maps"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/opt"
	"github.com/automatanexus/aegis-db/query/setting"
)

// Session is a client's settings. Not safe for concurrent use.
type Session struct {
	engine   *Engine
	database string
	settings *setting.Values
	pid      int64 // by which others know it
	attached bool  // until it is closed, not for its statements only

	// LoggedIn says that the user has proven to be who it is. Trusted sessions may do what only admins may.
	LoggedIn, Trusted bool
	// Blocks says that the session outlives its statements, so that BEGIN and what belongs to it have a meaning.
	Blocks  bool
	numbers sequenceMemory
	draws   fn.Draws
	block   *block // nil = each statement is a transaction of its own
	life    life
	holds   func() catalog.Held

	advisoryMu   sync.Mutex // held while one of its statements takes a lock
	advisoryUsed bool       // it has taken some
	localLocks   []localLock

	// Tuning is for tests and EXPLAIN-minded users; the zero value is right.
	Tuning Tuning
}

// Tuning changes how statements run, never what they answer.
type Tuning struct {
	RulesOff  map[string]bool // optimizer rules by name
	Workers   int
	Plain     bool // no work by runs, no encodings
	BatchRows int
	// HeldBytes is the memory for rows that operators can also keep on disk: 1 = all of them go there. 0 = the default.
	HeldBytes int64
}

// SessionOptions say whose a session is.
type SessionOptions struct {
	Database string            // "" = the default one
	User     string            // "" = DefaultUser
	Plain    bool              // the user may not do everything
	Settings map[string]string // in place of the settings' defaults: what a client asks for at its start
}

// DefaultUser is whom sessions belong to that name nobody.
const DefaultUser = "aegis"

// NewPool is memory for work beside the session's statements, within the bounds of one statement. Close it.
func (s *Session) NewPool(name string) *mem.Pool {
	o := &s.engine.options
	return mem.NewPool(name, min(o.QueryBytes, s.settings.WorkBytes), o.Pool)
}

// NewSession starts a session in a database ("" = the default one).
func (e *Engine) NewSession(database string) *Session {
	s, err := e.OpenSession(SessionOptions{Database: database})
	if err != nil {
		panic(err) // the defaults are valid
	}
	return s
}

// OpenSession starts a session. The error is one of a setting.
func (e *Engine) OpenSession(o SessionOptions) (*Session, error) {
	v, err := e.settingsOf(o)
	if err != nil {
		return nil, err
	}
	return &Session{engine: e, database: o.Database, settings: v, pid: e.sessions.next.Add(1)}, nil
}

// settingsOf are the settings that a session starts with. Those of a session that asks for nothing, as each request over HTTP has one, are
// made once.
func (e *Engine) settingsOf(o SessionOptions) (*setting.Values, error) {
	if o.User == "" {
		o.User = DefaultUser
	}
	usual := o.User == DefaultUser && !o.Plain && len(o.Settings) == 0
	if usual {
		if v := e.usual.Load(); v != nil {
			return v.Copy(), nil
		}
	}
	v, err := setting.New(setting.Options{
		User: o.User, Plain: o.Plain, Timeout: e.options.Timeout, Transaction: e.options.Transaction, WorkBytes: e.options.QueryBytes, Defaults: o.Settings, Rules: ruleNames(),
	})
	if usual && err == nil {
		e.usual.Store(v)
		return v.Copy(), nil
	}
	return v, err
}

// ruleNames are the rules that optimizer_rules_off knows.
func ruleNames() []string {
	var out []string
	for _, r := range opt.Rules() {
		out = append(out, r.Name)
	}
	return out
}

// Location is the session's time zone.
func (s *Session) Location() *time.Location { return s.settings.Location }

// Literals are the options that values are read and written with outside of a statement.
func (s *Session) Literals() literal.Options {
	return literal.Options{Location: s.settings.Location, Style: s.settings.Style, Now: s.now(), Names: sessionNames{s}, Path: fn.CanonicalPath}
}

// databaseName is the database that names resolve in.
func (s *Session) databaseName() string {
	if s.database == "" {
		return meta.DefaultDatabase
	}
	return s.database
}

// IdleTimes are how long the session wants to be waited for, in a transaction and outside of one; 0 = as long as the server waits.
func (s *Session) IdleTimes() (inBlock, outside time.Duration) {
	return s.settings.IdleInBlock, s.settings.Idle
}

// User is the session's user.
func (s *Session) User() string { return s.settings.User }

// Set changes a setting, as set_config() does; "" stands for its default.
func (s *Session) Set(name, value string) error {
	if value == "" {
		return s.settings.Reset(name)
	}
	return s.settings.SetText(name, value, false)
}

// Show reads a setting.
func (s *Session) Show(name string) (string, error) { return s.settings.Show(name) }

// rulesOff are the optimizer's rules that are not applied.
func (s *Session) rulesOff() map[string]bool {
	if len(s.settings.RulesOff) == 0 {
		return s.Tuning.RulesOff
	}
	out := maps.Clone(s.settings.RulesOff)
	maps.Copy(out, s.Tuning.RulesOff)
	return out
}
