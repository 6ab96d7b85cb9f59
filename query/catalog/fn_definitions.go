package catalog

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/setting"
)

// definitionFunctions write objects as SQL.
func definitionFunctions() []*expr.Function {
	none := always(nil)
	var out []*expr.Function
	add := func(list ...*expr.Function) { out = append(out, list...) }
	format := function("format_type", types(tOID, tInt4), tText, "name of a type with its modifiers", func(v *View, a args) (any, error) {
		if a.null(0) {
			return nil, nil
		}
		mod := column.Mod(0)
		given := !a.null(1)
		if given && a.int(1) >= 0 {
			mod = column.ModOf(int32(a.int(1)))
		}
		return v.formatType(a.int(0), mod, given), nil
	})
	add(nullable(format))
	add(overloads("pg_get_expr", tText, "an expression of the catalog, as SQL", func(v *View, a args) (any, error) { return v.expressionText(a.text(0)), nil },
		types(tText, tOID), types(tText, tOID, tBool))...)
	add(overloads("pg_get_constraintdef", tText, "a constraint, as SQL", func(v *View, a args) (any, error) {
		for _, k := range v.constraints() {
			if k.constraint() == a.int(0) {
				return k.constraintText(), nil
			}
		}
		return nil, nil
	}, types(tOID), types(tOID, tBool))...)
	add(function("pg_get_indexdef", types(tOID), tText, "an index, as SQL", func(v *View, a args) (any, error) {
		for _, x := range v.indexes() {
			if x.oid() == a.int(0) {
				return x.text(), nil
			}
		}
		return nil, nil
	}), function("pg_get_indexdef", types(tOID, tInt4, tBool), tText, "an index, or a column of it, as SQL", func(v *View, a args) (any, error) {
		for _, x := range v.indexes() {
			switch i := a.int(1); {
			case x.oid() != a.int(0):
			case i == 0:
				return x.text(), nil
			case i > 0 && i <= int64(len(x.columns)):
				return x.part(int(i - 1)), nil
			default:
				return "", nil
			}
		}
		return nil, nil
	}))
	viewText := func(v *View, a args) (any, error) {
		oid := int64(0)
		if a.vectors[0].Type.IsText() {
			var err error
			if oid, err = v.NumberOf(tRegClass, a.text(0)); err != nil {
				return nil, err
			}
		} else {
			oid = a.int(0)
		}
		if w := v.Catalog.ViewByID(RelationNumbered(oid)); w != nil && w.Database == v.Database.ID {
			return " " + w.Query + ";", nil
		}
		return nil, nil
	}
	add(overloads("pg_get_viewdef", tText, "a view, as SQL: the system's own have none", viewText, types(tOID), types(tOID, tBool), types(tOID, tInt4), types(tText), types(tText, tBool))...)
	for _, name := range []string{"pg_get_ruledef", "pg_get_triggerdef"} {
		add(overloads(name, tText, "a rule or trigger, as SQL: there are none", none, types(tOID), types(tOID, tBool))...)
	}
	for _, name := range []string{"pg_get_partkeydef", "pg_get_partition_constraintdef", "pg_get_statisticsobjdef", "pg_get_statisticsobjdef_columns"} {
		add(function(name, types(tOID), tText, "what is not built has no definition", none))
	}
	add(function("pg_get_replica_identity_index", types(tRegClass), tRegClass, "index that names rows for followers: there is none", none))
	add(function("pg_relation_is_publishable", types(tRegClass), tBool, "whether a relation could be published", always(false)))
	of := func(f func(v *View, p *proc) any) func(*View, args) (any, error) {
		return func(v *View, a args) (any, error) {
			p := v.procOf(a.int(0))
			if p == nil {
				return nil, nil
			}
			return f(v, p), nil
		}
	}
	add(
		function("pg_get_functiondef", types(tOID), tText, "a function, as SQL", of(func(v *View, p *proc) any { return v.functionDefinition(p) })),
		function("pg_get_function_arguments", types(tOID), tText, "arguments of a function, as its definition has them", of(func(v *View, p *proc) any { return v.arguments(p) })),
		function("pg_get_function_identity_arguments", types(tOID), tText, "arguments that tell a function from others", of(func(v *View, p *proc) any { return v.arguments(p) })),
		function("pg_get_function_result", types(tOID), tText, "type of a function's result", of(func(v *View, p *proc) any { return v.typeText(p.result) })),
		function("pg_get_function_sqlbody", types(tOID), tText, "body of a function in SQL: there are none", none),
		function("pg_get_function_arg_default", types(tOID, tInt4), tText, "default of an argument", none),
	)
	return out
}

// formatType names a type; given says that a modifier was asked about, of which 0 is none.
func (v *View) formatType(oid int64, mod column.Mod, given bool) string {
	if oid == 0 {
		return "-"
	}
	if t, ok := column.TypeOfOID(uint32(oid)); ok {
		if given && mod == 0 && t.Kind == column.BpChar {
			return "bpchar" // without a length it is not what character means
		}
		return t.Format(mod)
	}
	return v.typeText(oid)
}

// arguments writes the arguments of a function.
func (v *View) arguments(p *proc) string {
	var out []string
	for i, a := range p.args {
		text := v.typeText(a)
		if i < len(p.names) && p.names[i] != "" {
			text = setting.QuoteIdent(p.names[i]) + " " + text
		}
		if p.variadic != 0 && i == len(p.args)-1 {
			text = "VARIADIC " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func (v *View) functionDefinition(p *proc) any {
	if p.kind == "a" {
		return nil
	}
	attributes := map[string]string{"i": "IMMUTABLE", "s": "STABLE", "v": "VOLATILE"}[p.volatility] + " PARALLEL SAFE"
	if p.strict {
		attributes += " STRICT"
	}
	return "CREATE OR REPLACE FUNCTION " + Schema + "." + setting.QuoteIdent(p.name) + "(" + v.arguments(p) + ")\n RETURNS " + v.typeText(p.result) +
		"\n LANGUAGE internal\n " + attributes + "\nAS $function$" + p.name + "$function$\n"
}
