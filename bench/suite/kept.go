package suite

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"os"
)

// kept is a file with what was measured of a system.
type kept struct{ file, settings string }

// content is what is in it. Rows are kept as JSON, because values are of several types.
type content struct {
	Settings string
	Measured *Measured
	Rows     []byte
}

// read gives what was measured with the same settings; nil if there is nothing.
func (k kept) read() *Measured {
	text, err := os.ReadFile(k.file)
	var c content
	if err != nil || gob.NewDecoder(bytes.NewReader(text)).Decode(&c) != nil || c.Settings != k.settings {
		return nil
	}
	var rows [][][]any
	d := json.NewDecoder(bytes.NewReader(c.Rows))
	d.UseNumber()
	if d.Decode(&rows) != nil || len(rows) != len(c.Measured.Answers) {
		return nil
	}
	for i, a := range c.Measured.Answers {
		a.Rows = rows[i]
	}
	return c.Measured
}

func (k kept) write(m *Measured) error {
	rows := make([][][]any, len(m.Answers))
	without := *m
	without.Answers = nil
	for i, a := range m.Answers {
		rows[i] = a.Rows
		copied := *a
		copied.Rows = nil
		without.Answers = append(without.Answers, &copied)
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(content{k.settings, &without, text}); err != nil {
		return err
	}
	return os.WriteFile(k.file, b.Bytes(), 0o644)
}
