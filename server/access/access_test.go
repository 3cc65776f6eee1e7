package access

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func made(t *testing.T, name string, role Role, expires time.Time) (Token, string) {
	t.Helper()
	tok, secret, err := NewToken(name, role, expires, noon)
	if err != nil {
		t.Fatal(err)
	}
	return tok, secret
}

func TestATokenIsFoundAgainThroughItsFile(t *testing.T) {
	desk, deskSecret := made(t, "desk.1", Viewer, time.Time{})
	next, nextSecret := made(t, "desk.1", Operator, noon.Add(90*time.Minute))
	text := "# tokens\n\n" + desk.Line() + "\n" + next.Line() + "\n"
	if strings.Contains(text, deskSecret[20:]) {
		t.Fatal("the file holds the token")
	}
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := LoadTokens(path)
	if err != nil || s.Len() != 2 {
		t.Fatalf("%d tokens, %v", s.Len(), err)
	}
	for secret, want := range map[string]Token{deskSecret: desk, nextSecret: next} {
		if got, err := s.Find(secret, noon); err != nil || got.Name != want.Name || got.Role != want.Role || got.ID != want.ID || !got.Expires.Equal(want.Expires) {
			t.Errorf("found %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := s.Find(nextSecret, noon.Add(90*time.Minute)); !errors.Is(err, ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
	if deskSecret == nextSecret || desk.ID == next.ID {
		t.Error("two tokens are one")
	}
}

func TestWhatIsNotTheTokenIsNotFound(t *testing.T) {
	desk, secret := made(t, "desk", Viewer, time.Time{})
	s, err := NewTokens(desk)
	if err != nil {
		t.Fatal(err)
	}
	other := []byte(secret)
	for i := range other {
		was := other[i]
		other[i] ^= 1
		if _, err := s.Find(string(other), noon); !errors.Is(err, ErrUnknown) {
			t.Errorf("with another byte %d: %v", i, err)
		}
		other[i] = was
	}
	for _, x := range []string{"", "x", secret[:len(secret)-1], secret + "x", " " + secret, strings.Repeat("x", 100_000)} {
		if _, err := s.Find(x, noon); !errors.Is(err, ErrUnknown) {
			t.Errorf("%.20q: %v", x, err)
		}
	}
	if _, err := (*Tokens)(nil).Find(secret, noon); !errors.Is(err, ErrUnknown) {
		t.Errorf("in no set: %v", err)
	}
}

func TestWrongTokensAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		role Role
		end  time.Time
	}{
		{"", Viewer, time.Time{}},
		{"two words", Viewer, time.Time{}},
		{strings.Repeat("x", 65), Viewer, time.Time{}},
		{"desk", Nobody, time.Time{}},
		{"desk", Admin + 1, time.Time{}},
		{"desk", Viewer, noon},
	} {
		if _, _, err := NewToken(c.name, c.role, c.end, noon); err == nil {
			t.Errorf("%+v was made", c)
		}
	}
	for r := Viewer; r <= Admin; r++ {
		if got, err := ParseRole(r.String()); got != r || err != nil {
			t.Errorf("%v: %v, %v", r, got, err)
		}
	}
	if _, err := ParseRole("none"); err == nil {
		t.Error("none is a role")
	}
}

func TestWrongFilesAreRefusedAndNotQuoted(t *testing.T) {
	desk, _ := made(t, "desk", Viewer, time.Time{})
	line := desk.Line()
	for name, c := range map[string]struct{ text, says string }{
		"twice":         {line + "\n" + line, "is used twice"},
		"role":          {strings.Replace(line, "viewer", "king", 1), "want viewer"},
		"hash":          {strings.Replace(line, "sha256:", "sha1:", 1), "sha256:SALT:HASH"},
		"short hash":    {strings.Replace(line, `"}`, ``, 1)[:len(line)-5] + `"}`, "sha256:SALT:HASH"},
		"id":            {strings.Replace(line, desk.ID, "zz", 1), "hex digits"},
		"expires":       {strings.Replace(line, "}", ", expires: tomorrow}", 1), "want a time"},
		"unknown key":   {strings.Replace(line, "}", ", secret: hunter2}", 1), "token new"},
		"no list":       {"name: desk", "token new"},
		"no YAML":       {"- {hunter2", "token new"},
		"a bare secret": {"hunter2", "token new"},
	} {
		_, err := ParseTokens([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want one that says %q", name, err, c.says)
		}
	}
	for _, empty := range []string{"", "\n", "# none yet\n", "[]\n"} {
		if s, err := ParseTokens([]byte(empty)); err != nil || s.Len() != 0 {
			t.Errorf("%q: %d tokens, %v", empty, s.Len(), err)
		}
	}
}

func TestFilesThatEverybodyMayWriteAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tokens.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o602); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTokens(path); err == nil || !strings.Contains(err.Error(), "chmod o-w") {
		t.Errorf("%v", err)
	}
	if _, err := LoadTokens(dir); err == nil {
		t.Error("a folder was read")
	}
	if _, err := LoadTokens(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func FuzzParseTokens(f *testing.F) {
	desk, _, err := NewToken("desk", Viewer, noon.Add(time.Hour), noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(desk.Line()))
	f.Add([]byte("- {name: a}\n"))
	f.Add([]byte("#\n---\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseTokens(text)
		if err != nil {
			return
		}
		for _, tok := range s.of {
			if err := tok.check(); err != nil {
				t.Errorf("taken: %v", err)
			}
		}
	})
}
