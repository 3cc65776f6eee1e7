package answer

import (
	"reflect"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

func TestNewDoubts(t *testing.T) {
	in := func(source, venue, id, name string, state frames.State, why string, since odds.Time) frames.Standing {
		return frames.Standing{Source: source, ID: id, Known: true, State: state, Why: why, Since: since, Market: frames.Market{Event: &odds.Event{ID: "e"}, Venue: venue, Name: name}}
	}
	got := NewDoubts([]frames.Standing{
		in("kalshi", "kalshi", "1", "h2h", frames.Stale, "silent", 100),
		in("kalshi", "kalshi", "2", "h2h", frames.Gap, "connection lost", 300),
		in("kalshi", "kalshi", "3", "h2h", frames.Gap, "connection lost", 200),
		in("kalshi", "kalshi", "4", "totals", frames.Subscribed, "", 50),
		in("feed", "betexample", "5", "h2h", frames.Stale, "silent", 70),
		in("oddsapi", "", "6", "", frames.Gap, "HTTP 500", 10),
	})
	want := []Doubt{
		{"betexample", "h2h", "stale", "silent", 70},
		{"kalshi", "h2h", "gap", "connection lost", 200},
		{"kalshi", "totals", "subscribed", "asked for, and not answered yet", 50},
		{"oddsapi", "", "gap", "HTTP 500", 10},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if none := NewDoubts(nil); none == nil || len(none) != 0 {
		t.Errorf("%v of nothing", none)
	}
}
