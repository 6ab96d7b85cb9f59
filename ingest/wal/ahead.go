package wal

import (
	"errors"
	"fmt"
	"io"

	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/meta"
)

// Ahead gives the records after a seq, while Open is replaying those before them: it looks ahead, changes nothing, and leaves damage to be found
// by Open, which it ends before. Records that Open has given already are not given, but series are defined.
func Ahead(o Options, after meta.Seq, replay Replay) error {
	numbers, err := listFiles(o.FS, o.Dir)
	if err != nil {
		return err
	}
	for i, n := range numbers {
		if err := ahead(o, o.path(n), i == len(numbers)-1, after, replay); err != nil {
			return fmt.Errorf("look ahead in the write-ahead log: %s: %w", o.path(n), err)
		}
	}
	return nil
}

func ahead(o Options, name string, last bool, after meta.Seq, replay Replay) error {
	in, err := frame.Open(o.FS, name, o.frame(!last))
	if err != nil {
		return err
	}
	defer in.Close()
	if replay.File != nil {
		replay.File(name)
	}
	for {
		rec, err := in.Next()
		var torn *frame.TornError
		if errors.Is(err, io.EOF) || errors.As(err, &torn) {
			return nil
		}
		if err != nil {
			return err
		}
		commit, err := decode(rec.Payload, replay.Define, after)
		if err != nil {
			return err
		}
		if commit.Seq <= after {
			continue
		}
		if err := replay.Commit(commit); err != nil {
			return err
		}
	}
}
