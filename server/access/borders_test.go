package access

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRolesAreInOrderAndHaveOneName(t *testing.T) {
	if !(Nobody < Viewer && Viewer < Operator && Operator < Admin) {
		t.Error("a higher role must do what a lower one may")
	}
	for r, want := range map[Role]string{Nobody: "none", Viewer: "viewer", Operator: "operator", Admin: "admin", Admin + 1: "none", -1: "none"} {
		if got := r.String(); got != want {
			t.Errorf("role %d is %q, want %q", int(r), got, want)
		}
	}
	for _, s := range []string{"", "Viewer", "ADMIN", " admin", "admin ", "root"} {
		if r, err := ParseRole(s); r != Nobody || err == nil || !strings.Contains(err.Error(), "want viewer, operator or admin") {
			t.Errorf("%q: %v, %v", s, r, err)
		}
	}
}

// The file has whole seconds; a token must not live longer than its line says.
func TestATokenEndsWithItsSecond(t *testing.T) {
	east := time.FixedZone("east", 3*3600)
	tok, secret, err := NewToken("desk", Admin, noon.Add(90*time.Second+700*time.Millisecond).In(east), noon)
	if err != nil {
		t.Fatal(err)
	}
	if tok.Expires != noon.Add(90*time.Second) || !strings.Contains(tok.Line(), "expires: 2026-01-02T12:01:30Z") {
		t.Errorf("ends at %v: %s", tok.Expires, tok.Line())
	}
	read, err := ParseTokens([]byte(tok.Line()))
	if err != nil {
		t.Fatal(err)
	}
	made, err := NewTokens(tok)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Tokens{read, made} {
		if _, err := s.Find(secret, noon.Add(90*time.Second-1)); err != nil {
			t.Errorf("just before: %v", err)
		}
		if _, err := s.Find(secret, noon.Add(90*time.Second)); !errors.Is(err, ErrExpired) {
			t.Errorf("then: %v", err)
		}
	}
	if _, secret, err := NewToken("desk", Admin, noon.Add(700*time.Millisecond), noon); err == nil || secret != "" {
		t.Errorf("a token that would be over at once: %v", err)
	}
}

func TestAnExpiredTokenIsTheSecretOfNobodyElse(t *testing.T) {
	tok, secret, err := NewToken("desk", Admin, noon.Add(time.Second), noon)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewTokens(tok)
	if err != nil {
		t.Fatal(err)
	}
	late := noon.Add(time.Hour)
	for _, guess := range []string{secret[:len(secret)-1] + "A", strings.ToUpper(secret), "cgt_" + tok.ID + "_" + strings.Repeat("A", 43)} {
		if guess == secret {
			continue
		}
		if _, err := s.Find(guess, late); !errors.Is(err, ErrUnknown) {
			t.Errorf("a guess hears more than that it is unknown: %v", err)
		}
	}
}

func TestNoTokensAreNone(t *testing.T) {
	if n := (*Tokens)(nil).Len(); n != 0 {
		t.Errorf("%d tokens in no set", n)
	}
	var zero Tokens
	if _, err := zero.Find("cgt_000000000000_"+strings.Repeat("A", 43), noon); zero.Len() != 0 || !errors.Is(err, ErrUnknown) {
		t.Errorf("%d tokens in the zero value, %v", zero.Len(), err)
	}
}

func TestFilesThatAreTooLargeAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	for size, ok := range map[int]bool{largest: true, largest + 1: false} {
		text := append([]byte("# "), make([]byte, size-2)...)
		for i := 2; i < len(text); i++ {
			text[i] = '-'
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := LoadTokens(path)
		if (err == nil) != ok || s.Len() != 0 || !ok && !strings.Contains(err.Error(), "more than 2097152 bytes") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestAFileSaysWhichTokenIsWrong(t *testing.T) {
	good, _ := made(t, "desk", Viewer, time.Time{})
	bad, _ := made(t, "next", Viewer, time.Time{})
	line := strings.Replace(bad.Line(), "viewer", "king", 1)
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(path, []byte(good.Line()+"\r\n# the next one\r\n"+line+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTokens(path); err == nil || err.Error() != `tokens: `+path+`: token 2: role "king": want viewer, operator or admin` {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte(good.Line()+"\r\n# windows\r\n"+bad.Line()+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := LoadTokens(path); err != nil || s.Len() != 2 {
		t.Errorf("%d tokens, %v", s.Len(), err)
	}
}
