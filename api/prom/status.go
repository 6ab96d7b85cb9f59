package prom

import (
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	aegis "github.com/automatanexus/aegis-db"
)

// What is here is asked by Grafana and promtool when they look at a server, and about parts of Prometheus that a database does
// not have: scraping, rules, alerts. Those answers are true, and empty.

// description is a metric's metadata.
type description struct {
	Type string `json:"type"`
	Unit string `json:"unit"`
	Help string `json:"help"`
}

// metadata is /api/v1/metadata.
func (a *API) metadata(r *http.Request) answer {
	limit, err := numberParam(r, "limit")
	if err != nil {
		return refused(err)
	}
	perMetric, err := numberParam(r, "limit_per_metric")
	if err != nil {
		return refused(err)
	}
	out := map[string][]description{}
	if limit == 0 {
		return value(out)
	}
	known, err := a.db.Metadata(r.Context(), r.FormValue("metric"), max(0, limit))
	if err != nil {
		return failed(err)
	}
	for metric, list := range known {
		out[metric] = descriptions(list, perMetric)
	}
	return value(out)
}

func descriptions(list []aegis.Metadata, most int) []description {
	if most > 0 && len(list) > most {
		list = list[:most]
	}
	out := make([]description, len(list))
	for i, m := range list {
		out[i] = description{Type: m.Type, Unit: m.Unit, Help: m.Help}
	}
	return out
}

// buildInfo is /api/v1/status/buildinfo. Clients compare version with Prometheus' releases to learn what they may ask, so it is the
// release whose engine and API answer here; aegisVersion is our own.
func (a *API) buildInfo(*http.Request) answer {
	out := map[string]string{
		"application": "Aegis", "version": prometheusRelease, "aegisVersion": a.options.Version, "goVersion": runtime.Version(),
		"revision": "", "branch": "", "buildUser": "", "buildDate": "",
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				out["revision"] = s.Value
			case "vcs.time":
				out["buildDate"] = s.Value
			}
		}
	}
	return value(out)
}

// prometheusRelease is the release that the linked module stands for: module v0.315.0 is Prometheus 3.15.0. A test holds it to go.mod.
const prometheusRelease = "3.15.0"

// runtimeInfo is /api/v1/status/runtimeinfo.
func (a *API) runtimeInfo(*http.Request) answer {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "" // not worth a failed answer
	}
	memoryLimit := debug.SetMemoryLimit(-1)
	return value(map[string]any{
		"startTime": a.options.Started.UTC(), "CWD": "", "hostname": hostname, "serverTime": a.options.Now().UTC(),
		"reloadConfigSuccess": true, "lastConfigTime": a.options.Started.UTC(), "corruptionCount": 0,
		"goroutineCount": runtime.NumGoroutine(), "GOMAXPROCS": runtime.GOMAXPROCS(0), "GOMEMLIMIT": memoryLimit,
		"GOGC": os.Getenv("GOGC"), "GODEBUG": os.Getenv("GODEBUG"), "storageRetention": "0s",
	})
}

// config is /api/v1/status/config: there is no configuration in Prometheus' sense.
func (a *API) config(*http.Request) answer { return value(map[string]string{"yaml": ""}) }

// flags is /api/v1/status/flags: those of Prometheus' flags that mean something here.
func (a *API) flags(*http.Request) answer {
	l := a.engine.Limits()
	return value(map[string]string{
		"query.lookback-delta": promDuration(l.Lookback), "query.max-concurrency": strconv.Itoa(l.Concurrency),
		"query.max-samples": strconv.Itoa(l.Samples), "query.timeout": promDuration(l.Timeout),
		"web.enable-remote-write-receiver": "true", "web.enable-admin-api": "false",
	})
}

// targets is /api/v1/targets.
func (a *API) targets(*http.Request) answer {
	return value(map[string]any{"activeTargets": []any{}, "droppedTargets": []any{}, "droppedTargetCounts": map[string]int{}})
}

// targetMetadata is /api/v1/targets/metadata.
func (a *API) targetMetadata(*http.Request) answer { return value([]any{}) }

// scrapePools is /api/v1/scrape_pools.
func (a *API) scrapePools(*http.Request) answer {
	return value(map[string]any{"scrapePools": []string{}})
}

// alertmanagers is /api/v1/alertmanagers.
func (a *API) alertmanagers(*http.Request) answer {
	return value(map[string]any{"activeAlertmanagers": []any{}, "droppedAlertmanagers": []any{}})
}

// rules is /api/v1/rules.
func (a *API) rules(r *http.Request) answer {
	switch r.FormValue("type") {
	case "", "alert", "record":
		return value(map[string]any{"groups": []any{}})
	}
	return bad("type", errors.New("not supported value "+strconv.Quote(r.FormValue("type"))))
}

// alerts is /api/v1/alerts.
func (a *API) alerts(*http.Request) answer { return value(map[string]any{"alerts": []any{}}) }

// deleteSeries is /api/v1/admin/tsdb/delete_series, which is refused: claiming to have deleted would be worse.
func (a *API) deleteSeries(*http.Request) answer {
	return answer{failed: &failure{unavailable, errors.New("deleting series is not available in this version; nothing was deleted")}}
}

// healthy is /-/healthy: an answer is all there is to it.
func (a *API) healthy(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "Aegis is Healthy.\n") // a client that is gone needs no answer
}

// ready is /-/ready.
func (a *API) ready(w http.ResponseWriter, _ *http.Request) {
	if !a.options.Ready() {
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "Aegis is Ready.\n")
}

// promDuration spells a duration as Prometheus does.
func promDuration(d time.Duration) string { return model.Duration(d).String() }
