package stream

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"corrgraph/feed/stream"
	"corrgraph/server/connect"
)

const described = `
name: s
transport: websocket
url: wss://feed.example.com/${secret:path}/odds?v=2
headers: {Authorization: "Bearer ${secret:token}", X-From: "${resume}"}
query: {key: ["${secret:key}"], since: "${resume}"}
subscribe: [{k: "${secret:key}"}]
messages: [{is: delta}]
http:
  429: {do: wait, after: 5m}
  418: {do: refuse, say: it is a teapot}
fields: {event_id: e, bookmaker: b, market: m, selection: s, price: p}
resume: {id: n}
`

func aSession(t *testing.T, secret func(string) (string, error)) *session {
	t.Helper()
	m, err := stream.Read("s", []byte(described))
	if err != nil {
		t.Fatal(err)
	}
	v, err := New(Options{Map: m})
	if err != nil {
		t.Fatal(err)
	}
	w := &connect.World{Secret: secret, Clock: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	return &session{v: v, m: m, world: w, vault: vault{secret: secret}}
}

func secrets(name string) (string, error) {
	return map[string]string{"path": "a/b c", "token": "tok&en+1", "key": "k\"ey?9"}[name], nil
}

func TestSecretsAreSentAndNotShown(t *testing.T) {
	s := aSession(t, secrets)
	if err := s.vault.unlock(s.m, s.v.o.URL); err != nil {
		t.Fatal(err)
	}
	address, header, err := s.target()
	if err != nil {
		t.Fatal(err)
	}
	if want := "wss://feed.example.com/a%2Fb%20c/odds?key=k%22ey%3F9&v=2"; address != want {
		t.Errorf("%s, want %s", address, want)
	}
	if header.Get("Authorization") != "Bearer tok&en+1" || header.Get("X-From") != "" {
		t.Errorf("%v", header)
	}
	for _, text := range []string{address, header.Get("Authorization"), `sent {"k":"k\"ey?9"}`, "a/b c"} {
		if got := s.vault.scrub(text); strings.Contains(got, "ey") && !strings.Contains(got, "${secret:key}") || strings.Contains(got, "tok&") || strings.Contains(got, "b c") || !strings.Contains(got, "${secret:") {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	if got := string(s.vault.scrubbed([]byte(`no such token: tok&en+1`))); got != "no such token: ${secret:token}" {
		t.Errorf("%s is recorded", got)
	}
	s.position = "7"
	if address, header, _ = s.target(); !strings.Contains(address, "since=7") || header.Get("X-From") != "7" {
		t.Errorf("%s %v", address, header)
	}
}

func TestASecretThatIsNotThere(t *testing.T) {
	for _, secret := range []func(string) (string, error){
		nil,
		func(string) (string, error) { return "", nil },
		func(string) (string, error) { return "", errors.New("set it") },
	} {
		s := aSession(t, secret)
		if err := s.vault.unlock(s.m, s.v.o.URL); err == nil || !strings.Contains(err.Error(), "secret ") {
			t.Errorf("%v", err)
		}
	}
}

// What an answer that is not the wanted one means.
func TestAnswers(t *testing.T) {
	date := time.Unix(1_800_000_090, 0).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		status  int
		after   string
		refused bool
		wait    time.Duration
	}{
		{401, "", true, 0},
		{403, "", true, 0},
		{404, "", true, 0},
		{301, "", true, 0},
		{418, "", true, 0},
		{429, "", false, 5 * time.Minute},
		{429, "7", false, 5 * time.Minute},
		{429, "900", false, 15 * time.Minute},
		{503, "7", false, 7 * time.Second},
		{503, date, false, 90 * time.Second},
		{503, "-3", false, 0},
		{500, "", false, 0},
		{502, "x", false, 0},
	} {
		s := aSession(t, secrets)
		w := httptest.NewRecorder()
		if c.after != "" {
			w.Header().Set("Retry-After", c.after)
		}
		w.WriteHeader(c.status)
		_, _ = w.WriteString("reason")
		err := s.answered(w.Result())
		var after *connect.RetryAfter
		errors.As(err, &after)
		if err == nil || errors.Is(err, connect.ErrRefused) != c.refused || (after != nil) != (c.wait > 0) || after != nil && after.Wait != c.wait || !strings.Contains(err.Error(), "reason") {
			t.Errorf("%d %q: %v %+v", c.status, c.after, err, after)
		}
	}
}

func TestOptions(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("no map is needed")
	}
	m, err := stream.Read("s", []byte(described))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Map: m, Message: -1}); err == nil {
		t.Error("a limit may be negative")
	}
	v, err := New(Options{Map: m})
	if err != nil || v.Name() != "s" || v.o.Message != 16<<20 || v.o.Answer != 10*time.Second {
		t.Errorf("%+v %v", v, err)
	}
}
