package meta

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"

	"github.com/automatanexus/aegis-db/column"
)

// commandFormat is the first byte of an encoded command. A log may hold commands of every format so far.
const commandFormat = 1

// AppendCommand appends a command as the log carries it: the format byte, then JSON. JSON, because a command is written
// once per flush, not per row, and a log that people can read is worth more than the bytes. Names are checked here: JSON
// would replace what is not UTF-8 and so make something of another name.
func AppendCommand(dst []byte, cmd Command) ([]byte, error) {
	if n := cmd.members(); n != 1 {
		return dst, column.Errorf(column.Invalid, "a catalog command must have exactly one member set, this one has %d", n)
	}
	if err := cmd.checkNames(); err != nil {
		return dst, err
	}
	data, err := json.Marshal(cmd)
	if err != nil {
		return dst, column.Errorf(column.Internal, "encode catalog command: %w", err)
	}
	return append(append(dst, commandFormat), data...), nil
}

func (cmd *Command) checkNames() error {
	switch {
	case cmd.CreateDatabase != nil:
		return checkName("database", cmd.CreateDatabase.Name)
	case cmd.CreateTable != nil:
		if err := checkName("schema", cmd.CreateTable.Schema); err != nil {
			return err
		}
		if err := checkName("table", cmd.CreateTable.Name); err != nil {
			return err
		}
		return checkNamesOf(cmd.CreateTable.Columns.Fields)
	case cmd.AddColumns != nil:
		return checkNamesOf(cmd.AddColumns.Columns)
	case cmd.CreateIndex != nil:
		return checkName("index", cmd.CreateIndex.Name)
	case cmd.RenameIndex != nil:
		return checkName("index", cmd.RenameIndex.Name)
	case cmd.CreateUser != nil:
		return checkName("user", cmd.CreateUser.Name)
	case cmd.AlterUser != nil:
		return checkName("user", cmd.AlterUser.Name)
	case cmd.DropUser != nil:
		return checkName("user", cmd.DropUser.Name)
	case cmd.Batch != nil:
		for i := range cmd.Batch.Commands {
			if err := cmd.Batch.Commands[i].checkNames(); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd.checkRelationNames()
}

func (cmd *Command) checkRelationNames() error {
	switch {
	case cmd.CreatePin != nil:
		return checkName("pin", cmd.CreatePin.Name)
	case cmd.DropPin != nil:
		return checkName("pin", cmd.DropPin.Name)
	case cmd.CloneTable != nil:
		return cmp.Or(checkName("schema", cmd.CloneTable.Schema), checkName("table", cmd.CloneTable.Name))
	case cmd.CreateSchema != nil:
		return checkName("schema", cmd.CreateSchema.Name)
	case cmd.AlterTable != nil:
		to := &cmd.AlterTable.To
		if err := cmp.Or(checkName("schema", to.Schema), checkName("table", to.Name)); err != nil {
			return err
		}
		return checkNamesOf(to.Columns.Fields)
	case cmd.CreateView != nil:
		return checkView(&cmd.CreateView.View)
	case cmd.CreateSequence != nil:
		return checkSequence(&cmd.CreateSequence.Sequence)
	case cmd.MoveRelation != nil:
		err := cmp.Or(checkName("schema", cmd.MoveRelation.Schema), checkName("relation", cmd.MoveRelation.Name))
		for _, name := range cmd.MoveRelation.Columns {
			err = cmp.Or(err, checkName("column", name))
		}
		return err
	}
	return nil
}

func checkNamesOf(fields []column.Field) error {
	for i := range fields {
		if err := checkName("column", fields[i].Name); err != nil {
			return err
		}
	}
	return nil
}

// DecodeCommand reads what AppendCommand wrote; src must hold nothing else. A format or a field that this version does
// not know is an error of class Unsupported: to skip it would make another catalog than the writer's. Everything else
// that is wrong is of class Corrupt.
func DecodeCommand(src []byte) (Command, error) {
	if len(src) == 0 {
		return Command{}, column.Errorf(column.Corrupt, "catalog command: it is empty")
	}
	if src[0] != commandFormat {
		return Command{}, column.Errorf(column.Unsupported, "catalog command: format %d is not known to this version, which reads %d", src[0], commandFormat)
	}
	var cmd Command
	if err := strictJSON(src[1:], &cmd); err != nil {
		return Command{}, column.Errorf(classOfJSON(err), "catalog command: %w", err)
	}
	if n := cmd.members(); n != 1 {
		return Command{}, column.Errorf(column.Corrupt, "catalog command: %d members are set, not one", n)
	}
	return cmd, nil
}

var errTrailing = errors.New("bytes follow the JSON value")

// strictJSON decodes one JSON value that fills src and has no unknown field.
func strictJSON(src []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// classOfJSON tells damage from a newer writer: an unknown field is well-formed JSON, and encoding/json has no type for
// that error.
func classOfJSON(err error) column.Class {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errTrailing) {
		return column.Corrupt
	}
	return column.Unsupported
}
