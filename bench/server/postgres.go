package server

import (
	"fmt"
	"regexp"
	"time"
)

var postgresPattern = regexp.MustCompile(`postgres://[0-9.:]+/default`)

// PostgresURL is where the server speaks PostgreSQL's protocol, which it prints a moment after it is ready.
func (s *Server) PostgresURL() (string, error) {
	for range 500 {
		if url := postgresPattern.FindString(s.Printed()); url != "" {
			return url, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", fmt.Errorf("the server printed no address of PostgreSQL's protocol:\n%s", s.Printed())
}
