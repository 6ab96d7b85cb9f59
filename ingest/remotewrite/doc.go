// Package remotewrite decodes Prometheus remote write 1.0 and 2.0 (snappy over protobuf) and hands their samples to the fast path
// of package ingest: a series that was seen before costs a hash of its bytes (1.0) or of its symbols' hashes (2.0), none of its
// labels is looked at.
//
// It owns the wire formats, their limits and what a request's bad parts are called. It must not know HTTP, tables or SQL.
package remotewrite

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// Sink takes samples; *ingest.Samples is one.
type Sink interface {
	Lookup(hashes []ingest.SeriesHash, refs []uint32) (epoch uint64, missing int)
	Define(epoch uint64, hash ingest.SeriesHash, encodedKey []byte) (uint32, error)
	Write(ctx context.Context, b *ingest.SampleBatch, ack meta.Ack) (meta.Seq, error)
}

// Message is the protobuf message of a request; the content type says which one.
type Message uint8

// The messages.
const (
	V1 Message = iota // prometheus.WriteRequest
	V2                // io.prometheus.write.v2.Request, as of version 2.0-rc.4
)

// Request says what a body holds and who takes it.
type Request struct {
	Message Message
	Samples Sink
	// Metadata takes what metrics are described as; nil = it is counted, and not kept.
	Metadata MetadataSink
	Ack      meta.Ack
}

// Limits bound what one request may hold. Zero values stand for the defaults.
type Limits struct {
	BodyBytes     int   // as it comes, default 32 MiB
	DecodedBytes  int   // without snappy, default 128 MiB
	Labels        int   // of one series, default 128
	NameBytes     int   // of a label's name, default 1 KiB
	ValueBytes    int   // of a label's value, default 16 KiB
	InflightBytes int64 // of all requests that are decoded at a time, default 256 MiB
}

// Prometheus sends 2,000 samples, some 100 KiB, at a time unless it is told otherwise; agents that batch more stay far below these.
// The bounds of labels are the largest that keep a series' key well below the 64 KiB it may take.
const (
	defaultBodyBytes     = 32 << 20
	defaultDecodedBytes  = 128 << 20
	defaultLabels        = 128
	defaultNameBytes     = 1 << 10
	defaultValueBytes    = 16 << 10
	defaultInflightBytes = 256 << 20
)

func (l *Limits) defaults() {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.BodyBytes, defaultBodyBytes)
	set(&l.DecodedBytes, defaultDecodedBytes)
	set(&l.Labels, defaultLabels)
	set(&l.NameBytes, defaultNameBytes)
	set(&l.ValueBytes, defaultValueBytes)
	if l.InflightBytes <= 0 {
		l.InflightBytes = defaultInflightBytes
	}
}

// Report counts what a request held.
type Report struct {
	Series  int // with samples whose times are in range
	Samples int
	Stored  int // of Samples
	Defined int // series whose bytes were new to this process, each as often as it is there
	// BadSamples were not stored: their series or their time is wrong.
	BadSamples int
	// Exemplars and Histograms are refused: this version does not store them.
	Exemplars  int
	Histograms int
	Metadata   int      // entries (1.0), or series that carry some (2.0)
	Described  int      // metrics whose metadata was new or had changed, and was stored
	Seq        meta.Seq // of the commit of the samples, if any was stored
}

// malformed makes the error of bytes that are not the message they should be.
func malformed(at int, format string, args ...any) error {
	e := column.Errorf(column.Invalid, format, args...)
	return column.Errorf(column.Invalid, "remote write: byte %d of the decoded body: %w", at, e)
}
