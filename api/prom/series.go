package prom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// search is a request about labels and series: what all of these have in common.
type search struct {
	limit    int
	matchers [][]*labels.Matcher
	start    int64
	end      int64
}

// search reads the parameters, and then lets ask ask for one set of matchers after the other; nil stands for no condition.
func (a *API) search(r *http.Request, ask func(ctx context.Context, q storage.Querier, s *search, matchers []*labels.Matcher) error) (s search, refusal *answer) {
	refuse := func(out answer) (search, *answer) { return s, &out }
	var err error
	if s.limit, err = limitParam(r); err != nil {
		return refuse(bad("limit", err))
	}
	start, end, refusal := window(r)
	if refusal != nil {
		return s, refusal
	}
	s.start, s.end = millis(start), millis(end)
	if s.matchers, err = a.matchers(r); err != nil {
		return refuse(refusedMatchers(r, err))
	}
	ctx, leave, err := a.engine.Enter(r.Context())
	if err != nil {
		return refuse(failed(err))
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, a.engine.Limits().Timeout)
	defer cancel()
	q, err := a.engine.QueryableAsOf(database(r), asOf(r)).Querier(s.start, s.end)
	if err != nil {
		return refuse(failed(err))
	}
	defer q.Close()
	sets := s.matchers
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	for _, set := range sets {
		if err := ask(ctx, q, &s, set); err != nil {
			return refuse(failed(err))
		}
	}
	return s, nil
}

// refusedMatchers names the parameter where Prometheus does: for series, and not for labels.
func refusedMatchers(r *http.Request, err error) answer {
	if strings.HasSuffix(r.URL.Path, "/series") {
		return bad("match[]", err)
	}
	return refused(err)
}

// texts makes the answer of a search for names or values.
func (s *search) texts(found []string) answer {
	slices.Sort(found)
	found = slices.Compact(found)
	var out answer
	if s.limit > 0 && len(found) > s.limit {
		found = found[:s.limit]
		out.warnings.Add(errTruncated)
	}
	out.data = func(w *writer) { w.list(found) }
	return out
}

// labelNames is /api/v1/labels.
func (a *API) labelNames(r *http.Request) answer {
	var found []string
	s, refusal := a.search(r, func(ctx context.Context, q storage.Querier, _ *search, set []*labels.Matcher) error {
		names, _, err := q.LabelNames(ctx, nil, set...)
		found = append(found, names...)
		return err
	})
	if refusal != nil {
		return *refusal
	}
	return s.texts(found)
}

// labelValues is /api/v1/label/NAME/values. Names that do not fit into a path come escaped, behind U__.
func (a *API) labelValues(r *http.Request) answer {
	name := r.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return refused(fmt.Errorf("invalid label name: %q", name))
	}
	var found []string
	s, refusal := a.search(r, func(ctx context.Context, q storage.Querier, _ *search, set []*labels.Matcher) error {
		values, _, err := q.LabelValues(ctx, name, nil, set...)
		found = append(found, values...)
		return err
	})
	if refusal != nil {
		return *refusal
	}
	return s.texts(found)
}

// series is /api/v1/series.
func (a *API) series(r *http.Request) answer {
	if len(r.Form["match[]"]) == 0 {
		return refused(errors.New("no match[] parameter provided"))
	}
	var found []labels.Labels
	s, refusal := a.search(r, func(ctx context.Context, q storage.Querier, s *search, set []*labels.Matcher) error {
		// The function that does not exist says that no samples are needed.
		selected := q.Select(ctx, true, &storage.SelectHints{Start: s.start, End: s.end, Func: "series"}, set...)
		for selected.Next() {
			found = append(found, selected.At().Labels())
		}
		return selected.Err()
	})
	if refusal != nil {
		return *refusal
	}
	if len(s.matchers) > 1 {
		slices.SortFunc(found, labels.Compare)
		found = slices.CompactFunc(found, labels.Equal)
	}
	var out answer
	if s.limit > 0 && len(found) > s.limit {
		found = found[:s.limit]
		out.warnings.Add(errTruncated)
	}
	out.data = func(w *writer) { w.sets(found) }
	return out
}
