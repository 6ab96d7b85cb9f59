package query

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/exec"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/setting"
)

// ServerVersion is the PostgreSQL version whose behaviour clients may expect.
const ServerVersion = setting.Version

// Result is what a statement gives: rows, or how many it changed. Not safe for concurrent use; close it.
type Result struct {
	// Columns describes the rows; nil for statements that give none.
	Columns []plan.Column
	// Tag is PostgreSQL's command tag without its count, such as "SELECT", "INSERT 0" or "CREATE TABLE".
	Tag string
	// Affected is how many rows INSERT, UPDATE, DELETE or MERGE changed.
	Affected int64
	// Location is the time zone to print timestamps in.
	Location *time.Location
	// Style is how to print values.
	Style literal.Style
	// Notices are warnings that go with the result.
	Notices []Notice

	names   literal.Names // of the snapshot that is read
	rows    *exec.Rows    // a running query, or
	list    []*scan.Batch // rows that are there already
	started time.Time
	ctx     context.Context
	closing context.Context // the engine's; ctx ends by it too, but a moment later
	text    string          // for positions of errors
	origin  func(int) int   // gives the offset in text of an error's; nil = it is that
	ended   []func()
	room    [12]func() // for ended, as much as most statements need
	pool    *mem.Pool

	engine *Engine
	place  *place // among the running statements; nil = none now
	class  class
}

// Command is the command tag, with the number of rows where the statement changed some. The number of rows that it reads is for those to count who read them.
func (r *Result) Command() string {
	switch r.Tag {
	case "INSERT 0", "UPDATE", "DELETE", "MERGE":
		return r.Tag + " " + strconv.FormatInt(r.Affected, 10)
	}
	return r.Tag
}

// Notice is something a client should know that is no error.
type Notice struct {
	Severity, SQLState, Message, Detail, Hint string
}

// Pause gives back the place among the running statements, while whoever reads the rows has other things to do: it may take
// minutes until a client asks for more. Next waits for a place again.
func (r *Result) Pause() { r.leave() }

func (r *Result) leave() {
	if r.place != nil {
		r.place.leave()
		r.place = nil
	}
}

// enter waits for a place.
func (r *Result) enter() (err error) {
	r.place, err = r.engine.admission.enter(r.ctx, r.class)
	return err
}

// Format is how to print values.
func (r *Result) Format() literal.Options {
	return literal.Options{Location: r.Location, Style: r.Style, Names: r.names}
}

// Next gives the next batch of rows, or io.EOF.
func (r *Result) Next() (*scan.Batch, error) {
	if r.rows == nil {
		if len(r.list) == 0 {
			return nil, io.EOF
		}
		b := r.list[0]
		r.list = r.list[1:]
		return b, nil
	}
	if err := context.Cause(r.closing); err != nil {
		return nil, err
	}
	if r.place == nil {
		if err := r.enter(); err != nil {
			return nil, r.located(err)
		}
	}
	b, err := r.rows.Next(r.ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.located(err)
	}
	return b, err
}

// located gives an error its place in the text that the client sent. What a panic left goes to the log.
func (r *Result) located(err error) error {
	var p *column.Panic
	if errors.As(err, &p) {
		r.engine.options.Logger.Error("a statement panicked", "statement", loggable(r.text), "panic", p.Value, "stack", string(p.Stack))
	}
	var e *column.Error
	if r.ctx != nil && (column.ClassOf(err) == column.Cancelled || errors.Is(err, context.Canceled)) {
		if errors.As(context.Cause(r.ctx), &e) { // which says who ended it
			err = e
		} else if !errors.As(err, &e) || e.SQLState == "" { // whoever read a page when it ended knows nothing of statements
			err = errors.Join(expr.Interrupted(r.ctx), err)
		}
	}
	if r.origin != nil && errors.As(err, &e) && e.Position > 0 {
		moved := *e
		moved.Position = r.origin(e.Position-1) + 1
		err = &moved
	}
	return located(err, r.text)
}

// loggable is a text as the log may have it: not if there is a password in it.
func loggable(text string) string {
	if strings.Contains(strings.ToLower(text), "password") {
		return "(not logged: it may hold a password)"
	}
	return text
}

// Close ends the statement and gives back all it held. A second call does nothing.
func (r *Result) Close() {
	if r.rows != nil {
		if err := r.rows.Close(); err != nil {
			_ = r.located(err) // for the log: the rows were given
		}
		r.rows = nil
	}
	for i := len(r.ended) - 1; i >= 0; i-- {
		r.ended[i]()
	}
	r.ended = nil
}

// Elapsed is the time since the statement was taken.
func (r *Result) Elapsed() time.Duration { return time.Since(r.started) }

// Peak is the most memory the statement held, in bytes.
func (r *Result) Peak() int64 {
	if r.pool == nil {
		return 0
	}
	return r.pool.Peak()
}

// Pool is the statement's memory, for whoever holds some of its rows to print them; nil if the rows are there already.
func (r *Result) Pool() *mem.Pool { return r.pool }

// texts makes a result of rows of text.
func texts(tag string, names []string, rows [][]string) *Result {
	r := &Result{Tag: tag}
	builders := make([]*column.Builder, len(names))
	for i, n := range names {
		r.Columns = append(r.Columns, plan.Column{Name: n, Type: column.T(column.Text)})
		builders[i] = column.NewBuilder(column.T(column.Text), len(rows))
	}
	for _, row := range rows {
		for i, v := range row {
			builders[i].AppendString(v)
		}
	}
	if len(rows) > 0 {
		b := &scan.Batch{Len: len(rows)}
		for _, x := range builders {
			b.Columns = append(b.Columns, x.Finish())
		}
		r.list = []*scan.Batch{b}
	}
	return r
}
