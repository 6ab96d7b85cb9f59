package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/automatanexus/aegis-db/query"
)

// userCmd is aegis user.
type userCmd struct {
	Add    userAddCmd    `cmd:"" help:"Make a user. The first one is an admin."`
	List   userListCmd   `cmd:"" help:"List the users."`
	Passwd userPasswdCmd `cmd:"" help:"Give a user a new password."`
	Remove userRemoveCmd `cmd:"" help:"Remove a user."`
}

type userAddCmd struct {
	Name  string `arg:"" help:"Name of the user."`
	Admin bool   `help:"The user may change users."`
	source
}

type userListCmd struct{ source }

type userPasswdCmd struct {
	Name string `arg:"" help:"Name of the user."`
	source
}

type userRemoveCmd struct {
	Name string `arg:"" help:"Name of the user."`
	source
}

// quoted is a name as SQL writes it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// keptOf asks for a new password and gives what the server keeps of it: the password itself never leaves this process.
func keptOf(s streams, name string) (string, error) {
	p, err := newPassword(s, name)
	if err != nil {
		return "", err
	}
	return query.Verifier(p)
}

// Run makes the user.
func (c *userAddCmd) Run(ctx context.Context, s streams) error {
	verifier, err := keptOf(s, c.Name)
	if err != nil {
		return err
	}
	admin := ""
	if c.Admin {
		admin = " SUPERUSER"
	}
	return c.run(ctx, s, "CREATE USER "+quoted(c.Name)+admin+" PASSWORD '"+verifier+"'")
}

// Run changes the password.
func (c *userPasswdCmd) Run(ctx context.Context, s streams) error {
	verifier, err := keptOf(s, c.Name)
	if err != nil {
		return err
	}
	return c.run(ctx, s, "ALTER USER "+quoted(c.Name)+" PASSWORD '"+verifier+"'")
}

// Run removes the user.
func (c *userRemoveCmd) Run(ctx context.Context, s streams) error {
	return c.run(ctx, s, "DROP USER "+quoted(c.Name))
}

// run runs a statement about users.
func (c *source) run(ctx context.Context, s streams, text string) (err error) {
	cl, closing, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	answer, err := cl.query(ctx, text, media["json"])
	if err != nil {
		return err
	}
	defer answer.body.Close()
	_, err = fmt.Fprintln(s.out, answer.command)
	return err
}

// Run lists the users.
func (c *userListCmd) Run(ctx context.Context, s streams) (err error) {
	cl, closing, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	var answer struct {
		Data []struct {
			Username    string `json:"username"`
			Admin       bool   `json:"admin"`
			HasPassword bool   `json:"has_password"`
		} `json:"data"`
	}
	if err := cl.get(ctx, "/api/v1/admin/users", &answer); err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, u := range answer.Data {
		role, note := "user", ""
		if u.Admin {
			role = "admin"
		}
		if !u.HasPassword {
			note = "  (no password: cannot log in)"
		}
		fmt.Fprintf(w, "%s\t%s%s\n", u.Username, role, note)
	}
	return w.Flush()
}
