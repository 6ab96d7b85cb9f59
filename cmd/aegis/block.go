package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/automatanexus/aegis-db/query/sql"
)

// A request is a session of its own, so a block of BEGIN … COMMIT is a transaction that the client holds open on the server by its token.

// blockLease is how long the server waits for the next statement: somebody may be typing it.
const blockLease = "10m"

// begins reports whether a statement opens a block.
func begins(text string) bool {
	st, err := sql.ParseOne(text, sql.Options{})
	if err != nil {
		return false
	}
	t, ok := st.Stmt.(*sql.Transaction)
	return ok && t.Kind == sql.TxBegin
}

// transactionHeader says of a statement in a transaction whether that is open still.
const transactionHeader = "x-aegis-transaction"

// block begins a transaction if a statement asks for one and none is open; the statement itself then says which modes it has.
func (c *client) block(ctx context.Context, text string) error {
	if c.transaction != "" || !begins(text) {
		return nil
	}
	body, err := json.Marshal(map[string]string{"database": c.database, "lease": blockLease})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/transactions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var a struct{ Transaction string }
	if err := json.NewDecoder(answer.Body).Decode(&a); err != nil || a.Transaction == "" {
		return fmt.Errorf("%s: the answer is not understood: %v", c.base, err)
	}
	c.transaction = a.Transaction
	return nil
}

// ran notes what a statement has left of the block.
func (c *client) ran(answer *http.Response, err error) {
	var e *serverError
	if err == nil && answer.Header.Get(transactionHeader) == "ended" || errors.As(err, &e) && (e.blockEnded || e.status == http.StatusGone) {
		c.transaction = ""
	}
}

// rollback ends a block that is still open, as PostgreSQL does when a client leaves.
func (c *client) rollback(ctx context.Context) {
	if c.transaction == "" {
		return
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, c.base+"/api/v1/transactions/"+c.transaction+"/rollback", http.NoBody)
	c.transaction = ""
	if err != nil {
		return
	}
	if answer, err := c.do(r); err == nil { // else its lease ends it
		_ = answer.Body.Close()
	}
}
