package access

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// line is one token as it stands in the file.
type line struct {
	Name    string `yaml:"name"`
	Role    string `yaml:"role"`
	ID      string `yaml:"id"`
	Hash    string `yaml:"hash"` // sha256:SALT:HASH, both hex
	Expires string `yaml:"expires"`
}

// largest is the maximum size of the file in bytes, enough for about ten thousand
// tokens.
const largest = 2 << 20

// Line returns the token's line in the tokens file.
func (t *Token) Line() string {
	expires := ""
	if !t.Expires.IsZero() {
		expires = ", expires: " + t.Expires.Format(time.RFC3339)
	}
	return fmt.Sprintf("- {name: %q, role: %s, id: %q, hash: %q%s}", t.Name, t.Role, t.ID, "sha256:"+hex.EncodeToString(t.salt[:])+":"+hex.EncodeToString(t.hash[:]), expires)
}

// LoadTokens reads a tokens file. It refuses a world-writable file: anyone able to
// write it could grant themselves access.
func LoadTokens(path string) (*Tokens, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("tokens: %s is not a regular file", path)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("tokens: everyone may write %s: chmod o-w %[1]s", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	s, err := ParseTokens(text)
	if err != nil {
		return nil, fmt.Errorf("tokens: %s: %w", path, err)
	}
	return s, nil
}

// ParseTokens parses a tokens file: a YAML list of lines as written by
// [Token.Line]. An empty file is valid and holds no tokens.
func ParseTokens(text []byte) (*Tokens, error) {
	if len(text) > largest {
		return nil, fmt.Errorf("more than %d bytes", largest)
	}
	if !says(string(text)) {
		return NewTokens()
	}
	var lines []line
	if err := yaml.Load(text, &lines, yaml.WithKnownFields()); err != nil {
		return nil, errors.New("not a list of tokens as `corrgraph token new` prints them: " + placeOf(err))
	}
	tokens := make([]Token, 0, len(lines))
	for i := range lines {
		t, err := lines[i].token()
		if err != nil {
			return nil, fmt.Errorf("token %d: %w", i+1, err)
		}
		tokens = append(tokens, t)
	}
	return NewTokens(tokens...)
}

// says reports whether a text holds more than comments. The YAML library rejects a
// text without a document.
func says(text string) bool {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
			return true
		}
	}
	return false
}

// placeOf describes a YAML error without its text, which may quote the file and
// with it a secret.
func placeOf(err error) string {
	var at *yaml.LoadError
	if errors.As(err, &at) && at.Mark.Line > 0 {
		return fmt.Sprintf("line %d", at.Mark.Line)
	}
	return "it is not valid YAML, or has other keys than name, role, id, hash and expires"
}

func (l *line) token() (t Token, err error) {
	t.Name, t.ID = l.Name, l.ID
	if t.Role, err = ParseRole(l.Role); err != nil {
		return t, err
	}
	if l.Expires != "" {
		if t.Expires, err = time.Parse(time.RFC3339, l.Expires); err != nil {
			return t, fmt.Errorf("expires %q: want a time as 2026-12-31T00:00:00Z", l.Expires)
		}
	}
	if !unhex(l.Hash, &t) {
		return t, errors.New("hash: want sha256:SALT:HASH as `corrgraph token new` prints it")
	}
	return t, t.check()
}

func unhex(text string, t *Token) bool {
	parts := strings.Split(text, ":")
	if len(parts) != 3 || parts[0] != "sha256" || len(parts[1]) != 2*len(t.salt) || len(parts[2]) != 2*len(t.hash) {
		return false
	}
	_, saltErr := hex.Decode(t.salt[:], []byte(parts[1]))
	_, hashErr := hex.Decode(t.hash[:], []byte(parts[2]))
	return saltErr == nil && hashErr == nil
}
