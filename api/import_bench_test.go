package api

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"testing"
)

// BenchmarkImport loads the file that AEGIS_IMPORT names, in the format that its name ends with.
func BenchmarkImport(b *testing.B) {
	name := os.Getenv("AEGIS_IMPORT")
	if name == "" {
		b.Skip("AEGIS_IMPORT names no file")
	}
	file, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	s := start(b)
	for i := 0; b.Loop(); i++ {
		format := name[bytes.LastIndexByte([]byte(name), '.')+1:]
		answer, text := s.do(http.MethodPost, fmt.Sprintf("/api/v1/import/t%d?create&time=ts&tags=host&batch=200000&format=%s", i, format), file)
		if answer.StatusCode != http.StatusOK {
			b.Fatal(text)
		}
	}
	b.SetBytes(int64(len(file)))
}
