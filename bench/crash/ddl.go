package crash

import (
	"context"
	"errors"
	"fmt"

	"github.com/automatanexus/aegis-db/bench/server"
)

// ddl creates and drops tables without rest, and keeps the ledger of them: an acknowledged CREATE or DROP holds over any
// kill, one in doubt went either way.
type ddl struct {
	next   int
	exists map[string]bool // acknowledged
	doubt  string          // the table whose statement was not answered
}

func newDDL() *ddl { return &ddl{exists: map[string]bool{}} }

// run creates three tables with a row each and drops the oldest, again and again.
func (d *ddl) run(ctx context.Context, s *server.Server) error {
	for ctx.Err() == nil {
		name := fmt.Sprintf("crash_ddl_%d", d.next)
		d.next++
		if gone, err := d.do(ctx, s, name, true, fmt.Sprintf("CREATE TABLE %s (n bigint)", name)); gone || err != nil {
			return err
		}
		_, err := s.Query(ctx, fmt.Sprintf("INSERT INTO %s VALUES (%d)", name, d.next))
		switch verdict(err) {
		case unknown:
			return nil
		case wrong:
			return fmt.Errorf("insert into the new table %s: %w", name, err)
		}
		old := fmt.Sprintf("crash_ddl_%d", d.next-3)
		if !d.exists[old] {
			continue
		}
		if gone, err := d.do(ctx, s, old, false, "DROP TABLE "+old); gone || err != nil {
			return err
		}
	}
	return nil
}

func (d *ddl) do(ctx context.Context, s *server.Server, name string, exists bool, sql string) (gone bool, err error) {
	d.doubt = name
	_, err = s.Query(ctx, sql)
	switch verdict(err) {
	case took:
		d.exists[name], d.doubt = exists, ""
	case unknown:
		return true, nil
	case wrong:
		return true, fmt.Errorf("%s: %w", sql, err)
	}
	return false, nil
}

// check asks for every table whose fate is known; the one in doubt is known afterwards.
func (d *ddl) check(ctx context.Context, s *server.Server) (problems []string, err error) {
	if d.doubt != "" {
		there, err := exists(ctx, s, d.doubt)
		if err != nil {
			return nil, err
		}
		d.exists[d.doubt], d.doubt = there, ""
	}
	for name, want := range d.exists {
		there, err := exists(ctx, s, name)
		if err != nil {
			return nil, err
		}
		if there != want {
			problems = append(problems, fmt.Sprintf("table %s: there is %v, acknowledged is %v", name, there, want))
		}
		if !there {
			delete(d.exists, name) // names are not used again; once is proof enough
		}
	}
	return problems, nil
}

// exists asks for a table; anything but its rows or SQLSTATE 42P01 is an error.
func exists(ctx context.Context, s *server.Server, name string) (bool, error) {
	_, err := s.Query(ctx, "SELECT count(*) FROM "+name)
	var refusal *server.QueryError
	if errors.As(err, &refusal) && refusal.SQLState == undefinedTable {
		return false, nil
	}
	return err == nil, err
}

const undefinedTable = "42P01"
