package api

import (
	"net/http"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// ping answers clients of InfluxDB that ask whether the server is there.
func (s *Server) ping(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Influxdb-Version", s.options.Version)
	w.Header().Set("X-Influxdb-Build", "Aegis")
	if verbose := r.URL.Query().Get("verbose"); verbose != "" && verbose != "0" && verbose != "false" {
		writeJSON(w, http.StatusOK, map[string]string{"version": s.options.Version})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// influxQuery answers the one statement that writers send before they write: CREATE DATABASE. Everything else of InfluxQL is an error.
func (s *Server) influxQuery(w http.ResponseWriter, r *http.Request) {
	const longest = 64 << 10
	r.Body = http.MaxBytesReader(w, r.Body, longest)
	name, ok := createdDatabase(r.FormValue("q"))
	switch {
	case !ok:
		s.failIn(w, influx1, column.Errorf(column.Invalid, "InfluxQL is not available; of it CREATE DATABASE name is understood, and POST /api/v1/query takes SQL"))
		return
	case s.db.Catalog().Database(name) == nil:
		s.failIn(w, influx1, column.Errorf(column.NotFound, "database %q does not exist and cannot be made here: write to the database default", name))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"results": []map[string]int{{"statement_id": 0}}})
}

// createdDatabase gives the name in a CREATE DATABASE statement without further clauses.
func createdDatabase(q string) (name string, ok bool) {
	rest := strings.TrimSuffix(strings.TrimSpace(q), ";")
	for _, word := range []string{"CREATE", "DATABASE"} {
		first, after, _ := strings.Cut(strings.TrimLeft(rest, " \t\r\n"), " ")
		if !strings.EqualFold(first, word) {
			return "", false
		}
		rest = after
	}
	name = strings.TrimSpace(rest)
	if n := len(name); n > 2 && name[0] == '"' && name[n-1] == '"' {
		return strings.ReplaceAll(name[1:n-1], `\"`, `"`), true
	}
	return name, name != "" && !strings.ContainsAny(name, " \t\r\n\"';")
}
