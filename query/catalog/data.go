package catalog

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/automatanexus/aegis-db/column"
)

// The facts of PostgreSQL 15 that clients know by heart, as it gives them itself: cmd/aegis/oracletest writes and checks these files.
var (
	//go:embed shapes.txt
	shapeText string
	//go:embed types.txt
	typeText string
	//go:embed functions.txt
	functionText string
	//go:embed operators.txt
	operatorText string
)

// shape is what a system relation looks like.
type shape struct {
	schema, name string
	oid, rowType int64
	kind         string // r or v
	columns      []shapeColumn
	stored       column.Schema
}

type shapeColumn struct {
	name    string
	typ     column.Type
	notNull bool
}

func (s *shape) full() string { return s.schema + "." + s.name }

// index gives the place of a column.
func (s *shape) index(name string) int {
	for i, c := range s.columns {
		if c.name == name {
			return i
		}
	}
	return -1
}

// shapes lists the system relations, by full name in shapesByName.
var shapes = sync.OnceValue(func() []*shape {
	var out []*shape
	for line := range strings.Lines(shapeText) {
		f := strings.Fields(line)
		switch {
		case len(f) == 4:
			schema, name, _ := strings.Cut(f[0], ".")
			out = append(out, &shape{schema: schema, name: name, oid: number(f[1]), rowType: number(f[2]), kind: f[3]})
		case len(f) >= 2:
			s := out[len(out)-1]
			t, _ := column.TypeOfWord(f[1])
			s.columns = append(s.columns, shapeColumn{name: f[0], typ: t, notNull: len(f) == 3})
		}
	}
	for _, s := range out {
		s.stored = column.Schema{Version: 1}
		for i, c := range s.columns {
			s.stored.Fields = append(s.stored.Fields, column.Field{ID: column.ID(i + 1), Name: c.name, Type: c.typ, NotNull: c.notNull})
		}
		for _, name := range pushed[s.full()] {
			s.stored.Tags = append(s.stored.Tags, column.ID(s.index(name)+1))
		}
	}
	return out
})

var shapesByName = sync.OnceValue(func() map[string]*shape {
	m := map[string]*shape{}
	for _, s := range shapes() {
		m[s.full()] = s
	}
	return m
})

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// typeFacts is a row of pg_type as PostgreSQL has it.
type typeFacts struct {
	oid, length                                             int64
	name, kind, category, delimiter                         string
	byValue, preferred                                      bool
	element, array, subscript, input, output, receive, send int64
	modIn, modOut                                           int64
	align, storage                                          string
	collation                                               int64
}

var systemTypes = sync.OnceValue(func() []*typeFacts {
	var out []*typeFacts
	for line := range strings.Lines(typeText) {
		f := strings.Fields(line)
		n := func(i int) int64 { return number(f[i]) }
		out = append(out, &typeFacts{
			oid: n(0), name: f[1], length: n(2), byValue: f[3] == "1", kind: f[4], category: f[5], preferred: f[6] == "1", delimiter: f[7],
			element: n(8), array: n(9), subscript: n(10), input: n(11), output: n(12), receive: n(13), send: n(14), modIn: n(15), modOut: n(16),
			align: f[17], storage: f[18], collation: n(19),
		})
	}
	return append(out, ownTypes()...)
})

// ownTypes are those that PostgreSQL does not have.
func ownTypes() []*typeFacts {
	t := column.T(column.TimestampNS)
	return []*typeFacts{
		{
			oid: int64(t.OID()), name: t.Word(), length: 8, byValue: true, kind: "b", category: "D", delimiter: ",", array: int64(column.ArrayOf(t).OID()),
			align: "d", storage: "p",
		},
		{
			oid: int64(column.ArrayOf(t).OID()), name: column.ArrayOf(t).Word(), length: -1, kind: "b", category: "A", delimiter: ",", element: int64(t.OID()),
			align: "d", storage: "x",
		},
	}
}

// signature names a function or operator by its arguments' types.
type signature struct{ name, args string }

// functionFacts is a function of PostgreSQL.
type functionFacts struct {
	name   string
	args   []int64
	result int64
}

// systemFunctions are PostgreSQL's functions by their signatures and by their numbers.
var systemFunctions = sync.OnceValues(func() (bySignature map[signature]int64, byOID map[int64]functionFacts) {
	bySignature, byOID = map[signature]int64{}, map[int64]functionFacts{}
	for line := range strings.Lines(functionText) {
		f := strings.Split(strings.TrimRight(line, "\n"), " ")
		oid, last := number(f[0]), len(f)-1
		bySignature[signature{f[1], strings.Join(f[2:last], " ")}] = oid
		facts := functionFacts{name: f[1], result: number(f[last])}
		for _, a := range f[2:last] {
			if a != "" {
				facts.args = append(facts.args, number(a))
			}
		}
		byOID[oid] = facts
	}
	return bySignature, byOID
})

var systemOperators = sync.OnceValue(func() map[signature]int64 {
	m := map[signature]int64{}
	for line := range strings.Lines(operatorText) {
		f := strings.Fields(line)
		m[signature{f[1], f[2] + " " + f[3]}] = number(f[0])
	}
	return m
})
