package fn

import (
	"sort"
	"strings"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Short names for the types, used by the families to say what they take.
var (
	tAny         = column.Type{} // in Function.Args: a value of any type
	tBool        = column.T(column.Bool)
	tInt2        = column.T(column.Int16)
	tInt4        = column.T(column.Int32)
	tInt8        = column.T(column.Int64)
	tFloat4      = column.T(column.Float32)
	tFloat8      = column.T(column.Float64)
	tNumeric     = column.T(column.Numeric)
	tText        = column.T(column.Text)
	tBytea       = column.T(column.Bytea)
	tDate        = column.T(column.Date)
	tTimestamp   = column.T(column.Timestamp)
	tTimestampTZ = column.T(column.TimestampTZ)
	tTimestampNS = column.T(column.TimestampNS)
	tInterval    = column.T(column.IntervalKind)
	tJSON        = column.T(column.JSON)
	tVarchar     = column.T(column.Varchar)
	tBpChar      = column.T(column.BpChar)
	tUUID        = column.T(column.UUID)
	tTime        = column.T(column.Time)
	tTimeTZ      = column.T(column.TimeTZ)
	tJSONB       = column.T(column.JSONB)
	tOID         = column.T(column.OID)
	tName        = column.T(column.Name)
	tChar        = column.T(column.InternalChar)
	tRegClass    = column.T(column.RegClass)
	tRegType     = column.T(column.RegType)
	tRecord      = column.T(column.Record)
	tJSONPath    = column.T(column.JSONPath)
)

// objects are the types of numbers that print as names.
var objects = []column.Type{
	tRegClass, tRegType, column.T(column.RegProc), column.T(column.RegProcedure), column.T(column.RegNamespace), column.T(column.RegRole),
}

// every lists all types values can have, but for arrays, which are as many again.
var every = append([]column.Type{
	tBool, tInt2, tInt4, tInt8, tFloat4, tFloat8, tNumeric, tText, tBytea, tDate, tTimestamp, tTimestampTZ, tTimestampNS, tInterval, tJSON,
	tVarchar, tBpChar, tUUID, tTime, tTimeTZ, tJSONB, tOID, tName, tChar, tJSONPath,
}, objects...)

// ordered reports the types that have comparison operators of their own. The others have none, or those of a type that they
// become by themselves: character varying those of text, regclass those of oid.
func ordered(t column.Type) bool {
	return t != tJSON && t != tJSONPath && t != tVarchar && (t == tOID || !t.IsOID())
}

// Registry holds every function. It is complete once made and safe for concurrent use.
type Registry struct {
	functions  map[string][]*expr.Function
	infix      map[string][]*expr.Function
	prefix     map[string][]*expr.Function
	aggregates map[string][]*expr.Aggregate
	windows    map[string][]*expr.WindowFunction
	casts      map[castKey]cast
	nanos      map[column.Type]*expr.Function
	sets       map[string][]*expr.SetFunction
	instances  sync.Map // of functions of any type, by instanceKey; of casts of arrays, by castKey; of limits, by limitKey
}

// New makes the registry of all functions of this package, and what more adds to them.
func New(more ...func(r *Registry)) *Registry {
	r := &Registry{
		functions:  map[string][]*expr.Function{},
		infix:      map[string][]*expr.Function{},
		prefix:     map[string][]*expr.Function{},
		aggregates: map[string][]*expr.Aggregate{},
		windows:    map[string][]*expr.WindowFunction{},
		casts:      map[castKey]cast{},
		nanos:      map[column.Type]*expr.Function{},
		sets:       map[string][]*expr.SetFunction{},
	}
	for _, t := range []column.Type{tDate, tTimestamp, tTimestampTZ} {
		r.nanos[t] = ComparableNanos(t)
	}
	for _, add := range append(families, moreFamilies...) {
		add(r)
	}
	for _, add := range more {
		add(r)
	}
	return r
}

// Default gives one shared registry of this package's functions, made at the first call.
var Default = sync.OnceValue(func() *Registry { return New() })

// Add adds functions. One that has the arguments of a function that is there takes its place.
func (r *Registry) Add(list ...*expr.Function) {
	for _, f := range list {
		old := r.functions[f.Name]
		kept := old[:0:0]
		for _, o := range old {
			if !sameArgs(o.Args, f.Args) {
				kept = append(kept, o)
			}
		}
		r.functions[f.Name] = append(kept, f)
	}
}

func sameArgs(a, b []column.Type) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// families are the files of this package, one entry each.
var families = []func(r *Registry){
	addIntegers, addFloats, addNumerics, addNumberTheory, addComparisons,
	addCasts, addSpecials, addTexts, addQuotes, addUnicode, addBinaries, addEncodings, addLikes, addByteLikes, addSimilars, addRegexes,
	addTimes, addOverlaps, addSleeps, addNullCounts, addExtracts, addBuckets, addMisc, addTimeFormats, addNumberFormats,
	addTextCasts, addObjectCasts, addJSONCasts, addClocks, addUUIDs, addArrays, addArrayEdits, addArraySearches, addArrayBuckets, addArrayOperators,
	addSums, addExtremes, addCounts, addBitAggregates, addEdits, addVariances, addFirstLast,
	addSeries,
	addGapfills, addSampleAggregates, addApproximations,
	addJSON, addJSONBuilders, addJSONBEdits, addJSONPaths, addJSONRows, addRecords, addRegexArrays, addHistograms,
}

// scalar describes a function for add.
type scalar struct {
	name     string
	args     []column.Type
	result   column.Type
	kernel   Kernel
	scaled   Kernel // for numerics of one scale; nil = none
	doc      string
	variadic bool
	nullable bool // called with NULLs, too
	volatile bool
	stable   bool
	safe     bool                                                                                              // cannot fail
	generic  func(t column.Type) func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) // of a function of any type: its kernel for t

	failsBy  []int                               // the arguments that alone decide whether a call fails
	check    func(i int, v *column.Vector) error // of constants, when a call is bound
	params   []string                            // names of the arguments, where calls may use them
	defaults []*column.Vector                    // values of arguments that such calls leave out; nil = must be given
}

func types(t ...column.Type) []column.Type { return t }

func (s scalar) function(form string) *expr.Function {
	return &expr.Function{
		Name: s.name, Args: s.args, Result: s.result, Variadic: s.variadic, Strict: !s.nullable, Volatile: s.volatile,
		Stable: s.stable, CanFail: !s.safe, FailsBy: s.failsBy, Kernel: s.kernel, Scaled: s.scaled, Form: form, Doc: s.doc, Generic: s.generic, Check: s.check, Params: s.params, Defaults: s.defaults,
	}
}

func (r *Registry) add(list ...scalar) {
	for _, s := range list {
		r.functions[s.name] = append(r.functions[s.name], s.function(""))
	}
}

func (r *Registry) operator(list ...scalar) {
	for _, s := range list {
		if len(s.args) == 1 {
			r.prefix[s.name] = append(r.prefix[s.name], s.function("prefix"))
		} else {
			r.infix[s.name] = append(r.infix[s.name], s.function("infix"))
		}
	}
}

func (r *Registry) aggregate(list ...expr.Aggregate) {
	for i := range list {
		a := list[i]
		r.aggregates[a.Name] = append(r.aggregates[a.Name], &a)
	}
}

func (r *Registry) window(list ...expr.WindowFunction) {
	for i := range list {
		w := list[i]
		r.windows[w.Name] = append(r.windows[w.Name], &w)
	}
}

// IsWindow reports whether a name is one of a window function that is no aggregate.
func (r *Registry) IsWindow(name string) bool { return len(r.windows[name]) > 0 }

// IsAggregate reports whether a name is one of an aggregate function.
func (r *Registry) IsAggregate(name string) bool { return len(r.aggregates[name]) > 0 }

// IsFunction reports whether a name is one of a scalar function.
func (r *Registry) IsFunction(name string) bool { return len(r.functions[name]) > 0 }

// setFunction adds functions that give rows.
func (r *Registry) setFunction(list ...expr.SetFunction) {
	for i := range list {
		r.AddSets(&list[i])
	}
}

// AddSets adds functions that give rows.
func (r *Registry) AddSets(list ...*expr.SetFunction) {
	for _, f := range list {
		r.sets[f.Name] = append(r.sets[f.Name], f)
	}
}

// IsSetFunction reports whether a name is one of a function that gives rows.
func (r *Registry) IsSetFunction(name string) bool { return len(r.sets[name]) > 0 }

// Reference writes the list of all functions as a Markdown table, in a fixed order.
func (r *Registry) Reference() string {
	var b strings.Builder
	section := func(title string, lines []string) {
		sort.Strings(lines)
		b.WriteString("## " + title + "\n\n| call | result | meaning |\n|---|---|---|\n")
		last := ""
		for _, l := range lines {
			if l != last {
				b.WriteString(l)
			}
			last = l
		}
		b.WriteString("\n")
	}
	var calls, operators, aggregates, windows []string
	line := func(call string, result column.Type, doc string) string {
		return "| `" + strings.ReplaceAll(call, "|", "\\|") + "` | " + typeName(result) + " | " + doc + " |\n"
	}
	for name, list := range r.functions {
		for _, f := range list {
			calls = append(calls, line(name+"("+argList(f.Args, f.Variadic)+")", f.Result, f.Doc))
		}
	}
	for name, list := range r.infix {
		for _, f := range list {
			operators = append(operators, line(typeName(f.Args[0])+" "+name+" "+typeName(f.Args[1]), f.Result, f.Doc))
		}
	}
	for name, list := range r.prefix {
		for _, f := range list {
			operators = append(operators, line(name+" "+typeName(f.Args[0]), f.Result, f.Doc))
		}
	}
	for name, list := range r.aggregates {
		for _, a := range list {
			args := argList(a.Args, false)
			if len(a.Args) == 0 {
				args = "*"
			}
			aggregates = append(aggregates, line(name+"("+args+")", a.Result, a.Doc))
		}
	}
	for name, list := range r.windows {
		for _, w := range list {
			windows = append(windows, line(name+"("+argList(w.Args, false)+")", w.Result, w.Doc))
		}
	}
	var sets []string
	for name, list := range r.sets {
		for _, f := range list {
			result := make([]column.Type, len(f.Columns))
			for i, c := range f.Columns {
				result[i] = c.Type
			}
			sets = append(sets, "| `"+name+"("+argList(f.Args, f.Variadic)+")` | "+argList(result, false)+" | "+f.Doc+" |\n")
		}
	}
	section("Functions", calls)
	section("Functions that give rows", sets)
	section("Operators", operators)
	section("Aggregates", aggregates)
	section("Window functions", windows)
	return b.String()
}

func typeName(t column.Type) string {
	if name, ok := pseudoNames[t]; ok {
		return name
	}
	return t.String()
}

func argList(args []column.Type, variadic bool) string {
	names := make([]string, len(args))
	for i, t := range args {
		names[i] = typeName(t)
	}
	if variadic {
		names[len(names)-1] = "VARIADIC " + names[len(names)-1]
	}
	return strings.Join(names, ", ")
}
