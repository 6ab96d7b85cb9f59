package api

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// transactionHeader says, behind a statement that ran in a transaction, whether that is still open.
const transactionHeader = "X-Aegis-Transaction"

// beginRequest is the body of POST /api/v1/transactions.
type beginRequest struct {
	Isolation string `json:"isolation"`
	ReadOnly  bool   `json:"read_only"`
	Database  string `json:"database"`
	Lease     string `json:"lease"`
}

// transactionAnswer describes a transaction.
type transactionAnswer struct {
	Success     bool       `json:"success"`
	Transaction string     `json:"transaction,omitempty"` // the token; only who begins one is told
	State       string     `json:"state"`
	Isolation   string     `json:"isolation,omitempty"`
	ReadOnly    *bool      `json:"read_only,omitempty"`
	Database    string     `json:"database,omitempty"`
	Lease       float64    `json:"lease_seconds,omitempty"`
	Started     *time.Time `json:"started,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"`
}

// shortestLease is one that a request can make use of.
const shortestLease = 100 * time.Millisecond

// begin checks what is asked and gives the statement that begins the transaction.
func (q *beginRequest) begin(o *Options) (sql string, lease time.Duration, err error) {
	sql = "BEGIN"
	switch level := strings.ToLower(q.Isolation); level {
	case "":
	case "read committed", "read uncommitted", "repeatable read", "serializable":
		sql += " ISOLATION LEVEL " + level
	default:
		return "", 0, column.Errorf(column.Invalid, `"isolation" is %q; it is "read committed", "repeatable read" or "serializable"`, q.Isolation)
	}
	if q.ReadOnly {
		sql += " READ ONLY"
	}
	if lease = min(time.Minute, o.Lease); q.Lease != "" {
		lease, err = time.ParseDuration(q.Lease)
		if err != nil || lease < shortestLease || lease > o.Lease {
			return "", 0, column.Errorf(column.Invalid, `"lease" is %q; write it like "30s", from %s to %s`, q.Lease, shortestLease, o.Lease)
		}
	}
	return sql, lease, nil
}

// beginTransaction begins a transaction and answers with its token.
func (s *Server) beginTransaction(w http.ResponseWriter, r *http.Request) {
	body, release, err := s.readBody(w, r, s.options.QueryBody)
	if err != nil {
		s.fail(w, err)
		return
	}
	defer release()
	var q beginRequest
	if len(body) > 0 {
		if err := decodeJSON(body, &q); err != nil {
			s.fail(w, err)
			return
		}
	}
	if err := s.begun(w, r, &q); err != nil {
		s.fail(w, err)
	}
}

func (s *Server) begun(w http.ResponseWriter, r *http.Request, q *beginRequest) error {
	sql, lease, err := q.begin(&s.options)
	if err != nil {
		return err
	}
	session, err := s.openSession(r, q.Database)
	if err != nil {
		return err
	}
	session.Blocks = true
	session.Attach(query.Client{Address: hostOf(r.RemoteAddr)})
	t := &leased{session: session}
	if _, err = t.run(r.Context(), sql); err != nil {
		session.Close()
		return err
	}
	token, err := s.leases.add(session, userOf(r), cmp.Or(q.Database, meta.DefaultDatabase), lease)
	if err != nil {
		session.Close()
		return err
	}
	a, err := s.describeTransaction(token, userOf(r))
	if err != nil {
		return err
	}
	a.Transaction = token
	writeJSON(w, http.StatusCreated, a)
	return nil
}

// showTransaction answers GET: the lease goes on running.
func (s *Server) showTransaction(w http.ResponseWriter, r *http.Request) {
	a, err := s.describeTransaction(r.PathValue("token"), userOf(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, a)
}

func (s *Server) describeTransaction(token, user string) (*transactionAnswer, error) {
	t, state, err := s.leases.find(token, user)
	if err != nil {
		return nil, err
	}
	a := &transactionAnswer{Success: true, State: state}
	if t.session == nil { // it has ended
		return a, nil
	}
	started, expires := t.started.UTC(), t.expires.UTC()
	a.Isolation, a.ReadOnly, a.Database, a.Lease, a.Started = t.isolation, &t.readOnly, t.database, t.lease.Seconds(), &started
	if state != stateActive {
		a.Expires = &expires
	}
	return a, nil
}

// commitTransaction and rollbackTransaction end a transaction. Ending it once more in the same way is answered in the same way, so that a client
// that has lost the answer can ask again.
func (s *Server) commitTransaction(w http.ResponseWriter, r *http.Request) {
	s.endTransaction(w, r, "COMMIT", stateCommitted)
}

func (s *Server) rollbackTransaction(w http.ResponseWriter, r *http.Request) {
	s.endTransaction(w, r, "ROLLBACK", stateRolledBack)
}

func (s *Server) endTransaction(w http.ResponseWriter, r *http.Request, sql, state string) {
	token, user := r.PathValue("token"), userOf(r)
	t, err := s.leases.take(token, user)
	if err != nil {
		if _, how, findErr := s.leases.find(token, user); findErr == nil && how == state {
			err = nil
		}
	} else {
		err = s.endTaken(r, t, sql)
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, transactionAnswer{Success: true, State: state})
}

// endTaken runs COMMIT or ROLLBACK. That a client has gone does not stop a COMMIT.
func (s *Server) endTaken(r *http.Request, t *leased, sql string) error {
	how := stateRolledBack
	defer func() { s.leases.give(t, how) }()
	tag, err := t.run(context.WithoutCancel(r.Context()), sql)
	if err != nil {
		return err
	}
	if tag != sql {
		return &statusError{
			status: http.StatusConflict, code: "TRANSACTION_FAILED", sqlState: "25P02", text: "the transaction was rolled back: a statement of it had failed",
			hint: "Begin a new one.",
		}
	}
	if sql == "COMMIT" {
		how = stateCommitted
	}
	return nil
}

// openSession opens a session for a request.
func (s *Server) openSession(r *http.Request, database string) (*query.Session, error) {
	session, err := s.db.OpenSession(query.SessionOptions{Database: database, User: userOf(r)})
	if err != nil {
		return nil, err
	}
	session.LoggedIn, session.Trusted = userOf(r) != "", s.options.Trusted
	return session, nil
}

// sessionFor gives a request the session its statement runs in: one of its own, or a transaction's. done is for when the answer is out, or has
// failed; tag is the statement's, if it has come to its end.
func (s *Server) sessionFor(r *http.Request, database, token string) (session *query.Session, done func(ok bool, tag string), err error) {
	if token == "" {
		session, err = s.openSession(r, database)
		return session, func(bool, string) {}, err
	}
	t, err := s.leases.take(token, userOf(r))
	if err != nil {
		return nil, nil, err
	}
	if database != "" && database != t.database {
		s.leases.give(t, stateRolledBack)
		return nil, nil, column.Errorf(column.Invalid, "the transaction is in database %q", t.database)
	}
	return t.session, func(ok bool, tag string) {
		if !ok {
			t.session.Fail()
		}
		s.leases.give(t, map[bool]string{true: stateCommitted, false: stateRolledBack}[tag == "COMMIT"])
	}, nil
}

// stateAfter says whether a statement, which may be a COMMIT, has left its transaction open.
func stateAfter(session *query.Session, err error) string {
	switch session.TxStatus() {
	case query.TxIdle:
		return "ended"
	case query.TxFailed:
		return "failed"
	}
	if err != nil {
		return "failed"
	}
	return "open"
}
