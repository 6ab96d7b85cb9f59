package api

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/api/imports"
	"github.com/automatanexus/aegis-db/column"
)

// importRequest is what an import asks for, beside its rows.
type importRequest struct {
	table    string
	format   imports.Format
	database string
	id       string // of an import that may be sent again; "" = it is not remembered
	again    bool   // even if it is remembered
	create   bool
	time     string
	tags     []string
	batch    int64 // rows of a commit; 0 = all are one
}

// parseImport reads path, parameters and headers.
func parseImport(r *http.Request) (q importRequest, err error) {
	values := r.URL.Query()
	q.table = r.PathValue("table")
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	if q.format, err = imports.FormatOf(values.Get("format"), kind); err != nil {
		return q, err
	}
	for name, list := range values {
		text := list[0]
		switch name {
		case "format":
		case "database":
			q.database = text
		case "import":
			q.id = text
		case "again":
			q.again, err = boolParam(name, text)
		case "create":
			q.create, err = boolParam(name, text)
		case "time":
			q.time = text
		case "tags":
			q.tags = strings.Split(text, ",")
		case "batch":
			if q.batch, err = strconv.ParseInt(text, 10, 64); err != nil || q.batch < 0 {
				err = column.Errorf(column.Invalid, "batch=%s is no number of rows", text)
			}
		default:
			err = column.Errorf(column.Invalid, "parameter %s is not known; there are format, database, create, time, tags, batch, import and again", strconv.Quote(name))
		}
		if err != nil {
			return q, err
		}
	}
	return q, q.check(values)
}

func boolParam(name, text string) (bool, error) {
	v, err := strconv.ParseBool(text)
	if text == "" {
		return true, nil
	}
	if err != nil {
		err = column.Errorf(column.Invalid, "%s=%s is neither true nor false", name, text)
	}
	return v, err
}

func (q *importRequest) check(values url.Values) error {
	const longestID = 200
	switch {
	case !q.create && (values.Has("time") || values.Has("tags")):
		return column.Errorf(column.Invalid, "time and tags are for a new table: give create=true with them")
	case q.again && q.id == "":
		return column.Errorf(column.Invalid, "again is for an import that is remembered: give import=NAME with it")
	case len(q.id) > longestID:
		return column.Errorf(column.Invalid, "import=%s… is longer than %d bytes", q.id[:20], longestID)
	}
	return nil
}

// quoteName is a name as SQL has it.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// sqlName is the table as SQL has it: a name may have its schema before it.
func (q *importRequest) sqlName() string {
	if schema, name, ok := strings.Cut(q.table, "."); ok {
		return quoteName(schema) + "." + quoteName(name)
	}
	return quoteName(q.table)
}

// createText is the statement that makes the table of the file's columns.
func (q *importRequest) createText(fields []column.Field) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE " + q.sqlName() + " (")
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoteName(f.Name) + " " + f.Type.Format(f.Mod))
		if f.NotNull {
			b.WriteString(" NOT NULL")
		}
	}
	b.WriteString(")")
	var with []string
	if q.time != "" {
		with = append(with, "time_column = ("+literalText(q.time)+")")
	}
	if len(q.tags) > 0 {
		list := make([]string, len(q.tags))
		for i, t := range q.tags {
			list[i] = literalText(strings.TrimSpace(t))
		}
		with = append(with, "tags = ("+strings.Join(list, ", ")+")")
	}
	if len(with) > 0 {
		b.WriteString(" WITH (" + strings.Join(with, ", ") + ")")
	}
	return b.String()
}

// literalText is a text as SQL has it.
func literalText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
