package catalog

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/timezone"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/setting"
)

// What is the same for every database: who may enter, what there is to choose from, what the server does.

// role is a user.
type role struct {
	oid   int64
	name  string
	admin bool
}

// roles lists everybody who is known: the users, or whoever asks where nobody has to log in, and the owner of everything.
func (v *View) roles() []role {
	admin := map[string]bool{owner: true}
	if !v.Catalog.HasUsers() {
		admin[v.Settings.User] = true
	}
	for _, u := range v.Catalog.Users() {
		admin[u.Name] = u.Admin
	}
	var out []role
	for _, name := range slices.Sorted(maps.Keys(admin)) {
		out = append(out, role{v.roleOID(name), name, admin[name]})
	}
	return out
}

func init() {
	type r = role
	name := func(_ *View, r r) any { return r.name }
	number := func(_ *View, r r) any { return r.oid }
	no, yes, admin := fixed[r](false), fixed[r](true), func(_ *View, r r) any { return r.admin }
	register("pg_catalog.pg_authid", eachOf((*View).roles), columns[r]{
		"oid": number, "rolname": name, "rolsuper": admin, "rolinherit": yes, "rolcreaterole": admin, "rolcreatedb": admin, "rolcanlogin": yes, "rolreplication": no,
		"rolbypassrls": admin, "rolconnlimit": fixed[r](-1),
	})
	register("pg_catalog.pg_roles", eachOf((*View).roles), columns[r]{
		"oid": number, "rolname": name, "rolsuper": admin, "rolinherit": yes, "rolcreaterole": admin, "rolcreatedb": admin, "rolcanlogin": yes, "rolreplication": no,
		"rolbypassrls": admin, "rolconnlimit": fixed[r](-1), "rolpassword": fixed[r]("********"),
	})
	for _, n := range []string{"pg_catalog.pg_user", "pg_catalog.pg_shadow"} {
		user := columns[r]{"usename": name, "usesysid": number, "usecreatedb": admin, "usesuper": admin, "userepl": no, "usebypassrls": admin}
		if n == "pg_catalog.pg_user" {
			user["passwd"] = fixed[r]("********")
		}
		register(n, eachOf((*View).roles), user)
	}
	register("information_schema.enabled_roles", eachOf((*View).roles), columns[r]{"role_name": name})

	type d = *meta.Database
	register("pg_catalog.pg_database", eachOf(func(v *View) []d { return v.Catalog.Databases() }), columns[d]{
		"oid": func(_ *View, d d) any { return databaseOID(d) }, "datname": func(_ *View, d d) any { return d.Name }, "datdba": fixed[d](oidOwner), "encoding": fixed[d](6),
		"datlocprovider": fixed[d]("c"), "datistemplate": fixed[d](false), "datallowconn": fixed[d](true), "datconnlimit": fixed[d](-1), "datfrozenxid": fixed[d](0),
		"datminmxid": fixed[d](0), "dattablespace": fixed[d](oidTablespace), "datcollate": fixed[d]("C"), "datctype": fixed[d]("C.UTF-8"),
	})
	register("pg_catalog.pg_stat_database", eachOf(func(v *View) []d { return v.Catalog.Databases() }), columns[d]{
		"datid": func(_ *View, d d) any { return databaseOID(d) }, "datname": func(_ *View, d d) any { return d.Name },
		"numbackends": func(v *View, d d) any {
			n := 0
			for _, a := range v.activity() {
				if a.Database == d.Name {
					n++
				}
			}
			return n
		},
		"deadlocks": fixed[d](0), "conflicts": fixed[d](0),
	})

	type s = *setting.Definition
	shown := func(f func(v *View, name string) (string, bool)) func(*View, s) any {
		return func(v *View, s s) any {
			text, ok := f(v, strings.ToLower(s.Name))
			if !ok {
				return nil
			}
			return text
		}
	}
	limit := func(f func(s) float64) func(*View, s) any {
		return func(_ *View, s s) any {
			if s.Kind != setting.Integer && s.Kind != setting.Real {
				return nil
			}
			return setting.Number(f(s))
		}
	}
	kept := func(v *View, name string) (string, bool) { text, err := v.Settings.Kept(name); return text, err == nil }
	usual := func(v *View, name string) (string, bool) { return v.Settings.Default(name) }
	register("pg_catalog.pg_settings", eachOf(func(*View) []s {
		return slices.DeleteFunc(setting.All(), func(d s) bool { return d.Hidden })
	}), columns[s]{
		"name": func(_ *View, s s) any { return s.Name }, "setting": shown(kept), "unit": func(_ *View, s s) any { return orNull(s.Unit) },
		"category": func(_ *View, s s) any { return s.Category }, "short_desc": func(_ *View, s s) any { return s.Doc },
		"context": func(_ *View, s s) any { return string(s.Context) }, "vartype": func(_ *View, s s) any { return string(s.Kind) },
		"source": func(v *View, s s) any {
			if v.Settings.IsSet(s.Name) {
				return "session"
			}
			return "default"
		},
		"min_val": limit(func(s s) float64 { return s.Min }), "max_val": limit(func(s s) float64 { return s.Max }),
		"enumvals": func(_ *View, s s) any { return s.Values }, "boot_val": func(_ *View, s s) any { return s.Default }, "reset_val": shown(usual),
		"pending_restart": fixed[s](false),
	})

	register("pg_catalog.pg_am", eachOf(func(*View) []method { return accessMethods() }), columns[method]{
		"oid": func(_ *View, m method) any { return m.oid }, "amname": func(_ *View, m method) any { return m.name }, "amhandler": fixed[method](0),
		"amtype": func(_ *View, m method) any { return m.kind },
	})
	register("pg_catalog.pg_language", eachOf(func(*View) []method { return []method{{12, "internal", ""}} }), columns[method]{
		"oid": func(_ *View, m method) any { return m.oid }, "lanname": func(_ *View, m method) any { return m.name }, "lanowner": fixed[method](oidOwner),
		"lanispl": fixed[method](false), "lanpltrusted": fixed[method](false), "lanplcallfoid": fixed[method](0), "laninline": fixed[method](0), "lanvalidator": fixed[method](0),
	})
	register("pg_catalog.pg_tablespace", eachOf(func(*View) []method { return []method{{oidTablespace, "pg_default", ""}} }), columns[method]{
		"oid": func(_ *View, m method) any { return m.oid }, "spcname": func(_ *View, m method) any { return m.name }, "spcowner": fixed[method](oidOwner),
	})
	register("pg_catalog.pg_collation", eachOf(func(*View) []method {
		return []method{{100, "default", "d"}, {950, "C", "c"}, {951, "POSIX", "c"}}
	}), columns[method]{
		"oid": func(_ *View, m method) any { return m.oid }, "collname": func(_ *View, m method) any { return m.name }, "collnamespace": fixed[method](oidCatalog),
		"collowner": fixed[method](oidOwner), "collprovider": func(_ *View, m method) any { return m.kind }, "collisdeterministic": fixed[method](true),
		"collencoding": fixed[method](-1),
		"collcollate": func(_ *View, m method) any {
			if m.kind == "d" {
				return nil
			}
			return m.name
		},
		"collctype": func(_ *View, m method) any {
			if m.kind == "d" {
				return nil
			}
			return m.name
		},
	})

	register("pg_catalog.pg_timezone_names", eachOf(func(*View) []string { return timezone.Names() }), columns[string]{
		"name":   func(_ *View, n string) any { return n },
		"abbrev": func(v *View, n string) any { return v.zoneNow(n, func(name string, _ int) any { return name }) },
		"utc_offset": func(v *View, n string) any {
			return v.zoneNow(n, func(_ string, offset int) any { return column.Interval{Micros: int64(offset) * 1_000_000} })
		},
		"is_dst": func(v *View, n string) any {
			l, err := time.LoadLocation(n)
			return err == nil && v.now().In(l).IsDST()
		},
	})
	register("pg_catalog.pg_timezone_abbrevs", eachOf(func(*View) []*timezone.Abbreviation {
		return slices.SortedFunc(slices.Values(timezone.Abbreviations()), func(a, b *timezone.Abbreviation) int { return strings.Compare(a.Name, b.Name) })
	}), columns[*timezone.Abbreviation]{
		"abbrev": func(_ *View, a *timezone.Abbreviation) any { return strings.ToUpper(a.Name) },
		"utc_offset": func(v *View, a *timezone.Abbreviation) any {
			east, _ := a.At(v.now().Unix())
			return column.Interval{Micros: int64(east) * 1_000_000}
		},
		"is_dst": func(v *View, a *timezone.Abbreviation) any {
			_, summer := a.At(v.now().Unix())
			return summer
		},
	})

	register("pg_catalog.pg_stat_activity", eachOf((*View).activity), columns[Activity]{
		"datid": func(v *View, a Activity) any {
			if d := v.Catalog.Database(a.Database); d != nil {
				return databaseOID(d)
			}
			return nil
		},
		"datname": func(_ *View, a Activity) any { return a.Database }, "pid": func(_ *View, a Activity) any { return a.PID },
		"usesysid": func(v *View, a Activity) any { return v.roleOID(a.User) }, "usename": func(_ *View, a Activity) any { return a.User },
		"application_name": func(_ *View, a Activity) any { return a.Application }, "client_addr": func(_ *View, a Activity) any { return orNull(a.Address) },
		"client_port": func(_ *View, a Activity) any {
			if a.Address == "" {
				return nil
			}
			return a.Port
		},
		"backend_start": func(_ *View, a Activity) any { return a.Started }, "xact_start": func(_ *View, a Activity) any { return a.Transaction },
		"query_start": func(_ *View, a Activity) any { return a.Query }, "state_change": func(_ *View, a Activity) any { return a.Changed },
		"wait_event_type": func(_ *View, a Activity) any {
			if a.State == "active" {
				return nil
			}
			return "Client"
		},
		"wait_event": func(_ *View, a Activity) any {
			if a.State == "active" {
				return nil
			}
			return "ClientRead"
		},
		"state": func(_ *View, a Activity) any { return orNull(a.State) }, "query": func(_ *View, a Activity) any { return a.Text }, "backend_type": fixed[Activity]("client backend"),
	})
}

// activity lists what sessions do. Statements of others, which may hold passwords, are for admins only.
func (v *View) activity() []Activity {
	if v.Activity == nil {
		return nil
	}
	list := v.Activity()
	if admin, _ := v.Settings.Show("is_superuser"); admin != "on" {
		for i := range list {
			if list[i].User != v.Settings.User {
				list[i] = Activity{PID: list[i].PID, Database: list[i].Database, User: list[i].User, Text: "<insufficient privilege>"}
			}
		}
	}
	return list
}

func (v *View) now() time.Time {
	if v.Now.IsZero() {
		return time.Now()
	}
	return v.Now
}

// zoneNow asks about a zone at the time of the statement.
func (v *View) zoneNow(name string, f func(abbreviation string, offset int) any) any {
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return f(v.now().In(l).Zone())
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
