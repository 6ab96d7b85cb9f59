package pgwire

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/sql"
)

// copyFormat is how COPY writes rows.
type copyFormat uint8

const (
	copyText copyFormat = iota
	copyCSV
	copyBinary
)

// copyOptions are those of a COPY statement, checked.
type copyOptions struct {
	format    copyFormat
	delimiter byte
	null      string
	header    bool // a first line of names
	match     bool // which must be those of the columns
	quote     byte
	escape    byte

	forceQuoteAll                 bool
	forceQuote                    []string
	forceNotNull, forceNull       []string
	forceNotNullAll, forceNullAll bool
}

// force reports whether a list of columns names one.
func force(all bool, list []string, name string) bool {
	for _, n := range list {
		all = all || n == name
	}
	return all
}

// copyError is an error about an option, at its place.
func copyError(pos int, state, format string, args ...any) error {
	class := column.Invalid
	if state == "0A000" {
		class = column.Unsupported
	}
	e := column.SQLErrorf(class, state, format, args...)
	e.Position = pos + 1
	return e
}

// readCopyOptions checks the options of a COPY statement, by PostgreSQL's rules.
func readCopyOptions(n *sql.Copy) (*copyOptions, error) {
	o := &copyOptions{}
	given := map[string]sql.Option{}
	for _, opt := range n.Options {
		name := strings.ToLower(opt.Name)
		if _, twice := given[name]; twice {
			return nil, copyError(opt.Pos, "42601", "conflicting or redundant options")
		}
		given[name] = opt
	}
	if f, ok := given["format"]; ok {
		switch strings.ToLower(f.Value.Text) {
		case "text":
		case "csv":
			o.format = copyCSV
		case "binary":
			o.format = copyBinary
		default:
			return nil, copyError(f.Pos, "22023", "COPY format \"%s\" not recognized", f.Value.Text)
		}
	}
	o.delimiter, o.null, o.quote = '\t', "\\N", '"'
	if o.format == copyCSV {
		o.delimiter, o.null = ',', ""
	}
	for name, opt := range given {
		if err := o.set(n, name, opt); err != nil {
			return nil, err
		}
	}
	if o.escape == 0 {
		o.escape = o.quote
	}
	return o, o.check(n)
}

func (o *copyOptions) set(n *sql.Copy, name string, opt sql.Option) error {
	text := opt.Value.Text
	one := func(to *byte, csvOnly bool) error {
		switch {
		case o.format == copyBinary && !csvOnly:
			return copyError(opt.Pos, "42601", "cannot specify %s in BINARY mode", strings.ToUpper(name))
		case csvOnly && o.format != copyCSV:
			return copyError(opt.Pos, "0A000", "COPY %s available only in CSV mode", name)
		case len(text) != 1:
			return copyError(opt.Pos, "0A000", "COPY %s must be a single one-byte character", name)
		}
		*to = text[0]
		return nil
	}
	columns := func(all *bool, list *[]string, from bool) error {
		if o.format != copyCSV || n.From != from {
			return copyError(opt.Pos, "0A000", "COPY %s is available only in CSV mode, and %s", strings.ReplaceAll(name, "_", " "),
				map[bool]string{true: "with COPY FROM", false: "with COPY TO"}[from])
		}
		*all = opt.Value.Text == "*"
		for _, v := range opt.Value.List {
			*list = append(*list, v.Text)
		}
		return nil
	}
	switch name {
	case "format":
	case "freeze":
		if opt.Value.IsTrue() {
			return copyError(opt.Pos, "0A000", "COPY FREEZE is not supported")
		}
	case "delimiter":
		return one(&o.delimiter, false)
	case "quote":
		return one(&o.quote, true)
	case "escape":
		return one(&o.escape, true)
	case "null":
		if o.format == copyBinary {
			return copyError(opt.Pos, "42601", "cannot specify NULL in BINARY mode")
		}
		o.null = text
	case "header":
		if o.format == copyBinary {
			return copyError(opt.Pos, "0A000", "cannot specify HEADER in BINARY mode")
		}
		o.match = strings.EqualFold(text, "match")
		if o.match && !n.From {
			return copyError(opt.Pos, "42601", "cannot use \"match\" with HEADER in COPY TO")
		}
		o.header = o.match || opt.Value.IsTrue()
	case "encoding":
		if e := strings.ToUpper(strings.ReplaceAll(text, "-", "")); e != "UTF8" && e != "UNICODE" {
			return copyError(opt.Pos, "0A000", "encoding \"%s\" is not supported: data is UTF-8", text)
		}
	case "force_quote":
		return columns(&o.forceQuoteAll, &o.forceQuote, false)
	case "force_not_null":
		return columns(&o.forceNotNullAll, &o.forceNotNull, true)
	case "force_null":
		return columns(&o.forceNullAll, &o.forceNull, true)
	default:
		return copyError(opt.Pos, "42601", "option \"%s\" not recognized", opt.Name)
	}
	return nil
}

// check holds the options against each other.
func (o *copyOptions) check(n *sql.Copy) error {
	switch {
	case o.format == copyBinary:
		return nil
	case o.delimiter == '\n' || o.delimiter == '\r':
		return copyError(n.Pos, "22023", "COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(o.null, "\r\n"):
		return copyError(n.Pos, "22023", "COPY null representation cannot use newline or carriage return")
	case o.format == copyText && strings.IndexByte("\\.abcdefghijklmnopqrstuvwxyz0123456789", o.delimiter) >= 0:
		return copyError(n.Pos, "22023", "COPY delimiter cannot be \"%c\"", o.delimiter)
	case o.format == copyCSV && o.delimiter == o.quote:
		return copyError(n.Pos, "22023", "COPY delimiter and quote must be different")
	case strings.IndexByte(o.null, o.delimiter) >= 0:
		return copyError(n.Pos, "22023", "COPY delimiter character must not appear in the NULL specification")
	case o.format == copyCSV && strings.IndexByte(o.null, o.quote) >= 0:
		return copyError(n.Pos, "22023", "CSV quote character must not appear in the NULL specification")
	}
	return nil
}
