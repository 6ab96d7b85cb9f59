package catalog

import (
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// privilegeFunctions tell who may do what. Whoever may log in may do all that can be done: there are no rights of single objects.
func privilegeFunctions() []*expr.Function {
	var out []*expr.Function
	object := func(kind string, known []string, find func(v *View, a args, i int) (exists, writable bool, err error), of ...[]column.Type) {
		name := "has_" + kind + "_privilege"
		doc := "whether a user may do something with a " + strings.ReplaceAll(kind, "_", " ")
		for _, params := range of {
			for _, who := range [][]column.Type{nil, {tName}, {tOID}} {
				all := append(append(append([]column.Type{}, who...), params...), tText)
				out = append(out, function(name, all, tBool, doc, func(v *View, a args) (any, error) {
					if len(who) > 0 {
						if err := v.checkRole(a); err != nil {
							return nil, err
						}
					}
					exists, writable, err := find(v, a, len(who))
					if err != nil {
						return nil, err
					}
					allowed, err := mayDo(a.text(len(all)-1), known, writable)
					if err != nil || !exists {
						return nil, err
					}
					return allowed, nil
				}))
			}
		}
	}
	relation := func(v *View, a args, i int) (exists, writable bool, err error) {
		oid := int64(0)
		if a.kind(i) == column.OID {
			oid = a.int(i)
		} else if oid, err = v.NumberOf(tRegClass, a.text(i)); err != nil {
			return false, false, err
		}
		c := v.classOf(oid)
		return c != nil, c != nil && c.writable(), nil
	}
	table := []string{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"}
	object("table", table, relation, types(tText), types(tOID))
	object("any_column", table[:6], relation, types(tText), types(tOID))
	object("column", table[:6], relation, types(tText, tText), types(tText, tInt2), types(tOID, tText), types(tOID, tInt2))
	object("sequence", []string{"USAGE", "SELECT", "UPDATE"}, relation, types(tText), types(tOID))
	named := func(kind column.Kind) func(*View, args, int) (bool, bool, error) {
		return func(v *View, a args, i int) (bool, bool, error) {
			t := column.T(kind)
			if a.kind(i) == column.OID {
				_, ok := v.NameOf(t, a.int(i))
				return ok, false, nil
			}
			_, err := v.NumberOf(t, quoted(kind, a.text(i)))
			return true, false, err
		}
	}
	object("schema", []string{"CREATE", "USAGE"}, named(column.RegNamespace), types(tText), types(tOID))
	object("type", []string{"USAGE"}, named(column.RegType), types(tText), types(tOID))
	object("function", []string{"EXECUTE"}, named(column.RegProcedure), types(tText), types(tOID))
	object("database", []string{"CREATE", "CONNECT", "TEMPORARY", "TEMP"}, func(v *View, a args, i int) (bool, bool, error) {
		for _, d := range v.Catalog.Databases() {
			if a.kind(i) == column.OID && databaseOID(d) == a.int(i) || a.kind(i) != column.OID && d.Name == a.text(i) {
				return true, false, nil
			}
		}
		if a.kind(i) == column.OID {
			return false, false, nil
		}
		return false, false, column.SQLErrorf(column.NotFound, "3D000", "database \"%s\" does not exist", a.text(i))
	}, types(tText), types(tOID))
	yes := func(*View, args, int) (bool, bool, error) { return true, false, nil }
	object("language", []string{"USAGE"}, yes, types(tText), types(tOID))
	object("tablespace", []string{"CREATE"}, yes, types(tText), types(tOID))
	object("foreign_data_wrapper", []string{"USAGE"}, yes, types(tText), types(tOID))
	object("server", []string{"USAGE"}, yes, types(tText), types(tOID))
	role := func(v *View, a args) (any, error) {
		last := len(a.vectors) - 1
		if _, err := mayDo(a.text(last), []string{"USAGE", "MEMBER"}, true); err != nil {
			return nil, err
		}
		who := v.Settings.User
		if last == 2 {
			if err := v.checkRole(a); err != nil {
				return nil, err
			}
			who = v.roleText(a, 0)
		}
		of := v.roleText(a, last-1)
		return who == of || v.isAdmin(who), nil
	}
	for _, first := range [][]column.Type{nil, {tName}, {tOID}} {
		for _, of := range []column.Type{tName, tOID} {
			out = append(out, function("pg_has_role", append(append([]column.Type{}, first...), of, tText), tBool, "whether a user has the rights of another", role))
		}
	}
	return out
}

// quoted makes a name of a text, which is the name itself where schemas are meant.
func quoted(kind column.Kind, text string) string {
	if kind == column.RegNamespace {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// mayDo reads privileges with commas between, any of which will do.
func mayDo(text string, known []string, writable bool) (bool, error) {
	allowed := false
	for _, word := range strings.Split(text, ",") {
		p := strings.ToUpper(strings.TrimSpace(word))
		p = strings.TrimSuffix(p, " WITH GRANT OPTION")
		if p == "" || !slices.Contains(known, p) {
			return false, column.SQLErrorf(column.Invalid, "22023", "unrecognized privilege type: \"%s\"", strings.TrimSpace(word))
		}
		switch p {
		case "SELECT", "USAGE", "MEMBER", "EXECUTE", "CONNECT", "CREATE":
			allowed = true
		case "INSERT":
			allowed = allowed || writable
		}
	}
	return allowed, nil
}

// checkRole makes sure that the first argument names somebody.
func (v *View) checkRole(a args) error {
	if a.kind(0) == column.OID {
		return nil
	}
	_, err := v.NumberOf(column.T(column.RegRole), quoted(column.RegNamespace, a.text(0)))
	return err
}

func (v *View) roleText(a args, i int) string {
	if a.kind(i) != column.OID {
		return a.text(i)
	}
	for _, r := range v.roles() {
		if r.oid == a.int(i) {
			return r.name
		}
	}
	return ""
}

func (v *View) isAdmin(name string) bool {
	for _, r := range v.roles() {
		if r.name == name {
			return r.admin
		}
	}
	return false
}
