package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// prom asks a server in PromQL over Prometheus' HTTP interface.
type prom struct {
	url     string
	http    *http.Client
	expr    func(q tsbs.Query) (tsbs.Range, error)
	nocache bool // the server remembers answers unless it is told not to
}

func (p *prom) values(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	if p.nocache {
		values.Set("nocache", "1")
	}
	return values
}

func (p *prom) get(ctx context.Context, path string, body *bytes.Buffer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return err
	}
	return do(p.http, req, body)
}

// Count asks an instant query whose window is all the data.
func (p *prom) Count(ctx context.Context, w *tsbs.Workload) (int64, error) {
	r := w.CountPromQL()
	values := p.values("query", r.Expr, "time", strconv.FormatInt(r.End.Unix(), 10))
	var body bytes.Buffer
	if err := p.get(ctx, "/api/v1/query?"+values.Encode(), &body); err != nil {
		return 0, err
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.Unmarshal(body.Bytes(), &answer); err != nil {
		return 0, err
	}
	if len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("a count of %d results: %.300s", len(answer.Data.Result), &body)
	}
	return server.Int(answer.Data.Result[0].Value[1])
}

func (p *prom) request(ctx context.Context, q tsbs.Query) (*http.Request, error) {
	r, err := p.expr(q)
	if err != nil {
		return nil, err
	}
	values := p.values("query", r.Expr, "start", strconv.FormatInt(r.Start.Unix(), 10), "end", strconv.FormatInt(r.End.Unix(), 10),
		"step", strconv.Itoa(int(r.Step/time.Second)))
	return http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v1/query_range?"+values.Encode(), nil)
}

func (p *prom) Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error) {
	req, err := p.request(ctx, q)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := do(p.http, req, &body); err != nil {
		return nil, err
	}
	series, err := readMatrix(body.Bytes())
	if err != nil {
		return nil, err
	}
	return q.ReadSeries(series)
}

// readMatrix reads the answer of a range query.
func readMatrix(text []byte) ([]tsbs.Series, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, err
	}
	var list []tsbs.Series
	for _, r := range answer.Data.Result {
		s := tsbs.Series{Labels: r.Metric}
		for _, point := range r.Values {
			at, err := server.Int(point[0])
			if err != nil {
				return nil, err
			}
			value, err := server.Float(point[1])
			if err != nil {
				return nil, err
			}
			s.Times, s.Values = append(s.Times, at), append(s.Values, value)
		}
		list = append(list, s)
	}
	return list, nil
}

func (p *prom) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	return timeRequests(ctx, p.http, len(queries), func(i int) (*http.Request, error) { return p.request(ctx, queries[i]) }, clients, b)
}
