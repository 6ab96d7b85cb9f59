package meta

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

const aVerifier = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

// userCommands came to version 1 later: a log or a snapshot without users is as it was.
func userCommands() []Command {
	none, yes := "", true
	return []Command{
		{CreateUser: &CreateUser{User: User{Name: "ädmin", Verifier: aVerifier, Admin: true}}},
		{CreateUser: &CreateUser{User: User{Name: "bob"}, IfNotExists: true}},
		{AlterUser: &AlterUser{Name: "bob", Verifier: &none, Admin: &yes}},
		{CreateUser: &CreateUser{User: User{Name: "carol", Verifier: aVerifier}}},
		{DropUser: &DropUser{Name: "carol"}},
	}
}

func TestUsersGolden(t *testing.T) {
	for i, cmd := range userCommands() {
		data, err := AppendCommand(nil, cmd)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeCommand(golden(t, fmt.Sprintf("command-user-%d.v1", i), data))
		if err != nil || !reflect.DeepEqual(back, cmd) {
			t.Errorf("command %d: %s, %v", i, describe(back), err)
		}
	}
	s := goldenState(t, userCommands())
	data, err := AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeSnapshot(golden(t, "snapshot-users.v1", data))
	if err != nil || !reflect.DeepEqual(back.Users(), s.Users()) || len(s.Users()) != 2 || !s.User("bob").Admin || s.User("carol") != nil {
		t.Errorf("%v, %v", back, err)
	}
}

func TestUsersRefused(t *testing.T) {
	s := NewSnapshot()
	refused(t, s, Command{CreateUser: &CreateUser{User: User{Name: "bob", Verifier: aVerifier}}}, column.Invalid, "2BP01", "first user")
	refused(t, s, Command{CreateUser: &CreateUser{User: User{Name: "bob", Admin: true}}}, column.Invalid, "2BP01", "last superuser")
	refused(t, s, Command{CreateUser: &CreateUser{User: User{Name: "bob", Admin: true, Verifier: "secret"}}}, column.Invalid, "", "verifier")
	refused(t, s, Command{CreateUser: &CreateUser{User: User{Name: "", Admin: true, Verifier: aVerifier}}}, column.Invalid, "42602", "")
	if s.HasUsers() {
		t.Error("a user is there")
	}
	s = must(t, s, Command{CreateUser: &CreateUser{User: User{Name: "root", Verifier: aVerifier, Admin: true}}})
	s = must(t, s, Command{CreateUser: &CreateUser{User: User{Name: "bob", Verifier: aVerifier}}})
	no, none := false, ""
	refused(t, s, Command{CreateUser: &CreateUser{User: User{Name: "bob", Verifier: aVerifier}}}, column.Conflict, "42710", "exists")
	refused(t, s, Command{AlterUser: &AlterUser{Name: "nobody"}}, column.NotFound, "42704", "nobody")
	refused(t, s, Command{DropUser: &DropUser{Name: "nobody"}}, column.NotFound, "42704", "nobody")
	refused(t, s, Command{DropUser: &DropUser{Name: "root"}}, column.Invalid, "2BP01", "last superuser")
	refused(t, s, Command{AlterUser: &AlterUser{Name: "root", Admin: &no}}, column.Invalid, "2BP01", "last superuser")
	refused(t, s, Command{AlterUser: &AlterUser{Name: "root", Verifier: &none}}, column.Invalid, "2BP01", "last superuser")
	next, r, err := s.Apply(Command{CreateUser: &CreateUser{User: User{Name: "bob", Admin: true}, IfNotExists: true}}, 0)
	if err != nil || next != s || !r.Existed || s.User("bob").Admin {
		t.Errorf("%v, %v", r, err)
	}
}
