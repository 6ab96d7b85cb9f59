package arrowio

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// StreamWriter writes batches as an Arrow IPC stream. Not safe for concurrent use.
type StreamWriter struct {
	w      *ipc.Writer
	schema *arrow.Schema
	fields []Field
}

// NewStreamWriter starts a stream; the schema goes out with the first batch, or with Close if there is none.
func NewStreamWriter(w io.Writer, fields []Field) *StreamWriter {
	schema := Schema(fields)
	return &StreamWriter{w: ipc.NewWriter(w, ipc.WithSchema(schema)), schema: schema, fields: fields}
}

// Write sends a batch whose columns have the fields' types.
func (s *StreamWriter) Write(b *scan.Batch) error {
	r, err := Record(s.schema, s.fields, b)
	if err != nil {
		return err
	}
	defer r.Release()
	if err := s.w.Write(r); err != nil {
		return column.Errorf(column.Cancelled, "arrow stream: %w", err)
	}
	return nil
}

// Close ends the stream. It does not close the writer below.
func (s *StreamWriter) Close() error {
	if err := s.w.Close(); err != nil {
		return column.Errorf(column.Cancelled, "arrow stream: %w", err)
	}
	return nil
}

// ReadStream reads a whole IPC stream and calls each for every batch, which shares the reader's memory and stays valid.
// Bytes that are no stream are an error of class column.Invalid.
func ReadStream(r io.Reader, each func(fields []Field, b *scan.Batch) error) error {
	reader, err := ipc.NewReader(r)
	if err != nil {
		return column.Errorf(column.Invalid, "arrow stream: %w", err)
	}
	defer reader.Release()
	fields, err := Fields(reader.Schema())
	if err != nil {
		return err
	}
	for reader.Next() {
		b, err := Batch(fields, reader.RecordBatch())
		if err != nil {
			return err
		}
		if err := each(fields, b); err != nil {
			return err
		}
	}
	if err := reader.Err(); err != nil {
		return column.Errorf(column.Invalid, "arrow stream: %w", err)
	}
	return nil
}
