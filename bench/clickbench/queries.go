package clickbench

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed queries.sql
var file string

// queries gives the 43 texts, one a line of the file, with the constants of so many rows.
func queries(scale string) (names, texts []string, err error) {
	rows, err := strconv.Atoi(scale)
	if err != nil {
		return nil, nil, err
	}
	g := newGenerator(rows)
	constants := strings.NewReplacer("{counter}", strconv.Itoa(counter), "{user}", userID(somebody), "{many}", strconv.Itoa(rows/1000),
		"{referer}", textHash(""), "{url}", textHash(g.url(0)))
	for line := range strings.Lines(file) {
		names = append(names, fmt.Sprint("Q", len(names)))
		texts = append(texts, strings.TrimSuffix(strings.TrimSpace(constants.Replace(line)), ";"))
	}
	return names, texts, nil
}
