package duck

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
)

// segment is what the catalog says of one segment.
type segment struct {
	File string // the Parquet
	Rows int64
	// Deleted says that a deletion vector hides some of the rows, which only readers of the catalog know.
	Deleted bool
}

// inspected is what is read of the answer of "aegis inspect catalog --json".
type inspected struct {
	Databases []struct {
		Tables []struct {
			ID       int64  `json:"id"`
			Schema   string `json:"schema"`
			Name     string `json:"name"`
			Segments []struct {
				ID     int64           `json:"id"`
				Rows   int64           `json:"rows"`
				Vector json.RawMessage `json:"deleted"`
			} `json:"segments"`
		} `json:"tables"`
	} `json:"databases"`
}

// manifest asks a stopped server's folder which segments its tables have, by the table's name; those of schema public go
// without the schema.
func manifest(binary, dir string) (map[string][]segment, error) {
	text, err := exec.Command(binary, "inspect", "catalog", "--json", dir).Output()
	if err != nil {
		var printed []byte
		if e, ok := err.(*exec.ExitError); ok {
			printed = e.Stderr
		}
		return nil, fmt.Errorf("inspect catalog: %w: %s", err, printed)
	}
	var catalog inspected
	if err := json.Unmarshal(text, &catalog); err != nil {
		return nil, fmt.Errorf("inspect catalog prints %.300q: %w", text, err)
	}
	out := map[string][]segment{}
	for _, d := range catalog.Databases {
		for _, t := range d.Tables {
			name := t.Schema + "." + t.Name
			if t.Schema == "public" {
				name = t.Name
			}
			for _, s := range t.Segments {
				file := filepath.Join(dir, "segments", fmt.Sprint(t.ID), fmt.Sprintf("%d.parquet", s.ID))
				out[name] = append(out[name], segment{file, s.Rows, s.Vector != nil})
			}
		}
	}
	return out, nil
}
