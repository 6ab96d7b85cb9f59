package tpch

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed queries/*.sql
var files embed.FS

// queryCount is how many queries TPC-H has.
const queryCount = 22

// queries gives the texts, the first at index 0.
func queries() ([]string, error) {
	out := make([]string, queryCount)
	for i := range out {
		text, err := files.ReadFile(fmt.Sprintf("queries/q%02d.sql", i+1))
		if err != nil {
			return nil, err
		}
		out[i] = strings.TrimSpace(string(text))
	}
	return out, nil
}
