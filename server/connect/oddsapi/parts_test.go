package oddsapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"corrgraph/server/connect"
)

func TestCost(t *testing.T) {
	ten := strings.Split("a b c d e f g h i j", " ")
	for _, c := range []struct {
		part Part
		want int
	}{
		{Part{}, 1},
		{Part{Regions: []string{"us", "eu"}}, 2},
		{Part{Regions: []string{"us", "eu"}, Markets: []string{"h2h", "spreads", "totals"}}, 6},
		{Part{Bookmakers: ten, Markets: []string{"h2h", "totals"}}, 2},
		{Part{Bookmakers: append(ten, "k"), Markets: []string{"h2h", "totals"}}, 4},
	} {
		o := Options{Parts: []Part{c.part}}
		o.fill()
		if got := o.Parts[0].cost(); got != c.want {
			t.Errorf("%+v costs %d, want %d", c.part, got, c.want)
		}
	}
}

func TestOptionsSayWhatIsWrong(t *testing.T) {
	mlb := []string{"baseball_mlb"}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Sports: mlb}, ""},
		{Options{}, "name at least one"},
		{Options{Sports: []string{"upcoming"}}, "is no sport"},
		{Options{Sports: []string{"a/b"}}, "is no sport"},
		{Options{Sports: mlb, URL: "api"}, "give it as https"},
		{Options{Sports: mlb, URL: "https://x/v4?apiKey=1"}, "no query"},
		{Options{Sports: mlb, Reserve: 1}, "share below 1"},
		{Options{Sports: mlb, Reserve: -1}, ""},
		{Options{Sports: mlb, ResetDay: 31}, "want 1 to 28"},
		{Options{Sports: mlb, Daily: -1}, "negative"},
		{Options{Sports: mlb, Soon: time.Millisecond}, "at least 1s"},
		{Options{Sports: mlb, InPlay: time.Millisecond}, "0 for off"},
		{Options{Sports: mlb, Parts: []Part{{}, {}}}, "twice"},
		{Options{Sports: mlb, Parts: []Part{{Regions: mlb, Bookmakers: mlb}}}, "two parts"},
	} {
		_, err := New(c.o)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
}

// The phases of a day with two starts, and when captures are due in them.
func TestPhases(t *testing.T) {
	o := Options{InPlay: 2 * time.Minute, InPlayFor: time.Hour}
	o.fill()
	s := newStarts([]time.Time{at("2026-06-02 20:00"), at("2026-06-02 12:00"), at("2026-06-02 12:00")})
	if len(s) != 2 {
		t.Fatal(s)
	}
	var got []string
	s.segments(&o, at("2026-06-01 00:00"), at("2026-06-03 00:00"), func(x segment) bool {
		got = append(got, x.from.Format("02T15:04 ")+string(x.phase))
		return true
	})
	want := "01T00:00 idle,01T12:00 upcoming,02T11:30 soon,02T12:00 in_play,02T13:00 upcoming,02T19:30 soon,02T20:00 in_play,02T21:00 idle"
	if strings.Join(got, ",") != want {
		t.Errorf("%v\nwant %v", strings.Join(got, ","), want)
	}
	for _, c := range []struct {
		last, want string
		by         float64
		phase      phase
	}{
		{"2026-06-01 00:10", "2026-06-01 01:10", 1, idle},
		{"2026-06-01 11:30", "2026-06-01 12:00", 1, upcoming}, // the hour would end later
		{"2026-06-02 11:28", "2026-06-02 11:30", 1, soon},
		{"2026-06-02 11:40", "2026-06-02 11:41", 1, soon},
		{"2026-06-02 11:40", "2026-06-02 11:50", 10, soon},
		{"2026-06-02 11:59", "2026-06-02 12:01", 1, inPlay},
		{"2026-06-01 13:00", "2026-06-01 13:10", 2, upcoming},
	} {
		due, p := s.due(&o, at(c.last), at("2026-06-04 00:00"), func(phase) float64 { return c.by })
		if !due.Equal(at(c.want)) || p != c.phase {
			t.Errorf("after %s by %g: %v %s, want %s %s", c.last, c.by, due, p, c.want, c.phase)
		}
	}
	if due, _ := s.due(&o, at("2026-06-01 00:00"), at("2026-06-04 00:00"), func(phase) float64 { return math.Inf(1) }); !due.IsZero() {
		t.Errorf("due at %v without credits", due)
	}
	if p, _ := (starts{}).phase(&o, at("2026-06-01 00:00"), at("2026-06-02 00:00")); p != nothing {
		t.Error(p)
	}
	if p, _ := starts(nil).phase(&o, at("2026-06-01 00:00"), at("2026-06-02 00:00")); p != idle {
		t.Error(p)
	}
}

func TestClosings(t *testing.T) {
	o := Options{}
	o.fill()
	s := newStarts([]time.Time{at("2026-06-02 12:00"), at("2026-06-02 12:03"), at("2026-06-02 12:05"), at("2026-06-02 12:10"), at("2026-06-02 18:00")})
	var got []string
	for _, c := range s.closings(&o, at("2026-06-02 11:59"), at("2026-06-02 17:00")) {
		got = append(got, c.Format("15:04"))
	}
	if strings.Join(got, " ") != "11:59 12:09" {
		t.Error(got)
	}
	// One within a cluster that has begun is none.
	if got := s.closings(&o, at("2026-06-02 12:01"), at("2026-06-02 12:05")); len(got) != 0 {
		t.Error(got)
	}
}

// What is left is divided by the days left; a day that has begun gets its share.
func TestCreditsOfADay(t *testing.T) {
	o := Options{}
	o.fill()
	c := newCredits(&o)
	c.at(at("2026-06-16 12:00"))
	c.said(at("2026-06-16 12:00"), quota{290, 210, 0}, 0)
	if got := c.available(); got != 10 { // 14.5 days, half of one is left of today
		t.Errorf("%g", got)
	}
	c.charge(4)
	c.said(at("2026-06-16 12:01"), quota{288, 212, 2}, 4) // it cost less
	if got := c.available(); got != 8 {
		t.Errorf("%g", got)
	}
	c.charge(4) // and was never answered, nor charged
	if got := c.available(); got != 4 {
		t.Errorf("%g", got)
	}
	c.said(at("2026-06-16 12:02"), quota{288, 212, 0}, 0)
	if got := c.available(); got != 8 {
		t.Errorf("%g", got)
	}
	c.said(at("2026-06-16 12:03"), quota{5, 495, 0}, 0) // somebody else needs many
	if got := c.available(); got != 5 {
		t.Errorf("%g", got)
	}
	c.at(at("2026-06-17 00:00"))
	if got := c.available(); got != 5.0/14 {
		t.Errorf("%g", got)
	}
	c.none()
	if got := c.available(); got != 0 {
		t.Errorf("%g", got)
	}
	c.said(at("2026-06-17 00:10"), quota{1000, 495, 0}, 0) // more were bought
	if got := c.available(); got < 70 || got > 72 {
		t.Errorf("%g", got)
	}
}

// New credits come when the venue's count begins anew, whatever day that is.
func TestNewCredits(t *testing.T) {
	for _, c := range []struct {
		at, reset string
	}{
		{"2026-07-01 00:05", "2026-08-01 00:00"},
		{"2026-07-02 08:00", "2026-08-01 00:00"}, // found out late
		{"2026-07-12 08:00", "2026-08-12 00:00"},
	} {
		o := Options{}
		o.fill()
		k := newCredits(&o)
		k.said(at("2026-06-30 00:00"), quota{20, 480, 0}, 0)
		k.at(at(c.at).Add(-time.Minute))
		k.said(at(c.at), quota{500, 0, 0}, 0)
		if !k.reset.Equal(at(c.reset)) || k.available() < 5 || k.available() > 20 {
			t.Errorf("%s: reset %v, %g today", c.at, k.reset, k.available())
		}
	}
}

func TestStatedCreditsOfADay(t *testing.T) {
	o := Options{Daily: 100}
	o.fill()
	c := newCredits(&o)
	c.at(at("2026-06-16 18:00"))
	if got := c.available(); got != 25 {
		t.Errorf("%g", got)
	}
	c.at(at("2026-06-17 00:00"))
	if got := c.available(); got != 100 {
		t.Errorf("%g", got)
	}
	c.said(at("2026-06-17 00:01"), quota{30, 470, -1}, 0)
	if got := c.available(); got > 100 || got != 30 {
		t.Errorf("%g", got)
	}
}

// The reserve is kept as long as starts need it, and no longer.
func TestReserve(t *testing.T) {
	o := Options{Daily: 100}
	p := plan(t, o, map[string][]time.Time{"baseball_mlb": nil})
	now := at("2026-06-16 00:00")
	p.scheduled(p.sports[0], now, []time.Time{at("2026-06-16 20:00")})
	l := p.outlook(now)
	if l.reserve != 30 || l.soon != 30 || l.available != 100 || l.forSoon != 30 || l.stretch(soon) != 1 || l.stretch(upcoming) <= 3 {
		t.Errorf("%+v, %g, %g", l, l.stretch(soon), l.stretch(upcoming))
	}
	p.scheduled(p.sports[0], now, []time.Time{at("2026-06-16 20:00"), at("2026-06-16 21:00"), at("2026-06-16 22:00")})
	if l = p.outlook(now); l.reserve != 40 || l.soon != 90 || l.closing != 3 || l.stretch(soon) != 87.0/37 {
		t.Errorf("%+v, %g", l, l.stretch(soon))
	}
	if l = p.outlook(at("2026-06-16 22:00")); l.reserve != 0 || l.forOrdinary != 100 {
		t.Errorf("%+v", l)
	}
}

// A capture that is left out says why.
func TestSkipsSayWhy(t *testing.T) {
	now := at("2026-06-16 00:00")
	for _, c := range []struct {
		name   string
		daily  int
		starts []time.Time
		told   func(p *planner)
		reason string
		want   string
	}{
		{"no events", 100, []time.Time{}, func(*planner) {}, skipEvents, "no event is known"},
		{"budget", 3, []time.Time{at("2026-06-16 20:00")}, func(p *planner) { p.c.charge(2) }, skipBudget, "0.0 of the day's 3.0 credits are left"},
		{"reserve", 300, []time.Time{at("2026-06-16 20:00"), at("2026-06-16 22:00"), at("2026-06-16 23:00")}, func(p *planner) { p.c.spent, p.c.left = 12, 460 }, "", ""},
		{"credits", 100, []time.Time{at("2026-06-16 20:00")}, func(p *planner) { p.c.none() }, skipCredits, "new ones come on 2026-07-01"},
		{"rate", 100, []time.Time{at("2026-06-16 20:00")}, func(p *planner) { p.limited(nil, now, time.Hour) }, skipLimited, "no requests before 2026-06-16T01:00:00Z"},
	} {
		p := plan(t, Options{Daily: c.daily}, map[string][]time.Time{"baseball_mlb": nil})
		p.outlook(now)
		p.scheduled(p.sports[0], now, c.starts)
		c.told(p)
		a := p.next(now)
		if c.reason == "" {
			if a.do != capture {
				t.Errorf("%s: %+v", c.name, a)
			}
			continue
		}
		if a.do != skip || !a.at.Equal(now) || a.reason != c.reason || !strings.Contains(a.detail, c.want) {
			t.Errorf("%s: %s %s %q", c.name, a.do, a.reason, a.detail)
		}
	}
}

// A refusal without Retry-After is waited for longer and longer, at most a minute.
func TestPauses(t *testing.T) {
	p := plan(t, Options{}, map[string][]time.Time{"a_b": nil})
	now := at("2026-06-16 00:00")
	for _, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		p.limited(nil, now, 0)
		if got := p.paused.Sub(now); got != want*time.Second {
			t.Errorf("%v, want %v s", got, want)
		}
	}
	p.limited(nil, now, 7*time.Second)
	if got := p.paused.Sub(now); got != 7*time.Second {
		t.Errorf("%v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := at("2026-06-16 00:00")
	for s, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "0": time.Second, "0.5": time.Second, "x": 0, "-1": 0, "1e99": 0, "NaN": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): time.Second,
	} {
		if got := retryAfter(s, now); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The key is in no error, and goes nowhere else.
func TestKeyStaysHere(t *testing.T) {
	o := Options{Sports: []string{"a_b"}, URL: "https://api.test/v4"}
	o.fill()
	asked := 0
	w := &connect.World{Clock: time.Now, HTTP: &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
		if asked++; r.URL.Query().Get("apiKey") != "s3cret+/" || r.Referer() != "" {
			t.Errorf("%v", r.URL)
		}
		if asked == 1 {
			return nil, errors.New("can't reach " + r.URL.String())
		}
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"https://evil.test/?" + r.URL.RawQuery}}, Body: http.NoBody, Request: r}, nil
	})}}
	a := newAsker(w, &o, "s3cret+/")
	if _, err := a.ask(context.Background(), "/sports"); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "can't reach") {
		t.Error(err)
	}
	ans, err := a.ask(context.Background(), "/sports?x=1")
	if err != nil || ans.status != 302 || asked != 2 {
		t.Errorf("%+v, %v, asked %d times", ans, err, asked)
	}
	for _, text := range []string{"key s3cret+/ is bad", "key " + url.QueryEscape("s3cret+/")} {
		if got := string(a.scrub([]byte(text))); strings.Contains(got, "s3cret") {
			t.Error(got)
		}
	}
}

func TestQuotaHeaders(t *testing.T) {
	h := http.Header{}
	h.Set("x-requests-remaining", "12.5")
	h.Set("x-requests-used", "NaN")
	if q := quotaOf(h); q != (quota{12.5, -1, -1}) {
		t.Errorf("%+v", q)
	}
}

// Events that were never told are asked for again soon.
func TestUnscheduled(t *testing.T) {
	p := plan(t, Options{}, map[string][]time.Time{"a_b": nil})
	now, s := at("2026-06-16 00:00"), p.sports[0]
	p.unscheduled(s, now)
	if a := p.events(s, now); !a.at.Equal(now.Add(time.Minute)) {
		t.Error(a.at)
	}
	p.scheduled(s, now, nil)
	p.unscheduled(s, now)
	if a := p.events(s, now); !a.at.Equal(now.Add(10 * time.Minute)) {
		t.Error(a.at)
	}
}
