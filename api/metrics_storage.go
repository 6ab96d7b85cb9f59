package api

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	aegis "github.com/automatanexus/aegis-db"
)

// figure is one number of aegis.Stats: what it is called, and how it is read.
type figure struct {
	name    string
	help    string
	counter bool
	read    func(*aegis.Stats) float64
}

// figures are shown by /metrics as aegis_<name>, by /api/v1/metrics as <name>.
var figures = []figure{
	{"head_bytes", "Memory of rows that are not flushed.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.HeadBytes) }},
	{"head_rows", "Rows that are not flushed.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.HeadRows) }},
	{"head_series", "Series that the head knows.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.Series) }},
	{"wal_bytes", "Size of the write-ahead log.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.WALBytes) }},
	{"wal_files", "Files of the write-ahead log.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.WALFiles) }},
	{"wal_failed", "1 if the write-ahead log refuses writes until a restart.", false, func(s *aegis.Stats) float64 { return flag(s.Ingest.WALError != nil) }},
	{"commits_total", "Commits since the database was made.", true, func(s *aegis.Stats) float64 { return float64(s.Ingest.Seq) }},
	{"commits_unflushed", "Commits that no segment has.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.Seq - s.Ingest.Flushed) }},
	{"pending_deletes", "Rows of segments that are deleted and in no deletion vector yet.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.PendingDeletes) }},
	{"write_inflight_bytes", "Memory of writes on their way to the disk.", false, func(s *aegis.Stats) float64 { return float64(s.Ingest.InflightBytes) }},
	{"flushes_total", "Flushes that wrote segments.", true, func(s *aegis.Stats) float64 { return float64(s.Ingest.Flushes) }},
	{"flush_failures_total", "Flushes that failed.", true, func(s *aegis.Stats) float64 { return float64(s.Ingest.FlushFailures) }},
	{"compactions_total", "Merges of segments.", true, func(s *aegis.Stats) float64 { return float64(s.Compactions) }},
	{"compactions_running", "Merges of segments that run.", false, func(s *aegis.Stats) float64 { return float64(s.Compacting) }},
	{"compaction_failures_total", "Merges that failed.", true, func(s *aegis.Stats) float64 { return float64(s.CompactErrors) }},
	{"segments", "Segments of all tables.", false, func(s *aegis.Stats) float64 { return float64(s.Segments) }},
	{"segment_bytes", "Size of all segments.", false, func(s *aegis.Stats) float64 { return float64(s.SegmentBytes) }},
	{"segment_rows", "Rows in segments that are not deleted.", false, func(s *aegis.Stats) float64 { return float64(s.LiveRows) }},
	{"segments_open", "Segments that are open for reading.", false, func(s *aegis.Stats) float64 { return float64(s.OpenSegments) }},
	{"page_cache_bytes", "Memory of decoded pages that are kept for reading them again.", false, func(s *aegis.Stats) float64 { return float64(s.Pages.Bytes) }},
	{"page_cache_pages", "Decoded pages that are kept.", false, func(s *aegis.Stats) float64 { return float64(s.Pages.Pages) }},
	{"page_cache_hits_total", "Pages that were wanted and kept.", true, func(s *aegis.Stats) float64 { return float64(s.Pages.Hits) }},
	{"page_cache_misses_total", "Pages that were wanted and had to be read.", true, func(s *aegis.Stats) float64 { return float64(s.Pages.Misses) }},
	{"plan_cache_hits_total", "Statements that were asked before and found their plan.", true, func(s *aegis.Stats) float64 { return float64(s.PlansFound) }},
	{"plan_cache_misses_total", "Statements that were asked before and had to be planned again.", true, func(s *aegis.Stats) float64 { return float64(s.PlansMade) }},
	{"garbage_files", "Replaced files that wait to be removed.", false, func(s *aegis.Stats) float64 { return float64(s.Garbage) }},
	{"tables", "Tables of all databases.", false, func(s *aegis.Stats) float64 { return float64(s.Tables) }},
	{"memory_used_bytes", "Memory that is accounted for.", false, func(s *aegis.Stats) float64 { return float64(s.MemoryUsed) }},
	{"memory_limit_bytes", "Memory that may be accounted for.", false, func(s *aegis.Stats) float64 { return float64(s.MemoryLimit) }},
	{"queries_running", "Statements that run.", false, func(s *aegis.Stats) float64 { return float64(s.Admission.Running) }},
	{"queries_running_heavy", "Statements that run and read much.", false, func(s *aegis.Stats) float64 { return float64(s.Admission.Heavy) }},
	{"queries_waiting", "Statements that wait for their turn.", false, func(s *aegis.Stats) float64 { return float64(s.Admission.Waiting) }},
	{"queries_waiting_heavy", "Statements that wait for their turn and read much.", false, func(s *aegis.Stats) float64 { return float64(s.Admission.HeavyWaiting) }},
	{"queries_queued_total", "Statements that had to wait for their turn.", true, func(s *aegis.Stats) float64 { return float64(s.Admission.Queued) }},
	{"queries_queue_refused_total", "Statements that got no turn: too many waited, or they waited too long.", true, func(s *aegis.Stats) float64 { return float64(s.Admission.Refused) }},
	{"queries_queue_seconds_total", "Time that statements waited for their turn.", true, func(s *aegis.Stats) float64 { return s.Admission.WaitedSeconds }},
	{"temp_bytes", "Temporary files of statements that need more memory than they have.", false, func(s *aegis.Stats) float64 { return float64(s.TempBytes) }},
	{"temp_files", "How many there are.", false, func(s *aegis.Stats) float64 { return float64(s.TempFiles) }},
	{"temp_written_bytes_total", "What was written to them.", true, func(s *aegis.Stats) float64 { return float64(s.TempWritten) }},
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// storage collects figures when it is asked.
type storage struct {
	db    *aegis.DB
	descs []*prometheus.Desc
}

func newStorage(db *aegis.DB) *storage {
	s := &storage{db: db}
	for _, f := range figures {
		s.descs = append(s.descs, prometheus.NewDesc("aegis_"+f.name, f.help, nil, nil))
	}
	return s
}

// Describe implements prometheus.Collector.
func (s *storage) Describe(out chan<- *prometheus.Desc) {
	for _, d := range s.descs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *storage) Collect(out chan<- prometheus.Metric) {
	stats := s.db.Stats()
	for i, f := range figures {
		kind := prometheus.GaugeValue
		if f.counter {
			kind = prometheus.CounterValue
		}
		out <- prometheus.MustNewConstMetric(s.descs[i], kind, f.read(&stats))
	}
}

// metricsJSON gives the figures as one object.
func (s *Server) metricsJSON(w http.ResponseWriter, _ *http.Request) {
	stats := s.db.Stats()
	values := make(map[string]float64, len(figures))
	for _, f := range figures {
		values[f.name] = f.read(&stats)
	}
	writeJSON(w, http.StatusOK, struct {
		Success bool               `json:"success"`
		Uptime  int64              `json:"uptime_seconds"`
		Metrics map[string]float64 `json:"metrics"`
	}{true, int64(s.options.Now().Sub(s.started).Seconds()), values})
}
