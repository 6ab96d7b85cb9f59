package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

// shownShape reads what a table is by definition from the server's catalogs, as shape.String writes it, and the names of its columns.
func (t *definedTable) shownShape(ctx context.Context, s *server.Server) (text string, columns []string, err error) {
	ask := func(sql string) [][]any {
		if err != nil {
			return nil
		}
		var answer *server.Rows
		if answer, err = s.Query(ctx, sql); err != nil {
			err = fmt.Errorf("%s: %w", sql, err)
			return nil
		}
		return answer.Rows
	}
	var b strings.Builder
	described := map[string]string{}
	for _, row := range ask(`SELECT column_name, data_type || coalesce('(' || character_maximum_length || ')', ''), is_nullable = 'YES', coalesce(column_default, '')
		FROM information_schema.columns WHERE table_name = '` + t.name + `' AND column_name LIKE 'c_'`) {
		described[row[0].(string)] = fmt.Sprintf("%v %v null=%v default=%s\n", row[0], row[1], row[2], shownDefault(row[3].(string)))
	}
	// Their order is that of the table's rows.
	all, failed := s.Query(ctx, "SELECT * FROM "+t.name+" LIMIT 1")
	if failed != nil {
		return "", nil, failed
	}
	for _, name := range all.Columns {
		if described[name] != "" {
			b.WriteString(described[name])
			columns = append(columns, name)
		}
	}
	list := func(rows [][]any) (names []string) {
		for _, row := range rows {
			names = append(names, fmt.Sprint(row[0]))
		}
		slices.Sort(names)
		return names
	}
	rules := list(ask(`SELECT conname || CASE WHEN convalidated THEN '' ELSE ' that is not valid' END FROM pg_constraint
		WHERE conrelid = '` + t.name + `'::regclass AND contype <> 'p' AND contype <> 'n'`))
	indexes := list(ask(`SELECT indexname FROM pg_indexes WHERE tablename = '` + t.name + `' AND indexname LIKE '` + t.name + `\_x%'`))
	fmt.Fprintln(&b, rules, indexes)
	return b.String(), columns, err
}

// check holds what is there against what was answered.
func (h *Definitions) check(ctx context.Context, s *server.Server, when string) error {
	var problems []string
	for _, t := range h.tables {
		found, err := h.checkTable(ctx, s, t)
		if err != nil {
			return fmt.Errorf("%s, data in %s: %w; the server printed:\n%s", when, h.dir, err, s.Printed())
		}
		for _, p := range found {
			problems = append(problems, t.name+": "+p)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%s, data in %s:\n%s\nthe server printed:\n%s", when, h.dir, strings.Join(problems, "\n"), s.Printed())
}

func (h *Definitions) checkTable(ctx context.Context, s *server.Server, t *definedTable) (problems []string, err error) {
	shown, columns, err := t.shownShape(ctx, s)
	if err != nil {
		return nil, err
	}
	now := h.clock.Add(1)
	var decided *bool // by the shape, for the rows of the same transaction
	if d := t.doubt; d != nil {
		h.Totals.InDoubt++
		done := !d.never && shown == d.next.String()
		if done != (shown == t.shape.String()) { // else the change shows in nothing
			decided = &done
		}
		if done {
			h.Totals.InDoubtDone++
			d.next.acknowledge(t.began, now)
			t.shape = d.next
		}
		if shown != t.shape.String() {
			problems = append(problems, "in doubt was "+d.sql)
		}
		t.doubt = nil
	}
	if want := t.shape.String(); shown != want {
		return append(problems, fmt.Sprintf("the shape is\n%snot\n%s", shown, want)), nil
	}
	answer, err := s.Query(ctx, "SELECT "+strings.Join(append([]string{"k", "v", "note"}, columns...), ", ")+" FROM "+t.name)
	if err != nil {
		return nil, err
	}
	values := map[int64][]any{}
	for _, row := range answer.Rows {
		k, err := server.Int(row[0])
		if err != nil {
			return nil, err
		}
		if values[k] != nil {
			problems = append(problems, fmt.Sprintf("key %d is there twice", k))
		}
		values[k] = row
	}
	found, err := h.checkRows(t, values, now, decided)
	if err != nil {
		return nil, err
	}
	problems = append(problems, found...)
	if len(problems) > 0 {
		return problems, nil
	}
	return h.checkIndexes(ctx, s, t, append([]string{"k", "v", "note"}, columns...), values)
}

// checkRows holds the rows of all clients against their ledgers, and what columns show against the defaults that they had.
func (h *Definitions) checkRows(t *definedTable, values map[int64][]any, now int64, decided *bool) (problems []string, err error) {
	for i, rows := range t.rows {
		shown := map[int64]int64{}
		for k, row := range values {
			if k/keysPerWriter != rows.writer {
				continue
			}
			if shown[k], err = server.Int(row[1]); err != nil {
				return nil, err
			}
		}
		doubt := rows.doubt != nil
		by := decided
		if i > 0 {
			by = nil
		}
		found, _ := rows.check(shown, now, by)
		if doubt {
			h.Totals.StatementsInDoubt++
		}
		problems = append(problems, found...)
		for k, row := range rows.current {
			if len(problems) > 10 || values[k] == nil {
				break
			}
			if note := values[k][2]; note != noteOf(k) {
				problems = append(problems, fmt.Sprintf("key %d has the note %v", k, note))
			}
			for n := range t.shape.columns {
				c := &t.shape.columns[n]
				text := ""
				if v := values[k][3+n]; v != nil {
					text = fmt.Sprint(v)
				}
				if !c.may(text, row.began, row.ended) {
					problems = append(problems, fmt.Sprintf("key %d, inserted from %d to %d, has %q in column %s with defaults %+v", k, row.began, row.ended, text, c.name, c.fallbacks))
				}
			}
		}
	}
	return problems, nil
}

// checkIndexes asks for values of the columns that have indexes, and holds the answers against all rows.
func (h *Definitions) checkIndexes(ctx context.Context, s *server.Server, t *definedTable, columns []string, values map[int64][]any) (problems []string, err error) {
	keys := slices.Sorted(maps.Keys(values))
	for name, on := range t.shape.indexes {
		at := slices.Index(columns, on)
		for range 3 {
			sample := values[keys[h.rand.IntN(len(keys))]][at]
			cond, holds := on+" IS NULL", func(v any) bool { return v == nil }
			if sample != nil {
				text := fmt.Sprint(sample)
				cond, holds = fmt.Sprintf("%s = '%s'", on, text), func(v any) bool { return v != nil && fmt.Sprint(v) == text }
				if on == "note" {
					part := text[:len(text)-5]
					cond, holds = on+" LIKE '"+part+"%'", func(v any) bool { return strings.HasPrefix(fmt.Sprint(v), part) }
				}
			}
			sql := "SELECT count(*), coalesce(sum(k), 0)::bigint FROM " + t.name + " WHERE " + cond
			answer, err := s.Query(ctx, sql)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", sql, err)
			}
			count, sum := int64(0), int64(0)
			for k, row := range values {
				if holds(row[at]) {
					count++
					sum += k
				}
			}
			h.Totals.Asked++
			if got, want := fmt.Sprint(answer.Rows[0]), fmt.Sprint([]any{count, sum}); got != want {
				problems = append(problems, fmt.Sprintf("with index %s, %s: %s, not %s", name, sql, got, want))
			}
		}
	}
	used, err := s.Query(ctx, "SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes WHERE relname = '"+t.name+"' AND indexrelname LIKE '%\\_x%'")
	if err != nil {
		return nil, err
	}
	n, err := server.Int(used.Rows[0][0])
	h.Totals.IndexScans += n
	return problems, err
}

// finish ends the work on a folder: when all is quiet its files are those that the catalog names, each segment with a file of each index, and no others.
func (h *Definitions) finish(ctx context.Context) error {
	s, err := server.Start(ctx, h.options())
	if err != nil {
		return err
	}
	defer s.Kill()
	if err := s.WaitSettled(ctx, time.Minute); err != nil {
		return err
	}
	if err := server.Until(ctx, time.Minute, func() (bool, string, error) {
		left, err := s.Query(ctx, "SELECT count(*) FROM pg_stat_progress_create_index")
		if err != nil {
			return false, "", err
		}
		n, err := server.Int(left.Rows[0][0])
		return n == 0, fmt.Sprintf("%d indexes are being built", n), err
	}); err != nil {
		return err
	}
	if err := h.check(ctx, s, "at the end"); err != nil {
		return err
	}
	if err := s.Stop(time.Minute); err != nil {
		return err
	}
	if s, err = server.Start(ctx, h.options()); err != nil { // a stop may flush, and leave files to be removed
		return err
	}
	defer s.Kill()
	if err := s.WaitSettled(ctx, time.Minute); err != nil {
		return err
	}
	s.Kill()
	return h.checkFiles(ctx)
}

// namedFiles are the files of segments that the catalog names.
func (h *Definitions) namedFiles(ctx context.Context) (map[string]bool, error) {
	text, err := exec.CommandContext(ctx, h.o.Binary, "inspect", "catalog", "--json", h.dir).Output()
	if err != nil {
		return nil, fmt.Errorf("inspect catalog: %w", err)
	}
	var catalog struct {
		Databases []struct {
			Tables []struct {
				ID      int64 `json:"id"`
				Indexes []struct {
					File int64 `json:"file"`
				} `json:"indexes"`
				Segments []struct {
					ID      int64 `json:"id"`
					Deleted *struct {
						Version int64 `json:"version"`
					} `json:"deleted"`
				} `json:"segments"`
			} `json:"tables"`
		} `json:"databases"`
	}
	if err := json.Unmarshal(text, &catalog); err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, d := range catalog.Databases {
		for _, t := range d.Tables {
			for _, seg := range t.Segments {
				stem := fmt.Sprintf("%d/%d.", t.ID, seg.ID)
				named[stem+"parquet"], named[stem+"idx"] = true, true
				if seg.Deleted != nil {
					named[stem+fmt.Sprintf("%d.dv", seg.Deleted.Version)] = true
				}
				for _, x := range t.Indexes {
					named[stem+fmt.Sprintf("%d.ix", x.File)] = true
				}
			}
		}
	}
	return named, nil
}

func (h *Definitions) checkFiles(ctx context.Context) error {
	named, err := h.namedFiles(ctx)
	if err != nil {
		return err
	}
	h.Totals.Files += len(named)
	var problems []string
	root := filepath.Join(h.dir, "segments")
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if !named[filepath.ToSlash(rel)] {
			problems = append(problems, rel+" is there, and nothing names it")
		}
		delete(named, filepath.ToSlash(rel))
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for name := range named {
		problems = append(problems, name+" is missing")
	}
	if len(problems) > 0 {
		return fmt.Errorf("files in %s: %s", h.dir, strings.Join(problems, "; "))
	}
	return nil
}
