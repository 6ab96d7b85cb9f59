package setting

import (
	"github.com/automatanexus/aegis-db/column"
)

// accepted are settings that clients send, whose values are checked and shown, and that change nothing in Aegis: each says why. This list is the
// only place where that happens; a setting that is on no list is refused.
var accepted = []*Definition{
	// What the server does anyway, whatever the value.
	{
		Name: "client_min_messages", Kind: Enum, Context: User, Default: "notice", Category: behavior,
		Values: []string{"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"},
		Doc:    "Least important messages that are sent to the client. Aegis sends warnings and notices of a few statements only.",
	},
	{
		Name: "standard_conforming_strings", Kind: Bool, Context: User, Default: "on", Category: compatible, check: only("on"),
		Doc: "Backslashes in '...' stand for themselves. Always on.",
	},
	{Name: "escape_string_warning", Kind: Bool, Context: User, Default: "on", Category: compatible, Doc: "Warn of backslashes in '...'. No effect: they stand for themselves."},
	{
		Name: "backslash_quote", Kind: Enum, Context: User, Default: "safe_encoding", Values: []string{"safe_encoding", "on", "off"}, Category: compatible,
		Doc: "Whether \\' is a quote in E'...'. No effect: it is, as UTF8 makes it safe.",
	},
	{Name: "row_security", Kind: Bool, Context: User, Default: "on", Category: behavior, Doc: "Apply policies of rows. No effect: there are none."},
	{Name: "check_function_bodies", Kind: Bool, Context: User, Default: "on", Category: behavior, Doc: "Check functions when they are made. No effect: none can be made."},
	{Name: "xmloption", Kind: Enum, Context: User, Default: "content", Values: []string{"content", "document"}, Category: behavior, Doc: "How XML is read. No effect: there is no XML."},
	{Name: "default_table_access_method", Kind: String, Context: User, Default: "aegis", Category: behavior, check: checkAccessMethod, Doc: "How new tables are kept."},
	{Name: "default_tablespace", Kind: String, Context: User, Category: behavior, check: only(""), Doc: "Where new tables are kept. There is one place."},
	{Name: "array_nulls", Kind: Bool, Context: User, Default: "on", Category: compatible, check: only("on"), Doc: "NULL in the text of an array is NULL. Always on."},
	{Name: "transform_null_equals", Kind: Bool, Context: User, Default: "off", Category: clients, check: only("off"), Doc: "x = NULL means IS NULL. Always off."},
	{Name: "quote_all_identifiers", Kind: Bool, Context: User, Default: "off", Category: compatible, check: only("off"), Doc: "Quote every name in what is printed. Always off."},
	{Name: "synchronize_seqscans", Kind: Bool, Context: User, Default: "on", Category: compatible, Doc: "Let scans start where others are. No effect: pages are cached."},
	{
		Name: "synchronous_commit", Kind: Enum, Context: User, Default: "on", Values: []string{"local", "remote_write", "remote_apply", "on", "off"}, Category: wal,
		Doc: "When a write is acknowledged. No effect: once it is on disk.",
	},
	{Name: "lc_messages", Kind: String, Context: User, Default: "C", Category: locale, check: checkLocale, Doc: "Language of messages. There is one."},
	{Name: "lc_monetary", Kind: String, Context: User, Default: "C", Category: locale, check: checkLocale, Doc: "How amounts of money are written. There is one way."},
	{Name: "lc_numeric", Kind: String, Context: User, Default: "C", Category: locale, check: checkLocale, Doc: "How numbers are written. There is one way."},
	{Name: "lc_time", Kind: String, Context: User, Default: "C", Category: locale, check: checkLocale, Doc: "Names of days and months. There is one set."},
	{Name: "default_text_search_config", Kind: String, Context: User, Default: "pg_catalog.simple", Category: locale, Doc: "No effect: there is no text search."},
	{
		Name: "password_encryption", Kind: Enum, Context: User, Default: "scram-sha-256", Values: []string{"md5", "scram-sha-256"}, Category: security, check: only("scram-sha-256"),
		Doc: "How passwords are kept. Always as SCRAM-SHA-256 asks for.",
	},
	// Transactions.
	{Name: "default_transaction_deferrable", Kind: Bool, Context: User, Default: "off", Category: behavior, Doc: "No effect: no transaction waits for another."},
	{Name: "transaction_deferrable", Kind: Bool, Context: User, Default: "off", Category: behavior, Doc: "No effect: no transaction waits for another."},
	{Name: "lock_timeout", Kind: Integer, Context: User, Default: "0", Unit: "ms", Max: maxInt, Category: behavior, Doc: "How long a statement waits for an advisory lock; 0 = as long as it runs. Nothing else is locked."},
	{
		Name: "client_connection_check_interval", Kind: Integer, Context: User, Default: "0", Unit: "ms", Max: maxInt, Category: connections,
		Doc: "How often to look whether the client is still there. No effect: it is noticed at once.",
	},
	{Name: "tcp_keepalives_idle", Kind: Integer, Context: User, Default: "0", Unit: "s", Max: maxInt, Category: connections, Doc: "No effect: the system's defaults are used."},
	{Name: "tcp_keepalives_interval", Kind: Integer, Context: User, Default: "0", Unit: "s", Max: maxInt, Category: connections, Doc: "No effect: the system's defaults are used."},
	{Name: "tcp_keepalives_count", Kind: Integer, Context: User, Default: "0", Max: maxInt, Category: connections, Doc: "No effect: the system's defaults are used."},
	{Name: "tcp_user_timeout", Kind: Integer, Context: User, Default: "0", Unit: "ms", Max: maxInt, Category: connections, Doc: "No effect: the system's defaults are used."},
	// The planner. Aegis' own rules are switched by optimizer_rules_off.
	planSwitch("enable_async_append"), planSwitch("enable_bitmapscan"), planSwitch("enable_gathermerge"), planSwitch("enable_hashagg"),
	planSwitch("enable_hashjoin"), planSwitch("enable_incremental_sort"), planSwitch("enable_indexonlyscan"), planSwitch("enable_indexscan"),
	planSwitch("enable_material"), planSwitch("enable_memoize"), planSwitch("enable_mergejoin"), planSwitch("enable_nestloop"),
	planSwitch("enable_parallel_append"), planSwitch("enable_parallel_hash"), planSwitch("enable_partition_pruning"),
	planSwitch("enable_partitionwise_aggregate"), planSwitch("enable_partitionwise_join"), planSwitch("enable_seqscan"), planSwitch("enable_sort"),
	planSwitch("enable_tidscan"),
	cost("seq_page_cost", "1"), cost("random_page_cost", "4"), cost("cpu_tuple_cost", "0.01"), cost("cpu_index_tuple_cost", "0.005"),
	cost("cpu_operator_cost", "0.0025"), cost("parallel_setup_cost", "1000"), cost("parallel_tuple_cost", "0.1"),
	{Name: "effective_cache_size", Kind: Integer, Context: User, Default: "524288", Unit: "8kB", Min: 1, Max: maxInt, Category: costs, Doc: noPlanner},
	{Name: "effective_io_concurrency", Kind: Integer, Context: User, Default: "1", Max: 1000, Category: async, Doc: noPlanner},
	{Name: "maintenance_work_mem", Kind: Integer, Context: User, Default: "65536", Unit: "kB", Min: 1024, Max: maxInt, Category: memory, Doc: "No effect: upkeep has memory of its own."},
	{Name: "temp_buffers", Kind: Integer, Context: User, Default: "1024", Unit: "8kB", Min: 100, Max: maxInt / 2, Category: memory, Doc: "No effect: there are no temporary tables."},
	{Name: "hash_mem_multiplier", Kind: Real, Context: User, Default: "2", Min: 1, Max: 1000, Category: memory, Doc: "No effect: work_mem is the whole statement's."},
	{Name: "max_parallel_workers", Kind: Integer, Context: User, Default: "8", Max: 1024, Category: async, Doc: noPlanner},
	{Name: "max_parallel_workers_per_gather", Kind: Integer, Context: User, Default: "2", Max: 1024, Category: async, Doc: noPlanner},
	{Name: "max_parallel_maintenance_workers", Kind: Integer, Context: User, Default: "2", Max: 1024, Category: async, Doc: noPlanner},
	{Name: "parallel_leader_participation", Kind: Bool, Context: User, Default: "on", Category: async, Doc: noPlanner},
	{Name: "force_parallel_mode", Kind: Enum, Context: User, Default: "off", Values: []string{"off", "on", "regress"}, Category: developer, Doc: noPlanner},
	{Name: "jit", Kind: Bool, Context: User, Default: "off", Category: planner, Doc: "Compile expressions. No effect: none are compiled."},
	{Name: "jit_above_cost", Kind: Real, Context: User, Default: "100000", Min: -1, Max: maxReal, Category: costs, Doc: "No effect: no expressions are compiled."},
	{Name: "jit_inline_above_cost", Kind: Real, Context: User, Default: "500000", Min: -1, Max: maxReal, Category: costs, Doc: "No effect: no expressions are compiled."},
	{Name: "jit_optimize_above_cost", Kind: Real, Context: User, Default: "500000", Min: -1, Max: maxReal, Category: costs, Doc: "No effect: no expressions are compiled."},
	{Name: "geqo", Kind: Bool, Context: User, Default: "on", Category: genetic, Doc: noPlanner},
	{Name: "geqo_threshold", Kind: Integer, Context: User, Default: "12", Min: 2, Max: maxInt, Category: genetic, Doc: noPlanner},
	{Name: "from_collapse_limit", Kind: Integer, Context: User, Default: "8", Min: 1, Max: maxInt, Category: planner, Doc: noPlanner},
	{Name: "join_collapse_limit", Kind: Integer, Context: User, Default: "8", Min: 1, Max: maxInt, Category: planner, Doc: noPlanner},
	{Name: "cursor_tuple_fraction", Kind: Real, Context: User, Default: "0.1", Max: 1, Category: planner, Doc: noPlanner},
	{Name: "constraint_exclusion", Kind: Enum, Context: User, Default: "partition", Values: []string{"partition", "on", "off"}, Category: planner, Doc: noPlanner},
	{
		Name: "plan_cache_mode", Kind: Enum, Context: User, Default: "auto", Values: []string{"auto", "force_generic_plan", "force_custom_plan"}, Category: planner,
		Doc: "No effect: Aegis decides by itself which plans it keeps.",
	},
	{Name: "debug_print_plan", Kind: Bool, Context: User, Default: "off", Category: logging, Doc: "No effect: see EXPLAIN."},
	{Name: "debug_print_parse", Kind: Bool, Context: User, Default: "off", Category: logging, Doc: "No effect: see EXPLAIN."},
	{Name: "debug_print_rewritten", Kind: Bool, Context: User, Default: "off", Category: logging, Doc: "No effect: see EXPLAIN."},
	{Name: "debug_pretty_print", Kind: Bool, Context: User, Default: "on", Category: logging, Doc: "No effect: see EXPLAIN."},
}

const noPlanner = "No effect: Aegis plans by rules and costs of its own."

func planSwitch(name string) *Definition {
	d := &Definition{Name: name, Kind: Bool, Context: User, Default: "on", Category: methods, Doc: noPlanner}
	if name == "enable_partitionwise_aggregate" || name == "enable_partitionwise_join" {
		d.Default = "off"
	}
	return d
}

func cost(name, value string) *Definition {
	return &Definition{Name: name, Kind: Real, Context: User, Default: value, Max: maxReal, Category: costs, Doc: noPlanner}
}

// only refuses every value but the one that is true.
func only(value string) func(*Values, string) (string, error) {
	return func(_ *Values, text string) (string, error) {
		if text == value {
			return text, nil
		}
		e := column.SQLErrorf(column.Unsupported, "0A000", "this setting can only be \"%s\"", value)
		return "", e
	}
}

func checkAccessMethod(_ *Values, text string) (string, error) {
	if text == "aegis" || text == "heap" { // heap is what dumps of PostgreSQL say
		return text, nil
	}
	return "", column.SQLErrorf(column.Invalid, "22023", "invalid value for parameter \"default_table_access_method\": \"%s\"", text)
}

func checkLocale(_ *Values, text string) (string, error) {
	switch text {
	case "C", "POSIX", "C.UTF-8", "en_US.UTF-8", "":
		return text, nil
	}
	return "", invalid("", text, "", "Texts are those of the locale C.")
}
