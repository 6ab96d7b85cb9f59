package catalog

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
)

// yesNo is information_schema's boolean.
func yesNo(yes bool) string {
	if yes {
		return "YES"
	}
	return "NO"
}

// writable reports whether rows can be inserted into a class.
func (c *class) writable() bool { return c.table != nil && c.kind == "r" && c.schema != "prometheus" }

func init() {
	here := func(v *View, _ *class) any { return v.Database.Name }
	register("information_schema.tables", func(v *View, w *rows, yield func(*class) error) error {
		return v.eachClass(w, "", "table_name", "table_schema", func(c *class) error {
			if c.kind == "i" || c.kind == "S" {
				return nil
			}
			return yield(c)
		})
	}, columns[*class]{
		"table_catalog": here, "table_schema": func(_ *View, c *class) any { return c.schema }, "table_name": func(_ *View, c *class) any { return c.name },
		"table_type": func(_ *View, c *class) any {
			if c.kind == "v" {
				return "VIEW"
			}
			return "BASE TABLE"
		},
		"is_insertable_into": func(_ *View, c *class) any { return yesNo(c.writable()) }, "is_typed": fixed[*class]("NO"),
	})
	register("information_schema.schemata", eachOf((*View).namespaces), columns[namespace]{
		"catalog_name": func(v *View, _ namespace) any { return v.Database.Name }, "schema_name": func(_ *View, n namespace) any { return n.name },
		"schema_owner": fixed[namespace](owner),
	})
	register("information_schema.views", func(v *View, _ *rows, yield func(*class) error) error { return v.eachView(yield) }, columns[*class]{
		"view_definition": func(_ *View, c *class) any { return c.query() },
		"table_catalog":   here, "table_schema": func(_ *View, c *class) any { return c.schema }, "table_name": func(_ *View, c *class) any { return c.name },
		"check_option": fixed[*class]("NONE"), "is_updatable": fixed[*class]("NO"), "is_insertable_into": fixed[*class]("NO"), "is_trigger_updatable": fixed[*class]("NO"),
		"is_trigger_deletable": fixed[*class]("NO"), "is_trigger_insertable_into": fixed[*class]("NO"),
	})
	register("information_schema.information_schema_catalog_name", eachOf(func(v *View) []string { return []string{v.Database.Name} }), columns[string]{
		"catalog_name": func(_ *View, n string) any { return n },
	})
	register("information_schema.character_sets", eachOf(func(v *View) []string { return []string{v.Database.Name} }), columns[string]{
		"character_set_name": fixed[string]("UTF8"), "character_repertoire": fixed[string]("UCS"), "form_of_use": fixed[string]("UTF8"),
		"default_collate_catalog": func(_ *View, n string) any { return n }, "default_collate_schema": fixed[string](Schema), "default_collate_name": fixed[string]("C"),
	})
	register("information_schema.collations", eachOf(func(*View) []string { return []string{"default", "C", "POSIX"} }), columns[string]{
		"collation_catalog": func(v *View, _ string) any { return v.Database.Name }, "collation_schema": fixed[string](Schema),
		"collation_name": func(_ *View, n string) any { return n }, "pad_attribute": fixed[string]("NO PAD"),
	})
	registerColumns()
	registerPrivileges()
	registerRoutines()
}

// registerColumns makes information_schema.columns.
func registerColumns() {
	type a = *attribute
	get := columns[a]{
		"table_catalog": func(v *View, _ a) any { return v.Database.Name }, "table_schema": func(_ *View, a a) any { return a.class.schema },
		"table_name": func(_ *View, a a) any { return a.class.name }, "column_name": func(_ *View, a a) any { return a.name },
		"ordinal_position": func(_ *View, a a) any { return a.number }, "is_nullable": func(_ *View, a a) any { return yesNo(!a.notNull) },
		"is_self_referencing": fixed[a]("NO"), "identity_cycle": fixed[a]("NO"),
		"column_default": func(v *View, a a) any {
			if f := a.field(); f != nil && f.Generated == "" {
				return orNull(v.expressionText(f.Default))
			}
			return nil
		},
		"is_identity": func(_ *View, a a) any { return yesNo(a.identity() != "") },
		"identity_generation": func(_ *View, a a) any {
			return map[string]any{"a": "ALWAYS", "d": "BY DEFAULT"}[a.identity()]
		},
		"is_generated": func(_ *View, a a) any {
			if f := a.field(); f != nil && f.Generated != "" {
				return "ALWAYS"
			}
			return "NEVER"
		},
		"generation_expression": func(_ *View, a a) any {
			if f := a.field(); f != nil && f.Generated != "" {
				return parenthesized(f.Generated)
			}
			return nil
		},
		"is_updatable": func(_ *View, a a) any { return yesNo(a.class.writable()) }, "dtd_identifier": func(_ *View, a a) any { return strconv.Itoa(a.number) },
	}
	for name, f := range typeColumns {
		get[name] = func(v *View, a a) any { return f(v, a.typ, a.mod) }
	}
	register("information_schema.columns", func(v *View, w *rows, yield func(a) error) error {
		return v.eachClass(w, "", "table_name", "table_schema", func(c *class) error {
			if c.kind == "i" || c.kind == "S" || !w.wants("table_name", c.name) || !w.wants("table_schema", c.schema) {
				return nil
			}
			list, err := v.attributes(c)
			if err != nil {
				return err
			}
			for _, a := range list {
				if err := yield(a); err != nil {
					return err
				}
			}
			return nil
		})
	}, get)
}

// typeColumns are the columns that describe a type, wherever information_schema has them.
var typeColumns = map[string]func(v *View, t column.Type, m column.Mod) any{
	"data_type": func(_ *View, t column.Type, _ column.Mod) any {
		if t.IsArray() {
			return "ARRAY"
		}
		return t.String()
	},
	"character_maximum_length": func(_ *View, t column.Type, m column.Mod) any {
		if m != 0 && (t.Kind == column.Varchar || t.Kind == column.BpChar) {
			return int64(m) - 1 - 4
		}
		return nil
	},
	"character_octet_length": func(_ *View, t column.Type, m column.Mod) any {
		switch {
		case t.Kind == column.Text:
			return 1 << 30
		case (t.Kind == column.Varchar || t.Kind == column.BpChar) && m != 0:
			return (int64(m) - 1 - 4) * 4
		case t.Kind == column.Varchar || t.Kind == column.BpChar:
			return 1 << 30
		}
		return nil
	},
	"numeric_precision": func(_ *View, t column.Type, m column.Mod) any {
		switch {
		case t.Kind == column.Numeric && m != 0:
			return (int64(m) - 1 - 4) >> 16 & 0xffff
		case binaryDigits[t.Kind] != 0:
			return binaryDigits[t.Kind]
		}
		return nil
	},
	"numeric_precision_radix": func(_ *View, t column.Type, _ column.Mod) any {
		switch {
		case t.Kind == column.Numeric:
			return 10
		case binaryDigits[t.Kind] != 0:
			return 2
		}
		return nil
	},
	"numeric_scale": func(_ *View, t column.Type, m column.Mod) any {
		switch {
		case t.IsInteger():
			return 0
		case t.Kind == column.Numeric && m != 0:
			scale := (int64(m) - 1 - 4) & 0x7ff
			return (scale ^ 1024) - 1024
		}
		return nil
	},
	"datetime_precision": func(_ *View, t column.Type, m column.Mod) any {
		switch t.Kind {
		case column.Date:
			return 0
		case column.TimestampNS:
			return 9
		case column.Time, column.TimeTZ, column.Timestamp, column.TimestampTZ:
			if m != 0 {
				return int64(m) - 1
			}
			return 6
		case column.IntervalKind:
			if digits := (int64(m) - 1) & 0xffff; m != 0 && digits != 0xffff {
				return digits
			}
			return 6
		}
		return nil
	},
	"udt_catalog": func(v *View, _ column.Type, _ column.Mod) any { return v.Database.Name },
	"udt_schema":  func(*View, column.Type, column.Mod) any { return Schema },
	"udt_name":    func(_ *View, t column.Type, _ column.Mod) any { return t.Word() },
}

// binaryDigits are the bits that numbers of a kind are exact in.
var binaryDigits = map[column.Kind]int64{column.Int16: 16, column.Int32: 32, column.Int64: 64, column.Float32: 24, column.Float64: 53}

// privilege is what somebody may do with a relation. Everybody may do everything that can be done.
type privilege struct {
	class *class
	role  string
	what  string
}

func registerPrivileges() {
	type p = privilege
	each := func(v *View, w *rows, yield func(p) error) error {
		return v.eachClass(w, "", "", "", func(c *class) error {
			if c.kind == "i" || c.shape != nil {
				return nil
			}
			for _, what := range []string{"INSERT", "SELECT"} {
				if what == "INSERT" && !c.writable() {
					continue
				}
				for _, r := range v.roles() {
					if err := yield(p{c, r.name, what}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	for _, name := range []string{"information_schema.role_table_grants", "information_schema.table_privileges"} {
		register(name, each, columns[p]{
			"grantor": fixed[p](owner), "grantee": func(_ *View, p p) any { return p.role }, "table_catalog": func(v *View, _ p) any { return v.Database.Name },
			"table_schema": func(_ *View, p p) any { return p.class.schema }, "table_name": func(_ *View, p p) any { return p.class.name },
			"privilege_type": func(_ *View, p p) any { return p.what }, "is_grantable": fixed[p]("NO"),
			"with_hierarchy": func(_ *View, p p) any { return yesNo(p.what == "SELECT") },
		})
	}
}

// parameter is an argument of a function, counted from 1.
type parameter struct {
	proc   *proc
	number int
}

func registerRoutines() {
	type p = *proc
	specific := func(p p) string { return p.name + "_" + strconv.FormatInt(p.oid, 10) }
	typeOf := func(oid int64) column.Type { t, _ := column.TypeOfOID(uint32(oid)); return t }
	dataType := func(oid int64) any {
		if t := typeOf(oid); t.Kind != column.Unknown {
			return typeColumns["data_type"](nil, t, 0)
		}
		return "\"any\""
	}
	word := func(oid int64) any {
		if f := typesByOID()[oid]; f != nil {
			return f.name
		}
		return nil
	}
	here := func(v *View) any { return v.Database.Name }
	routine := columns[p]{
		"specific_catalog": func(v *View, _ p) any { return here(v) }, "specific_schema": fixed[p](Schema), "specific_name": func(_ *View, p p) any { return specific(p) },
		"routine_catalog": func(v *View, _ p) any { return here(v) }, "routine_schema": fixed[p](Schema), "routine_name": func(_ *View, p p) any { return p.name },
		"routine_type": func(_ *View, p p) any {
			if p.kind == "f" || p.kind == "w" {
				return "FUNCTION"
			}
			return nil
		},
		"data_type": func(_ *View, p p) any { return dataType(p.result) }, "type_udt_catalog": func(v *View, _ p) any { return here(v) },
		"type_udt_schema": fixed[p](Schema), "type_udt_name": func(_ *View, p p) any { return word(p.result) }, "dtd_identifier": fixed[p]("0"),
		"routine_body": fixed[p]("EXTERNAL"), "routine_definition": func(_ *View, p p) any { return p.name }, "external_name": func(_ *View, p p) any { return p.name },
		"external_language": fixed[p]("INTERNAL"), "parameter_style": fixed[p]("GENERAL"), "is_deterministic": func(_ *View, p p) any { return yesNo(p.volatility == "i") },
		"sql_data_access": fixed[p]("MODIFIES"), "is_null_call": func(_ *View, p p) any { return yesNo(p.strict) }, "schema_level_routine": fixed[p]("YES"),
		"max_dynamic_result_sets": fixed[p](0), "is_user_defined_cast": fixed[p]("NO"), "is_implicitly_invocable": fixed[p]("NO"), "security_type": fixed[p]("INVOKER"),
		"as_locator": fixed[p]("NO"), "new_savepoint_level": fixed[p]("NO"), "is_udt_dependent": fixed[p]("NO"),
	}
	register("information_schema.routines", eachOf((*View).procs), routine)
	type a = parameter
	register("information_schema.parameters", func(v *View, _ *rows, yield func(a) error) error {
		for _, x := range v.procs() {
			for i := range x.args {
				if err := yield(a{x, i + 1}); err != nil {
					return err
				}
			}
		}
		return nil
	}, columns[a]{
		"specific_catalog": func(v *View, _ a) any { return here(v) }, "specific_schema": fixed[a](Schema), "specific_name": func(_ *View, a a) any { return specific(a.proc) },
		"ordinal_position": func(_ *View, a a) any { return a.number }, "parameter_mode": fixed[a]("IN"), "is_result": fixed[a]("NO"), "as_locator": fixed[a]("NO"),
		"parameter_name": func(_ *View, a a) any {
			if a.number <= len(a.proc.names) {
				return orNull(a.proc.names[a.number-1])
			}
			return nil
		},
		"data_type": func(_ *View, a a) any { return dataType(a.proc.args[a.number-1]) }, "udt_catalog": func(v *View, _ a) any { return here(v) },
		"udt_schema": fixed[a](Schema), "udt_name": func(_ *View, a a) any { return word(a.proc.args[a.number-1]) },
		"dtd_identifier": func(_ *View, a a) any { return strconv.Itoa(a.number) },
	})
}
