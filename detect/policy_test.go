package detect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

func candidate(kind string, strength float64, at odds.Time) Anomaly {
	a := Anomaly{Kind: kind, Layer: 2, Event: "match", Nodes: []odds.NodeID{"dk/match/h2h/home", "dk/match/totals/over"}, At: at}
	a.Grade(strength, 0.95)
	return a
}

func TestPolicy(t *testing.T) {
	type look struct {
		at       odds.Millis
		strength float64 // 0: not offered
		want     Verdict
		ended    Verdict // of EndLook; Ignored if nothing ended
		reason   string
	}
	for _, c := range []struct {
		name    string
		options PolicyOptions
		looks   []look
	}{
		{"raised once while it lasts, ends under the lower threshold", PolicyOptions{}, []look{
			{0, 0.9, Ignored, Ignored, ""},
			{1, 1.2, Raised, Ignored, ""},
			{2, 1.1, Continues, Ignored, ""},
			{3, 0.8, Continues, Ignored, ""},
			{4, 0.7, Ended, Ignored, ""},
			{5, 0.9, Ignored, Ignored, ""},
		}},
		{"ends when it is no longer offered", PolicyOptions{}, []look{
			{0, 1.2, Raised, Ignored, ""}, {1, 0, Ignored, Ended, ""}, {2, 0, Ignored, Ignored, ""},
		}},
		{"worsens", PolicyOptions{}, []look{
			{0, 1.2, Raised, Ignored, ""}, {1, 1.25, Continues, Ignored, ""}, {2, 2.5, Worsened, Ignored, ""}, {3, 1.2, Continues, Ignored, ""},
		}},
		{"cools down, kept once, raised when it lasts longer", PolicyOptions{CoolDown: 10}, []look{
			{0, 1.2, Raised, Ignored, ""},
			{1, 0, Ignored, Ended, ""},
			{2, 1.2, Kept, Ignored, CoolingDown},
			{3, 1.2, Continues, Ignored, ""},
			{11, 1.2, Raised, Ignored, ""},
		}},
		{"must last to be raised", PolicyOptions{Hold: map[string]odds.Millis{CorrelationBreak: 5}}, []look{
			{0, 1.2, Ignored, Ignored, ""}, {4, 1.2, Ignored, Ignored, ""}, {5, 1.2, Raised, Ignored, ""},
		}},
		{"gone before it was confirmed", PolicyOptions{Hold: map[string]odds.Millis{CorrelationBreak: 5}}, []look{
			{0, 1.2, Ignored, Ignored, ""}, {4, 0, Ignored, Kept, Unconfirmed}, {5, 1.2, Ignored, Ignored, ""},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPolicy(c.options)
			for _, l := range c.looks {
				now := clock("10:00").Add(l.at)
				if l.strength > 0 {
					a, v := p.Offer(candidate(CorrelationBreak, l.strength, now), now)
					if v != l.want || v == Kept && a.Suppressed != l.reason {
						t.Errorf("at %d: verdict %d (%q), want %d", l.at, v, a.Suppressed, l.want)
					}
					if v == Raised && a.Evidence.Text == "" || v == Ended && a.Until != now {
						t.Errorf("at %d: %+v", l.at, a)
					}
				}
				ended := p.EndLook("match", 2, now, nil)
				if (len(ended) > 0) != (l.ended != Ignored) {
					t.Errorf("at %d: EndLook gave %v", l.at, list(ended))
				}
				for _, a := range ended {
					if a.Suppressed != l.reason || a.Until != now {
						t.Errorf("at %d: ended %+v", l.at, a)
					}
				}
			}
		})
	}
}

// An anomaly raised late has the time of its first abnormal tick.
func TestPolicyKeepsTheFirstTime(t *testing.T) {
	p := NewPolicy(PolicyOptions{Hold: map[string]odds.Millis{CorrelationBreak: 5}})
	from := clock("10:00")
	p.Offer(candidate(CorrelationBreak, 1.2, from), from)
	if a, v := p.Offer(candidate(CorrelationBreak, 1.3, from+5), from+5); v != Raised || a.At != from {
		t.Errorf("verdict %d at %v", v, a.At)
	}
}

func TestPolicyBudget(t *testing.T) {
	p := NewPolicy(PolicyOptions{Budget: 3})
	now := clock("10:00")
	verdicts := map[Verdict]int{}
	offer := func(now odds.Time) {
		clear(verdicts)
		for i := range 10 {
			a := candidate(NewEdge, 1.5, now)
			a.Nodes = []odds.NodeID{odds.NodeID(fmt.Sprintf("dk/match/h2h/home%d", i))}
			_, v := p.Offer(a, now)
			verdicts[v]++
		}
	}
	if offer(now); verdicts[Raised] != 3 || verdicts[Kept] != 7 {
		t.Errorf("first look %v", verdicts)
	}
	if offer(now + 1); verdicts[Continues] != 10 {
		t.Errorf("second look %v", verdicts)
	}
	if offer(now.Add(hour)); verdicts[Raised] != 3 {
		t.Errorf("an hour later %v", verdicts)
	}
}

// Kinds that report their own end are not ended by a look, and their end is reported.
func TestPolicyEpisodes(t *testing.T) {
	p := NewPolicy(PolicyOptions{})
	from := clock("15:30")
	a := candidate(OutlierQuote, 2, from)
	if _, v := p.Offer(a, from); v != Raised {
		t.Fatal(v)
	}
	if got := p.EndLook("match", 2, from+1, nil); len(got) > 0 {
		t.Errorf("ended by a look: %s", list(got))
	}
	a.Until, a.Suppressed = from+10, "the others followed it: it led"
	got, v := p.Offer(a, from+10)
	if v != Ended || got.At != from || got.Until != from+10 || got.Suppressed == "" {
		t.Errorf("verdict %d: %+v", v, got)
	}
	// reported only once it is over
	b := candidate(OutlierQuote, 2, from+20)
	b.Nodes, b.Until = []odds.NodeID{"mgm/match/h2h/home"}, from+30
	if got, v := p.Offer(b, from+30); v != Raised || got.Until != from+30 || got.At != from+20 {
		t.Errorf("verdict %d: %+v", v, got)
	}
	p.Forget("match")
	if len(p.events) != 0 {
		t.Error("the event is still remembered")
	}
}

// The legs of an arbitrage change while it lasts; it is one anomaly.
func TestPolicyArbitrageIsOnePerMarket(t *testing.T) {
	p := NewPolicy(PolicyOptions{})
	now := clock("10:00")
	a := candidate(Arbitrage, 1.5, now)
	legs := []odds.NodeID{"dk/match/h2h/home", "mb/match/h2h/away"}
	a.Nodes = legs
	_, first := p.Offer(a, now)
	a.Nodes = []odds.NodeID{"fd/match/h2h/home", "mb/match/h2h/away"}
	a.Grade(3, 0.95)
	worse, second := p.Offer(a, now+1)
	a.Nodes = []odds.NodeID{"fd/match/totals/over", "mb/match/totals/under"}
	_, third := p.Offer(a, now+1)
	if first != Raised || second != Worsened || third != Raised {
		t.Error(first, second, third)
	}
	// Clients that know it by its nodes learn of its end.
	ended := p.EndLook("match", a.Layer, now+2, nil)
	if len(ended) != 2 || !slices.Equal(ended[0].Nodes, legs) || !slices.Equal(worse.Nodes, legs) || worse.At != now || !strings.Contains(worse.Evidence.Text, "fd/match/h2h/home") {
		t.Errorf("%+v, then %s", worse, list(ended))
	}
}

func TestPolicyAllocatesNothingForWhatContinues(t *testing.T) {
	p := NewPolicy(PolicyOptions{})
	now := clock("10:00")
	a := candidate(CorrelationBreak, 1.5, now)
	p.Offer(a, now)
	if n := testing.AllocsPerRun(50, func() { p.Offer(a, now) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Active anomalies of an event without further quotes ended with its last quote.
func TestPolicyClosesQuietEvents(t *testing.T) {
	p := NewPolicy(PolicyOptions{Hold: map[string]odds.Millis{Incoherence: minute}})
	at := clock("10:00")
	arbitrage := candidate(Arbitrage, 1.5, at.Add(minute))
	for _, a := range []Anomaly{arbitrage, candidate(OutlierQuote, 2, at), candidate(Incoherence, 2, at)} {
		p.Offer(a, a.At)
	}
	last, now := at.Add(2*minute), at.Add(2*hour)
	got := p.Close("match", last, nil)
	if len(got) != 2 || got[0].Kind != OutlierQuote || got[1].Kind != Arbitrage || got[0].Until != last || got[1].Until != last || got[1].Suppressed != "" {
		t.Errorf("closed %s", list(got)) // the one awaiting confirmation was never raised
	}
	if again := p.Close("match", last, nil); len(again) != 0 {
		t.Errorf("closed again %s", list(again))
	}
	if none := p.Close("unknown", last, nil); len(none) != 0 {
		t.Errorf("%s", list(none))
	}
	if look := p.EndLook("match", arbitrage.Layer, now, nil); len(look) != 0 {
		t.Errorf("a look ends it anew: %s", list(look))
	}
	arbitrage.At = now.Add(minute) // not cooling down, because it ended long before
	if a, v := p.Offer(arbitrage, arbitrage.At); v != Raised || a.At != arbitrage.At || a.Until != 0 {
		t.Errorf("the match goes on: verdict %d, %+v", v, a)
	}
}

// Later forms of an anomaly have its marks; the next one does not.
func TestMarksStay(t *testing.T) {
	p := NewPolicy(PolicyOptions{CoolDown: -1})
	a, _ := p.Offer(candidate(CorrelationBreak, 1.2, 0), 0)
	a.Evidence.Marks = []Mark{{Node: a.Nodes[0], AfterMs: 5000}}
	p.Marked(&a)
	for _, c := range []struct {
		at       odds.Time
		strength float64
		verdict  Verdict
		marks    int
	}{{1, 3, Worsened, 1}, {2, 0.5, Ended, 1}, {3, 1.2, Raised, 0}} {
		b, verdict := p.Offer(candidate(CorrelationBreak, c.strength, c.at), c.at)
		if verdict != c.verdict || len(b.Evidence.Marks) != c.marks {
			t.Errorf("at %d: verdict %d with %d marks, want %d with %d", c.at, verdict, len(b.Evidence.Marks), c.verdict, c.marks)
		}
	}
	p.Marked(&a) // another one is in its place
	if b, _ := p.Offer(candidate(CorrelationBreak, 0.5, 4), 4); b.Evidence.Marks != nil {
		t.Errorf("%+v", b.Evidence.Marks)
	}
}
