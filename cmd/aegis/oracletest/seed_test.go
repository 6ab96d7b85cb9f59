//go:build linux

package oracletest

import (
	"slices"
	"testing"
)

// TestSeededRandom: after the same setseed() random() gives the numbers that PostgreSQL gives, however many are asked for, and again.
func TestSeededRandom(t *testing.T) {
	pg, s := startPostgres(t), openAegis(t).NewSession("")
	for _, seed := range []string{"0.5", "0", "1", "-1", "-0.123456789", "1e-300"} {
		var first [][]string
		for range 2 {
			for _, text := range []string{"SELECT setseed(" + seed + ")", "SELECT random()", "SELECT n, random() FROM generate_series(1, 5000) n", "SELECT count(*) FROM generate_series(1, 100) n WHERE random() < 0.5"} {
				want, got := askPostgres(pg, text), askAegis(s, text)
				if want.state != "" || got.state != "" {
					t.Fatalf("%s: %s %s, in PostgreSQL %s %s", text, got.state, got.message, want.state, want.message)
				}
				if !slices.EqualFunc(got.rows, want.rows, func(a, b []string) bool { return slices.Equal(a, b) }) {
					t.Errorf("seed %s: %s differs", seed, text)
				}
				if text == "SELECT random()" {
					first = append(first, got.rows[0])
				}
			}
		}
		if !slices.Equal(first[0], first[1]) {
			t.Errorf("seed %s: %v, then %v", seed, first[0], first[1])
		}
	}
	for _, text := range []string{"SELECT setseed(1.5)", "SELECT setseed(-2)", "SELECT setseed('NaN')"} {
		want, got := askPostgres(pg, text), askAegis(s, text)
		if got.state != want.state || got.message != want.message {
			t.Errorf("%s: %s %s, in PostgreSQL %s %s", text, got.state, got.message, want.state, want.message)
		}
	}
	if got := askAegis(s, "SELECT setseed(NULL)"); got.state != "" || got.rows[0][0] != null {
		t.Errorf("%v", got)
	}
}
