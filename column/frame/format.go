package frame

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Version is the format version this package writes; it reads all versions up to it.
const Version = 1

const (
	magic = "AEGISLOG"
	// fixedHeader is what a file header holds before the caller's bytes: magic, version, reserved, kind, length.
	fixedHeader = len(magic) + 2 + 2 + 4 + 4
	// recordHeader is what a record holds before its payload: see the offsets below.
	recordHeader = 21

	posHeaderCRC  = 0
	posLength     = 4
	posBack       = 8
	posOrdinal    = 12
	posType       = 16
	posPayloadCRC = 17

	// maxBack stands for "farther back than this field can say".
	maxBack = 1<<32 - 1
	// maxRecords is where the ordinal ends. At a million records a second it takes over an hour of one file.
	maxRecords = 1<<32 - 1
)

// MaxHeader bounds the caller's bytes in a file header. They name the file (an id, a first index); what does
// not fit into a block belongs into a record.
const MaxHeader = 4096

// DefaultMaxRecord bounds a payload, in bytes, if Options does not. It is far over the largest batch that the
// wire decoders let through, and small enough to allocate on any machine that runs the server.
const DefaultMaxRecord = 64 << 20

// Kind says what the records of a file mean, so that no reader takes another one's file for its own.
type Kind [4]byte

func (k Kind) String() string { return fmt.Sprintf("%q", k[:]) }

// Options are the same for the writer and the reader of a kind of file.
type Options struct {
	Kind Kind
	// MaxRecord bounds a payload in bytes; 0 means DefaultMaxRecord.
	MaxRecord int
	// Sealed is for reading files that were finished: a torn end is damage like any other.
	Sealed bool
}

func (o Options) maxRecord() int64 {
	if o.MaxRecord <= 0 {
		return DefaultMaxRecord
	}
	// The length field ends at 4 GiB.
	return min(int64(o.MaxRecord), 1<<32-1)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFileHeader appends the header of a file. Its checksum is also the seed of every checksum in the file:
// a block of another file is foreign even at the right offset, as long as the callers' bytes differ.
func appendFileHeader(dst []byte, kind Kind, data []byte) []byte {
	from := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, Version)
	dst = append(dst, 0, 0)
	dst = append(dst, kind[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(data)))
	dst = append(dst, data...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[from:], castagnoli))
}

// start is what checksums of the record at offset begin with. The odd factor is 2^64 divided by the golden
// ratio: it spreads offsets so well that two of them less than 2^31 apart never begin alike.
func start(seed uint32, offset int64) uint32 {
	return seed ^ uint32(uint64(offset)*0x9E3779B97F4A7C15>>32)
}

// sum is the checksum of bytes that belong at one offset of one file.
func sum(seed uint32, offset int64, b []byte) uint32 {
	return crc32.Update(start(seed, offset), castagnoli, b)
}

// head is a decoded record header.
type head struct {
	length     uint32
	back       uint32
	ordinal    uint32
	typ        uint8
	payloadCRC uint32
}

func (h head) appendTo(dst []byte, seed uint32, offset int64) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, h.length)
	dst = binary.LittleEndian.AppendUint32(dst, h.back)
	dst = binary.LittleEndian.AppendUint32(dst, h.ordinal)
	dst = append(dst, h.typ)
	dst = binary.LittleEndian.AppendUint32(dst, h.payloadCRC)
	binary.LittleEndian.PutUint32(dst[at:], sum(seed, offset, dst[at+posLength:]))
	return dst
}

// decodeHead reads the header in b, which has at least recordHeader bytes. ok says that its checksum is right
// for this place; only then do the fields mean anything.
func decodeHead(b []byte, seed uint32, offset int64) (h head, ok bool) {
	if b[posType] == 0 || binary.LittleEndian.Uint32(b[posHeaderCRC:]) != sum(seed, offset, b[posLength:recordHeader]) {
		return head{}, false
	}
	return head{
		length:     binary.LittleEndian.Uint32(b[posLength:]),
		back:       binary.LittleEndian.Uint32(b[posBack:]),
		ordinal:    binary.LittleEndian.Uint32(b[posOrdinal:]),
		typ:        b[posType],
		payloadCRC: binary.LittleEndian.Uint32(b[posPayloadCRC:]),
	}, true
}

// size is the number of bytes the record takes in the file.
func (h head) size() int64 { return recordHeader + int64(h.length) }

// syncedTo is how much of the file was durable when the record at offset was written: 0 if unknown.
func (h head) syncedTo(offset int64) int64 {
	if h.back == maxBack || int64(h.back) > offset {
		return 0
	}
	return offset - int64(h.back)
}

func seedOf(fileHeader []byte) uint32 {
	return binary.LittleEndian.Uint32(fileHeader[len(fileHeader)-4:])
}

func sumParts(seed uint32, offset int64, parts [][]byte) uint32 {
	crc := start(seed, offset)
	for _, p := range parts {
		crc = crc32.Update(crc, castagnoli, p)
	}
	return crc
}

// AppendFile appends a whole file with the given payloads as its records, all of one type: for small files
// that vfs.WriteFileAtomic replaces as a whole. It does not check limits.
func AppendFile(dst, header []byte, o Options, typ uint8, payloads ...[]byte) []byte {
	base := len(dst)
	dst = appendFileHeader(dst, o.Kind, header)
	seed, synced := seedOf(dst), len(dst)-base
	for i, p := range payloads {
		offset := int64(len(dst) - base)
		h := head{length: uint32(len(p)), back: uint32(offset - int64(synced)), ordinal: uint32(i), typ: typ}
		h.payloadCRC = sum(seed, offset, p)
		dst = append(h.appendTo(dst, seed, offset), p...)
	}
	return dst
}
