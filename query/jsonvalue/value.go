package jsonvalue

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Kind is what a value is.
type Kind uint8

// The kinds, in the order in which jsonb sorts them. A Time is none of JSON's: paths make it.
const (
	Null Kind = iota
	String
	Number
	Bool
	Array
	Object
	Time
)

// Value is a JSON value. Values are not changed once made, so they may share their parts.
type Value struct {
	Kind    Kind
	Truth   bool
	Text    string  // a string's characters, a number's digits as numeric prints them
	Items   []Value // of an array
	Members []Member
	Moment  any // of a Time, for the one who made it
}

// Member is a pair of an object.
type Member struct {
	Key   string
	Value Value
}

// Constructors of the simple values.
func Of(b bool) Value          { return Value{Kind: Bool, Truth: b} }
func Text(s string) Value      { return Value{Kind: String, Text: s} }
func Digits(s string) Value    { return Value{Kind: Number, Text: s} }
func List(items []Value) Value { return Value{Kind: Array, Items: items} }

// Negated is a number with its sign turned.
func Negated(v Value) Value {
	if rest, ok := strings.CutPrefix(v.Text, "-"); ok {
		return Digits(rest)
	}
	if v.Decimal().IsZero() {
		return v
	}
	return Digits("-" + v.Text)
}

// What a value is.
func (v Value) IsScalar() bool    { return v.Kind < Array || v.Kind == Time }
func (v Value) IsContainer() bool { return v.Kind == Array || v.Kind == Object }

// Name is the kind as json_typeof calls it.
func (k Kind) Name() string {
	return [...]string{"null", "string", "number", "boolean", "array", "object", "date"}[k]
}

// Dict makes an object of jsonb: of equal keys the last one counts, shorter keys stand before longer ones.
func Dict(members []Member) Value {
	list := slices.Clone(members)
	sort.SliceStable(list, func(i, j int) bool { return keyLess(list[i].Key, list[j].Key) })
	out := list[:0]
	for i, m := range list {
		if i+1 == len(list) || list[i+1].Key != m.Key {
			out = append(out, m)
		}
	}
	return Value{Kind: Object, Members: out}
}

func keyLess(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// Find gives the place of a key in an object of jsonb.
func (v *Value) Find(key string) (at int, ok bool) {
	at = sort.Search(len(v.Members), func(i int) bool { return !keyLess(v.Members[i].Key, key) })
	return at, at < len(v.Members) && v.Members[at].Key == key
}

// Get gives a member of an object of jsonb.
func (v *Value) Get(key string) (Value, bool) {
	if i, ok := v.Find(key); ok {
		return v.Members[i].Value, true
	}
	return Value{}, false
}

// Decimal is a number's value.
func (v *Value) Decimal() *apd.Decimal {
	d := new(apd.Decimal)
	if _, _, err := d.SetString(v.Text); err != nil {
		d.Form = apd.NaN
	}
	return d
}

// Compare orders values as jsonb does: by kind, containers by how many members they have.
func Compare(a, b *Value) int {
	if a.Kind != b.Kind {
		// An empty array that is the whole value is less than everything, a relic of how PostgreSQL stores scalars.
		if a.Kind == Array && len(a.Items) == 0 {
			return -1
		}
		if b.Kind == Array && len(b.Items) == 0 {
			return 1
		}
	}
	return compareInside(a, b)
}

// compareInside compares values wherever they stand.
func compareInside(a, b *Value) int {
	if a.Kind != b.Kind {
		return cmp.Compare(a.Kind, b.Kind)
	}
	switch a.Kind {
	case String:
		return strings.Compare(a.Text, b.Text)
	case Number:
		return a.Decimal().Cmp(b.Decimal())
	case Bool:
		switch {
		case a.Truth == b.Truth:
			return 0
		case b.Truth:
			return -1
		}
		return 1
	case Array:
		if c := cmp.Compare(len(a.Items), len(b.Items)); c != 0 {
			return c
		}
		for i := range a.Items {
			if c := compareInside(&a.Items[i], &b.Items[i]); c != 0 {
				return c
			}
		}
	case Object:
		return compareObjects(a, b)
	}
	return 0
}

func compareObjects(a, b *Value) int {
	if c := cmp.Compare(len(a.Members), len(b.Members)); c != 0 {
		return c
	}
	for i := range a.Members {
		x, y := &a.Members[i], &b.Members[i]
		// Members stand in the order of their keys' lengths, but keys are compared as texts.
		if c := strings.Compare(x.Key, y.Key); c != 0 {
			return c
		}
		if c := compareInside(&x.Value, &y.Value); c != 0 {
			return c
		}
	}
	return 0
}

// Contains is jsonb's @>: every member of b is in a, at the same level; an array also contains a scalar of its own.
func Contains(a, b *Value) bool {
	if a.Kind == Array && b.IsScalar() {
		return has(a.Items, b)
	}
	return contains(a, b)
}

func contains(a, b *Value) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Object:
		for i := range b.Members {
			own, ok := a.Get(b.Members[i].Key)
			if !ok || !contains(&own, &b.Members[i].Value) {
				return false
			}
		}
		return true
	case Array:
		for i := range b.Items {
			if !has(a.Items, &b.Items[i]) {
				return false
			}
		}
		return true
	}
	return Compare(a, b) == 0
}

func has(list []Value, v *Value) bool {
	for i := range list {
		if contains(&list[i], v) {
			return true
		}
	}
	return false
}
