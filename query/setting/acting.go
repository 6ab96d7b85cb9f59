package setting

// acting are the settings that change what Aegis does.
var acting = []*Definition{
	{
		Name: "TimeZone", Kind: String, Context: User, Default: "UTC", Category: locale, inPlans: true, check: checkZone,
		Doc: "Time zone that time stamps are shown in, and read in where they name none.",
	},
	{
		Name: "DateStyle", Kind: String, Context: User, Default: "ISO, MDY", Category: locale, List: true, inPlans: true, check: checkDateStyle,
		Doc: "How dates and time stamps are written, and the order of the numbers in dates that are read.",
	},
	{
		Name: "IntervalStyle", Kind: Enum, Context: User, Default: "postgres", Category: locale, inPlans: true,
		Values: []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}, Doc: "How intervals are written.",
	},
	{
		Name: "extra_float_digits", Kind: Integer, Context: User, Default: "1", Min: -15, Max: 3, Category: locale, inPlans: true,
		Doc: "Digits of floats beyond those that are always right; from 1 on, as many as tell a value from all others.",
	},
	{
		Name: "bytea_output", Kind: Enum, Context: User, Default: "hex", Values: []string{"escape", "hex"}, Category: behavior, inPlans: true,
		Doc: "How bytea is written.",
	},
	{
		Name: "client_encoding", Kind: String, Context: User, Default: "UTF8", Category: locale, check: checkEncoding,
		Doc: "Encoding of the client. Aegis speaks UTF8 only.",
	},
	{
		Name: "search_path", Kind: String, Context: User, Default: `"$user", public, metrics`, Category: behavior, List: true, inPlans: true, check: checkPath,
		Doc: "Schemas that names without a schema are looked for in, in this order.",
	},
	{
		Name: "aegis.as_of", Kind: String, Context: User, Category: behavior, inPlans: true, check: checkAsOf,
		Doc: "State of the past that statements read: the number of a version, a time, or the name of a pin. Nothing can be written then.",
	},
	{
		Name: "statement_timeout", Kind: Integer, Context: User, Default: "0", Unit: "ms", Max: maxInt, Category: behavior,
		Doc: "How long a statement may take; 0 is without end.",
	},
	{
		Name: "idle_in_transaction_session_timeout", Kind: Integer, Context: User, Default: "0", Unit: "ms", Max: maxInt, Category: behavior,
		Doc: "How long a transaction may wait for its next statement until the session is ended; 0 is the server's bound.",
	},
	{
		Name: "idle_session_timeout", Kind: Integer, Context: User, Default: "0", Unit: "ms", Max: maxInt, Category: behavior,
		Doc: "How long a session may be idle, outside of a transaction, until it is ended; 0 is the server's bound.",
	},
	{
		Name: "transaction_timeout", Kind: Integer, Context: User, Default: "0", Unit: "ms", Max: maxInt, Category: behavior,
		Doc: "How long a transaction may take until the session is ended; 0 is without end.",
	},
	{
		Name: "work_mem", Kind: Integer, Context: User, Default: "4096", Unit: "kB", Min: 64, Max: maxInt, Category: memory, check: checkMemory,
		Doc: "Memory that one statement may hold, up to the server's limit for one. In Aegis it is the whole statement's, not that of one sort.",
	},
	{
		Name: "application_name", Kind: String, Context: User, Category: logging, check: checkPrintable,
		Doc: "Name of the client's program, shown in pg_stat_activity.",
	},
	{
		Name: "default_transaction_read_only", Kind: Bool, Context: User, Default: "off", Category: behavior,
		Doc: "Refuse statements that write, in transactions that say nothing else.",
	},
	{
		Name: "transaction_read_only", Kind: Bool, Context: User, Default: "off", Category: behavior,
		Doc: "Refuse statements that write, in this transaction.",
	},
	{
		Name: "default_transaction_isolation", Kind: Enum, Context: User, Default: "read committed", Values: isolationLevels, Category: behavior,
		Doc: "Isolation of new transactions. From repeatable read on, all statements of one read the same snapshot.",
	},
	{
		Name: "transaction_isolation", Kind: Enum, Context: User, Default: "read committed", Values: isolationLevels, Category: behavior,
		Doc: "Isolation of this transaction. From repeatable read on, all its statements read the same snapshot.",
	},
	{
		Name: "optimizer_rules_off", Kind: String, Context: User, Category: planner, inPlans: true, List: true, check: checkRules,
		Doc: "Rules of Aegis' optimizer that are not applied, by name.",
	},
}

var isolationLevels = []string{"serializable", "repeatable read", "read committed", "read uncommitted"}
