// Package auth finds out who a client is: it holds passwords against the catalog's users, for every protocol the same way. It must not know
// requests or messages.
package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"runtime"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/meta/scram"
)

// Checker checks passwords. Safe for concurrent use. What it does for a user that does not exist takes as long as for one that does.
type Checker struct {
	catalog func() *meta.Snapshot
	secret  [32]byte
	hashing chan struct{} // a place for each core: hashing passwords must not take the whole machine

	mu     sync.Mutex
	recent map[[32]byte]time.Time // of passwords that were right, until when that is remembered
}

const (
	// remembered is how long a right password is not hashed again: a client that sends it with each request would pay a
	// millisecond for each.
	remembered = time.Minute
	recentMost = 4096
)

// New makes a checker over the newest state of a catalog.
func New(catalog func() *meta.Snapshot) (*Checker, error) {
	c := &Checker{catalog: catalog, hashing: make(chan struct{}, runtime.GOMAXPROCS(0)), recent: map[[32]byte]time.Time{}}
	if _, err := rand.Read(c.secret[:]); err != nil {
		return nil, err
	}
	return c, nil
}

// Open reports whether nobody has to log in: there are no users.
func (c *Checker) Open() bool { return !c.catalog().HasUsers() }

// Admin reports whether a user may do everything, as all may while there are no users.
func (c *Checker) Admin(user string) bool {
	s := c.catalog()
	u := s.User(user)
	return !s.HasUsers() || u != nil && u.Admin
}

// Verifier gives what is kept of a user's password; of nobody's, where there is no such user or no password lets it in.
func (c *Checker) Verifier(user string) scram.Verifier {
	if u := c.catalog().User(user); u != nil && u.Verifier != "" {
		if v, err := scram.Parse(u.Verifier); err == nil {
			return v
		}
	}
	return scram.Mock(c.secret[:], user)
}

// Check reports whether a password is the user's.
func (c *Checker) Check(user, password string) bool {
	v := c.Verifier(user)
	h := hmac.New(sha256.New, c.secret[:])
	for _, part := range []string{user, v.String(), password} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	key := [32]byte(h.Sum(nil))
	c.mu.Lock()
	until, known := c.recent[key]
	c.mu.Unlock()
	if known && time.Now().Before(until) {
		return true
	}
	c.hashing <- struct{}{}
	ok := v.Check(password)
	<-c.hashing
	if ok {
		c.remember(key)
	}
	return ok
}

func (c *Checker) remember(key [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.recent) >= recentMost {
		clear(c.recent)
	}
	c.recent[key] = time.Now().Add(remembered)
}

// Failed is the error of a login with a wrong password; it does not say whether the user exists.
func Failed(user string) error {
	return column.SQLErrorf(column.Denied, "28P01", "password authentication failed for user \"%s\"", user)
}
