package peer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxClients is the most connections that are kept open.
const maxClients = 64

// newClient is an HTTP client whose connections stay open. It asks for no compression: on one machine that costs more
// than it saves.
func newClient() *http.Client {
	return &http.Client{
		Timeout:   5 * time.Minute,
		Transport: &http.Transport{MaxIdleConns: maxClients, MaxIdleConnsPerHost: maxClients, DisableCompression: true},
	}
}

// do sends a request and reads the whole answer into b. A status that is not 2xx is an error with what the server said.
func do(c *http.Client, req *http.Request, b *bytes.Buffer) error {
	b.Reset()
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(b, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s: %.500s", req.URL.Path, resp.Status, b)
	}
	return nil
}

// timeRequests sends requests from so many clients at once, each the next one in order, and returns how long each took
// until its answer was read. Requests are made outside the measured time.
func timeRequests(ctx context.Context, c *http.Client, n int, request func(i int) (*http.Request, error), clients int, budget Budget) ([]time.Duration, error) {
	answers := make([]bytes.Buffer, clients)
	return timeEach(ctx, n, clients, budget, func(ctx context.Context, client, i int) (time.Duration, error) {
		req, err := request(i)
		if err != nil {
			return 0, err
		}
		started := time.Now()
		err = do(c, req.WithContext(ctx), &answers[client])
		return time.Since(started), err
	})
}
