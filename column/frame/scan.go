package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/automatanexus/aegis-db/column/vfs"
)

// Gap is a stretch of damaged bytes.
type Gap struct {
	Offset, End int64
	Reason      string
	// Records is how many records it held, known from the numbers of those around it; 0 for a gap that
	// reaches to the end of the file, which held an unknown number.
	Records int
}

// Report is what Scan found in a file.
type Report struct {
	File string
	Size int64
	// Records counts the records before the first damage; they end at End. It is what Repair keeps.
	Records int
	End     int64
	// ZeroTail counts zero bytes that fill the file from End on, if there is nothing else there.
	ZeroTail int64
	// Gaps are the damaged stretches; one that is not followed by a valid record is a torn end.
	Gaps []Gap
	// RecordsAfter counts the valid records after the first damage, BytesAfter their bytes.
	RecordsAfter int
	BytesAfter   int64
	// Unsynced is explained at CorruptError.
	Unsynced bool
}

// Clean says that the file holds nothing but records, and zeros at the end.
func (p Report) Clean() bool { return len(p.Gaps) == 0 }

// Torn says that the only damage is an incomplete end.
func (p Report) Torn() bool { return len(p.Gaps) > 0 && p.RecordsAfter == 0 }

// DroppedRecords gives how many records Repair drops: those in gaps, as far as known, and those after them.
func (p Report) DroppedRecords() int {
	n := p.RecordsAfter
	for _, g := range p.Gaps {
		n += g.Records
	}
	return n
}

// DroppedBytes gives how many bytes Repair drops.
func (p Report) DroppedBytes() int64 { return p.Size - p.End }

// String says in one line what is good, what is damaged, and what Repair would drop.
func (p Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d bytes, %d good records up to offset %d", p.File, p.Size, p.Records, p.End)
	if p.ZeroTail > 0 {
		fmt.Fprintf(&b, ", then %d zero bytes", p.ZeroTail)
	}
	for _, g := range p.Gaps {
		held := "unknown number of"
		if g.Records > 0 {
			held = fmt.Sprint(g.Records)
		}
		fmt.Fprintf(&b, "; damage from offset %d to %d (%s), %s records", g.Offset, g.End, g.Reason, held)
	}
	if !p.Clean() {
		fmt.Fprintf(&b, "; repair keeps %d records and drops %d bytes, among them %d valid records",
			p.Records, p.DroppedBytes(), p.RecordsAfter)
	}
	return b.String()
}

// Scan reads a whole file over all damage and reports what is there. Only an unreadable file or header is an
// error. Its time is linear in the size of the file, whatever the bytes are.
func Scan(fsys vfs.FS, name string, o Options) (Report, error) {
	r, err := Open(fsys, name, o)
	if err != nil {
		return Report{}, err
	}
	defer r.Close()
	return r.scan()
}

// Repair cuts a file at its first damage, durably, and reports what it kept and dropped. A clean file is not
// changed, a zero tail is cut. A damaged header cannot be repaired: nothing after it can be trusted.
func Repair(fsys vfs.FS, name string, o Options) (Report, error) {
	report, err := Scan(fsys, name, o)
	if err != nil || report.DroppedBytes() == 0 {
		return report, err
	}
	f, err := fsys.OpenAppend(name)
	if err != nil {
		return report, fmt.Errorf("repair %s: %w", name, err)
	}
	if err = f.Truncate(report.End); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return report, fmt.Errorf("repair %s: cut at offset %d: %w", name, report.End, err)
	}
	return report, nil
}

func (r *Reader) scan() (Report, error) {
	for {
		rec, reason, err := r.recordHere(r.next)
		if errors.Is(err, io.EOF) {
			return Report{File: r.name, Size: r.size, Records: int(r.ordinal), End: r.next}, nil
		}
		if err != nil {
			return Report{}, err
		}
		if reason == "" && rec.Ordinal != r.ordinal {
			reason = fmt.Sprintf("record number %d where number %d belongs", rec.Ordinal, r.ordinal)
		}
		if reason != "" {
			return r.scanDamage(reason)
		}
		r.next = rec.End
		r.ordinal++
	}
}

// diagnose turns damage at r.next into the error that Next gives.
func (r *Reader) diagnose(reason string) error {
	report, err := r.scanDamage(reason)
	switch {
	case err != nil:
		return err
	case report.Clean():
		r.zeros = report.ZeroTail
		return io.EOF
	case report.Torn() && !r.sealed:
		return &TornError{File: r.name, Offset: report.End, Bytes: report.DroppedBytes(), Reason: reason}
	}
	return &CorruptError{
		File: r.name, Offset: report.End, Reason: reason,
		Records: report.RecordsAfter, Bytes: report.BytesAfter, Unsynced: report.Unsynced,
	}
}

// scanDamage looks at everything from the damage at r.next to the end of the file.
func (r *Reader) scanDamage(reason string) (Report, error) {
	p := Report{File: r.name, Size: r.size, Records: int(r.ordinal), End: r.next, Unsynced: true}
	zero, err := r.allZero(r.next)
	if err != nil {
		return Report{}, err
	}
	if zero {
		p.ZeroTail = r.size - r.next
		return p, nil
	}
	damage, ordinal := r.next, r.ordinal
	for damage < r.size {
		rec, h, err := r.resync(damage, ordinal)
		if errors.Is(err, io.EOF) {
			p.Gaps = append(p.Gaps, Gap{Offset: damage, End: r.size, Reason: reason})
			return p, nil
		}
		if err != nil {
			return Report{}, err
		}
		p.Gaps = append(p.Gaps, Gap{Offset: damage, End: rec.Offset, Reason: reason, Records: int(rec.Ordinal - ordinal)})
		// The good stretch after the gap.
		for reason = ""; reason == ""; {
			p.RecordsAfter++
			p.BytesAfter += rec.End - rec.Offset
			p.Unsynced = p.Unsynced && h.syncedTo(rec.Offset) <= p.End
			damage, ordinal = rec.End, rec.Ordinal+1
			rec, reason, err = r.recordHere(damage)
			if errors.Is(err, io.EOF) {
				return p, nil
			}
			if err != nil {
				return Report{}, err
			}
			if reason == "" && rec.Ordinal != ordinal {
				reason = fmt.Sprintf("record number %d where number %d belongs", rec.Ordinal, ordinal)
			}
			if reason == "" {
				h, err = r.headAt(rec.Offset)
				if err != nil {
					return Report{}, err
				}
			}
		}
		if zero, err = r.allZero(damage); err != nil {
			return Report{}, err
		} else if zero {
			return p, nil
		}
	}
	return p, nil
}

// resync finds the first valid record from damage on, with a number of at least ordinal.
//
// It looks at every offset. A header carries a checksum of its own, over its place in the file too, so almost
// every offset is refused after reading 21 bytes, and only where a header is genuine is a payload read: the
// time stays linear even in a file made to look like a chain of huge records. 64 bits of checksum in two steps
// make a false find in random bytes a matter of one in 10^19 for each offset. The rejected alternative, one
// checksum behind the payload, would read up to MaxRecord bytes at every plausible offset.
func (r *Reader) resync(damage int64, ordinal uint32) (Record, head, error) {
	for offset := damage; ; {
		chunk, err := r.win.from(offset)
		if err != nil {
			return Record{}, head{}, err
		}
		if len(chunk) < recordHeader {
			return Record{}, head{}, io.EOF
		}
		h, found, ok := r.findHead(chunk, offset, ordinal)
		offset += int64(found)
		if !ok {
			continue
		}
		rec, reason, err := r.recordHere(offset)
		if err != nil {
			return Record{}, head{}, err
		}
		if reason == "" {
			return rec, h, nil
		}
		// A genuine header with a damaged payload: what lies inside it is no record of ours.
		offset += h.size()
	}
}

// findHead looks for a genuine record header in a part of the file that begins at offset, and gives its
// position, or how far the search got.
func (r *Reader) findHead(b []byte, offset int64, ordinal uint32) (h head, at int, ok bool) {
	for ; at+recordHeader <= len(b); at++ {
		c := b[at : at+recordHeader]
		// Cheap tests first: most bytes fail them, and zeros always do.
		room := r.size - offset - int64(at) - recordHeader
		if c[posType] == 0 || int64(binary.LittleEndian.Uint32(c[posLength:])) > room ||
			binary.LittleEndian.Uint32(c[posOrdinal:]) < ordinal {
			continue
		}
		if h, ok = decodeHead(c, r.seed, offset+int64(at)); ok {
			return h, at, true
		}
	}
	return head{}, at, false
}

func (r *Reader) headAt(offset int64) (head, error) {
	b, err := r.win.at(offset, recordHeader)
	if err != nil {
		return head{}, err
	}
	h, _ := decodeHead(b, r.seed, offset)
	return h, nil
}

func (r *Reader) allZero(offset int64) (bool, error) {
	for offset < r.size {
		b, err := r.win.at(offset, windowSize)
		if err != nil {
			return false, err
		}
		for _, x := range b {
			if x != 0 {
				return false, nil
			}
		}
		offset += int64(len(b))
	}
	return true, nil
}
