package config

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInvalid is matched by every Problems.
var ErrInvalid = errors.New("invalid configuration")

// Problem is one thing wrong with a configuration.
type Problem struct {
	Key   string `json:"key,omitempty"`   // "" if the text is not YAML
	Where string `json:"where,omitempty"` // file:line, variable or setting; "" if the value is a default
	Text  string `json:"text"`            // never the value of a key that may hold a secret
}

// String is the problem on one line.
func (p Problem) String() string {
	var b strings.Builder
	for _, part := range []string{p.Where, p.Key} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	return b.String() + p.Text
}

// Problems are all errors of a configuration, as one error.
type Problems []Problem

// Error lists the problems, one per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Is reports whether target is ErrInvalid.
func (ps Problems) Is(target error) bool { return target == ErrInvalid }

// asError returns nil for no problems: a nil Problems in an error would not be nil.
func (ps Problems) asError() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// add appends a problem.
func (ps *Problems) add(where, key, text string, args ...any) {
	*ps = append(*ps, Problem{Where: where, Key: key, Text: fmt.Sprintf(text, args...)})
}
