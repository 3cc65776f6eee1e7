package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// logged returns the one line that f logs, decoded.
func logged(t *testing.T, f func(*slog.Logger)) (line map[string]any, text string) {
	t.Helper()
	var out bytes.Buffer
	f(NewLogger(&out, LogOptions{}))
	if strings.Count(out.String(), "\n") != 1 || json.Unmarshal(out.Bytes(), &line) != nil {
		t.Fatalf("not one line of JSON: %q", out.String())
	}
	return line, out.String()
}

const secret = "hunter2-Zm9v.abc"

type credentials struct {
	Name     string
	Password string `json:"password"`
	APIKey   string
}

type reveals struct{}

func (reveals) String() string { return "Bearer " + secret }

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestSecretsAreNotWritten(t *testing.T) {
	u, err := url.Parse("https://desk:" + secret + "@feed.example/v1?apiKey=" + secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(*slog.Logger){
		"name":        func(l *slog.Logger) { l.Info("m", "token", secret) },
		"case":        func(l *slog.Logger) { l.Info("m", "Authorization", "Basic "+secret) },
		"compound":    func(l *slog.Logger) { l.Info("m", "client_secret", secret, "apiKey", secret, "x-api-key", secret) },
		"any value":   func(l *slog.Logger) { l.Info("m", "keys", []string{secret}) },
		"with":        func(l *slog.Logger) { l.With("password", secret).Info("m") },
		"in a group":  func(l *slog.Logger) { l.WithGroup("http").Info("m", slog.Group("q", "token", secret)) },
		"group":       func(l *slog.Logger) { l.WithGroup("token").Info("m", "value", secret) },
		"message":     func(l *slog.Logger) { l.Info("sent Authorization: Bearer " + secret + " and failed") },
		"text":        func(l *slog.Logger) { l.Info("m", "header", "bearer   "+secret) },
		"error":       func(l *slog.Logger) { l.Info("m", "error", fmt.Errorf("get: %w", errors.New("Bearer "+secret))) },
		"Stringer":    func(l *slog.Logger) { l.Info("m", "v", reveals{}) },
		"URL":         func(l *slog.Logger) { l.Info("m", "url", u) },
		"URL in text": func(l *slog.Logger) { l.Info("m", "error", fmt.Errorf("get %q: refused", u)) },
		"headers": func(l *slog.Logger) {
			l.Info("m", "headers", http.Header{"Authorization": {"Bearer " + secret}, "Cookie": {secret}})
		},
		"struct": func(l *slog.Logger) { l.Info("m", "config", credentials{"desk", secret, secret}) },
		"pointers": func(l *slog.Logger) {
			l.Info("m", "config", map[string]any{"a": []any{&credentials{"desk", secret, secret}}})
		},
		"bytes": func(l *slog.Logger) { l.Info("m", "body", []byte("token="+secret)) },
	} {
		t.Run(name, func(t *testing.T) {
			if _, text := logged(t, f); strings.Contains(text, "hunter2") || !strings.Contains(text, Redacted) {
				t.Error(text)
			}
			var out bytes.Buffer
			f(NewLogger(&out, LogOptions{Text: true}))
			if strings.Contains(out.String(), "hunter2") {
				t.Error(out.String())
			}
		})
	}
}

func TestOtherValuesAreWritten(t *testing.T) {
	line, text := logged(t, func(l *slog.Logger) {
		l.Info(
			"m", "monkey", "banana", "token_count", 3, "keyboard", "x=1", "big", map[string]int64{"n": 9007199254740993},
			"list", []int{1, 2}, "nothing", nil, "addr", "a@b", "lag_ms", 12.5, "broken", func() {},
		)
	})
	if line["monkey"] != "banana" || line["token_count"] != 3.0 || line["keyboard"] != "x=1" || line["addr"] != "a@b" || line["lag_ms"] != 12.5 ||
		!strings.Contains(text, "9007199254740993") || !strings.Contains(text, `"list":[1,2]`) || !strings.Contains(text, `"nothing":null`) {
		t.Error(text)
	}
}

func TestAPanickingValueDoesNotEndTheProgram(t *testing.T) {
	if _, text := logged(t, func(l *slog.Logger) { l.Info("m", "error", (*nilError)(nil)) }); !strings.Contains(text, "can't be written") {
		t.Error(text)
	}
}

func TestLinesBearTheSpan(t *testing.T) {
	ctx := spanContext(false)
	for name, f := range map[string]func(*slog.Logger){
		"plain": func(l *slog.Logger) { l.InfoContext(ctx, "m", "a", 1) },
		"with":  func(l *slog.Logger) { l.With("a", 1).InfoContext(ctx, "m") },
		"groups": func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").InfoContext(ctx, "m", "c", 3)
		},
	} {
		t.Run(name, func(t *testing.T) {
			line, text := logged(t, f)
			if line["trace_id"] != "ab000000000000000000000000000001" || line["span_id"] != "0000000000000002" || line["a"] != 1.0 {
				t.Error(text)
			}
			if name == "groups" && !strings.Contains(text, `"g":{"b":2,"h":{"c":3}}`) {
				t.Error(text)
			}
		})
	}
	if line, text := logged(t, func(l *slog.Logger) { l.InfoContext(context.Background(), "m") }); line["trace_id"] != nil {
		t.Error(text)
	}
}

func TestSiblingsDoNotShareAttributes(t *testing.T) {
	line, text := logged(t, func(l *slog.Logger) {
		base := l.WithGroup("g").With("a", 1)
		left, right := base.With("b", 2), base.With("c", 3)
		left.Debug("not written")
		right.InfoContext(spanContext(true), "m")
	})
	if g, ok := line["g"].(map[string]any); !ok || g["c"] != 3.0 || g["b"] != nil {
		t.Error(text)
	}
}

func TestLevelChangesAtRunTime(t *testing.T) {
	var out bytes.Buffer
	var level slog.LevelVar
	l := NewLogger(&out, LogOptions{Text: true, Level: &level})
	l.Debug("first")
	level.Set(slog.LevelDebug)
	l.With("a", 1).Debug("second")
	level.Set(slog.LevelError)
	l.Warn("third")
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "second") {
		t.Errorf("log %q", got)
	}
}

// FuzzRedact: in any context, text after Bearer is hidden, and text without a
// secret is unchanged.
func FuzzRedact(f *testing.F) {
	f.Add("sent ", " to host")
	f.Add(`{"a":"`, `"}`)
	f.Add("x=1&", "&token=")
	f.Add("http://a:b@c/?", "@")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, secret) {
			return
		}
		r := newRedactor()
		if got := r.text(before + " Bearer " + secret + " " + after); strings.Contains(got, secret) {
			t.Errorf("%q has the secret", got)
		}
		if plain := before + after; !suspicious(plain) && r.text(plain) != plain {
			t.Errorf("%q became %q, and was not suspicious", plain, r.text(plain))
		}
	})
}

func BenchmarkLog(b *testing.B) {
	l := NewLogger(discard{}, LogOptions{})
	ctx := spanContext(true)
	b.ReportAllocs()
	for b.Loop() {
		l.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("route", "/v1/events"), slog.Int("code", 200), slog.String("method", "GET"))
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestDurationsHaveTheirUnit(t *testing.T) {
	var b bytes.Buffer
	NewLogger(&b, LogOptions{}).Info("slow", "took", 26500*time.Microsecond, "token", time.Second)
	if got := b.String(); !strings.Contains(got, `"took_ms":26.5`) || strings.Contains(got, "1000") {
		t.Errorf("logged %s", got)
	}
}
