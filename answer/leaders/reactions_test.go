package leaders

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/internal/table"
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
	"corrgraph/store"
)

// scores are marks of matches, one each, to which a reacts 3 s before b.
func scores(matches int) (all []reaction.EventMark) {
	quiet := &reaction.Seen{How: reaction.Censored, Low: reaction.Horizon, High: reaction.Horizon, Why: reaction.AtHorizon}
	for n := range matches {
		moved := func(venue string, at odds.Millis) reaction.Reaction {
			return reaction.Reaction{Venue: venue, Market: "h2h", Seen: reaction.Seen{How: reaction.Moved, Low: at - 20, High: at}, Control: quiet}
		}
		all = append(all, reaction.EventMark{
			Event: fmt.Sprint("e", n), Sport: "soccer", League: "epl", Kind: odds.ScoreMark, Value: "0-1", Was: "0-0", At: 1_780_000_000_000,
			Books: []reaction.Reaction{moved("a", -1000), moved("b", 2000), {Venue: "c", Market: "h2h", Seen: *quiet}},
		})
	}
	return all
}

var leagues = []catalog.League{{Sport: "soccer", Name: "epl", Markets: []string{"h2h"}}, {Sport: "tennis", Name: "atp"}}

func spelt(t *testing.T, a *Reactions) string {
	t.Helper()
	var b bytes.Buffer
	if err := a.Text(&b, table.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestVenuesAreComparedByLeague(t *testing.T) {
	r := Judged{&store.Judgement{Reactions: scores(9)}, leagues}
	a, err := ListReactions(t.Context(), r, ReactionFilter{Event: "e3"}, 5, nil)
	if err != nil || a.Marks != 9 || len(a.Venues) != 3 || len(a.Told) != 1 || a.AsOf != 5 {
		t.Fatalf("%+v, %v", a, err)
	}
	got := spelt(t, a)
	for _, want := range []string{
		"a      soccer/epl h2h   -1.0 s", "-1.0 s to -1.0 s", "100 %", "a before b", "e", "20:26:40 score 0-1 (was 0-0): a h2h -1.0 s, b h2h +2.0 s, c h2h no reaction until +120.0 s\n",
	} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for sport, marks := range map[string]int{"": 9, "epl": 9, "tennis": 0} {
		if a, err := ListReactions(t.Context(), r, ReactionFilter{Sport: sport}, 5, nil); err != nil || a.Marks != marks || len(a.Told) != 0 {
			t.Errorf("%q: %+v, %v", sport, a, err)
		}
	}
	if _, err := ListReactions(t.Context(), r, ReactionFilter{Sport: "cricket"}, 5, nil); !errors.Is(err, words.ErrInvalid) {
		t.Errorf("an unknown sport: %v", err)
	}
}

func TestFewEventsHaveNoFigures(t *testing.T) {
	a, err := ListReactions(t.Context(), Judged{&store.Judgement{Reactions: scores(7)}, leagues}, ReactionFilter{}, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := spelt(t, a); strings.Contains(got, "100 %") || !strings.Contains(got, "No venue is known to react sooner") || !strings.Contains(got, "–") {
		t.Error(got)
	}
	none, err := ListReactions(t.Context(), Judged{store.Undecided(), nil}, ReactionFilter{}, 5, nil)
	if err != nil || spelt(t, none) != "No new score was told of an event that venues quoted.\n" {
		t.Errorf("%+v, %v", none, err)
	}
	if b, err := json.Marshal(none); err != nil || strings.Contains(string(b), "null") {
		t.Errorf("%s, %v", b, err)
	}
}

func TestAStoreSaysWhatTheDecisionSaid(t *testing.T) {
	body, err := json.Marshal(scores(9))
	if err != nil {
		t.Fatal(err)
	}
	known := `[{"sport":"soccer","name":"epl"}]`
	want, _ := ListReactions(t.Context(), Judged{&store.Judgement{Reactions: scores(9)}, leagues}, ReactionFilter{}, 5, nil)
	got, err := ListReactions(t.Context(), Stored{&desk{leagues: leagues, documents: map[string]string{"leagues": known, "reactions": string(body)}}}, ReactionFilter{}, 5, nil)
	if err != nil || spelt(t, got) != spelt(t, want) {
		t.Errorf("%v\n%s\nwant\n%s", err, spelt(t, got), spelt(t, want))
	}
	if old, err := ListReactions(t.Context(), Stored{&desk{documents: map[string]string{"leagues": known}}}, ReactionFilter{}, 5, nil); err != nil || old.Marks != 0 {
		t.Errorf("a store of an earlier version: %+v, %v", old, err)
	}
}

func TestWhatAVenueDidIsSaid(t *testing.T) {
	for want, s := range map[string]reaction.Seen{
		"suspended +3.0 s":                                       {How: reaction.Suspended, Low: 2980, High: 3000},
		"-58.0 s to +2.0 s":                                      {How: reaction.Moved, Low: -58_000, High: 2000},
		"no reaction until +4.2 s, then it was lost":             {How: reaction.Censored, Low: 4210, High: 4210, Why: reaction.InGap},
		"no reaction until +4.2 s, then the score changed again": {How: reaction.Censored, Low: 4210, Why: reaction.NextScore},
		"no reaction until +0.0 s so far":                        {How: reaction.Censored, Why: reaction.AtEnd},
	} {
		if got := did(&s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
