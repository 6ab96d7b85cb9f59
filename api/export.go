package api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// exportRequest is what an export asks for: a query, and a format if Accept does not name it.
type exportRequest struct {
	queryRequest
	Format string `json:"format"`
}

// rowsTrailer says behind an export how many rows it had.
const rowsTrailer = "X-Aegis-Rows"

// export runs a statement that reads rows and answers with a file.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	err := s.runExport(w, r)
	s.metrics.queried(time.Since(started), err)
	if err != nil {
		w.Header().Del("Content-Disposition")
		s.fail(w, err)
	}
}

func (s *Server) runExport(w http.ResponseWriter, r *http.Request) error {
	body, release, err := s.readBody(w, r, s.options.QueryBody)
	if err != nil {
		return err
	}
	defer release()
	e, err := parseExport(r.URL.Query(), body)
	if err != nil {
		return err
	}
	f, err := exportFormat(e.Format, r.Header.Values("Accept"))
	if err != nil {
		return err
	}
	request, err := e.request()
	if err != nil {
		return err
	}
	request.RowsOnly = true
	w.Header().Set("Trailer", rowsTrailer)
	w.Header().Set("Content-Disposition", `attachment; filename="export.`+f.name+`"`)
	rows, err := s.answer(w, r, request, &e.queryRequest, f)
	if err == nil {
		w.Header().Set(rowsTrailer, strconv.FormatInt(rows, 10))
	}
	return err
}

// parseExport reads a JSON body, or a form; what the URL says holds where the body says nothing.
func parseExport(values url.Values, body []byte) (e exportRequest, err error) {
	if isJSON(body) {
		if err := decodeJSON(body, &e); err != nil {
			return e, err
		}
	} else if len(body) > 0 {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return e, column.Errorf(column.Invalid, "the body is neither JSON nor a form: %w", err)
		}
		for name, list := range form {
			values[name] = list
		}
	}
	given := map[string]*string{
		"sql": &e.SQL, "query": &e.Query, "database": &e.Database, "timeout": &e.Timeout, "format": &e.Format,
	}
	for name, list := range values {
		field, known := given[name]
		if !known {
			return e, column.Errorf(column.Invalid, "parameter %s is not known; there are sql, query, database, timeout and format", strconv.Quote(name))
		}
		if *field == "" {
			*field = list[0]
		}
	}
	return e, nil
}

// exportFormat is the one that is named, else the one that a client accepts, else Parquet.
func exportFormat(name string, accept []string) (format, error) {
	if name == "" {
		if wanted := strings.Join(accept, ","); wanted == "" || strings.Contains(wanted, "*/*") {
			return parquetFormat, nil
		}
		return negotiate(accept)
	}
	for _, f := range formats {
		if f.name == name {
			return f.format, nil
		}
	}
	return format{}, column.Errorf(column.Invalid, "format %s is not known; use csv, ndjson, json, arrow or parquet", strconv.Quote(name))
}
