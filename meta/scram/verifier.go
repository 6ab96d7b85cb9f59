// Package scram owns passwords: what is kept of one (a SCRAM-SHA-256 verifier in the form in which PostgreSQL keeps it), how a password
// given in clear is held against it, and the server's side of the exchange in which the password is proven and never sent (RFC 5802, RFC
// 7677). It must not know protocols, users or where verifiers are stored.
package scram

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/text/secure/precis"

	"github.com/automatanexus/aegis-db/column"
)

const (
	// Iterations is how often a password is hashed: PostgreSQL's number, which its clients are ready to compute.
	Iterations = 4096
	// maxIterations is what a verifier from outside may ask of us at each login in clear.
	maxIterations = 1 << 20
	saltBytes     = 16
	method        = "SCRAM-SHA-256"
)

// Verifier is what is kept of a password: enough to check it, not enough to log in with.
type Verifier struct {
	Iterations int
	Salt       []byte
	StoredKey  []byte // the hash of the client's key
	ServerKey  []byte
}

// New makes a verifier of a password, with a salt of its own.
func New(password string) (Verifier, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return Verifier{}, err
	}
	return derive(password, salt, Iterations)
}

func derive(password string, salt []byte, iterations int) (Verifier, error) {
	salted, err := pbkdf2.Key(sha256.New, prepared(password), salt, iterations, sha256.Size)
	if err != nil {
		return Verifier{}, column.Errorf(column.Internal, "hash a password: %w", err)
	}
	stored := sha256.Sum256(sign(salted, "Client Key"))
	return Verifier{Iterations: iterations, Salt: salt, StoredKey: stored[:], ServerKey: sign(salted, "Server Key")}, nil
}

// prepared brings a password to the one form of Unicode that clients give it, too; what has none is taken as it is, as by PostgreSQL.
func prepared(password string) string {
	if p, err := precis.OpaqueString.String(password); err == nil {
		return p
	}
	return password
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// String is PostgreSQL's form: SCRAM-SHA-256$iterations:salt$stored key:server key.
func (v Verifier) String() string {
	b64 := base64.StdEncoding.EncodeToString
	return method + "$" + strconv.Itoa(v.Iterations) + ":" + b64(v.Salt) + "$" + b64(v.StoredKey) + ":" + b64(v.ServerKey)
}

// Is reports whether a text has the form of a verifier, so that it is no password.
func Is(text string) bool {
	_, err := Parse(text)
	return err == nil
}

// Parse reads PostgreSQL's form.
func Parse(text string) (v Verifier, err error) {
	wrong := column.Errorf(column.Invalid, "not a SCRAM-SHA-256 verifier")
	rest, ok := strings.CutPrefix(text, method+"$")
	head, keys, ok2 := strings.Cut(rest, "$")
	iterations, salt, ok3 := strings.Cut(head, ":")
	stored, server, ok4 := strings.Cut(keys, ":")
	if !ok || !ok2 || !ok3 || !ok4 {
		return v, wrong
	}
	if v.Iterations, err = strconv.Atoi(iterations); err != nil || v.Iterations < 1 || v.Iterations > maxIterations {
		return v, wrong
	}
	for _, part := range []struct {
		text string
		into *[]byte
		size int
	}{{salt, &v.Salt, 0}, {stored, &v.StoredKey, sha256.Size}, {server, &v.ServerKey, sha256.Size}} {
		b, err := base64.StdEncoding.Strict().DecodeString(part.text)
		if err != nil || len(b) == 0 || part.size != 0 && len(b) != part.size {
			return v, wrong
		}
		*part.into = b
	}
	return v, nil
}

// Check reports whether a password is the one of which v was made. It takes the same time for every password.
func (v Verifier) Check(password string) bool {
	other, err := derive(password, v.Salt, v.Iterations)
	return err == nil && subtle.ConstantTimeCompare(v.StoredKey, other.StoredKey) == 1
}

// Mock makes the verifier of a user that does not exist: always the same for one name and secret, so that nothing tells it from a real
// one, and of no password.
func Mock(secret []byte, user string) Verifier {
	return Verifier{
		Iterations: Iterations, Salt: sign(secret, "salt "+user)[:saltBytes],
		StoredKey: sign(secret, "stored "+user), ServerKey: sign(secret, "server "+user),
	}
}
