package pgwire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/plan"
)

// portal is a statement with values for its parameters, and how far its rows were read.
type portal struct {
	statement *statement
	values    []*column.Vector
	formats   []int16 // one a column of the result

	cancel context.CancelCauseFunc // of the result's context; nil = it has not run
	ctx    context.Context
	result *query.Result
	rows   rowWriter
	batch  *scan.Batch
	at     int // of the batch
	done   bool
	failed bool
	held   bool // it outlives the transaction, if that commits

	created time.Time
	binary  bool // by DECLARE
}

// startOnly is the limit of rows that starts a portal and reads none.
const startOnly = -1

// close ends what the portal runs.
func (p *portal) close() {
	if p.result != nil {
		p.result.Close()
		p.result = nil
	}
	if p.cancel != nil {
		p.cancel(nil)
		p.cancel = nil
	}
	p.batch, p.done = nil, true
}

// closePortals ends all portals: they do not outlive the transaction.
func (c *session) closePortals() {
	for name, p := range c.portals {
		p.close()
		delete(c.portals, name)
	}
}

// closeUnheld closes those that do not outlive a transaction that commits.
func (c *session) closeUnheld() {
	for name, p := range c.portals {
		if !p.held {
			p.close()
			delete(c.portals, name)
		}
	}
}

// runPortal starts a portal, unless it runs, and sends up to limit of its rows (0 = all). more says that it stopped at the limit.
func (c *session) runPortal(p *portal, limit int64, start func(ctx context.Context) (*query.Result, error)) (sent int64, more bool, err error) {
	if p.done {
		return 0, false, nil
	}
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(c.ctx)
	}
	done := c.begin(p.ctx, p.cancel)
	defer done()
	defer func() {
		if cause := context.Cause(p.ctx); err != nil && cause != nil && column.ClassOf(err) == column.Cancelled {
			err = cause // which says who ended it
			if errors.Is(cause, context.Canceled) {
				err = errStopping
			}
		}
		if err != nil {
			p.failed = true
			p.close()
		}
	}()
	if p.result == nil {
		if p.result, err = start(p.ctx); err != nil {
			return 0, false, err
		}
		for _, n := range p.result.Notices {
			c.send(notice(n))
		}
		p.rows = rowWriter{formats: p.formats, text: p.result.Format()}
	}
	if limit == startOnly {
		p.result.Pause()
		return 0, true, nil
	}
	c.patient.waiting = p.result.Pause
	defer func() { c.patient.waiting = nil }()
	sent, more, err = c.sendRows(p, limit)
	if more {
		p.result.Pause()
	}
	return sent, more, err
}

// sendRows sends up to limit rows of a portal.
func (c *session) sendRows(p *portal, limit int64) (sent int64, more bool, err error) {
	for {
		if p.batch == nil || p.at == p.batch.Len {
			p.batch, err = p.result.Next()
			p.at = 0
			if errors.Is(err, io.EOF) {
				p.batch, p.done = nil, true
				return sent, false, nil
			}
			if err != nil {
				return sent, false, err
			}
		}
		end := p.batch.Len
		if limit > 0 {
			end = int(min(int64(end), int64(p.at)+limit-sent))
		}
		if p.rows.skip {
			sent += int64(end - p.at)
			p.at = end
		}
		for ; p.at < end; p.at++ {
			if c.out, err = p.rows.row(c.out, p.batch, p.at); err != nil {
				return sent, false, err
			}
			sent++
			if len(c.out) >= sendAt {
				if err := c.flush(); err != nil {
					return sent, false, err
				}
				if p.ctx.Err() != nil {
					return sent, false, context.Cause(p.ctx)
				}
			}
		}
		if limit > 0 && sent >= limit {
			return sent, true, nil
		}
	}
}

// describeRows sends what the rows of a result look like; without columns, that there are none.
func (c *session) describeRows(columns []plan.Column, formats []int16) {
	if columns == nil {
		c.out = append(c.out, 'n', 0, 0, 0, 4)
		return
	}
	be := binary.BigEndian
	start := len(c.out)
	c.out = append(c.out, 'T', 0, 0, 0, 0)
	c.out = be.AppendUint16(c.out, uint16(len(columns)))
	for i, col := range columns {
		t := typeOID(col.Type)
		c.out = append(append(c.out, col.Name...), 0)
		c.out = append(c.out, 0, 0, 0, 0, 0, 0) // no table, no column of it
		c.out = be.AppendUint32(c.out, uint32(t.oid))
		c.out = be.AppendUint16(c.out, uint16(t.size))
		c.out = be.AppendUint32(c.out, uint32(col.Mod.TypMod()))
		format := int16(textFormat)
		if i < len(formats) {
			format = formats[i]
		}
		c.out = be.AppendUint16(c.out, uint16(format))
	}
	be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
}

// complete sends the tag of a command that is done.
func (c *session) complete(tag string) {
	start := len(c.out)
	c.out = append(c.out, 'C', 0, 0, 0, 0)
	c.out = append(append(c.out, tag...), 0)
	binary.BigEndian.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
}

// completed is complete for a statement that has given or changed so many rows.
func (c *session) completed(r *query.Result, rows int64) {
	if r == nil { // a portal that was read to its end before
		c.complete("SELECT 0")
		return
	}
	switch r.Tag {
	case "SELECT":
		var tag [32]byte
		// Rows that were sent, or those that a new table was filled with.
		c.complete(string(strconv.AppendInt(append(tag[:0], "SELECT "...), rows+r.Affected, 10)))
	default:
		c.complete(r.Command())
	}
}

// took notes what a statement cost.
func (c *session) took(protocol string, started time.Time, rows int64) {
	c.server.metrics.ran(c.server.metrics.statements.WithLabelValues(protocol), started, rows)
}
