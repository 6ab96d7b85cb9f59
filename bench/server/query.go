package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Rows is the answer of a statement. Values are nil, bool, string or json.Number.
type Rows struct {
	Columns  []string `json:"columns"`
	Types    []string `json:"types"`
	Rows     [][]any  `json:"rows"`
	Affected int64    `json:"rows_affected"`
}

// QueryError is the server's answer that a statement was not done.
type QueryError struct {
	Status   int
	Code     string
	SQLState string
	Message  string
}

func (e *QueryError) Error() string {
	return fmt.Sprintf("status %d, %s, SQLSTATE %s: %s", e.Status, e.Code, e.SQLState, e.Message)
}

// Query runs a statement. A *QueryError is the server's refusal; with any other error it is not known whether the
// statement was done.
func (s *Server) Query(ctx context.Context, sql string) (*Rows, error) {
	body, err := json.Marshal(map[string]string{"sql": sql})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v1/query", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return decodeAnswer(resp.StatusCode, text)
}

func decodeAnswer(status int, text []byte) (*Rows, error) {
	var answer struct {
		Success bool   `json:"success"`
		Error   string `json:"error"`
		Code    string `json:"code"`
		State   string `json:"sqlstate"`
		Data    *Rows  `json:"data"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, fmt.Errorf("status %d, an answer that is no JSON (%w): %.300s", status, err, text)
	}
	if status != http.StatusOK || !answer.Success {
		return nil, &QueryError{status, answer.Code, answer.State, answer.Error}
	}
	if answer.Data == nil {
		return nil, fmt.Errorf("an answer without data: %.300s", text)
	}
	return answer.Data, nil
}

// Int reads a value as an integer.
func Int(v any) (int64, error) {
	switch v := v.(type) {
	case json.Number:
		return v.Int64()
	case string:
		return strconv.ParseInt(v, 10, 64)
	}
	return 0, fmt.Errorf("%v (%T) is no integer", v, v)
}

// Float reads a value as a float; NaN and the infinities, which JSON has no numbers for, come as strings.
func Float(v any) (float64, error) {
	switch v := v.(type) {
	case json.Number:
		return v.Float64()
	case string:
		return strconv.ParseFloat(v, 64)
	}
	return 0, fmt.Errorf("%v (%T) is no number", v, v)
}

// Metrics reads the server's own /metrics: name with labels as written → value.
func (s *Server) Metrics(ctx context.Context) (map[string]float64, error) {
	return ReadMetrics(ctx, s.http, s.URL+"/metrics")
}

// ReadMetrics reads a page in Prometheus' text format.
func ReadMetrics(ctx context.Context, c *http.Client, url string) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", url, resp.StatusCode)
	}
	out := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || line[0] == '#' {
			continue
		}
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: line %q: %w", url, line, err)
		}
		out[line[:at]] = v
	}
	return out, nil
}

// Until asks again and again, politely, until f says yes; the last error or reason is what it ends with.
func Until(ctx context.Context, within time.Duration, f func() (done bool, why string, err error)) error {
	deadline := time.Now().Add(within)
	for {
		done, why, err := f()
		switch {
		case err != nil:
			return err
		case done:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("not within %v: %s", within, why)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// timeLayouts are the ways a timestamp may be written in an answer; a fraction of a second is read by all of them.
var timeLayouts = []string{time.RFC3339, "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

// Time reads a value as a time; without a zone it is UTC.
func Time(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("%v (%T) is no time", v, v)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", text)
}

// Labels reads the column labels of prometheus.samples, which comes as JSON or as its text.
func Labels(v any) (map[string]string, error) {
	out := map[string]string{}
	switch v := v.(type) {
	case string:
		return out, json.Unmarshal([]byte(v), &out)
	case map[string]any:
		for name, value := range v {
			text, ok := value.(string)
			if !ok {
				return nil, fmt.Errorf("label %s is %v, not text", name, value)
			}
			out[name] = text
		}
		return out, nil
	}
	return nil, fmt.Errorf("%v (%T) is no label set", v, v)
}
