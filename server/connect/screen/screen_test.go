package screen

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/internal/table"
	"corrgraph/odds"
	"corrgraph/server/connect"
)

const t0 odds.Time = 1_790_000_000_000

func update(event, market string, quotes ...odds.Quote) odds.Update {
	return odds.Update{Event: &odds.Event{ID: event, Home: "Pine", Away: "Oak " + event}, Venue: "polymarket", Market: market, Quotes: quotes}
}

func quote(name string, line, price float64) odds.Quote {
	return odds.Quote{Selection: name, Line: line, Price: price}
}

func batch(at odds.Time, us ...odds.Update) []*odds.Batch {
	return []*odds.Batch{{Source: "polymarket", At: at, Recv: at + 100, Updates: us}}
}

func shown(t *testing.T, s *Screen, now odds.Time, most int, all []connect.Status, doubted []frames.Standing, more int) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(&b, table.Style{}, now, most, all, doubted, more); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTheFirstMinute: prices, lines, ages and gaps, the newest first.
func TestTheFirstMinute(t *testing.T) {
	s := New()
	none := math.NaN()
	if s.First() != 0 || shown(t, s, t0, 5, nil, nil, 0) != "No price yet.\n" {
		t.Error("an empty screen shows something")
	}
	s.Take(batch(t0, update("a", "totals", quote("over", 8.5, 1.9), quote("under", 8.5, 2))))
	s.Take(batch(t0+1000, update("b", "h2h", quote("home", none, 1.5))))
	s.Take(batch(t0+2000, update("b", "h2h", quote("away", none, 2.7)), odds.Update{Event: &odds.Event{ID: "q", Title: "Will it\x1b[2J rain?"}, Venue: "polymarket", Market: "yes_no", Status: odds.Unknown}))
	all := []connect.Status{{
		Venue: "polymarket", State: connect.Connected, Since: t0 - 5000, Frames: 12, Quotes: 4, Delay: 80, Markets: map[frames.State]int{frames.Gap: 1, frames.Live: 2},
		Quota: map[string]float64{"credits": 480}, SkippedLast: "reserve: kept for starts",
	}}
	doubted := []frames.Standing{{Source: "polymarket", ID: "0x1", State: frames.Gap, Why: "connection lost", Since: t0}, {Source: "polymarket", ID: "0x2", Known: true, Market: frames.Market{Event: &odds.Event{Title: "Rain"}, Name: "yes_no"}, State: frames.Stale, Since: t0}}
	got := shown(t, s, t0+4000, 2, all, doubted, 7)
	if head := "polymarket: connected for 9.0 s · markets: 2 live, 1 gap · 12 messages, 4 prices, 80 ms after the venue's stamp · credits left: 480\n  not asked for: reserve: kept for starts\n"; !strings.HasPrefix(got, head) {
		t.Errorf("got\n%s", got)
	}
	for _, part := range []string{"away 2.700  home 1.500", "Oak b @ Pine", "unknown", "… and 1 markets more", "Not to be relied on:", "connection lost", "Rain · yes_no", "… and 7 more"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in\n%s", part, got)
		}
	}
	if strings.Contains(got, "\x1b") || strings.Contains(got, "8.5") {
		t.Errorf("a feed commands the terminal, or the oldest market is shown:\n%s", got)
	}
	if all := shown(t, s, t0+4000, 9, nil, nil, 0); !strings.Contains(all, "over 8.5 1.900") {
		t.Errorf("the line is missing:\n%s", all)
	}
	if s.First() != t0+100 {
		t.Error("first price at", s.First())
	}
}

// TestAnImageReplacesWhatWasShown, a change does not.
func TestAnImageReplacesWhatWasShown(t *testing.T) {
	s := New()
	none := math.NaN()
	s.Take(batch(t0, update("a", "h2h", quote("home", none, 2), quote("away", none, 2))))
	u := update("a", "h2h", quote("home", none, 3))
	u.Image = true
	s.Take(batch(t0+1, u))
	if got := shown(t, s, t0, 5, nil, nil, 0); strings.Contains(got, "away") || !strings.Contains(got, "home 3.000") {
		t.Error(got)
	}
}

// TestMemoryIsBounded: what was heard of longest ago goes.
func TestMemoryIsBounded(t *testing.T) {
	s := New()
	for i := range 3 * mostMarkets {
		s.Take(batch(t0+odds.Time(i), update(fmt.Sprint(i), "h2h", quote("home", math.NaN(), 2))))
	}
	if n := len(s.markets); n > mostMarkets {
		t.Errorf("%d markets are remembered", n)
	}
	if _, newest := s.markets[key{"polymarket", fmt.Sprint(3*mostMarkets - 1), "h2h"}]; !newest {
		t.Error("the newest market was forgotten")
	}
}
