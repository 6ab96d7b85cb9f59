package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// password takes a password from the environment, from the terminal, which does not show it, or from a line of standard input. It is never
// a flag: other users of the machine could read it.
func password(variable, prompt string) (string, error) {
	if p := os.Getenv(variable); p != "" {
		return p, nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", usageError{"there is no terminal to ask for the password at: set " + variable}
	}
	fmt.Fprint(os.Stderr, prompt)
	p, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	return string(p), err
}

// newPassword takes the password that a user gets: from AEGIS_NEW_PASSWORD, from the terminal, twice, or from the first line of standard input.
func newPassword(s streams, name string) (string, error) {
	const variable = "AEGIS_NEW_PASSWORD"
	if f, ok := s.in.(*os.File); os.Getenv(variable) == "" && (!ok || !term.IsTerminal(int(f.Fd()))) {
		line, err := bufio.NewReader(s.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", usageError{"the first line of standard input is to be the new password; or set " + variable}
		}
		return line, nil
	}
	p, err := password(variable, "New password of "+name+": ")
	if err != nil || os.Getenv(variable) != "" {
		return p, err
	}
	again, err := password("", "Again: ")
	if err == nil && again != p {
		err = errors.New("the two passwords differ; nothing was changed")
	}
	return p, err
}

// firstAdmin makes the user that AEGIS_ADMIN_USERNAME and AEGIS_ADMIN_PASSWORD name, if there is no user yet.
func firstAdmin(ctx context.Context, db *aegis.DB) error {
	name, secret := os.Getenv("AEGIS_ADMIN_USERNAME"), os.Getenv("AEGIS_ADMIN_PASSWORD")
	switch {
	case name == "" && secret == "" || db.Catalog().HasUsers():
		return nil
	case name == "" || secret == "":
		return usageError{"AEGIS_ADMIN_USERNAME and AEGIS_ADMIN_PASSWORD belong together: set both"}
	}
	verifier, err := query.Verifier(secret)
	if err != nil {
		return fmt.Errorf("AEGIS_ADMIN_PASSWORD: %w", err)
	}
	if err := db.CreateUser(ctx, meta.CreateUser{User: meta.User{Name: name, Verifier: verifier, Admin: true}}); err != nil {
		return fmt.Errorf("make the first admin %q: %w", name, err)
	}
	return nil
}
