package access

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
)

// Reasons for refusing a token. No error quotes any part of it.
var (
	ErrUnknown = errors.New("unknown token")
	ErrExpired = errors.New("the token has expired")
)

// prefix lets people and secret scanners recognise our tokens.
const prefix = "cgt"

// Sizes in bytes.
const (
	idSize     = 6
	saltSize   = 16
	secretSize = 32
)

// Token is one line of the tokens file.
type Token struct {
	Name    string // of the owner; two tokens may share it while one replaces the other
	Role    Role
	ID      string    // public part, which identifies the line
	Expires time.Time // zero: never

	salt [saltSize]byte
	hash [sha256.Size]byte
}

// NewToken makes a token. The secret is for its owner and stored nowhere. It fails
// if the name is not a word, the role is Nobody, or expires is not after now. A
// zero expires means never.
func NewToken(name string, role Role, expires, now time.Time) (t Token, secret string, err error) {
	t = Token{Name: name, Role: role, Expires: expires.UTC().Truncate(time.Second)}
	if expires.IsZero() {
		t.Expires = time.Time{}
	} else if !t.Expires.After(now) {
		return Token{}, "", fmt.Errorf("expires %s: that is in the past", t.Expires.Format(time.RFC3339))
	}
	var id [idSize]byte
	var key [secretSize]byte
	// crypto/rand never returns an error: it ends the program instead.
	_, _ = rand.Read(id[:])
	_, _ = rand.Read(t.salt[:])
	_, _ = rand.Read(key[:])
	t.ID = hex.EncodeToString(id[:])
	secret = prefix + "_" + t.ID + "_" + base64.RawURLEncoding.EncodeToString(key[:])
	t.hash = digest(&t.salt, secret)
	return t, secret, t.check()
}

func digest(salt *[saltSize]byte, secret string) [sha256.Size]byte {
	var buf [saltSize + 128]byte // large enough for all our tokens: stays on the stack
	return sha256.Sum256(append(append(buf[:0], salt[:]...), secret...))
}

// check reports what is wrong with a token.
func (t *Token) check() error {
	switch {
	case !isName(t.Name):
		return fmt.Errorf("name %q: want 1 to 64 letters, digits, dots, dashes or underscores", t.Name)
	case t.Role < Viewer || t.Role > Admin:
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

// Tokens are the tokens of one file. The zero value, and nil, hold none.
type Tokens struct {
	of map[string]*Token // by id
}

// NewTokens indexes tokens for Find. It fails if one is malformed or two share an
// id.
func NewTokens(tokens ...Token) (*Tokens, error) {
	s := &Tokens{of: make(map[string]*Token, len(tokens))}
	for i := range tokens {
		t := &tokens[i]
		if err := t.check(); err != nil {
			return nil, err
		}
		if s.of[t.ID] != nil {
			return nil, fmt.Errorf("token %q: id %s is used twice", t.Name, t.ID)
		}
		s.of[t.ID] = t
	}
	return s, nil
}

// Len returns the number of tokens.
func (s *Tokens) Len() int {
	if s == nil {
		return 0
	}
	return len(s.of)
}

// Find returns the token with this secret, or ErrUnknown or ErrExpired. The id in
// the secret selects the line, and hashes are compared in constant time. An unknown
// id is compared too, with an empty hash, so that timing does not reveal which ids
// exist.
func (s *Tokens) Find(secret string, now time.Time) (*Token, error) {
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

// secretLength is the length of every secret in bytes.
const secretLength = len(prefix) + 1 + 2*idSize + 1 + (secretSize*8+5)/6

func idOf(secret string) (string, bool) {
	const from = len(prefix) + 1
	if len(secret) != secretLength || !strings.HasPrefix(secret, prefix+"_") || secret[from+2*idSize] != '_' {
		return "", false
	}
	return secret[from : from+2*idSize], true
}
