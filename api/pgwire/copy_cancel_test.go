package pgwire_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

// endless gives lines for as long as it is read, and says when the first megabyte was.
type endless struct {
	sent    int
	flowing chan struct{}
}

func (e *endless) Read(b []byte) (int, error) {
	const line = "7\ttext of some length\n"
	n := copy(b, strings.Repeat(line, len(b)/len(line)))
	if before := e.sent; before < 1<<20 && before+n >= 1<<20 {
		close(e.flowing)
	}
	e.sent += n
	return n, nil
}

// TestCancelCopy: a cancel request ends COPY, in whichever direction, also while the client sends, and nothing of it is left.
func TestCancelCopy(t *testing.T) {
	addr, db := serve(t, pgwire.Options{})
	c := connect(t, addr)
	exec(t, c, "CREATE TABLE copied (k bigint, s text)")
	cancelled := func(t *testing.T, flowing <-chan struct{}, run func() error) {
		t.Helper()
		var asked time.Time
		done := make(chan struct{})
		go func() {
			defer close(done)
			<-flowing
			time.Sleep(20 * time.Millisecond)
			asked = time.Now()
			if err := c.PgConn().CancelRequest(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		err := run()
		<-done
		wantState(t, err, "57014")
		took := time.Since(asked)
		t.Logf("ended after %v", took)
		if took > 5*time.Second { // a tenth of one on a machine of its own
			t.Errorf("ended after %v", took)
		}
		if n := one[int64](t, c, "SELECT count(*) FROM copied"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	}
	t.Run("from", func(t *testing.T) {
		in := &endless{flowing: make(chan struct{})}
		cancelled(t, in.flowing, func() error {
			_, err := c.PgConn().CopyFrom(t.Context(), in, "COPY copied FROM STDIN")
			return err
		})
	})
	t.Run("to", func(t *testing.T) {
		flowing := make(chan struct{})
		out := &counted{flowing: flowing}
		cancelled(t, flowing, func() error {
			_, err := c.PgConn().CopyTo(t.Context(), out, "COPY (SELECT i, i::text FROM generate_series(1, 100000000000) AS i) TO STDOUT")
			return err
		})
	})
	t.Run("again", func(t *testing.T) {
		if _, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader("1\ta\n2\tb\n"), "COPY copied FROM STDIN"); err != nil {
			t.Fatal(err)
		}
		if n := one[int64](t, c, "SELECT count(*) FROM copied"); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
	if s := db.Stats(); s.Admission.Running != 0 {
		t.Errorf("%+v", s.Admission)
	}
}

// counted takes what comes, and says when the first megabyte has.
type counted struct {
	got     int
	flowing chan struct{}
}

func (c *counted) Write(b []byte) (int, error) {
	if before := c.got; before < 1<<20 && before+len(b) >= 1<<20 {
		close(c.flowing)
	}
	c.got += len(b)
	return len(b), nil
}
