package query

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/meta/scram"
	"github.com/automatanexus/aegis-db/query/plan"
)

// users changes users. Only an admin may, while there are any; everybody may change the own password.
func (st *statement) users(u *plan.Users) (*Result, error) {
	if err := st.beforeDDL(u.Tag); err != nil {
		return nil, err
	}
	catalog := st.session.engine.store.Catalog().Snapshot() // a transaction's snapshot may be older than what the user is allowed now
	if catalog.HasUsers() && !st.session.Trusted {
		var self *meta.User
		if st.session.LoggedIn {
			self = catalog.User(st.session.User())
		}
		own := u.Alter != nil && u.Alter.Admin == nil && self != nil && u.Alter.Name == self.Name && u.Password != nil
		if (self == nil || !self.Admin) && !own {
			return nil, column.SQLErrorf(column.Denied, "42501", "permission denied: only a superuser changes users")
		}
	}
	verifier := ""
	if u.Password != nil {
		var err error
		if verifier, err = Verifier(*u.Password); err != nil {
			return nil, err
		}
	}
	var err error
	switch {
	case u.Create != nil:
		create := *u.Create
		create.Verifier = verifier
		_, err = st.propose(meta.Command{CreateUser: &create})
	case u.Alter != nil:
		alter := *u.Alter
		if u.Password != nil || u.Clear {
			alter.Verifier = &verifier
		}
		_, err = st.propose(meta.Command{AlterUser: &alter})
	default:
		err = st.dropUsers(u)
	}
	return st.ended(u.Tag, err)
}

// dropUsers looks all names up before the first user goes.
func (st *statement) dropUsers(u *plan.Users) error {
	var names []string
	for _, name := range u.Drop {
		switch {
		case st.session.LoggedIn && name == st.session.User():
			return column.SQLErrorf(column.Invalid, "55006", "current user cannot be dropped")
		case st.snap.Catalog().User(name) != nil:
			names = append(names, name)
		case u.IfExists:
			st.result.Notices = append(st.result.Notices, Notice{Severity: "NOTICE", SQLState: "00000", Message: "role \"" + name + "\" does not exist, skipping"})
		default:
			return column.SQLErrorf(column.NotFound, "42704", "role \"%s\" does not exist", name)
		}
	}
	for _, name := range names {
		if _, err := st.propose(meta.Command{DropUser: &meta.DropUser{Name: name}}); err != nil {
			return err
		}
	}
	return nil
}

// Verifier is what is kept of a password. A text that is a verifier already is kept as it is, so that passwords need not be sent.
func Verifier(password string) (string, error) {
	if scram.Is(password) {
		return password, nil
	}
	if password == "" {
		return "", column.SQLErrorf(column.Invalid, "22023", "a password must not be empty")
	}
	v, err := scram.New(password)
	if err != nil {
		return "", err
	}
	return v.String(), nil
}
