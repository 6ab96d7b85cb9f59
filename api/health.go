package api

import "net/http"

// healthAnswer says how the server is. Status is healthy, degraded (it works, something should be looked at) or unhealthy.
type healthAnswer struct {
	Status        string            `json:"status"`
	Version       string            `json:"version"`
	UptimeSeconds int64             `json:"uptime_seconds"`
	Checks        map[string]string `json:"checks"` // "ok" or what is wrong
}

// check looks at what can be wrong. Ready is whether writes and statements are taken.
func (s *Server) check() (a healthAnswer, ready bool) {
	a = healthAnswer{
		Status: "healthy", Version: s.options.Version, UptimeSeconds: int64(s.options.Now().Sub(s.started).Seconds()),
		Checks: map[string]string{"wal": "ok", "flush": "ok", "server": "ok"},
	}
	stats := s.db.Stats()
	if stats.Ingest.LastFlushError != nil {
		a.Checks["flush"] = stats.Ingest.LastFlushError.Error()
		a.Status = "degraded"
	}
	ready = true
	if stats.Ingest.WALError != nil {
		a.Checks["wal"] = stats.Ingest.WALError.Error()
		ready = false
	}
	if s.stopping.Load() {
		a.Checks["server"] = "shutting down"
		ready = false
	}
	if !ready {
		a.Status = "unhealthy"
	}
	return a, ready
}

// health is for people and dashboards.
func (s *Server) health(w http.ResponseWriter, r *http.Request) { s.ready(w, r) }

// ready is for load balancers: 503 while writes would be refused.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	a, ready := s.check()
	status := http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, a)
}

// live is for whoever restarts hung processes: an answer is all there is to it.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}
