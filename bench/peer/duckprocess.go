package peer

import (
	"context"
	_ "embed"
	"fmt"
)

//go:embed duckdb.py
var duckProgram string

// DuckDB is DuckDB in a Python process of its own. Its methods are called one after the other.
type DuckDB struct {
	*embedded
	Version string
	File    string // of the database
}

// OpenDuckDB starts DuckDB on a database file, which is made if it is not there.
func OpenDuckDB(ctx context.Context, file string) (*DuckDB, error) {
	name, err := python(ctx, "DuckDB", "python", "duckdb")
	if err != nil {
		return nil, err
	}
	e, err := embed(name, "DuckDB", duckProgram, file)
	if err != nil {
		return nil, err
	}
	d := &DuckDB{embedded: e, File: file}
	rows, err := d.Execute(ctx, "SELECT version()")
	if err != nil {
		d.Close()
		return nil, err
	}
	d.Version = fmt.Sprint(rows[0][0])
	return d, nil
}
