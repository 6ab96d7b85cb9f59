package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Root is the folder of the module's go.mod, looked for from the working directory upwards.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "aegis")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no folder above the working directory holds cmd/aegis")
		}
	}
}

// Binary is the path of an aegis binary: what AEGIS_BIN names, or one built from this tree into dir.
func Binary(dir string) (string, error) {
	if named := os.Getenv("AEGIS_BIN"); named != "" {
		return filepath.Abs(named)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "aegis")
	build := exec.Command("go", "build", "-o", out, "./cmd/aegis")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build aegis: %w\n%s", err, text)
	}
	return out, nil
}
