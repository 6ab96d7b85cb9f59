package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
)

// captureScrapes and captureEvery: two minutes of a real exporter; more would show the same increments again.
const (
	captureScrapes = 240
	captureEvery   = 500 * time.Millisecond
)

// sixHours is how many scrapes of 15 s apart are written.
const sixHours = 6 * 60 * 4

// measureExporter writes six hours of a real node_exporter and measures what is on disk once everything is merged.
func measureExporter(b *bench) error {
	captured, err := capture(b.ctx, b.scaled(captureScrapes))
	if err != nil {
		return err
	}
	scrapes := b.scaled(sixHours)
	r := newReplay(captured)
	s, err := b.start("exporter", "--flush-age", "5s", "--compact-every", "1s", "--keep-removed", "1s", "--history", "0")
	if err != nil {
		return err
	}
	defer s.Kill()
	c := load.NewClient(s.URL, 1)
	defer c.Close()
	for i := range scrapes {
		if _, err := c.Run(b.ctx, []load.Body{load.Encode(r.next(start2023 + int64(i)*scrapeMillis))}, 1); err != nil {
			return err
		}
	}
	if err := s.WaitSettled(b.ctx, 2*time.Minute); err != nil {
		return err
	}
	samples := int64(scrapes * len(r.series))
	if err := b.expect(s, "SELECT count(*) FROM prometheus.samples", samples); err != nil {
		return err
	}
	bytes, err := b.segmentBytes("exporter")
	if err != nil {
		return err
	}
	b.atMost("node_exporter, stored", float64(bytes)/float64(samples), "bytes / sample", 0,
		fmt.Sprintf("%s series, %s scrapes 15 s apart, made from %d real scrapes; times and labels included; all files of segments, after compaction",
			number(float64(len(r.series))), number(float64(scrapes)), len(captured)))
	return nil
}

// capture starts a node_exporter and reads its page so many times.
func capture(ctx context.Context, scrapes int) ([]scrape, error) {
	const address = "127.0.0.1:19437"
	command := exec.CommandContext(ctx, "prometheus-node-exporter", "--web.listen-address="+address)
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%w (apt-get install prometheus-node-exporter)", err)
	}
	defer func() {
		_ = command.Process.Kill() // an error says that it is dead already
		_ = command.Wait()
	}()
	var out []scrape
	ticker := time.NewTicker(captureEvery)
	defer ticker.Stop()
	for failures := 0; len(out) < scrapes; <-ticker.C {
		page, err := get("http://" + address + "/metrics")
		if err != nil {
			if failures++; failures > 20 {
				return nil, err
			}
			continue
		}
		s, err := parsePage(page)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func get(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, strings.TrimSpace(string(text)))
	}
	return string(text), err
}
