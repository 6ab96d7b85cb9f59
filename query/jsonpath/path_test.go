package jsonpath

import (
	"errors"
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

func options() Options {
	return Options{
		Compute: func(sign byte, a, b *apd.Decimal) (*apd.Decimal, error) {
			d := new(apd.Decimal)
			var err error
			switch sign {
			case '+':
				_, err = apd.BaseContext.Add(d, a, b)
			case '-':
				_, err = apd.BaseContext.Sub(d, a, b)
			case '*':
				_, err = apd.BaseContext.Mul(d, a, b)
			default:
				err = errors.New("not here")
			}
			return d, err
		},
		Print: func(d *apd.Decimal) string { return d.Text('f') },
	}
}

func noRegex(string, string) (func(string) bool, error) {
	return func(string) bool { return false }, nil
}

func TestQuery(t *testing.T) {
	doc, err := jsonvalue.Parse([]byte(`{"a": [1, 2, {"b": [3, 4]}], "c": "x"}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"$.a[*].b":                         `[[3, 4]]`,
		"strict $.a[2].b[last] * 2":        `[8]`,
		"$.a[0 to 1] ? (@ > 1)":            `[2]`,
		"$.**.b[*] - 1":                    `42`,
		"$.a[*].b[*] ? (@ == 3 || @ == 4)": `[3, 4]`,
		"$.nosuch":                         `[]`,
		"strict $.nosuch":                  `2203A`,
		"exists($.c) && !($.c == 1)":       `[null]`,
		"$.":                               `42601`,
	} {
		got := ""
		p, err := Parse(path, noRegex)
		if err == nil {
			var list []jsonvalue.Value
			err = p.Query(doc, options(), func(v jsonvalue.Value) error {
				list = append(list, v)
				return nil
			})
			v := jsonvalue.List(list)
			got = string(jsonvalue.Append(nil, &v))
		}
		var e *column.Error
		if errors.As(err, &e) {
			got = e.SQLState
		}
		if path == "$.**.b[*] - 1" {
			want = "22038" // two numbers are no single one
		}
		if got != want {
			t.Errorf("%s gives %s, want %s", path, got, want)
		}
	}
}

// FuzzPath: any text is a path that runs, or none.
func FuzzPath(f *testing.F) {
	for _, s := range []string{`$.a[*] ? (@.b > $x && exists(@.c)) .size()`, `strict $.**{1 to last}.k`, `-($ + 1) % 2`, `$ ? (@ like_regex "a" flag "i")`, `$[last - 1, 0 to 2]`, `"\u{61}" starts with $"v"`, `(1 == 2) is unknown`, `$ ? (!(`, `$.a.`, `/*`} {
		f.Add(s)
	}
	doc, err := jsonvalue.Parse([]byte(`{"a": [1, {"b": 2, "c": null}], "k": "12:00:00"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text, noRegex)
		if err != nil {
			return
		}
		_ = p.Query(doc, options(), func(jsonvalue.Value) error { return nil })
		_, _ = p.Exists(doc, options())
	})
}
