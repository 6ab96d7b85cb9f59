package prom

import (
	"net/http"
	"time"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/query/promql"
)

// Options configures an API.
type Options struct {
	Version string // of the program
	Started time.Time
	Now     func() time.Time
	// Ready is whether queries and writes are taken.
	Ready func() bool
}

// API answers for one database server. Safe for concurrent use.
type API struct {
	db      *aegis.DB
	engine  *promql.Engine
	options Options
}

// New makes an API over a database.
func New(db *aegis.DB, o Options) *API { return &API{db: db, engine: db.PromQL(), options: o} }

// handler answers one request; what it gives is printed by API.serve.
type handler func(r *http.Request) answer

// Register adds every path, after a prefix, except the instant query: at the root SQL shares its path, so whoever owns that path calls
// API.Query.
func (a *API) Register(prefix string, add func(pattern string, h http.HandlerFunc)) {
	both := func(path string, h handler) {
		add("GET "+prefix+path, a.serve(h))
		add("POST "+prefix+path, a.serve(h))
	}
	get := func(path string, h handler) { add("GET "+prefix+path, a.serve(h)) }
	both("/api/v1/query_range", a.queryRange)
	both("/api/v1/query_exemplars", a.queryExemplars)
	both("/api/v1/format_query", a.formatQuery)
	both("/api/v1/parse_query", a.parseQuery)
	both("/api/v1/labels", a.labelNames)
	get("/api/v1/label/{name}/values", a.labelValues)
	both("/api/v1/series", a.series)
	get("/api/v1/metadata", a.metadata)
	get("/api/v1/targets", a.targets)
	get("/api/v1/targets/metadata", a.targetMetadata)
	get("/api/v1/scrape_pools", a.scrapePools)
	get("/api/v1/alertmanagers", a.alertmanagers)
	get("/api/v1/rules", a.rules)
	get("/api/v1/alerts", a.alerts)
	get("/api/v1/status/buildinfo", a.buildInfo)
	get("/api/v1/status/runtimeinfo", a.runtimeInfo)
	get("/api/v1/status/config", a.config)
	get("/api/v1/status/flags", a.flags)
	get("/api/v1/status/tsdb", a.tsdbStatus)
	for _, method := range []string{"POST ", "PUT "} {
		add(method+prefix+"/api/v1/admin/tsdb/delete_series", a.serve(a.deleteSeries))
	}
	add("POST "+prefix+"/api/v1/read", a.read)
	add("GET "+prefix+"/-/healthy", a.healthy)
	add("GET "+prefix+"/-/ready", a.ready)
}

// Query answers the instant query, in GET and POST.
func (a *API) Query(w http.ResponseWriter, r *http.Request) { a.serve(a.query)(w, r) }

// asOf is the state of the past that a request reads: the parameter as_of, or the header X-Aegis-As-Of for clients whose address is fixed.
func asOf(r *http.Request) string {
	if text := r.FormValue("as_of"); text != "" {
		return text
	}
	return r.Header.Get("X-Aegis-As-Of")
}

// database is the one a request is about; "" is the default one.
func database(r *http.Request) string { return r.FormValue("database") }
