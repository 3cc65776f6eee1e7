package token

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"corrgraph/server/service"
)

// line is one token as the file has it.
type line struct {
	Name    string `yaml:"name"`
	Role    string `yaml:"role"`
	ID      string `yaml:"id"`
	Hash    string `yaml:"hash"` // sha256:SALT:HASH, both hex
	Expires string `yaml:"expires"`
}

// largest is how many bytes a file may have: some ten thousand tokens.
const largest = 2 << 20

// ParseRole reads "viewer", "operator" or "admin".
func ParseRole(s string) (service.Role, error) {
	for r := service.Viewer; r <= service.Admin; r++ {
		if s == RoleName(r) {
			return r, nil
		}
	}
	return service.Nobody, fmt.Errorf("role %q: want viewer, operator or admin", s)
}

// RoleName is the word for a role, "none" for nobody.
func RoleName(r service.Role) string {
	switch r {
	case service.Viewer:
		return "viewer"
	case service.Operator:
		return "operator"
	case service.Admin:
		return "admin"
	}
	return "none"
}

// Line is the token's line of the file.
func (t *Token) Line() string {
	expires := ""
	if !t.Expires.IsZero() {
		expires = ", expires: " + t.Expires.Format(time.RFC3339)
	}
	return fmt.Sprintf("- {name: %q, role: %s, id: %q, hash: %q%s}", t.Name, RoleName(t.Role), t.ID, "sha256:"+hex.EncodeToString(t.salt[:])+":"+hex.EncodeToString(t.hash[:]), expires)
}

// Load reads a file of tokens. A file that others than its owner and group may
// write is refused: whoever can write it can let himself in.
func Load(path string) (*Set, error) {
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
		return nil, fmt.Errorf("tokens: %s is no regular file", path)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("tokens: everyone may write %s: chmod o-w %[1]s", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	s, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("tokens: %s: %w", path, err)
	}
	return s, nil
}

// Parse reads the text of a file: a YAML list of lines as [Token.Line] writes them.
// An empty file is an empty Set.
func Parse(text []byte) (*Set, error) {
	if len(text) > largest {
		return nil, fmt.Errorf("more than %d bytes", largest)
	}
	if !says(string(text)) {
		return NewSet()
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
	return NewSet(tokens...)
}

// says reports whether a text holds more than comments: else it is no document.
func says(text string) bool {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
			return true
		}
	}
	return false
}

// placeOf is what may be told of an error of the YAML library. Its text can quote
// what stands in the file, where somebody may have put a secret by mistake.
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
