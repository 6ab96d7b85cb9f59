package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// kept gives what was measured of a system before this run was interrupted, or measures it and keeps that. What was measured of other data, in
// another way or of another commit, does not count, nor does that a system was missing.
func (s settings) kept(name, commit string, measure func() ([]*System, error)) ([]*System, error) {
	if s.keep == "" {
		return measure()
	}
	type file struct {
		Settings string    `json:"settings"`
		Systems  []*System `json:"systems"`
	}
	settings := fmt.Sprintf("commit %s, %d hosts, %d days, seed %d, %d rounds of %v, at most %v, %v, profiles of %d s", commit, s.hosts, s.days, s.seed, s.rounds, s.perCell, s.perSystem, s.slowest, s.profiled)
	path := filepath.Join(s.keep, name+".json")
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var before file
	if err == nil && json.Unmarshal(text, &before) == nil && before.Settings == settings {
		fmt.Fprintf(os.Stderr, "%s: measured before\n", name)
		return before.Systems, nil
	}
	systems, err := measure()
	if err != nil || systems[0].Missing != "" {
		return systems, err
	}
	if text, err = json.Marshal(file{settings, systems}); err != nil {
		return nil, err
	}
	return systems, errors.Join(os.MkdirAll(s.keep, 0o755), os.WriteFile(path, text, 0o644))
}
