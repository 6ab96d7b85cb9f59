package remotewrite

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// Receiver takes requests. Safe for concurrent use.
type Receiver struct {
	limits Limits
	seed   uint64
	pool   *mem.Pool
	seen   seenMetadata
	idle   sync.Pool // *request
}

// New makes a receiver. Its hashes are seeded per receiver, so that no client can make series that collide.
func New(l Limits) *Receiver {
	l.defaults()
	r := &Receiver{limits: l, seed: rand.Uint64(), pool: mem.NewPool("remote write requests", l.InflightBytes, nil)}
	r.seen.now = time.Now
	r.idle.New = func() any { return &request{namer: namer{limits: &r.limits}} }
	return r
}

// request is what one request needs; it is used again for others.
type request struct {
	body    []byte
	decoded []byte
	batch   batch
	namer   namer

	sampleRefs []uint32
	times      []int64
	values     []float64
	starts     []int64
	valid      column.Bitmap
	started    column.Bitmap
	defined    int // bytes of the keys of series that this request made known
	write      ingest.SampleBatch
}

// keep is the most of body and decoded bytes that an idle request holds on to: ten times what Prometheus sends.
const keep = 4 << 20

// attempts bounds how often a request follows a table whose series are renumbered; twice in one request is rare already.
const attempts = 5

// Receive reads a compressed request from body and stores its metadata and its samples. Errors of class column.Invalid and column.Limit must
// not be retried: *PartialError where the good parts were stored, others where nothing was. Those of class column.Overloaded ask for
// a retry, and so does column.Internal.
func (r *Receiver) Receive(ctx context.Context, to Request, body io.Reader) (Report, error) {
	q := r.idle.Get().(*request)
	defer func() {
		if cap(q.body)+cap(q.decoded) <= keep {
			r.idle.Put(q)
		}
	}()
	if err := q.read(body, r.limits.BodyBytes); err != nil {
		return Report{}, err
	}
	n, err := decodedLen(q.body, r.limits.DecodedBytes)
	if err != nil {
		return Report{}, err
	}
	pool := mem.NewPool("a remote write request", 0, r.pool)
	defer pool.Close()
	if err := pool.Grow(int64(n)); err != nil {
		return Report{}, column.Errorf(column.Overloaded, "too many remote write requests at once: %w", err)
	}
	if q.decoded, err = s2.Decode(q.decoded[:cap(q.decoded)], q.body); err != nil {
		q.decoded = q.decoded[:0]
		return Report{}, column.Errorf(column.Invalid, "remote write: the body is not snappy: %w", err)
	}
	q.batch.reset(r.seed, pool)
	defer q.batch.reset(0, nil) // lets go of the body
	if to.Metadata != nil {
		r.seen.forget()
		q.batch.metadata.seen = &r.seen
	}
	return q.store(ctx, &to)
}

// read reads the body, growing as it comes: a length that a client claims allocates nothing.
func (q *request) read(body io.Reader, limit int) error {
	q.body = q.body[:0]
	for {
		if len(q.body) == cap(q.body) {
			q.body = append(q.body, make([]byte, max(cap(q.body), 64<<10))...)[:len(q.body)]
		}
		n, err := body.Read(q.body[len(q.body):cap(q.body)])
		q.body = q.body[:len(q.body)+n]
		if len(q.body) > limit {
			return column.Errorf(column.Limit, "remote write: the body is larger than %d bytes", limit)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			var classed *column.Error
			if errors.As(err, &classed) {
				return err
			}
			return column.Errorf(column.Cancelled, "remote write: read the body: %w", err)
		}
	}
}

// ratio is more than snappy can shrink anything by: a copy of 64 bytes takes 3.
const ratio = 22

// decodedLen reads the length that the body claims to decode to, and refuses it before anything is allocated.
func decodedLen(body []byte, limit int) (int, error) {
	n, err := s2.DecodedLen(body)
	switch {
	case err != nil:
		return 0, column.Errorf(column.Invalid, "remote write: the body is not snappy: %w", err)
	case n > limit:
		return 0, column.Errorf(column.Limit, "remote write: the body decodes to %d bytes, limit %d", n, limit)
	case n > ratio*len(body):
		return 0, column.Errorf(column.Invalid, "remote write: the body claims to decode from %d to %d bytes, which snappy cannot", len(body), n)
	}
	return n, nil
}

func (q *request) decode(m Message) error {
	if m == V2 {
		return q.batch.decodeV2(q.decoded, q.namer.limits)
	}
	return q.batch.decode(q.decoded)
}

// store decodes the protobuf and writes what is in it.
func (q *request) store(ctx context.Context, to *Request) (Report, error) {
	b := &q.batch
	if err := q.decode(to.Message); err != nil {
		return b.report, err
	}
	if err := q.storeMetadata(ctx, to); err != nil {
		return b.report, err
	}
	for range attempts {
		q.defined = 0
		epoch, err := q.resolve(to)
		if err == nil {
			w := q.samples(epoch)
			if len(w.Refs) == 0 {
				return q.done(0)
			}
			var seq meta.Seq
			if seq, err = to.Samples.Write(ctx, w, to.Ack); err == nil {
				return q.done(seq)
			}
		}
		if !errors.Is(err, ingest.ErrStale) {
			return b.report, err
		}
	}
	return b.report, column.Errorf(column.Overloaded, "remote write: the series were renumbered %d times during the request", attempts)
}

// resolve finds the refs of all series and makes those known that are not.
func (q *request) resolve(to *Request) (epoch uint64, err error) {
	b := &q.batch
	if cap(b.refs) < len(b.series) {
		b.refs = make([]uint32, len(b.series))
	}
	b.refs = b.refs[:len(b.series)]
	epoch, missing := to.Samples.Lookup(b.hashes, b.refs)
	for i := 0; missing > 0 && i < len(b.refs); i++ {
		if b.refs[i] != ingest.NoRef {
			continue
		}
		missing--
		if b.series[i].bad {
			continue
		}
		ref, err := q.define(to, epoch, i)
		if err != nil {
			return 0, err
		}
		b.refs[i] = ref
	}
	return epoch, nil
}

// define makes series i known. A series that is wrong, or one too many for its table, is marked and gets no ref.
func (q *request) define(to *Request, epoch uint64, i int) (ref uint32, err error) {
	b, s := &q.batch, &q.batch.series[i]
	var encoded []byte
	if to.Message == V2 {
		encoded, err = q.namer.encodeRefs(s.labels, b.symbols.text)
	} else {
		encoded, err = q.namer.encode(s.labels)
	}
	var wrong errSeries
	if err != nil && !errors.As(err, &wrong) {
		return 0, column.Errorf(column.Invalid, "remote write: series %d: labels: %w", s.number, err)
	}
	if err == nil {
		// Many references to one long symbol make a small body of endless series.
		if q.defined += len(encoded); q.defined > q.namer.limits.DecodedBytes {
			return 0, column.Errorf(column.Limit, "remote write: the request's new series take more than %d bytes", q.namer.limits.DecodedBytes)
		}
		if ref, err = to.Samples.Define(epoch, b.hashes[i], encoded); err == nil {
			b.report.Defined++
			return ref, nil
		}
		if !errors.Is(err, column.Limit) {
			return 0, err
		}
	}
	s.bad, b.anyBad = true, true
	b.problems.add("series %d %s: %v", s.number, q.namer.describe(), err)
	return ingest.NoRef, nil
}

// samples lists the samples of good series with the refs of their series.
func (q *request) samples(epoch uint64) *ingest.SampleBatch {
	b := &q.batch
	q.sampleRefs = q.sampleRefs[:0]
	times, values, starts := b.times, b.values, b.starts
	if b.anyBad {
		times, values, starts = q.times[:0], q.values[:0], q.starts[:0]
	}
	for i, of := range b.of {
		ref := b.refs[of]
		if b.anyBad {
			if ref == ingest.NoRef {
				continue
			}
			times, values = append(times, b.times[i]), append(values, b.values[i])
			if len(b.starts) > 0 {
				starts = append(starts, b.starts[i])
			}
		}
		q.sampleRefs = append(q.sampleRefs, ref)
	}
	if b.anyBad {
		q.times, q.values, q.starts = times, values, starts
	}
	q.write = ingest.SampleBatch{Epoch: epoch, Refs: q.sampleRefs, Times: times, Values: values}
	if b.stale {
		q.valid = validity(q.valid, values, func(v float64) bool { return math.Float64bits(v) != staleBits })
		q.write.Valid = q.valid
	}
	if len(starts) > 0 {
		q.started = validity(q.started, starts, func(v int64) bool { return v != noStart })
		q.write.Starts, q.write.Started = starts, q.started
	}
	return &q.write
}

// validity sets the bits of the values that are there.
func validity[T any](bits column.Bitmap, values []T, there func(T) bool) column.Bitmap {
	bits = bits[:0]
	for len(bits)*64 < len(values) {
		bits = append(bits, ^uint64(0))
	}
	for i, v := range values {
		if !there(v) {
			bits.Clear(i)
		}
	}
	return bits
}

// done makes the answer of a request that was stored.
func (q *request) done(seq meta.Seq) (Report, error) {
	r := &q.batch.report
	r.Seq, r.Stored = seq, len(q.sampleRefs)
	r.BadSamples = r.Samples - r.Stored
	p := &q.batch.problems
	if p.count == 0 && r.Exemplars == 0 && r.Histograms == 0 {
		return *r, nil
	}
	return *r, &PartialError{Report: *r, Bad: p.count, Named: p.first}
}
