package tpch

import (
	"bytes"
	"fmt"
	"os/exec"
)

// generate writes the tables as CSV files into a folder.
func generate(dir, scale string) error {
	program, err := exec.LookPath("tpchgen-cli")
	if err != nil {
		return fmt.Errorf("tpchgen-cli (pip install tpchgen-cli): %w", err)
	}
	if text, err := exec.Command(program, "csv", "-s", scale, "-o", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("tpchgen-cli: %w: %s", err, bytes.TrimSpace(text))
	}
	return nil
}
