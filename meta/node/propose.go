package node

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// stateShutdown is PostgreSQL's admin_shutdown.
const stateShutdown = "57P01"

// Propose implements meta.Catalog. A command that the newest state refuses, or that changes nothing there, is answered
// without the log: of a lone voter that state is the truth at a moment within the call. If ctx is cancelled before the command goes to the log, the catalog stays as it
// was; afterwards the answer is waited for.
func (n *Node) Propose(ctx context.Context, c meta.Command) (meta.Result, error) {
	state := n.Snapshot()
	if ctx.Err() != nil {
		return meta.Result{Version: state.Version}, contextError(ctx, "the change of the catalog was not begun")
	}
	if n.now != nil && c.At == 0 {
		c.At = n.now().UnixMicro()
	}
	next, result, err := state.Apply(c, 0)
	if err != nil || next == state {
		return result, err
	}
	unchanged := meta.Result{Version: state.Version}
	data, err := meta.AppendCommand(nil, c)
	if err != nil {
		return unchanged, err
	}
	if len(data) > maxCommand {
		return unchanged, column.Errorf(column.Limit, "a change of the catalog has %d bytes, at most %d are possible: split it", len(data), maxCommand)
	}
	if err := n.begin(); err != nil {
		return unchanged, err
	}
	late, cancel := answerBy(ctx, n.timeout)
	defer cancel()
	answer := make(chan outcome, 1)
	go func() {
		defer n.active.Done()
		answer <- n.submit(data)
	}()
	select {
	case out := <-answer:
		return out.result, out.err
	case <-late.Done():
		return unchanged, contextError(late, "the change of the catalog is not confirmed and may still be made")
	}
}

// answerBy is when an answer is not waited for any more. Who is cancelled waits for it all the same, as for the sync of a log: told that nothing was changed he would
// do it again, and find that it was.
func answerBy(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	by := time.Now().Add(timeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(by) {
		by = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), by)
}

// begin counts a proposal in, or says why none is taken any more.
func (n *Node) begin() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.guard.failure(); err != nil {
		return errStopped(err)
	}
	if n.closing {
		return column.SQLErrorf(column.Cancelled, stateShutdown, "the catalog is closed")
	}
	n.active.Add(1)
	return nil
}

// submit hands a command to Raft and waits for the answer of the state machine.
func (n *Node) submit(data []byte) outcome {
	future := n.raft.Apply(data, n.timeout)
	err := future.Error()
	if err == nil {
		return future.Response().(outcome)
	}
	out := outcome{result: meta.Result{Version: n.Snapshot().Version}}
	failure := n.guard.failure()
	switch {
	case failure != nil:
		out.err = errStopped(failure)
	case errors.Is(err, raft.ErrRaftShutdown):
		out.err = column.SQLErrorf(column.Cancelled, stateShutdown, "the catalog is closed")
	case errors.Is(err, raft.ErrEnqueueTimeout), errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipLost),
		errors.Is(err, raft.ErrLeadershipTransferInProgress):
		out.err = column.Errorf(column.Overloaded, "the catalog takes no changes at this moment: %w", err)
	default:
		out.err = column.Errorf(column.Internal, "change the catalog: %w", err)
	}
	return out
}

func errStopped(err error) error {
	return column.Errorf(column.Internal, "the catalog stopped because it could not be written, it can be read until the restart: %w", err)
}

// contextError tells a time-out, after which the caller may come again, from a caller that went away.
func contextError(ctx context.Context, what string) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return column.Errorf(column.Overloaded, "%s: %w", what, err)
	}
	return column.Errorf(column.Cancelled, "%s: %w", what, err)
}
