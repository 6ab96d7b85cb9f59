package node

import (
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// stores are what Raft keeps on disk.
type stores struct {
	log       raft.LogStore
	stable    raft.StableStore
	snapshots raft.SnapshotStore
	close     func() error
}

// recovered is what the stores hold at a start.
type recovered struct {
	state       *meta.Snapshot // of the newest snapshot; the empty catalog if there is none
	snapshot    uint64         // the log index the newest snapshot covers, 0 = none
	lastIndex   uint64         // of the log, 0 = empty
	entries     []raft.Log     // those after the snapshot
	commands    []meta.Command // what they hold, by the same index; the zero command where an entry holds none
	lastCommand uint64         // the index of the last command after the snapshot, 0 = none
	servers     *raft.Configuration
}

// termKey is where Raft keeps the current term in the stable store.
var termKey = []byte("CurrentTerm")

// recoverState reads and checks everything before Raft does: where Raft meets damage it panics, or falls back to an older
// snapshot whose log is gone.
func recoverState(st *stores) (*recovered, error) {
	r := &recovered{state: meta.NewSnapshot()}
	if err := r.readSnapshot(st.snapshots); err != nil {
		return nil, err
	}
	term, err := currentTerm(st.stable)
	if err != nil {
		return nil, err
	}
	lastTerm, err := r.readLog(st.log)
	if err != nil {
		return nil, err
	}
	switch {
	case lastTerm > term:
		return nil, column.Errorf(column.Corrupt, "catalog: the log was written in term %d, but the store of the term knows only %d", lastTerm, term)
	case r.lastIndex == 0 && r.snapshot == 0 && term > 1:
		return nil, column.Errorf(column.Corrupt, "catalog: term %d is stored, but the log and every snapshot are gone", term)
	}
	return r, nil
}

func currentTerm(stable raft.StableStore) (uint64, error) {
	term, err := stable.GetUint64(termKey)
	if err != nil && err.Error() != "not found" { // as Raft itself asks: the interface has no error value for it
		return 0, fmt.Errorf("catalog: read the current term: %w", err)
	}
	return term, nil
}

func (r *recovered) readSnapshot(store raft.SnapshotStore) error {
	list, err := store.List()
	if err != nil {
		return fmt.Errorf("catalog: list snapshots: %w", err)
	}
	if len(list) == 0 {
		return nil
	}
	id := list[0].ID
	about, body, err := store.Open(id)
	if err != nil {
		return fmt.Errorf("catalog: open snapshot %s: %w", id, err)
	}
	data, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("catalog: read snapshot %s: %w", id, err)
	}
	state, err := meta.DecodeSnapshot(data)
	if err != nil {
		return fmt.Errorf("catalog: snapshot %s: %w", id, err)
	}
	if state.Applied() > about.Index {
		return column.Errorf(column.Corrupt, "catalog: snapshot %s is said to end at log entry %d, its state at %d", id, about.Index, state.Applied())
	}
	r.state, r.snapshot, r.servers = state, about.Index, &about.Configuration
	return nil
}

// readLog checks that each entry after the snapshot is there and can be read, and gives the last one's term.
func (r *recovered) readLog(log raft.LogStore) (lastTerm uint64, err error) {
	first, err := log.FirstIndex()
	if err != nil {
		return 0, fmt.Errorf("catalog: first log entry: %w", err)
	}
	if r.lastIndex, err = log.LastIndex(); err != nil {
		return 0, fmt.Errorf("catalog: last log entry: %w", err)
	}
	if r.lastIndex == 0 {
		return 0, nil
	}
	if first > r.snapshot+1 {
		return 0, column.Errorf(column.Corrupt, "catalog: the log begins at entry %d, the newest snapshot ends at %d: entries between are missing", first, r.snapshot)
	}
	for i := r.snapshot + 1; i <= r.lastIndex; i++ {
		var entry raft.Log
		if err := log.GetLog(i, &entry); err != nil {
			return 0, fmt.Errorf("catalog: log entry %d: %w", i, err)
		}
		var cmd meta.Command
		switch entry.Type {
		case raft.LogCommand:
			if cmd, err = meta.DecodeCommand(entry.Data); err != nil {
				return 0, fmt.Errorf("catalog: log entry %d: %w", i, err)
			}
			r.lastCommand = i
		case raft.LogConfiguration:
			if r.servers, err = decodeServers(entry.Data); err != nil {
				return 0, fmt.Errorf("catalog: log entry %d: %w", i, err)
			}
		}
		lastTerm = entry.Term
		r.entries, r.commands = append(r.entries, entry), append(r.commands, cmd)
	}
	return lastTerm, nil
}

// decodeServers turns the panic of Raft's decoder into an error.
func decodeServers(data []byte) (servers *raft.Configuration, err error) {
	defer func() {
		if p := recover(); p != nil {
			servers, err = nil, column.Errorf(column.Corrupt, "the list of voters: %v", p)
		}
	}()
	c := raft.DecodeConfiguration(data)
	return &c, nil
}

// bootstrap makes this node the only voter of an empty log. raft.BootstrapCluster would do the same, but refuses a folder
// whose first start was cut off between storing the term and the first entry.
func (r *recovered) bootstrap(st *stores, id raft.ServerID) error {
	servers := raft.Configuration{Servers: []raft.Server{{Suffrage: raft.Voter, ID: id, Address: raft.ServerAddress(id)}}}
	if err := st.stable.SetUint64(termKey, 1); err != nil {
		return fmt.Errorf("catalog: store the first term: %w", err)
	}
	entry := raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(servers)}
	if err := st.log.StoreLog(&entry); err != nil {
		return fmt.Errorf("catalog: store the first log entry: %w", err)
	}
	r.entries, r.commands = []raft.Log{entry}, make([]meta.Command, 1)
	return nil
}

// isVoter checks that a folder belongs to this node.
func (r *recovered) isVoter(id raft.ServerID) error {
	if r.servers == nil {
		return column.Errorf(column.Corrupt, "catalog: neither the log nor a snapshot says who votes")
	}
	for _, s := range r.servers.Servers {
		if s.ID == id && s.Suffrage == raft.Voter {
			return nil
		}
	}
	return column.Errorf(column.Invalid, "catalog: the folder belongs to %v, not to node %q", r.servers.Servers, id)
}
