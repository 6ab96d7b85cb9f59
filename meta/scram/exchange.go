package scram

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// The names of the mechanisms. Plus binds the exchange to the TLS connection it happens on.
const (
	Mechanism     = method
	MechanismPlus = method + "-PLUS"
)

// Exchange is the server's side of one login.
type Exchange struct {
	verifier Verifier
	plus     bool   // the client chose MechanismPlus
	offered  bool   // we offered it
	binding  []byte // of the TLS connection: tls-server-end-point

	gs2         string // the header of the client's first message
	clientFirst string // without it
	serverFirst string
	nonce       string
}

// NewExchange begins a login against a verifier. binding is nil without TLS; plus says which mechanism the client has chosen.
func NewExchange(v Verifier, binding []byte, plus bool) *Exchange {
	return &Exchange{verifier: v, binding: binding, offered: binding != nil, plus: plus}
}

var errMalformed = column.SQLErrorf(column.Invalid, "08P01", "malformed SCRAM message")

// First answers the client's first message.
func (e *Exchange) First(message []byte) ([]byte, error) {
	text := string(message)
	flag, rest, ok := strings.Cut(text, ",")
	authzid, bare, ok2 := strings.Cut(rest, ",")
	if !ok || !ok2 || authzid != "" {
		return nil, errMalformed
	}
	switch {
	case flag == "n" && !e.plus:
	case flag == "y" && !e.plus:
		if e.offered { // it thinks we do not have what we said we have: somebody in between has said otherwise
			return nil, column.SQLErrorf(column.Denied, "28000", "SCRAM channel binding negotiation error")
		}
	case flag == "p=tls-server-end-point" && e.plus:
	default:
		return nil, column.SQLErrorf(column.Invalid, "08P01", "unsupported SCRAM channel-binding type, or none where the mechanism needs one")
	}
	e.gs2, e.clientFirst = flag+",,", bare
	attributes := strings.Split(bare, ",")
	if len(attributes) < 2 || !strings.HasPrefix(attributes[0], "n=") || !strings.HasPrefix(attributes[1], "r=") || len(attributes[1]) < 10 {
		return nil, errMalformed
	}
	for _, c := range []byte(attributes[1][2:]) {
		if c <= ' ' || c > '~' {
			return nil, errMalformed
		}
	}
	var own [18]byte
	if _, err := rand.Read(own[:]); err != nil {
		return nil, err
	}
	b64 := base64.StdEncoding.EncodeToString
	e.nonce = attributes[1][2:] + b64(own[:])
	e.serverFirst = "r=" + e.nonce + ",s=" + b64(e.verifier.Salt) + ",i=" + strconv.Itoa(e.verifier.Iterations)
	return []byte(e.serverFirst), nil
}

// Final holds the client's proof against the verifier and, if it is right, proves to the client that we have it. ok is false for a
// password that is wrong.
func (e *Exchange) Final(message []byte) (answer []byte, ok bool, err error) {
	at := bytes.LastIndex(message, []byte(",p="))
	if at < 0 || e.nonce == "" {
		return nil, false, errMalformed
	}
	withoutProof := string(message[:at])
	proof, err := base64.StdEncoding.Strict().DecodeString(string(message[at+3:]))
	if err != nil || len(proof) != sha256.Size {
		return nil, false, errMalformed
	}
	header := []byte(e.gs2)
	if e.plus {
		header = append(header, e.binding...)
	}
	channel, rest, _ := strings.Cut(withoutProof, ",")
	nonce, _, _ := strings.Cut(rest, ",")
	if channel != "c="+base64.StdEncoding.EncodeToString(header) {
		return nil, false, column.SQLErrorf(column.Denied, "28000", "SCRAM channel binding check failed")
	}
	if nonce != "r="+e.nonce {
		return nil, false, errMalformed
	}
	e.nonce = "" // one proof for one nonce
	signed := e.clientFirst + "," + e.serverFirst + "," + withoutProof
	key := sign(e.verifier.StoredKey, signed)
	for i := range key {
		key[i] ^= proof[i]
	}
	hash := sha256.Sum256(key)
	if subtle.ConstantTimeCompare(hash[:], e.verifier.StoredKey) != 1 {
		return nil, false, nil
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(sign(e.verifier.ServerKey, signed))), true, nil
}
