package node

import (
	"io"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// fsm is what Raft calls with committed entries, one at a time. Only it publishes states.
type fsm struct {
	holder *holder
	// ready is closed when the entry `until` is applied: what the log held at the start is then in the state.
	until uint64
	ready chan struct{}
	once  sync.Once
	// replay holds the commands of the log at the start, from entry replayFrom on, decoded already.
	replay     []meta.Command
	replayFrom uint64
}

// outcome is what a proposer gets back.
type outcome struct {
	result meta.Result
	err    error
}

// Apply implements raft.FSM.
func (f *fsm) Apply(l *raft.Log) any {
	out := f.apply(l)
	if l.Index >= f.until {
		f.once.Do(func() {
			f.replay = nil
			close(f.ready)
		})
	}
	return out
}

func (f *fsm) command(l *raft.Log) (meta.Command, error) {
	if i := l.Index - f.replayFrom; i < uint64(len(f.replay)) {
		return f.replay[i], nil
	}
	return meta.DecodeCommand(l.Data)
}

func (f *fsm) apply(l *raft.Log) outcome {
	cmd, err := f.command(l)
	if err != nil {
		// What the log held was decoded before the start, and what came since was encoded by this process.
		return outcome{err: column.Errorf(column.ClassOf(err), "log entry %d: %w", l.Index, err)}
	}
	next, result, err := f.holder.state.Load().Apply(cmd, l.Index)
	if err != nil {
		return outcome{result: result, err: err}
	}
	f.holder.state.Store(next)
	return outcome{result: result}
}

// Snapshot implements raft.FSM: a state is immutable, so that the pointer is enough.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) { return persist{f.holder.state.Load()}, nil }

// Restore implements raft.FSM. It is for snapshots that arrive while running; Open reads its own.
func (f *fsm) Restore(r io.ReadCloser) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s, err := meta.DecodeSnapshot(data)
	if err != nil {
		return err
	}
	f.holder.state.Store(s)
	return nil
}

type persist struct{ state *meta.Snapshot }

// Persist implements raft.FSMSnapshot. Raft closes or cancels the sink.
func (p persist) Persist(sink raft.SnapshotSink) error {
	data, err := meta.AppendSnapshot(nil, p.state)
	if err != nil {
		return err
	}
	_, err = sink.Write(data)
	return err
}

// Release implements raft.FSMSnapshot.
func (persist) Release() {}
