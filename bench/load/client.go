package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Client sends bodies to one server over connections that stay open.
type Client struct {
	base string
	http *http.Client
}

// NewClient is a client of the server at base ("http://host:port") with at most so many connections.
func NewClient(base string, connections int) *Client {
	return &Client{
		base: base,
		http: &http.Client{
			Timeout: time.Minute,
			Transport: &http.Transport{
				DialContext:     (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
				MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections, DisableCompression: true,
			},
		},
	}
}

// Close lets go of the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// StatusError is an answer that is no acknowledgement.
type StatusError struct {
	Status     int
	Body       string
	RetryAfter time.Duration // 0 = the server did not say
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("write: status %d: %s", e.Status, e.Body)
}

// Pushback says that the server asks to be asked again later.
func (e *StatusError) Pushback() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable
}

// Send writes one body. A nil error is the server's acknowledgement; a *StatusError is its refusal; with anything else it is
// not known whether the samples were taken.
func (c *Client) Send(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/write", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	return c.do(req)
}

// SendLines does the same with lines of line protocol.
func (c *Client) SendLines(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/write", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return c.do(req)
}

func (c *Client) do(req *http.Request) error {
	req.Header.Set("User-Agent", "aegis-bench")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if resp.StatusCode/100 == 2 {
		return nil // the status line is the acknowledgement
	}
	if err != nil {
		return err
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return &StatusError{resp.StatusCode, string(bytes.TrimSpace(text)), time.Duration(seconds) * time.Second}
}

// Result is what sending took.
type Result struct {
	Samples   int
	Bytes     int // on the wire
	Elapsed   time.Duration
	Pushbacks int // bodies that had to be sent again
}

// PerSecond is samples per second of wall time.
func (r Result) PerSecond() float64 { return float64(r.Samples) / r.Elapsed.Seconds() }

// Run sends all bodies, each once acknowledged, and ends at the first error that is not pushback. Bodies are dealt in order to
// the connections: worker k sends every k-th, so the samples of a series may arrive out of order by a few bodies, as they do
// from Prometheus' shards.
func (c *Client) Run(ctx context.Context, bodies []Body, connections int) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next, pushbacks, samples, wire atomic.Int64
	var failed error
	var once sync.Once
	var wg sync.WaitGroup
	started := time.Now()
	for range connections {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(bodies) {
					return
				}
				again, err := c.SendUntilTaken(ctx, bodies[i].Data)
				pushbacks.Add(int64(again))
				if err != nil {
					once.Do(func() { failed = fmt.Errorf("body %d of %d: %w", i, len(bodies), err) })
					cancel()
					return
				}
				samples.Add(int64(bodies[i].Samples))
				wire.Add(int64(len(bodies[i].Data)))
			}
		})
	}
	wg.Wait()
	return Result{
		Samples: int(samples.Load()), Bytes: int(wire.Load()), Elapsed: time.Since(started), Pushbacks: int(pushbacks.Load()),
	}, failed
}

// SendUntilTaken sends a body again as often as the server asks for it, and says how often that was.
func (c *Client) SendUntilTaken(ctx context.Context, body []byte) (again int, err error) {
	for {
		err := c.Send(ctx, body)
		refusal, ok := err.(*StatusError)
		if !ok || !refusal.Pushback() {
			return again, err
		}
		again++
		wait := refusal.RetryAfter
		if wait == 0 {
			wait = 100 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return again, ctx.Err()
		case <-time.After(wait):
		}
	}
}
