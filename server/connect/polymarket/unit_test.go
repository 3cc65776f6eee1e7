package polymarket

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	feed "corrgraph/feed/polymarket"
	"corrgraph/odds"
	"corrgraph/server/connect"
)

func TestOptions(t *testing.T) {
	v, err := New(Options{})
	if err != nil || v.Name() != "polymarket" || v.Connections() != 7 || !slices.Equal(v.o.Sports, []string{"sports"}) {
		t.Errorf("%+v, %v", v, err)
	}
	v, _ = New(Options{Leagues: []string{"nba"}, MaxMarkets: 401, WithoutSports: true})
	if v.Connections() != 4 || v.o.Sports != nil {
		t.Errorf("%+v, %d connections", v.o, v.Connections())
	}
	for _, o := range []Options{{Stream: "ws-subscriptions-clob.polymarket.com"}, {Gamma: "://"}, {MaxMarkets: -1}, {PerConnection: -1}, {Refresh: -time.Second}, {CLOB: "%"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

// contract is one of a match that starts at an hour; 0 is none.
func contract(id, market string, hour odds.Time) feed.Contract {
	e := &odds.Event{ID: "match-" + id}
	if hour != 0 {
		e.Start = hour * 3_600_000
	}
	return feed.Contract{ID: id, Tokens: [2]string{"a" + id, "b" + id}, Event: e, Market: market, Slug: e.ID, Game: e.ID}
}

func TestChoose(t *testing.T) {
	closed, over, old := contract("closed", "h2h", 101), contract("over", "h2h", 101), contract("old", "h2h", 10)
	closed.Closed, over.Ended = true, true
	listed := []feed.Contract{
		contract("prop", "points", 101), contract("late", "h2h", 105), contract("soon", "h2h", 101), contract("total", "totals", 101), closed, over, old,
		contract("ended", "h2h", 101), contract("future", "h2h", 0), contract("asset", "points", 109), contract("event", "points", 109), contract("soon", "h2h", 101),
	}
	o := Options{Assets: []string{"basset"}, Events: []string{"match-event"}}
	o.fill()
	ended := map[string]bool{"match-ended": true}
	for most, want := range map[int]string{100: "asset event soon late future total prop", 3: "asset event soon"} {
		o.MaxMarkets = most
		var got []string
		for _, c := range choose(listed, &o, 100*3_600_000, ended) {
			got = append(got, c.ID)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("of %d: %s, want %s", most, s, want)
		}
	}
}

func TestRefusal(t *testing.T) {
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	w := &connect.World{Clock: func() time.Time { return at }}
	answer := func(code int, retry string) error {
		return refusal(w, &http.Response{StatusCode: code, Status: fmt.Sprint(code), Header: http.Header{"Retry-After": {retry}}}, "host/path")
	}
	for _, code := range []int{401, 403, 451} {
		if err := answer(code, ""); !errors.Is(err, connect.ErrRefused) || !strings.Contains(err.Error(), "host/path") {
			t.Errorf("%d: %v", code, err)
		}
	}
	for retry, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": slowDown, "soon": slowDown, "-3": slowDown, "99999999": time.Hour,
		at.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second, at.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		var later *connect.RetryAfter
		if err := answer(429, retry); !errors.As(err, &later) || later.Wait != want {
			t.Errorf("Retry-After %q: %v", retry, err)
		}
	}
	if err := answer(500, ""); errors.Is(err, connect.ErrRefused) || err == nil {
		t.Errorf("500: %v", err)
	}
}

func TestPaths(t *testing.T) {
	if got := tagPath("a b", 50); got != "/events?active=true&ascending=false&closed=false&limit=50&offset=50&order=id&tag_slug=a+b" {
		t.Error(got)
	}
	if got := values("slug", []string{"x&y", "z"}); got != "slug=x%26y&slug=z" {
		t.Error(got)
	}
}

func TestRecent(t *testing.T) {
	var r recent
	at := time.Unix(1000, 0)
	r.hear(at, nil)
	r.hear(at.Add(time.Second), []string{"a", "b"})
	r.hear(at.Add(2*time.Second), nil)
	for i := range 7 {
		r.hear(at.Add(3*time.Second), []string{string(rune('c' + i)), "b"})
	}
	r.hear(at.Add(5*time.Second), nil)
	silent, ids := r.silent(at.Add(10 * time.Second))
	if silent != 7*time.Second || !r.any().Equal(at.Add(5*time.Second)) || !slices.Equal(ids, []string{"f", "g", "h", "i", "b"}) {
		t.Errorf("silent for %s, %q", silent, ids)
	}
}

func TestTurns(t *testing.T) {
	s := newStream(nil, 0)
	if s.next() != "" {
		t.Error("a market without markets")
	}
	for _, id := range []string{"c", "a", "b", "d"} {
		s.held[id] = &held{id: id, token: "t" + id, live: id != "b"}
	}
	var got []string
	for range 5 {
		got = append(got, s.next())
	}
	if !slices.Equal(got, []string{"a", "c", "d", "a", "c"}) {
		t.Errorf("turns %q", got)
	}
	s.held["a"].hopeless = true
	if got := s.tokens(s.ids()); !slices.Equal(got, []string{"tb", "tc", "td"}) {
		t.Errorf("tokens %q", got)
	}
	s.move()
	if s.held["a"].moved || !s.held["b"].moved {
		t.Error("a market with a book is moved, or one without is not")
	}
	s.begin()
	if s.held["a"].live {
		t.Error("a book of the connection before is still there")
	}
}

func TestSizesMakeSense(t *testing.T) {
	if pingEvery >= deaf || answered >= recheck {
		t.Error("intervals do not fit each other")
	}
	// A frozen connection: silence, a proof, a second one, and the time a repair is given.
	if worst := 20*time.Second + recheck + answered + 3*time.Second; worst > 30*time.Second {
		t.Errorf("a frozen connection is found after %s", worst)
	}
}

func TestLossesInARow(t *testing.T) {
	for losses, want := range map[int]time.Duration{0: between, 1: between, 2: 2 * between, 5: 16 * between, 99: 64 * between} {
		if got := (&held{losses: losses}).between(); got != want {
			t.Errorf("after %d losses: %s, want %s", losses, got, want)
		}
	}
}
