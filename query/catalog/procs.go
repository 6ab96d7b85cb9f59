package catalog

import (
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
)

// proc is a function: of the registry, or one of those that pg_type names to read and write values.
type proc struct {
	oid        int64
	name       string
	kind       string // f, a, w
	args       []int64
	result     int64
	variadic   int64
	strict     bool
	volatility string
	names      []string
	defaults   int
	doc        string
}

const anyType = 2276

// typeOID is the number of a type in a signature, where no type is any.
func typeOID(t column.Type) int64 {
	if t.Kind == column.Unknown {
		return anyType
	}
	return int64(t.OID())
}

func typeOIDs(list []column.Type) []int64 {
	out := make([]int64, len(list))
	for i, t := range list {
		out[i] = typeOID(t)
	}
	return out
}

func numbersText(list []int64) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, " ")
}

// functionOID is PostgreSQL's number of a function with these arguments, or one made of its name.
func functionOID(name string, args []int64) int64 {
	known, _ := systemFunctions()
	text := numbersText(args)
	if oid := known[signature{name, text}]; oid != 0 {
		return oid
	}
	return hashOID("function", name, text)
}

func newProc(name, kind string, args []column.Type, result column.Type) *proc {
	p := &proc{name: name, kind: kind, args: typeOIDs(args), result: typeOID(result), volatility: "i"}
	p.oid = functionOID(name, p.args)
	return p
}

func scalarProc(f *expr.Function) *proc {
	p := newProc(f.Name, "f", f.Args, f.Result)
	p.strict, p.names, p.doc = f.Strict, f.Params, f.Doc
	switch {
	case f.Volatile:
		p.volatility = "v"
	case f.Stable:
		p.volatility = "s"
	}
	if f.Variadic {
		p.variadic = p.args[len(p.args)-1]
		p.args = append([]int64(nil), p.args...)
		if t, ok := column.TypeOfOID(uint32(p.variadic)); ok { // it is declared as the array of what is repeated
			p.args[len(p.args)-1] = int64(column.ArrayOf(t).OID())
		}
		p.oid = functionOID(p.name, p.args)
	}
	for _, d := range f.Defaults {
		if d != nil {
			p.defaults++
		}
	}
	return p
}

// procs lists the functions, each number once.
func (v *View) procs() []*proc {
	v.procsOnce.Do(func() {
		seen := map[int64]bool{}
		add := func(p *proc) {
			if !seen[p.oid] {
				seen[p.oid] = true
				v.procList = append(v.procList, p)
			}
		}
		for f := range v.Functions.Functions() {
			add(scalarProc(f))
		}
		for a := range v.Functions.Aggregates() {
			p := newProc(a.Name, "a", a.Args, a.Result)
			p.doc = a.Doc
			add(p)
		}
		for w := range v.Functions.Windows() {
			p := newProc(w.Name, "w", w.Args, w.Result)
			p.doc = w.Doc
			add(p)
		}
		_, known := systemFunctions()
		for _, t := range systemTypes() {
			for _, oid := range []int64{t.input, t.output, t.receive, t.send, t.modIn, t.modOut, t.subscript} {
				if f, ok := known[oid]; ok {
					add(&proc{oid: oid, name: f.name, kind: "f", args: f.args, result: f.result, strict: true, volatility: "i", doc: "reads or writes values of a type"})
				}
			}
		}
	})
	return v.procList
}

func init() {
	type p = *proc
	register("pg_catalog.pg_proc", eachOf((*View).procs), columns[p]{
		"oid": func(_ *View, p p) any { return p.oid }, "proname": func(_ *View, p p) any { return p.name }, "pronamespace": fixed[p](oidCatalog),
		"proowner": fixed[p](oidOwner), "prolang": fixed[p](12), "procost": fixed[p](1.0), "prorows": fixed[p](0.0),
		"provariadic": func(_ *View, p p) any { return p.variadic }, "prosupport": fixed[p](0), "prokind": func(_ *View, p p) any { return p.kind },
		"prosecdef": fixed[p](false), "proleakproof": fixed[p](false), "proisstrict": func(_ *View, p p) any { return p.strict }, "proretset": fixed[p](false),
		"provolatile": func(_ *View, p p) any { return p.volatility }, "proparallel": fixed[p]("s"), "pronargs": func(_ *View, p p) any { return len(p.args) },
		"pronargdefaults": func(_ *View, p p) any { return p.defaults }, "prorettype": func(_ *View, p p) any { return p.result },
		"proargtypes": func(_ *View, p p) any { return numbered(append([]int64{}, p.args...)) }, "proargnames": func(_ *View, p p) any { return p.names },
		"prosrc": func(_ *View, p p) any { return p.name },
	})
	type o = *operator
	register("pg_catalog.pg_operator", eachOf((*View).operators), columns[o]{
		"oid": func(_ *View, o o) any { return o.oid }, "oprname": func(_ *View, o o) any { return o.name }, "oprnamespace": fixed[o](oidCatalog), "oprowner": fixed[o](oidOwner),
		"oprkind": func(_ *View, o o) any {
			if o.left == 0 {
				return "l"
			}
			return "b"
		},
		"oprcanmerge": fixed[o](false), "oprcanhash": func(_ *View, o o) any { return o.name == "=" }, "oprleft": func(_ *View, o o) any { return o.left },
		"oprright": func(_ *View, o o) any { return o.right }, "oprresult": func(_ *View, o o) any { return o.result }, "oprcom": fixed[o](0), "oprnegate": fixed[o](0),
		"oprcode": fixed[o](0), "oprrest": fixed[o](0), "oprjoin": fixed[o](0),
	})
	type c = fn.CastInfo
	register("pg_catalog.pg_cast", eachOf(func(v *View) []c { return v.Functions.Casts() }), columns[c]{
		"oid":        func(_ *View, c c) any { return hashOID("cast", c.From.Word(), c.To.Word()) },
		"castsource": func(_ *View, c c) any { return int64(c.From.OID()) }, "casttarget": func(_ *View, c c) any { return int64(c.To.OID()) }, "castfunc": fixed[c](0),
		"castcontext": func(_ *View, c c) any {
			return map[fn.CastContext]string{fn.Implicit: "i", fn.Assignment: "a", fn.Explicit: "e"}[c.How]
		},
		"castmethod": fixed[c]("i"),
	})
	register("pg_catalog.pg_aggregate", func(v *View, _ *rows, yield func(p) error) error {
		for _, x := range v.procs() {
			if x.kind != "a" {
				continue
			}
			if err := yield(x); err != nil {
				return err
			}
		}
		return nil
	}, columns[p]{
		"aggfnoid": func(_ *View, p p) any { return p.oid }, "aggkind": fixed[p]("n"), "aggnumdirectargs": fixed[p](0), "aggtransfn": fixed[p](0), "aggfinalfn": fixed[p](0),
		"aggcombinefn": fixed[p](0), "aggserialfn": fixed[p](0), "aggdeserialfn": fixed[p](0), "aggmtransfn": fixed[p](0), "aggminvtransfn": fixed[p](0),
		"aggmfinalfn": fixed[p](0), "aggfinalextra": fixed[p](false), "aggmfinalextra": fixed[p](false), "aggfinalmodify": fixed[p]("r"), "aggmfinalmodify": fixed[p]("r"),
		"aggsortop": fixed[p](0), "aggtranstype": func(_ *View, p p) any { return p.result }, "aggtransspace": fixed[p](0), "aggmtranstype": fixed[p](0), "aggmtransspace": fixed[p](0),
	})
}

type operator struct {
	oid                 int64
	name                string
	left, right, result int64
}

// operators lists those of the registry, whose names are operators: it holds a few that are written with words.
func (v *View) operators() []*operator {
	var out []*operator
	add := func(o *operator) {
		if strings.Trim(o.name, "+-*/<>=~!@#%^&|`?") != "" {
			return
		}
		args := numbersText([]int64{o.left, o.right})
		if o.oid = systemOperators()[signature{o.name, args}]; o.oid == 0 {
			o.oid = hashOID("operator", o.name, args)
		}
		out = append(out, o)
	}
	for f := range v.Functions.Operators() {
		o := &operator{name: f.Name, right: typeOID(f.Args[len(f.Args)-1]), result: typeOID(f.Result)}
		if len(f.Args) == 2 {
			o.left = typeOID(f.Args[0])
		}
		add(o)
	}
	return out
}
