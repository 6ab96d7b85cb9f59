package catalog

import (
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/setting"
)

// versionText is what version() gives: the first two words are what clients look at.
const versionText = "PostgreSQL " + setting.Version

// sessionFunctions tell who asks, where, and under which settings.
func sessionFunctions() []*expr.Function {
	user := func(v *View, _ args) (any, error) { return v.Settings.User, nil }
	database := func(v *View, _ args) (any, error) { return v.Database.Name, nil }
	out := []*expr.Function{
		function("version", nil, tText, "name and version of the server", always(versionText)),
		function("current_database", nil, tName, "the database", database),
		function("current_catalog", nil, tName, "the database", database),
		function("current_user", nil, tName, "who asks", user),
		function("session_user", nil, tName, "who logged in", user),
		function("current_role", nil, tName, "who asks", user),
		function("user", nil, tName, "who asks", user),
		function("current_schema", nil, tName, "the schema that new tables go to", func(v *View, _ args) (any, error) {
			for _, s := range v.schemas(false) {
				return s, nil
			}
			return nil, nil
		}),
		function("current_schemas", types(tBool), column.ArrayOf(tName), "the schemas that names are looked for in, pg_catalog included if that is asked for", func(v *View, a args) (any, error) {
			return v.schemas(a.bool(0)), nil
		}),
		function("current_setting", types(tText), tText, "value of a setting", func(v *View, a args) (any, error) { return v.setting(a.text(0)) }),
		function("current_setting", types(tText, tBool), tText, "value of a setting, NULL if it is missing and that is allowed", func(v *View, a args) (any, error) {
			text, err := v.setting(a.text(0))
			if err != nil && a.bool(1) {
				return nil, nil
			}
			return text, err
		}),
		volatile(nullable(function("set_config", types(tText, tText, tBool), tText, "gives a setting a value, until the transaction ends if the third argument says so", setConfig))),
		volatile(function("setseed", types(column.T(column.Float64)), tText, "makes random() repeat what it gave after the same seed, from -1 to 1; the session's statements use one core from then on", setSeed)),
		function("pg_backend_pid", nil, tInt4, "number of the session", func(v *View, _ args) (any, error) { return v.PID, nil }),
		function("pg_postmaster_start_time", nil, tTimestampTZ, "when the server was started", func(v *View, _ args) (any, error) { return v.Started, nil }),
		function("pg_conf_load_time", nil, tTimestampTZ, "when the server read its configuration", func(v *View, _ args) (any, error) { return v.Started, nil }),
		function("pg_is_in_recovery", nil, tBool, "whether the server only follows another", always(false)),
		function("pg_is_wal_replay_paused", nil, tBool, "whether the server's following is paused", always(false)),
		function("txid_current", nil, tInt8, "a number that grows with each change of the catalog", func(v *View, _ args) (any, error) { return int64(v.Catalog.Version), nil }),
		function("pg_client_encoding", nil, tName, "encoding of the client", always("UTF8")),
		function("getdatabaseencoding", nil, tName, "encoding of the database", always("UTF8")),
		function("pg_encoding_to_char", types(tInt4), tName, "name of an encoding", func(_ *View, a args) (any, error) {
			return map[int64]string{0: "SQL_ASCII", 6: "UTF8", 8: "LATIN1"}[a.int(0)], nil
		}),
		function("pg_char_to_encoding", types(tName), tInt4, "number of an encoding", func(_ *View, a args) (any, error) {
			switch strings.ToUpper(strings.ReplaceAll(a.text(0), "-", "")) {
			case "UTF8", "UNICODE":
				return 6, nil
			case "SQL_ASCII":
				return 0, nil
			}
			return -1, nil
		}),
		function("pg_my_temp_schema", nil, tOID, "schema of the session's temporary tables: there are none", always(0)),
		function("pg_is_other_temp_schema", types(tOID), tBool, "whether a schema is for another session's temporary tables", always(false)),
	}
	address := func(name, doc string, get func(Activity) any) *expr.Function {
		result := tText
		if strings.HasSuffix(name, "port") {
			result = tInt4
		}
		return function(name, nil, result, doc, func(v *View, _ args) (any, error) {
			for _, a := range v.activity() {
				if a.PID == v.PID && a.Address != "" {
					return get(a), nil
				}
			}
			return nil, nil
		})
	}
	return append(out,
		address("inet_client_addr", "address of the client", func(a Activity) any { return a.Address }),
		address("inet_client_port", "port of the client", func(a Activity) any { return a.Port }),
		address("inet_server_addr", "address that the client connected to", func(a Activity) any { return orNull(a.Server) }),
		address("inet_server_port", "port that the client connected to", func(a Activity) any { return a.ServerPort }),
	)
}

// schemas lists the search path as it is in force: without what does not exist and, unless it is asked for, without what is searched although
// nobody named it.
func (v *View) schemas(implicit bool) []string {
	out := []string{}
	for i, s := range v.Path {
		if i == 0 && s == Schema && !implicit && !v.namesCatalog() {
			continue
		}
		if v.Catalog.HasSchema(v.Database.ID, s) {
			out = append(out, s)
		}
	}
	return out
}

// namesCatalog reports whether the setting itself names pg_catalog.
func (v *View) namesCatalog() bool {
	for _, s := range v.Settings.Path {
		if s == Schema {
			return true
		}
	}
	return false
}

// setting reads a setting, which another part of the statement may be changing.
func (v *View) setting(name string) (any, error) {
	v.change.Lock()
	defer v.change.Unlock()
	return v.Settings.Show(name)
}

// setConfig runs while the statement does: the session's settings change at once, the statement itself keeps those it began with.
func setSeed(v *View, a args) (any, error) {
	x := a.vectors[0].Float(a.row)
	if !(x >= -1 && x <= 1) { // NaN is not
		return nil, column.SQLErrorf(column.Invalid, "22023", "setseed parameter %s is out of allowed range [-1,1]", strconv.FormatFloat(x, 'g', 6, 64))
	}
	v.Draws.Seed(x)
	return "", nil
}

func setConfig(v *View, a args) (any, error) {
	if a.null(0) {
		return nil, column.SQLErrorf(column.Invalid, "22004", "SET requires parameter name")
	}
	local := !a.null(2) && a.bool(2)
	v.change.Lock()
	defer v.change.Unlock()
	var err error
	switch {
	case local && !v.Settings.InTransaction(): // as if the statement were a transaction
		v.Settings.BeginTransaction()
		if a.null(1) {
			err = v.Settings.Reset(a.text(0))
		} else {
			err = v.Settings.SetText(a.text(0), a.text(1), true)
		}
		shown, showErr := v.Settings.Show(a.text(0))
		_ = v.Settings.EndTransaction(false) // what was valid before is valid again
		if err == nil {
			err = showErr
		}
		return shown, err
	case a.null(1):
		err = v.Settings.Reset(a.text(0))
	default:
		err = v.Settings.SetText(a.text(0), a.text(1), local)
	}
	if err != nil {
		return nil, err
	}
	return v.Settings.Show(a.text(0))
}
