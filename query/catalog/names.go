package catalog

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/setting"
	"github.com/automatanexus/aegis-db/query/sql"
)

// shownName writes the name of a relation so that it means that relation: with its schema unless the search path leads to it.
func (v *View) shownName(schema, name string) string {
	if v.visible(schema, name) {
		return setting.QuoteIdent(name)
	}
	return setting.QuoteIdent(schema) + "." + setting.QuoteIdent(name)
}

// NameOf implements literal.Names.
func (v *View) NameOf(t column.Type, oid int64) (name string, ok bool) {
	switch t.Kind {
	case column.RegClass:
		if c := v.classOf(oid); c != nil {
			return v.shownName(c.schema, c.name), true
		}
	case column.RegType:
		return v.typeNumbered(oid)
	case column.RegProc, column.RegProcedure:
		if p := v.procOf(oid); p != nil {
			return v.procText(p, t.Kind == column.RegProcedure), true
		}
		if _, known := systemFunctions(); known[oid].name != "" { // of PostgreSQL's own, which pg_type and others name
			return known[oid].name, true
		}
	case column.RegNamespace:
		for _, n := range v.namespaces() {
			if n.oid == oid {
				return setting.QuoteIdent(n.name), true
			}
		}
	case column.RegRole:
		for _, r := range v.roles() {
			if r.oid == oid {
				return setting.QuoteIdent(r.name), true
			}
		}
	}
	return "", false
}

func (v *View) procOf(oid int64) *proc {
	for _, p := range v.procs() {
		if p.oid == oid {
			return p
		}
	}
	return nil
}

// procsNamed lists the functions of a name.
func (v *View) procsNamed(name string) []*proc {
	var out []*proc
	for _, p := range v.procs() {
		if p.name == name {
			out = append(out, p)
		}
	}
	return out
}

// procText writes a function's name, with its arguments' types if that is asked for; without them, a name of several gets its schema.
func (v *View) procText(p *proc, arguments bool) string {
	name := setting.QuoteIdent(p.name)
	if !arguments {
		if len(v.procsNamed(p.name)) > 1 {
			return Schema + "." + name
		}
		return name
	}
	return name + "(" + v.argumentTypes(p, ",") + ")"
}

func (v *View) argumentTypes(p *proc, separator string) string {
	var out []string
	for _, a := range p.args {
		out = append(out, v.typeText(a))
	}
	return strings.Join(out, separator)
}

// typeText names a type by its number.
func (v *View) typeText(oid int64) string {
	if oid == anyType {
		return `"any"`
	}
	if name, ok := v.typeNumbered(oid); ok {
		return name
	}
	return "???"
}

// NumberOf implements literal.Names.
func (v *View) NumberOf(t column.Type, name string) (int64, error) {
	if t.Kind == column.RegType {
		return v.typeNamed(name)
	}
	text, arguments := name, ""
	if t.Kind == column.RegProcedure {
		open := strings.IndexByte(name, '(')
		if open < 0 || !strings.HasSuffix(strings.TrimSpace(name), ")") {
			return 0, column.SQLErrorf(column.Invalid, "22P02", "expected a left parenthesis")
		}
		text, arguments = name[:open], strings.TrimSuffix(strings.TrimSpace(name[open+1:]), ")")
	}
	parts, ok := setting.NameParts(text)
	if !ok {
		return 0, column.SQLErrorf(column.Invalid, "42602", "invalid name syntax")
	}
	last := parts[len(parts)-1]
	switch t.Kind {
	case column.RegClass:
		if c := v.classByParts(parts); c != nil {
			return c.oid, nil
		}
		return 0, column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", strings.Join(parts, "."))
	case column.RegNamespace:
		if v.Catalog.HasSchema(v.Database.ID, last) && len(parts) == 1 {
			return namespaceOID(last), nil
		}
		return 0, column.SQLErrorf(column.NotFound, "3F000", "schema \"%s\" does not exist", strings.Join(parts, "."))
	case column.RegRole:
		for _, r := range v.roles() {
			if r.name == last && len(parts) == 1 {
				return r.oid, nil
			}
		}
		return 0, column.SQLErrorf(column.NotFound, "42704", "role \"%s\" does not exist", strings.Join(parts, "."))
	case column.RegProcedure:
		return v.procedureNamed(name, last, arguments)
	}
	switch list := v.procsNamed(last); {
	case len(list) == 0 || len(parts) > 1 && parts[0] != Schema:
		return 0, column.SQLErrorf(column.Invalid, "42883", "function \"%s\" does not exist", text)
	case len(list) > 1:
		return 0, column.SQLErrorf(column.Invalid, "42725", "more than one function named \"%s\"", text)
	default:
		return list[0].oid, nil
	}
}

// classByParts finds a relation by its name, behind its schema and that behind the database's.
func (v *View) classByParts(parts []string) *class {
	switch len(parts) {
	case 1:
		for _, in := range v.Path {
			if c := v.classNamed(in, parts[0]); c != nil {
				return c
			}
		}
		return nil
	case 2:
		return v.classNamed(parts[0], parts[1])
	case 3:
		if parts[0] == v.Database.Name {
			return v.classNamed(parts[1], parts[2])
		}
	}
	return nil
}

// typeNamed finds a type by its name as SQL writes it, modifiers aside.
func (v *View) typeNamed(name string) (int64, error) {
	unknown := column.SQLErrorf(column.NotFound, "42704", "type \"%s\" does not exist", strings.TrimSpace(name))
	parsed, err := sql.ParseOne("SELECT NULL::"+name, sql.Options{})
	if err != nil {
		return 0, column.SQLErrorf(column.Invalid, "42601", "invalid type name \"%s\"", name)
	}
	n := castType(parsed)
	if n == nil {
		return 0, unknown
	}
	if n.Schema == "" || n.Schema == Schema {
		for _, t := range systemTypes() {
			if t.name != n.Name {
				continue
			}
			if len(n.Dims) == 0 {
				return t.oid, nil
			}
			if t.array != 0 {
				return t.array, nil
			}
		}
	}
	parts := []string{n.Name}
	if n.Schema != "" {
		parts = []string{n.Schema, n.Name}
	}
	if c := v.classByParts(parts); c != nil && c.rowType() != 0 && len(n.Dims) == 0 {
		return c.rowType(), nil
	}
	return 0, unknown
}

// castType is the type of the one cast that SELECT NULL::type has.
func castType(st sql.Statement) *sql.TypeName {
	q, ok := st.Stmt.(*sql.Query)
	if !ok {
		return nil
	}
	s, ok := q.Body.(*sql.Select)
	if !ok || len(s.Targets) != 1 || s.From != nil {
		return nil
	}
	if c, ok := s.Targets[0].Expr.(*sql.Cast); ok {
		return c.Type
	}
	return nil
}

func (v *View) procedureNamed(whole, name, arguments string) (int64, error) {
	args := []int64{}
	if strings.TrimSpace(arguments) != "" {
		for _, a := range strings.Split(arguments, ",") {
			oid, err := v.typeNamed(strings.TrimSpace(a))
			if err != nil {
				return 0, err
			}
			args = append(args, oid)
		}
	}
	for _, p := range v.procsNamed(name) {
		if numbersText(p.args) == numbersText(args) {
			return p.oid, nil
		}
	}
	return 0, column.SQLErrorf(column.Invalid, "42883", "function \"%s\" does not exist", whole)
}
