package lineproto

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// Receiver takes requests. Safe for concurrent use.
type Receiver struct {
	limits   Limits
	seed     uint64
	pool     *mem.Pool
	changing sync.Mutex // held while tables and columns are made
}

// New makes a receiver. Its hashes are seeded per receiver, so that no client can make series that collide.
func New(l Limits) *Receiver {
	l.defaults()
	return &Receiver{limits: l, seed: rand.Uint64(), pool: mem.NewPool("line protocol requests", l.InflightBytes, nil)}
}

// Request is one body of lines.
type Request struct {
	// Body is read, and the byte after its end may be written to.
	Body      []byte
	Precision Precision
	Now       time.Time // of lines without a time
	Ack       meta.Ack
}

// attempts bounds how often a request is read again because what it writes to has changed. New columns take one; a table that others
// change at the same moment rarely takes a third.
const attempts = 10

// maxBody keeps places in a body within 32 bits.
const maxBody = 1 << 30

// Receive stores the lines of a request as one commit. A *PartialError (class column.Invalid) says that some were bad and the
// others are stored; with any other error nothing was stored. Those of class column.Overloaded ask for a retry.
func (r *Receiver) Receive(ctx context.Context, target Target, q Request) (Report, error) {
	if len(q.Body) > maxBody {
		return Report{}, column.Errorf(column.Limit, "line protocol: the body has %d bytes, limit %d", len(q.Body), maxBody)
	}
	pool := mem.NewPool("a line protocol request", 0, r.pool)
	defer pool.Close()
	var made Report // tables and columns
	for range attempts {
		if err := ctx.Err(); err != nil {
			return made, column.Errorf(column.Cancelled, "line protocol: %w", err)
		}
		pool.Close() // what the attempt before held
		d := r.newDecoder(pool, target, &q, made.Tables)
		again, err := r.attempt(ctx, target, d, &q, &made)
		d.report.Tables, d.report.Columns = made.Tables, made.Columns
		if !again {
			return d.report, err
		}
	}
	return made, column.Errorf(column.Overloaded, "the tables that the lines are for were changed %d times during the request", attempts)
}

func (r *Receiver) newDecoder(pool *mem.Pool, target Target, q *Request, made int) *decoder {
	catalog := target.Catalog.Snapshot()
	return &decoder{
		limits: &r.limits, seed: r.seed, pool: pool, made: made, unit: q.Precision, now: q.Now.UnixNano(), tables: map[string]*table{},
		newNames: map[string]int{}, newTags: map[string]bool{},
		find: func(name string) *meta.Table { return catalog.Table(target.Database, meta.PublicSchema, name) },
		taken: func(name string) bool {
			return catalog.Relation(target.Database, meta.PublicSchema, name) != 0 || catalog.Index(target.Database, meta.PublicSchema, name) != nil
		},
	}
}

// attempt reads the lines and stores them, or changes tables so that they can be stored. again asks for another attempt.
func (r *Receiver) attempt(ctx context.Context, target Target, d *decoder, q *Request, made *Report) (again bool, err error) {
	if err := d.decode(q.Body); err != nil {
		return false, err
	}
	err = d.resolve(target.Sink)
	if err == nil && d.asks {
		err = r.change(ctx, target, d, made)
		return err == nil, err
	}
	if err == nil {
		var batches []ingest.PointBatch
		if batches, err = d.batches(); err == nil && len(batches) > 0 {
			d.report.Seq, err = target.Sink.Write(ctx, batches, q.Ack)
		}
	}
	switch {
	case err == nil:
		return false, d.problems.err()
	case errors.Is(err, ingest.ErrStale):
		return true, nil
	}
	d.report.Stored, d.report.Values = 0, 0
	return false, err
}
