package setting

import (
	"maps"
	"slices"
	"strings"
)

// Kind is the type of a setting's values, by the name pg_settings has for it.
type Kind string

// The kinds.
const (
	Bool    Kind = "bool"
	Integer Kind = "integer"
	Real    Kind = "real"
	String  Kind = "string"
	Enum    Kind = "enum"
)

// Context says who may change a setting, by pg_settings' names.
type Context string

// The contexts.
const (
	Internal   Context = "internal"   // nobody: it is a fact
	Postmaster Context = "postmaster" // whoever starts the server
	User       Context = "user"       // everybody, for his session
)

// Definition describes a setting.
type Definition struct {
	Name     string // as SHOW ALL prints it
	Kind     Kind
	Context  Context
	Default  string // as Values keeps it: integers in Unit, without it
	Unit     string // of integers and reals: ms, s, kB, 8kB, B; "" = none
	Min, Max float64
	Values   []string // of an enum
	Category string   // pg_settings' category
	Doc      string   // one line

	// List says that SET takes several values, which are joined with commas.
	List bool
	// check gives the value as it is kept, for strings that mean something.
	check func(v *Values, text string) (string, error)
	// Parsed says that the value acts while statements are parsed, bound and run, so that a plan made under another one does not fit.
	inPlans bool
	// Hidden settings are not in SHOW ALL, as in PostgreSQL.
	Hidden bool
}

// Categories of pg_settings.
const (
	locale      = "Client Connection Defaults / Locale and Formatting"
	behavior    = "Client Connection Defaults / Statement Behavior"
	logging     = "Reporting and Logging / What to Log"
	memory      = "Resource Usage / Memory"
	async       = "Resource Usage / Asynchronous Behavior"
	methods     = "Query Tuning / Planner Method Configuration"
	costs       = "Query Tuning / Planner Cost Constants"
	planner     = "Query Tuning / Other Planner Options"
	genetic     = "Query Tuning / Genetic Query Optimizer"
	preset      = "Preset Options"
	compatible  = "Version and Platform Compatibility / Previous PostgreSQL Versions"
	clients     = "Version and Platform Compatibility / Other Platforms and Clients"
	connections = "Connections and Authentication / Connection Settings"
	security    = "Connections and Authentication / Authentication"
	tls         = "Connections and Authentication / SSL"
	wal         = "Write-Ahead Log / Settings"
	developer   = "Developer Options"
	custom      = "Customized Options"
)

const (
	maxInt  = 1<<31 - 1
	maxReal = 1.79769e308
)

// byName holds every definition by its name in lower case.
var byName = map[string]*Definition{}

func init() { // not where it is declared, as definitions refer to functions that look others up
	for _, d := range slices.Concat(acting, facts, accepted) {
		byName[strings.ToLower(d.Name)] = d
	}
}

// Find gives the definition of a setting, whatever the case of its name; nil if there is none.
func Find(name string) *Definition { return byName[strings.ToLower(name)] }

// ShownName is the name of a setting as SHOW's column has it: a few have capitals.
func ShownName(name string) string {
	if d := Find(name); d != nil {
		return d.Name
	}
	return name
}

// All lists the settings by name, in any case: PostgreSQL's order.
func All() []*Definition {
	out := slices.Collect(maps.Values(byName))
	slices.SortFunc(out, func(a, b *Definition) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}
