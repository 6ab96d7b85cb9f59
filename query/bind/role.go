package bind

import (
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// role binds the statements about users. A role is a user: there are no groups yet.
func (b *binder) role(stmt sql.Stmt) (plan.Statement, error) {
	switch n := stmt.(type) {
	case *sql.CreateRole:
		out := &plan.Users{Tag: "CREATE ROLE", Create: &meta.CreateUser{User: meta.User{Name: n.Name.Name}}}
		admin, login, err := out.Create.Admin, n.User, error(nil)
		if err = roleOptions(out, n.Options, &admin, &login); err != nil {
			return nil, err
		}
		if !login {
			return nil, unsupported(n.Pos, "roles that cannot log in are not supported", "Use CREATE USER, or CREATE ROLE ... LOGIN.")
		}
		out.Create.Admin = admin
		return out, nil
	case *sql.AlterRole:
		out := &plan.Users{Tag: "ALTER ROLE", Alter: &meta.AlterUser{Name: n.Name.Name}}
		var admin, login bool
		before := n.Options
		if err := roleOptions(out, before, &admin, &login); err != nil {
			return nil, err
		}
		for _, o := range before {
			switch o.Name {
			case "superuser", "nosuperuser":
				out.Alter.Admin = &admin
			case "nologin":
				return nil, unsupported(o.Pos, "NOLOGIN is not supported", "Use PASSWORD NULL: no password lets the user in then.")
			}
		}
		return out, nil
	}
	n := stmt.(*sql.DropRole)
	out := &plan.Users{Tag: "DROP ROLE", IfExists: n.IfExists}
	for _, name := range n.Names {
		out.Drop = append(out.Drop, name.Name)
	}
	return out, nil
}

func roleOptions(out *plan.Users, list []sql.RoleOption, admin, login *bool) error {
	for _, o := range list {
		switch o.Name {
		case "superuser", "nosuperuser":
			*admin = o.Name == "superuser"
		case "login", "nologin":
			*login = o.Name == "login"
		case "password":
			out.Password, out.Clear = o.Value, o.Value == nil
		case "inherit", "nocreatedb", "nocreaterole", "noreplication", "nobypassrls":
			// what every user has, or has not, anyway
		default:
			return unsupported(o.Pos, "this option of a role is not supported", "There are superusers, and users who may do all but change users.")
		}
	}
	return nil
}
