package meta

import (
	"maps"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta/scram"
)

// User is somebody who may log in.
type User struct {
	Name string `json:"name"`
	// Verifier is what is kept of the password, in PostgreSQL's form; "" = no password lets this user in.
	Verifier string `json:"verifier,omitempty"`
	// Admin users may change users. One of them is always there, as soon as there is any user.
	Admin bool `json:"admin,omitempty"`
}

// CreateUser makes a user. The first one must be an admin: nobody else could make the second.
type CreateUser struct {
	User
	IfNotExists bool `json:"if_not_exists,omitempty"`
}

// AlterUser changes what is not nil.
type AlterUser struct {
	Name     string  `json:"name"`
	Verifier *string `json:"verifier,omitempty"`
	Admin    *bool   `json:"admin,omitempty"`
}

// DropUser removes a user.
type DropUser struct {
	Name string `json:"name"`
}

// SQLSTATEs of changes of users.
const (
	stateDuplicateUser = "42710"
	stateNoUser        = "42704"
	stateLastAdmin     = "2BP01"
)

// User finds a user by name, nil if there is none.
func (s *Snapshot) User(name string) *User { return s.users[name] }

// HasUsers reports whether there is any user: then everybody has to log in.
func (s *Snapshot) HasUsers() bool { return len(s.users) > 0 }

// Users lists the users by name.
func (s *Snapshot) Users() []*User {
	out := make([]*User, 0, len(s.users))
	for _, name := range slices.Sorted(maps.Keys(s.users)) {
		out = append(out, s.users[name])
	}
	return out
}

func checkUser(u *User) error {
	if err := checkName("user", u.Name); err != nil {
		return err
	}
	if u.Verifier != "" && !scram.Is(u.Verifier) {
		return column.Errorf(column.Invalid, "what user %q should keep of its password is no SCRAM-SHA-256 verifier", u.Name)
	}
	return nil
}

func (c *change) createUser(cmd *CreateUser) (Result, bool, error) {
	if err := checkUser(&cmd.User); err != nil {
		return Result{}, false, err
	}
	if c.users[cmd.Name] != nil {
		if cmd.IfNotExists {
			return Result{Existed: true}, false, nil
		}
		return Result{}, false, column.SQLErrorf(column.Conflict, stateDuplicateUser, "role \"%s\" already exists", cmd.Name)
	}
	if !cmd.Admin && len(c.users) == 0 {
		e := column.SQLErrorf(column.Invalid, stateLastAdmin, "the first user must be a superuser with a password: nobody else could make another one")
		e.Hint = "CREATE USER name SUPERUSER PASSWORD '...'."
		return Result{}, false, e
	}
	u := cmd.User
	c.users = withEntry(c.users, u.Name, &u)
	return Result{}, true, c.keepAdmin()
}

func (c *change) alterUser(cmd *AlterUser) (Result, bool, error) {
	old := c.users[cmd.Name]
	if old == nil {
		return Result{}, false, errNoUser(cmd.Name)
	}
	u := *old
	if cmd.Verifier != nil {
		u.Verifier = *cmd.Verifier
	}
	if cmd.Admin != nil {
		u.Admin = *cmd.Admin
	}
	if u == *old {
		return Result{}, false, nil
	}
	if err := checkUser(&u); err != nil {
		return Result{}, false, err
	}
	c.users = withEntry(c.users, u.Name, &u)
	return Result{}, true, c.keepAdmin()
}

func (c *change) dropUser(cmd *DropUser) (Result, bool, error) {
	if c.users[cmd.Name] == nil {
		return Result{}, false, errNoUser(cmd.Name)
	}
	c.users = withoutEntry(c.users, cmd.Name)
	return Result{}, true, c.keepAdmin()
}

func errNoUser(name string) error {
	return column.SQLErrorf(column.NotFound, stateNoUser, "role \"%s\" does not exist", name)
}

// keepAdmin refuses a state in which nobody could change users, or without users: the server would be open again.
func (c *change) keepAdmin() error {
	for _, u := range c.users {
		if u.Admin && u.Verifier != "" {
			return nil
		}
	}
	e := column.SQLErrorf(column.Invalid, stateLastAdmin, "the last superuser with a password must stay: nobody else could change users")
	e.Hint = "Make another superuser first."
	return e
}

func fromUsers(list []*User) (map[string]*User, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make(map[string]*User, len(list))
	for _, u := range list {
		if u == nil || out[u.Name] != nil || checkUser(u) != nil {
			return nil, column.Errorf(column.Corrupt, "the list of users holds an impossible entry")
		}
		out[u.Name] = u
	}
	c := change{Snapshot: Snapshot{users: out}}
	if c.keepAdmin() != nil {
		return nil, column.Errorf(column.Corrupt, "the list of users has no superuser")
	}
	return out, nil
}
