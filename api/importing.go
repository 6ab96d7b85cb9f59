package api

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/api/imports"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/sql"
)

// importing is an import under way. Its rows are commits of a number of rows, or one. An import that has a name is remembered: with each commit goes a
// row of the table aegis_meta.imports that says how many rows of the file are in, so that one which was interrupted goes on behind them, and one that was
// whole is not taken twice.
type importing struct {
	importRequest
	session *query.Session
	rows    *imports.Reader
	loader  *query.Loader
	number  string // of the table, as the list of imports names it; "" = not looked up yet

	before, added int64 // rows of the file that were there before, and that this request has added
	commits       int
	whole         bool // before is all of them

	waiting   int64  // rows that are not committed yet
	parts     []part // they, if the import is in parts
	bytes     int64  // of parts
	mostBytes int64  // of a commit of a part
}

// run does all of it. What is not committed when it fails never was.
func (i *importing) run(ctx context.Context) error {
	if err := i.remembered(ctx); err != nil || i.whole {
		return err
	}
	i.session.Together()
	if err := i.open(ctx); err != nil {
		return err
	}
	for {
		vectors, n, at, err := i.rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return i.commit(ctx, true)
		}
		if err != nil {
			return err
		}
		for first := 0; first < n; {
			p := i.part(vectors, n, first)
			if err := i.add(ctx, p); err != nil {
				return i.refused(err, at(first), at(first+p.n-1))
			}
			first += p.n
			if i.batch > 0 && (i.waiting == i.batch || i.bytes >= i.mostBytes) {
				if err := i.commit(ctx, false); err != nil {
					return err
				}
				i.session.Together()
			}
		}
	}
}

// part is rows that are added at a time.
type part struct {
	vectors []*column.Vector
	n       int
}

// part cuts off what fits into the commit.
func (i *importing) part(vectors []*column.Vector, n, first int) part {
	k := n - first
	if i.batch > 0 {
		k = int(min(int64(k), i.batch-i.waiting))
	}
	if k < n {
		whole := vectors
		vectors = make([]*column.Vector, len(whole))
		for c, v := range whole {
			vectors[c] = v.Slice(first, first+k)
		}
	}
	return part{vectors, k}
}

// add gives rows to the transaction. Those of a part of the file are kept until they are committed, in case they have to come again.
func (i *importing) add(ctx context.Context, p part) error {
	if err := i.loader.Add(ctx, p.vectors, p.n); err != nil {
		i.session.Fail()
		return err
	}
	i.waiting += int64(p.n)
	if i.batch > 0 {
		i.parts = append(i.parts, p)
		for _, v := range p.vectors {
			i.bytes += v.SizeBytes()
		}
	}
	return nil
}

// refused says where the rows are that the table does not take.
func (i *importing) refused(err error, first, last string) error {
	var e *column.Error
	if errors.As(err, &e) && e.SQLState == "53200" && i.batch == 0 {
		out := *e
		out.Hint = "The rows of one request are one transaction, which is held in memory: give batch=1000000, say, to commit them in parts."
		return &out
	}
	if first != last {
		first = "between " + first + " and " + last
	}
	return imports.WithPlace(err, first)
}

// soFar says in an error what is in the table already.
func (i *importing) soFar(err error) error {
	var e *column.Error
	if i.before+i.added == 0 || !errors.As(err, &e) {
		return err
	}
	out := *e
	said := "The first " + strconv.FormatInt(i.before+i.added, 10) + " rows of the file are in the table"
	if i.id != "" {
		said += "; send it again to go on behind them"
	}
	out.Hint = strings.TrimSpace(e.Hint + " " + said + ".")
	return &out
}

// open makes the table if it is to be made, and finds where the file's columns go.
func (i *importing) open(ctx context.Context) error {
	if i.create && i.number == "" {
		if _, err := i.ask(ctx, i.createText(i.rows.Fields())); err != nil {
			return err
		}
	}
	all, err := i.load(ctx, nil)
	if err != nil {
		return err
	}
	into, err := i.rows.Into(all.Fields)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range into {
		names = append(names, f.Name)
	}
	i.rows.Skip(i.before)
	i.loader, err = i.load(ctx, names)
	return err
}

// load makes a loader of columns; nil = all.
func (i *importing) load(ctx context.Context, names []string) (*query.Loader, error) {
	text := "COPY " + i.sqlName()
	if len(names) > 0 {
		list := make([]string, len(names))
		for k, n := range names {
			list[k] = quoteName(n)
		}
		text += " (" + strings.Join(list, ", ") + ")"
	}
	text += " FROM STDIN"
	parsed, err := sql.ParseOne(text, sql.Options{})
	if err != nil {
		return nil, err
	}
	n, ok := parsed.Stmt.(*sql.Copy)
	if !ok {
		return nil, column.Errorf(column.Internal, "%s is no COPY", text)
	}
	l, err := i.session.NewLoader(ctx, n, text)
	var e *column.Error
	if errors.As(err, &e) {
		out := *e
		out.Position = 0 // in a statement that nobody wrote
		if out.SQLState == "42P01" && !i.create {
			out.Hint = "Give create=true to make the table of the file's columns."
		}
		err = &out
	}
	return l, err
}

// patience is how long a commit is tried again while the server has no room for its rows.
const patience = 2 * time.Minute

// commit ends what Together began. A part of a file that finds the server full, as its own rows are quicker than the disk, waits and comes again.
func (i *importing) commit(ctx context.Context, whole bool) error {
	for until := time.Now().Add(patience); ; {
		err := i.end(ctx, whole)
		if err == nil {
			i.added += i.waiting
			i.commits++
			i.waiting, i.bytes, i.parts = 0, 0, nil
			return nil
		}
		if i.batch == 0 || column.ClassOf(err) != column.Overloaded || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
		if err := i.repeat(ctx); err != nil {
			return err
		}
	}
}

// pause is between two of them: less than clients are asked for, which are many.
const pause = 50 * time.Millisecond

// repeat begins another transaction with the rows of the one before.
func (i *importing) repeat(ctx context.Context) error {
	i.session.Together()
	parts := i.parts
	i.waiting, i.bytes, i.parts = 0, 0, nil
	for _, p := range parts {
		if err := i.add(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// end commits. A client that has gone does not stop it.
func (i *importing) end(ctx context.Context, whole bool) error {
	ctx = context.WithoutCancel(ctx)
	if i.id != "" {
		if err := i.remember(ctx, whole); err != nil {
			return err
		}
	}
	return i.session.EndTogether(ctx)
}

// ask runs a statement and gives the first row of its answer as texts; nil = it has none.
func (i *importing) ask(ctx context.Context, text string, params ...string) (row []*string, err error) {
	request := query.Request{SQL: text}
	for k := range params {
		request.Params = append(request.Params, &params[k])
	}
	result, err := i.session.Run(ctx, request)
	if err != nil {
		i.session.Fail()
		return nil, err
	}
	defer result.Close()
	for {
		b, err := result.Next()
		if errors.Is(err, io.EOF) {
			return row, nil
		}
		if err != nil {
			return nil, err
		}
		if row == nil && b.Len > 0 {
			row = rowTexts(b)
		}
	}
}
