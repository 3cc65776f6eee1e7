package betfair

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	feed "corrgraph/feed/betfair"
	"corrgraph/server/connect"
)

// listed returns markets "event.n", sorted as the catalogue's are.
func listed(events ...int) (all []*feed.Listed) {
	for e, n := range events {
		for i := range n {
			l := &feed.Listed{ID: fmt.Sprintf("%d.%d", e, i), Start: time.Unix(int64(e), 0)}
			l.Event.ID = fmt.Sprint(e)
			all = append(all, l)
		}
	}
	return all
}

func TestMarketsOfAnEventStayTogether(t *testing.T) {
	v := New(Options{MarketsEach: 4, Connections: 3})
	var got [][]string
	for _, p := range v.share(nil, listed(3, 2, 1, 6, 1)) {
		got = append(got, p.ids)
	}
	want := [][]string{{"0.0", "0.1", "0.2", "2.0"}, {"1.0", "1.1", "3.4", "3.5"}, {"3.0", "3.1", "3.2", "3.3"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMarketsAreSortedByTheStartOfTheirEvents(t *testing.T) {
	all := listed(1, 2, 1)
	all[0].Start, all[1].Start = time.Unix(9, 0), time.Unix(8, 0)
	byEvent(all)
	var ids []string
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	if want := []string{"1.1", "1.0", "2.0", "0.0"}; len(ids) != 4 || ids[3] != "0.0" || !slices.Contains(want, ids[0]) {
		t.Errorf("%v, want %v", ids, want)
	}
}

func TestLines(t *testing.T) {
	in := bufio.NewReaderSize(strings.NewReader("one\r\n\r\ntwo\n"+strings.Repeat("x", 100)+"\r\nrest"), 16)
	for _, want := range []string{"one", "", "two", strings.Repeat("x", 100)} {
		if line, err := readLine(in); string(line) != want || err != nil {
			t.Errorf("%q, %v; want %q", line, err, want)
		}
	}
	if _, err := readLine(in); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut within a line: %v", err)
	}
	if _, err := readLine(in); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("at the end: %v", err)
	}
	endless := bufio.NewReaderSize(bytes.NewReader(make([]byte, mostLine+2<<20)), 64<<10)
	if _, err := readLine(endless); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("an endless line: %v", err)
	}
}

// What Betfair answers is repeated only if it is a code.
func TestLoginErrors(t *testing.T) {
	var after *connect.RetryAfter
	for code, refused := range map[string]bool{
		"INVALID_USERNAME_OR_PASSWORD": true, "CERT_AUTH_REQUIRED": true, "KYC_SUSPEND": true, "": false, "FAIL": false, "INTERNAL_ERROR": false,
		"TEMPORARY_BAN_TOO_MANY_REQUESTS": false, "<html>secret": false,
	} {
		err := loginError(code)
		if errors.Is(err, connect.ErrRefused) != refused || strings.Contains(err.Error(), "secret>") || strings.Contains(err.Error(), "<") {
			t.Errorf("%s: %v", code, err)
		}
	}
	if !errors.As(loginError("TEMPORARY_BAN_TOO_MANY_REQUESTS"), &after) || after.Wait != 20*time.Minute {
		t.Errorf("%+v", after)
	}
}

// Each time, a throttled venue is left alone for longer, until it lets a connection in.
func TestThrottling(t *testing.T) {
	s := &session{v: New(Options{})}
	var after *connect.RetryAfter
	for _, want := range []time.Duration{5, 10, 20, 40, 60, 60} {
		if err := s.codeError("TOO_MANY_REQUESTS", ""); !errors.As(err, &after) || after.Wait != want*time.Second {
			t.Errorf("%v, want %v", after.Wait, want*time.Second)
		}
	}
	s.unthrottle()
	if err := s.codeError("MAX_CONNECTION_LIMIT_EXCEEDED", ""); !errors.As(err, &after) || after.Wait != 5*time.Second {
		t.Error(after.Wait)
	}
	if err := s.codeError("x y", "z"); err == nil || strings.Contains(err.Error(), "x y") {
		t.Error(err)
	}
}

func TestSecretsAreHidden(t *testing.T) {
	s := &session{v: New(Options{}), secrets: secrets{appKey: "the-key", user: "me", password: "the-password"}}
	s.v.hide("the-token")
	if got := string(s.hidden([]byte(`the-key the-token me the-password the-key`))); got != `*** *** me *** ***` {
		t.Error(got)
	}
}
