package real

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/automatanexus/aegis-db/bench/server"
)

// Metadata describes a metric.
type Metadata struct{ Type, Unit, Help string }

// Metadata is what Prometheus knows of the metrics of its targets; two targets may describe one differently.
func (p *Prometheus) Metadata(ctx context.Context) (map[string][]Metadata, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/api/v1/metadata", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Status string
		Data   map[string][]Metadata
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Status != "success" {
		return nil, fmt.Errorf("metadata: %s, status %q, %w", resp.Status, answer.Status, err)
	}
	return answer.Data, nil
}

// describedBy asks Aegis for the same, by SQL over prometheus.metadata.
func describedBy(ctx context.Context, s *server.Server) (map[string]Metadata, error) {
	answer, err := s.Query(ctx, "SELECT metric, type, unit, help FROM prometheus.metadata")
	if err != nil {
		return nil, err
	}
	out := map[string]Metadata{}
	for _, row := range answer.Rows {
		var text [4]string
		for i, v := range row {
			text[i], _ = v.(string)
		}
		if _, twice := out[text[0]]; twice {
			return nil, fmt.Errorf("%s is described twice", text[0])
		}
		out[text[0]] = Metadata{text[1], text[2], text[3]}
	}
	return out, nil
}

// compareMetadata says where the descriptions differ. A metric that one of the targets has no series of any more, or none yet, is
// described by that target and never sent.
func compareMetadata(want map[string][]Metadata, got map[string]Metadata) (problems []string) {
	for metric, g := range got {
		if list := want[metric]; !slices.Contains(list, g) {
			problems = append(problems, fmt.Sprintf("%s: %q, Prometheus has %q", metric, g, list))
		}
	}
	slices.Sort(problems)
	return problems
}
