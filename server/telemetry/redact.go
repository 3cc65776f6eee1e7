package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Redacted replaces a secret.
const Redacted = "[redacted]"

// redactor finds secrets in log lines.
type redactor struct {
	bearer *regexp.Regexp // "Bearer x": of an Authorization header
	query  *regexp.Regexp // "token=x": of a URL or a form
	user   *regexp.Regexp // "://user:x@": of a URL
}

func newRedactor() *redactor {
	return &redactor{
		bearer: regexp.MustCompile(`(?i)\b(bearer)[\s:]+[^\s"',;]+`),
		query:  regexp.MustCompile(`(?i)([a-z0-9_.-]*(?:token|password|passwd|secret|key|authorization)=)[^&\s"]+`),
		user:   regexp.MustCompile(`(://)[^/\s@"]+@`),
	}
}

// attr hides the whole value of an attribute if its name, or its group's, ends in a
// word for a secret (token, api_key, clientSecret). In other values it hides what
// follows "Bearer", parameters with such a name, and the user of a URL. Values that
// are neither text nor number are searched in their JSON form.
func (r *redactor) attr(groups []string, a slog.Attr) slog.Attr {
	if secretName(a.Key) || slices.ContainsFunc(groups, secretName) {
		return slog.String(a.Key, Redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		if text := a.Value.String(); suspicious(text) {
			a.Value = slog.StringValue(r.text(text))
		}
	case slog.KindAny:
		a.Value = r.any(a.Value.Any())
	}
	return a
}

// suspicious rules out nearly all texts quickly: the regular expressions would take
// ten times as long as the rest of the line.
func suspicious(text string) bool {
	const word = "bearer"
	for i := range len(text) {
		switch text[i] {
		case '=', '@':
			return true
		case 'b', 'B':
			if len(text)-i >= len(word) && strings.EqualFold(text[i:i+len(word)], word) {
				return true
			}
		}
	}
	return false
}

func (r *redactor) text(s string) string {
	s = r.bearer.ReplaceAllString(s, "${1} "+Redacted)
	s = r.query.ReplaceAllString(s, "${1}"+Redacted)
	return r.user.ReplaceAllString(s, "${1}"+Redacted+"@")
}

func (r *redactor) any(v any) (clean slog.Value) {
	defer func() {
		if p := recover(); p != nil { // such as Error of a nil pointer: must lose neither the line nor the program
			clean = slog.StringValue(fmt.Sprintf("[%T can't be written: %v]", v, p))
		}
	}()
	switch v := v.(type) {
	case nil, slog.Level, *slog.Source:
		return slog.AnyValue(v)
	case error:
		return slog.StringValue(r.text(v.Error()))
	case fmt.Stringer:
		return slog.StringValue(r.text(v.String()))
	case []byte:
		return slog.StringValue(r.text(string(v)))
	}
	text, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(r.text(fmt.Sprintf("%T: %v", v, err)))
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // large ones keep their digits
	if err := d.Decode(&tree); err != nil {
		return slog.StringValue(r.text(string(text)))
	}
	return slog.AnyValue(r.tree(tree))
}

// tree redacts a decoded JSON value in place.
func (r *redactor) tree(v any) any {
	switch v := v.(type) {
	case string:
		return r.text(v)
	case []any:
		for i := range v {
			v[i] = r.tree(v[i])
		}
	case map[string]any:
		for name := range v {
			if secretName(name) {
				v[name] = Redacted
			} else {
				v[name] = r.tree(v[name])
			}
		}
	}
	return v
}

// secretName reports whether the last word of a name means a secret.
func secretName(name string) bool {
	switch strings.ToLower(lastWord(name)) {
	case "authorization", "token", "tokens", "password", "passwd", "secret", "secrets", "key", "keys", "apikey", "cookie", "credential", "credentials":
		return true
	}
	return false
}

// lastWord returns the part after the last separator or the last change to a
// capital.
func lastWord(name string) string {
	start, before := 0, rune(0)
	for i, c := range name {
		switch {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			start = i + 1
		case unicode.IsUpper(c) && unicode.IsLower(before):
			start = i
		}
		before = c
	}
	return name[start:]
}
