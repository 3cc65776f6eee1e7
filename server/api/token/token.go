// Package token makes bearer tokens, keeps their hashes in a file, and says whose
// token a request brings. A token is shown once, when it is made; the file holds
// what it takes to recognise it and not what it takes to forge it.
//
// The hash is one salted SHA-256. Slow hashes (bcrypt, argon2) exist because people
// choose guessable passwords; a token here is 256 random bits, which nobody can try
// out however fast the hash is, and a slow hash at each of thousands of requests a
// second would be the overload it should protect from. The salt keeps equal tokens
// of two files from looking equal.
//
// A [Set] is immutable and safe for concurrent use.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"corrgraph/server/service"
)

// Why a token is not taken. No error holds the token or a part of it.
var (
	ErrUnknown = errors.New("unknown token")
	ErrExpired = errors.New("the token has expired")
)

// prefix lets people and secret scanners recognise a token of ours.
const prefix = "cgt"

// Sizes in bytes.
const (
	idSize     = 6
	saltSize   = 16
	secretSize = 32
)

// Token is one line of the file.
type Token struct {
	Name    string       // whose; several tokens may share it while one replaces another
	Role    service.Role //
	ID      string       // public part, by which the line is found
	Expires time.Time    // zero: never

	salt [saltSize]byte
	hash [sha256.Size]byte
}

// New makes a token. Secret is what its owner gets; it is in no other place. It
// fails for a name that is no word, a role that is none, or an end that has passed.
func New(name string, role service.Role, expires, now time.Time) (t Token, secret string, err error) {
	t = Token{Name: name, Role: role, Expires: expires.UTC().Truncate(time.Second)}
	if expires.IsZero() {
		t.Expires = time.Time{}
	} else if !t.Expires.After(now) {
		return Token{}, "", fmt.Errorf("expires %s: that has passed", t.Expires.Format(time.RFC3339))
	}
	var id [idSize]byte
	var key [secretSize]byte
	// crypto/rand never fails: it would end the program.
	_, _ = rand.Read(id[:])
	_, _ = rand.Read(t.salt[:])
	_, _ = rand.Read(key[:])
	t.ID = hex.EncodeToString(id[:])
	secret = prefix + "_" + t.ID + "_" + base64.RawURLEncoding.EncodeToString(key[:])
	t.hash = digest(&t.salt, secret)
	return t, secret, t.check()
}

func digest(salt *[saltSize]byte, secret string) [sha256.Size]byte {
	var buf [saltSize + 128]byte // on the stack for every token of ours
	return sha256.Sum256(append(append(buf[:0], salt[:]...), secret...))
}

// check reports what is wrong with a line.
func (t *Token) check() error {
	switch {
	case !isName(t.Name):
		return fmt.Errorf("name %q: want 1 to 64 letters, digits, dots, dashes or underscores", t.Name)
	case t.Role < service.Viewer || t.Role > service.Admin:
		return fmt.Errorf("token %q: role: want viewer, operator or admin", t.Name)
	case len(t.ID) != 2*idSize || strings.Trim(t.ID, "0123456789abcdef") != "":
		return fmt.Errorf("token %q: id %q: want %d hex digits", t.Name, t.ID, 2*idSize)
	}
	return nil
}

func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range s {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// Set is the tokens of a file. The zero Set knows none.
type Set struct {
	of map[string]*Token // by id
}

// NewSet returns a Set of tokens. It fails where two have one id.
func NewSet(tokens ...Token) (*Set, error) {
	s := &Set{of: make(map[string]*Token, len(tokens))}
	for i := range tokens {
		t := &tokens[i]
		if err := t.check(); err != nil {
			return nil, err
		}
		if s.of[t.ID] != nil {
			return nil, fmt.Errorf("token %q: id %s stands twice", t.Name, t.ID)
		}
		s.of[t.ID] = t
	}
	return s, nil
}

// Len is the number of tokens.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.of)
}

// Find returns the token that a secret is. The id in it finds the line; whether the
// rest is right is compared in constant time, against a hash of nothing where there
// is no such line, so that time tells nobody which ids there are.
func (s *Set) Find(secret string, now time.Time) (*Token, error) {
	var known *Token
	if id, ok := idOf(secret); ok && s != nil {
		known = s.of[id]
	}
	t := known
	if t == nil {
		t = &Token{}
	}
	hash := digest(&t.salt, secret)
	if subtle.ConstantTimeCompare(hash[:], t.hash[:]) != 1 || known == nil {
		return nil, ErrUnknown
	}
	if !t.Expires.IsZero() && !now.Before(t.Expires) {
		return nil, ErrExpired
	}
	return t, nil
}

// secretLength is how long every secret is.
const secretLength = len(prefix) + 1 + 2*idSize + 1 + (secretSize*8+5)/6

func idOf(secret string) (string, bool) {
	const from = len(prefix) + 1
	if len(secret) != secretLength || !strings.HasPrefix(secret, prefix+"_") || secret[from+2*idSize] != '_' {
		return "", false
	}
	return secret[from : from+2*idSize], true
}
