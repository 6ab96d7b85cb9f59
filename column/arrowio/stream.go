package arrowio

import (
	"errors"
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

// StreamReader reads an IPC stream, a batch at a time. Not safe for concurrent use.
type StreamReader struct {
	Fields []Field

	r *ipc.Reader
}

// NewStreamReader reads the schema. Bytes that are no stream are an error of class column.Invalid.
func NewStreamReader(r io.Reader) (*StreamReader, error) {
	reader, err := ipc.NewReader(r)
	if err != nil {
		return nil, column.Errorf(column.Invalid, "arrow stream: %w", err)
	}
	fields, err := Fields(reader.Schema())
	if err != nil {
		reader.Release()
		return nil, err
	}
	return &StreamReader{fields, reader}, nil
}

// Next gives a batch, which shares the reader's memory and stays valid; io.EOF behind the last.
func (s *StreamReader) Next() (*scan.Batch, error) {
	if s.r.Next() {
		return Batch(s.Fields, s.r.RecordBatch())
	}
	if err := s.r.Err(); err != nil {
		return nil, column.Errorf(column.Invalid, "arrow stream: %w", err)
	}
	return nil, io.EOF
}

// Close gives the reader back.
func (s *StreamReader) Close() { s.r.Release() }

// ReadStream reads a whole IPC stream and calls each for every batch, which stays valid.
func ReadStream(r io.Reader, each func(fields []Field, b *scan.Batch) error) error {
	s, err := NewStreamReader(r)
	if err != nil {
		return err
	}
	defer s.Close()
	for {
		b, err := s.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(s.Fields, b); err != nil {
			return err
		}
	}
}
