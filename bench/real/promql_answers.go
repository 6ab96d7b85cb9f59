package real

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// promAnswer is an answer of Prometheus' API.
type promAnswer struct {
	code      int
	Status    string
	ErrorType string
	Error     string
	Warnings  []string
	Infos     []string
	Data      json.RawMessage
}

// ask sends a request, as a form or with the parameters in the path.
func ask(ctx context.Context, base, path string, form url.Values, post bool) (*promAnswer, error) {
	method, address, body := http.MethodGet, base+path+"?"+form.Encode(), ""
	if post {
		method, address, body = http.MethodPost, base+path, form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if post {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	out := &promAnswer{code: resp.StatusCode}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("%s: %s: %.300q: %w", address, resp.Status, text, err)
	}
	return out, nil
}

func (q promQuery) ask(ctx context.Context, base string, post bool) (*promAnswer, error) {
	if q.instant {
		return ask(ctx, base, "/api/v1/query", url.Values{"query": {q.text}, "time": {q.start}}, post)
	}
	return ask(ctx, base, "/api/v1/query_range", url.Values{"query": {q.text}, "start": {q.start}, "end": {q.end}, "step": {q.step}}, post)
}

// compareAnswers says how two answers to a query differ; "" = not at all. Floats may differ by the order in which they were added.
func compareAnswers(want, got *promAnswer) string {
	switch {
	case want.code != got.code || want.Status != got.Status || want.ErrorType != got.ErrorType:
		return fmt.Sprintf("%d %s %s %s, Prometheus answers %d %s %s %s", got.code, got.Status, got.ErrorType, got.Error, want.code, want.Status, want.ErrorType, want.Error)
	case want.Status == "error" && !sameText(want.Error, got.Error):
		return fmt.Sprintf("error %q, Prometheus' is %q", got.Error, want.Error)
	case !sameSet(want.Warnings, got.Warnings):
		return fmt.Sprintf("warnings %q, Prometheus' are %q", got.Warnings, want.Warnings)
	case !sameSet(uncounted(want.Infos), uncounted(got.Infos)):
		return fmt.Sprintf("infos %q, Prometheus' are %q", got.Infos, want.Infos)
	case want.Status == "error":
		return ""
	}
	w, err := readResult(want.Data)
	if err != nil {
		return err.Error()
	}
	g, err := readResult(got.Data)
	if err != nil {
		return err.Error()
	}
	return compareResults(w, g)
}

// sameText is equality up to which of several series an error names: it depends on the order in which they are met.
func sameText(a, b string) bool {
	a, _, _ = strings.Cut(a, "{")
	b, _, _ = strings.Cut(b, "{")
	return a == b
}

// countOfInfo is how many points an info is about. Prometheus adds it up anew each time it merges what it has to tell, so that it doubles, often past
// the largest number.
var countOfInfo = regexp.MustCompile(`over -?[0-9]+ samples`)

func uncounted(infos []string) (out []string) {
	for _, text := range infos {
		out = append(out, countOfInfo.ReplaceAllString(text, "over so many samples"))
	}
	return out
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// promResult is the data of a query's answer: for each series its points, "time value".
type promResult struct {
	kind   string
	order  []string
	series map[string][]promPoint
}

type promPoint struct {
	t string
	v string
}

func readResult(data json.RawMessage) (*promResult, error) {
	var raw struct {
		ResultType string
		Result     json.RawMessage
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	out := &promResult{kind: raw.ResultType, series: map[string][]promPoint{}}
	if raw.ResultType == "scalar" || raw.ResultType == "string" {
		var one [2]any
		err := json.Unmarshal(raw.Result, &one)
		out.series[""] = []promPoint{point(one)}
		return out, err
	}
	var list []struct {
		Metric     map[string]string
		Value      *[2]any
		Values     [][2]any
		Histograms []any
	}
	if err := json.Unmarshal(raw.Result, &list); err != nil {
		return nil, err
	}
	for _, s := range list {
		name := seriesName("", s.Metric)
		if _, twice := out.series[name]; twice || s.Histograms != nil {
			return nil, fmt.Errorf("series %s is there twice, or has histograms", name)
		}
		out.order = append(out.order, name)
		if s.Value != nil {
			s.Values = append(s.Values, *s.Value)
		}
		for _, v := range s.Values {
			out.series[name] = append(out.series[name], point(v))
		}
	}
	return out, nil
}

func point(v [2]any) promPoint { return promPoint{fmt.Sprint(v[0]), fmt.Sprint(v[1])} }

func compareResults(want, got *promResult) string {
	if want.kind != got.kind {
		return fmt.Sprintf("a %s, Prometheus gives a %s", got.kind, want.kind)
	}
	for name, w := range want.series {
		g, there := got.series[name]
		if !there {
			return fmt.Sprintf("series %s is missing", name)
		}
		if len(w) != len(g) {
			return fmt.Sprintf("series %s has %d points, Prometheus' %d", name, len(g), len(w))
		}
		for i := range w {
			if w[i].t != g[i].t || !sameValue(w[i].v, g[i].v) {
				return fmt.Sprintf("series %s: %v, Prometheus has %v", name, g[i], w[i])
			}
		}
	}
	for name := range got.series {
		if _, there := want.series[name]; !there {
			return fmt.Sprintf("series %s is too many", name)
		}
	}
	return ""
}

func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return false
	}
	return math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y)) || math.Abs(x-y) < 1e-12
}

// compareLists says how two answers about labels or series differ. Of answers that a limit cut, only the length counts: which ones are
// given is not said.
func compareLists(want, got *promAnswer) string {
	if want.code != got.code || want.ErrorType != got.ErrorType || want.Error != got.Error {
		return fmt.Sprintf("%d %s %s, Prometheus answers %d %s %s", got.code, got.ErrorType, got.Error, want.code, want.ErrorType, want.Error)
	}
	if !sameSet(want.Warnings, got.Warnings) {
		return fmt.Sprintf("warnings %q, Prometheus' are %q", got.Warnings, want.Warnings)
	}
	w, err := readList(want.Data)
	if err != nil {
		return err.Error()
	}
	g, err := readList(got.Data)
	if err != nil {
		return err.Error()
	}
	if len(want.Warnings) > 0 && len(w) == len(g) {
		return ""
	}
	if !sameSet(w, g) {
		return fmt.Sprintf("%q, Prometheus has %q", g, w)
	}
	return ""
}

// readList reads an array of texts or of label sets.
func readList(data json.RawMessage) ([]string, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	out := make([]string, len(raw))
	for i, one := range raw {
		var set map[string]string
		if json.Unmarshal(one, &set) == nil {
			out[i] = seriesName("", set)
			continue
		}
		if err := json.Unmarshal(one, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
