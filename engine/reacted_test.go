package engine

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/ledger/reaction"
	"corrgraph/odds"
)

// goalVenue is a venue that answers goals.
type goalVenue struct {
	name     string
	every    odds.Millis // between prices
	poll     bool
	delay    odds.Millis // after a goal; 0 never
	suspends odds.Millis // after a goal, before it moves; 0 not
	gap      bool        // its connection is lost a second after the second goal of a match
}

var goalVenues = []goalVenue{
	{name: "early", every: 8000, delay: 1000},
	{name: "late", every: 7000, delay: 6000},
	{name: "stops", every: 10_000, delay: 40_000, suspends: 3000},
	{name: "polled", every: 60_000, poll: true, delay: 1},
	{name: "mute", every: 10_000},
	{name: "lost", every: 10_000, delay: 9000, gap: true},
}

const (
	goalEvery  odds.Millis = 600_000
	channelLag odds.Millis = 2000 // of the marks, behind the goals
)

// goalMatch is a match with goals ten minutes apart, of which marks tell, and the venues'
// prices.
func goalMatch(n, goals int, r *rand.Rand) (all []*odds.Batch) {
	ev := &odds.Event{ID: fmt.Sprint("match", n), Sport: "soccer", League: "epl", Home: fmt.Sprint("Home", n), Away: fmt.Sprint("Away", n), Start: sceneStart}
	from := sceneStart.Add(odds.Millis(n) * 60_000)
	goal := func(k int) odds.Time { return from.Add(odds.Millis(k+1)*goalEvery + odds.Millis(r.IntN(4000))) }
	var at []odds.Time
	for k := range goals {
		at = append(at, goal(k))
	}
	for i := range goalVenues {
		all = append(all, goalVenues[i].quotes(ev, from, at, r)...)
	}
	mark := func(at odds.Time, kind odds.MarkKind, value, was string) {
		all = append(all, &odds.Batch{Source: "early", At: at, Recv: at, Marks: []odds.Mark{{Event: ev, Kind: kind, Value: value, Was: was}}})
	}
	mark(from.Add(30_000), odds.ScoreMark, "0-0", "")
	mark(from.Add(30_000), odds.PeriodMark, "1H", "")
	for k, t := range at {
		mark(t.Add(channelLag), odds.ScoreMark, fmt.Sprintf("%d-0", k+1), fmt.Sprintf("%d-0", k))
	}
	return all
}

func (v *goalVenue) quotes(ev *odds.Event, from odds.Time, goals []odds.Time, r *rand.Rand) (all []*odds.Batch) {
	tell := func(at odds.Time, status odds.Status, value float64) {
		p := 1 / (1 + math.Exp(-value))
		u := odds.Update{Event: ev, Venue: v.name, Market: "h2h", Status: status, InPlay: true, Updated: at, Terms: odds.Terms{Complete: odds.StatedYes}}
		if status == odds.Open {
			u.Quotes = []odds.Quote{{Selection: ev.Home, Side: odds.Home, Line: math.NaN(), Price: 0.96 / p}, {Selection: ev.Away, Side: odds.Away, Line: math.NaN(), Price: 0.96 / (1 - p)}}
		}
		all = append(all, &odds.Batch{Source: v.name, At: at, Recv: at, Polled: v.poll, Updates: []odds.Update{u}})
	}
	end := goals[len(goals)-1].Add(goalEvery)
	var changes []odds.Time // beside the regular prices
	for _, g := range goals {
		if v.delay > 1 {
			changes = append(changes, g.Add(v.delay))
		}
	}
	noise, step := 0.0, odds.Millis(0)
	for t := from; t < end; t = t.Add(step) {
		next := t.Add(v.every)
		if !v.poll {
			next = next.Add(odds.Millis(r.IntN(500)))
		}
		for _, c := range changes {
			if c > t && c < next {
				next = c
			}
		}
		step = next.Sub(t)
		noise = 0.004 - noise // of one size: never 2 r.m.s.
		value, status := noise, odds.Open
		for k, g := range goals {
			if v.delay > 0 && t >= g.Add(v.delay) {
				value += 0.7
			}
			if v.suspends > 0 && t >= g.Add(v.suspends) && t < g.Add(v.delay) {
				status = odds.Suspended
			}
			if v.gap && k == 1 && t >= g.Add(1000) && t < g.Add(60_000) {
				status = odds.Unknown
			}
		}
		tell(t, status, value)
	}
	return all
}

func goalMatches(matches, goals int) (all []*odds.Batch) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range matches {
		all = append(all, goalMatch(n, goals, r)...)
	}
	slices.SortStableFunc(all, func(a, b *odds.Batch) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Source, b.Source)) })
	return all
}

func jsonOf(tb testing.TB, v any) string {
	tb.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func TestReactionsToGoals(t *testing.T) {
	const matches, goals = 9, 3
	e := &concluded{Engine: New(Options{})}
	feedAll(t, e, goalMatches(matches, goals))
	marks := e.Reactions()
	if len(marks) != matches*goals {
		t.Fatalf("%d marks of scores", len(marks))
	}
	for i := range marks {
		for k := range marks[i].Books {
			x := &marks[i].Books[k]
			switch off := x.High + channelLag; {
			case x.Market != "h2h":
				t.Errorf("%s: market %q", x.Venue, x.Market)
			case x.Venue == "mute" && x.Reacted(), x.Venue == "polled" && x.Reacted() && x.High-x.Low != 60_000:
				t.Errorf("%s: %+v", x.Venue, x)
			case x.Venue == "early" && (x.How != reaction.Moved || off < 1000 || off > 1100),
				x.Venue == "late" && (x.How != reaction.Moved || off < 6000 || off > 6100):
				t.Errorf("%s: %+v", x.Venue, x)
			case x.Venue == "stops" && (x.How != reaction.Suspended || off < 3000 || off > 13_600):
				t.Errorf("%s: %+v", x.Venue, x)
			case x.Venue == "lost" && marks[i].Value == "2-0" && (x.How != reaction.Censored || x.Why != reaction.InGap):
				t.Errorf("%s: %+v", x.Venue, x)
			}
		}
	}
	rows, pairs := reaction.Judge(marks)
	by := map[string]*reaction.ReactionRow{}
	for i := range rows {
		by[rows[i].Venue] = &rows[i]
	}
	if len(by) != len(goalVenues) {
		t.Fatalf("rows %s", jsonOf(t, rows))
	}
	if r := by["early"]; r.Median == nil || *r.Median > -900 || *r.Median < -1000 || r.First < 20 || r.Controls == 0 || 5*r.Quiet > r.Controls {
		t.Errorf("early: %s", jsonOf(t, r))
	}
	if r := by["stops"]; r.Suspended != matches*goals || r.Median == nil {
		t.Errorf("stops: %s", jsonOf(t, r))
	}
	if r := by["mute"]; r.Reacted != 0 || r.Median != nil || r.Censored != matches*goals {
		t.Errorf("mute: %s", jsonOf(t, r))
	}
	found := false
	for _, x := range pairs {
		found = found || x.First == "early" && x.B == "late"
		if x.First == "late" && x.B == "early" || x.First == "mute" {
			t.Errorf("%s", jsonOf(t, x))
		}
	}
	if !found {
		t.Errorf("early is not known to be sooner than late: %s", jsonOf(t, pairs))
	}
	v, _ := e.View("match0", [4]bool{})
	if len(v.Marks) != 2+goals || v.Marks[1].Kind != odds.PeriodMark || len(v.Marks[2].Books) == 0 {
		t.Errorf("marks of a match: %s", jsonOf(t, v.Marks))
	}
	caused := 0
	for _, a := range e.Anomalies {
		if c := a.Evidence.Cause; c != nil {
			caused++
			if a.At < c.At || a.At > c.At.Add(reaction.Horizon) || c.Kind != odds.ScoreMark {
				t.Errorf("%s at %s has the cause %+v", a.Kind, a.At, c)
			}
		}
	}
	if caused == 0 {
		t.Errorf("none of %d anomalies has a cause", len(e.Anomalies))
	}
}

func TestReactionsSurviveACheckpoint(t *testing.T) {
	all := goalMatches(2, 2)
	for _, view := range []View{Whole, Settled} {
		opt := Options{View: view, ForgetAfter: 600_000}
		apply := func(e *Engine, batches []*odds.Batch) {
			for _, b := range batches {
				if err := e.Apply(b); err != nil {
					t.Fatal(err)
				}
				if view == Settled {
					e.Verdicts()
				} else {
					e.Drain(&News{})
				}
			}
		}
		whole, parts := New(opt), New(opt)
		apply(whole, all)
		awaited := 0
		for from, n := 0, len(all)/40; from < len(all); from += n {
			apply(parts, all[from:min(from+n, len(all))])
			saved := save(t, parts)
			parts = restore(t, saved, opt)
			if !bytes.Equal(saved, save(t, parts)) {
				t.Fatal("what was restored is saved as something else")
			}
			if text := jsonOf(t, parts.Reactions()); bytes.Contains([]byte(text), []byte(`"end"`)) {
				awaited++
			}
		}
		if got, want := jsonOf(t, parts.Reactions()), jsonOf(t, whole.Reactions()); got != want || len(whole.Reactions()) != 4 {
			t.Errorf("view %v:\n%s\nin one run:\n%s", view, got, want)
		}
		if awaited == 0 {
			t.Error("nothing was awaited at any checkpoint")
		}
	}
}
