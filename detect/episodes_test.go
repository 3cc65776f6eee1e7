package detect

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"

	"pgregory.net/rapid"
)

// saying is one candidate, or the end of a look where its kind is "".
type saying struct {
	after      odds.Millis
	kind       string
	node       int
	strength   float64
	over       bool // with Until set
	suppressed string
}

// look plays one step and returns all that is to be stored, with its verdict.
func (s saying) look(p *Policy, now odds.Time) (out []Anomaly, verdicts []Verdict) {
	if s.kind == "" {
		out = p.EndLook("match", 2, now, nil)
		for _, a := range out {
			v := Ended
			if a.Suppressed != "" {
				v = Kept
			}
			verdicts = append(verdicts, v)
		}
		return out, verdicts
	}
	c := candidate(s.kind, s.strength, now)
	c.Nodes = []odds.NodeID{odds.NodeID(fmt.Sprintf("dk/match/h2h/home%d", s.node))}
	c.Suppressed = s.suppressed
	if s.over {
		c.Until = now
	}
	a, v := p.Offer(c, now)
	return []Anomaly{a}, []Verdict{v}
}

func sayings(t *rapid.T) []saying {
	kinds := []string{"", "", CorrelationBreak, CorrelationBreak, OutlierQuote, Incoherence}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) saying {
		s := saying{
			after: odds.Millis(rapid.IntRange(0, 4).Draw(t, "after")), kind: rapid.SampledFrom(kinds).Draw(t, "kind"), node: rapid.IntRange(0, 1).Draw(t, "node"),
			strength: rapid.SampledFrom([]float64{0.5, 0.8, 1, 1.2, 2.5}).Draw(t, "strength"), over: rapid.IntRange(0, 3).Draw(t, "over") == 0,
		}
		if rapid.IntRange(0, 9).Draw(t, "suppressed") == 0 {
			s.suppressed = "a leg is stale"
		}
		return s
	}), 20, 80).Draw(t, "sayings")
}

func strict() *Policy {
	return NewPolicy(PolicyOptions{CoolDown: 5, Budget: 4, Hold: map[string]odds.Millis{CorrelationBreak: 3, Incoherence: 2}})
}

// Whatever is offered: what is raised is raised once, worsens only while it is on, ends
// at most once, with the time it was raised with, and is told of with a sentence.
func TestEpisodesAreWellFormed(t *testing.T) {
	seen := map[Verdict]int{}
	check(t, func(t *rapid.T) {
		p, now := strict(), clock("10:00")
		on := map[string]Anomaly{}
		raisedOf := map[string]int{}
		for i, s := range sayings(t) {
			now = now.Add(s.after)
			all, verdicts := s.look(p, now)
			for k, v := range verdicts {
				a := all[k]
				seen[v]++
				if v == Ignored || v == Continues {
					if a.Kind != "" {
						t.Fatalf("step %d: nothing to store and yet %+v", i, a)
					}
					continue
				}
				key := a.Kind + string(a.Nodes[0])
				was, lasts := on[key]
				switch {
				case a.Evidence.Text == "" || a.At > now:
					t.Fatalf("step %d: %+v at %v", i, a, now)
				case v == Raised && (lasts || a.Suppressed != "" || a.Strength < 1 && a.Until == 0):
					t.Fatalf("step %d: raised %+v while %+v lasts", i, a, was)
				case (v == Worsened || v == Ended) && (!lasts || a.At != was.At):
					t.Fatalf("step %d: verdict %d on %+v, raised was %+v", i, v, a, was)
				case v == Worsened && a.Severity.rank() <= was.Severity.rank():
					t.Fatalf("step %d: worse from %s to %s", i, was.Severity, a.Severity)
				case v == Ended && (a.Until < a.At || a.Until > now):
					t.Fatalf("step %d: ended at %v, began at %v", i, a.Until, a.At)
				case v == Kept && (lasts || a.Suppressed == ""):
					t.Fatalf("step %d: kept %+v", i, a)
				}
				switch {
				case v == Raised:
					if raisedOf[a.Kind]++; raisedOf[a.Kind] > 4 { // all of it lies within an hour
						t.Fatalf("step %d: %s was raised %d times", i, a.Kind, raisedOf[a.Kind])
					}
					if a.Until == 0 {
						on[key] = a
					}
				case v == Worsened:
					on[key] = a
				case v == Ended:
					delete(on, key)
				}
			}
		}
		closed := p.Close("match", now, nil)
		if len(closed) != len(on) {
			t.Fatalf("%d closed, %d were on", len(closed), len(on))
		}
	})
	for v := Ignored; v <= Kept; v++ {
		if v != Doubted && seen[v] < 10 { // nothing here lasts long enough for doubts
			t.Errorf("verdict %d came %d times: what was offered is too plain", v, seen[v])
		}
	}
}

// A policy that is saved at any time says what it would have said.
func TestASavedPolicyGoesOn(t *testing.T) {
	check(t, func(t *rapid.T) {
		all := sayings(t)
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		one, other, now := strict(), strict(), clock("10:00")
		for i, s := range all {
			if i == cut {
				other = strict()
				copyPolicy(t, one, other)
			}
			now = now.Add(s.after)
			a, v := s.look(one, now)
			b, w := s.look(other, now)
			if fmt.Sprint(a, v) != fmt.Sprint(b, w) {
				t.Fatalf("step %d: %v %v\nsaved after %d: %v %v", i, v, a, cut, w, b)
			}
		}
	})
}

func copyPolicy(t *rapid.T, from, to *Policy) {
	var b bytes.Buffer
	w := state.NewWriter(&b, "policy", 1)
	from.State(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	saved := bytes.Clone(b.Bytes())
	r, err := state.NewReader(&b, "policy", 1)
	if err != nil {
		t.Fatal(err)
	}
	if to.State(r); r.Close() != nil {
		t.Fatal(r.Err())
	}
	var again bytes.Buffer
	w = state.NewWriter(&again, "policy", 1)
	if to.State(w); w.Close() != nil || !bytes.Equal(saved, again.Bytes()) {
		t.Fatal("what was restored is saved as something else")
	}
}

func TestCoolDownEndsToTheMillisecond(t *testing.T) {
	for after, want := range map[odds.Millis]Verdict{0: Kept, 10*minute - 1: Kept, 10 * minute: Raised} {
		p, now := NewPolicy(PolicyOptions{}), clock("10:00")
		p.Offer(candidate(CorrelationBreak, 1.5, now), now)
		ended := now.Add(minute)
		if _, v := p.Offer(candidate(CorrelationBreak, 0.5, ended), ended); v != Ended {
			t.Fatal(v)
		}
		again := ended.Add(after)
		if a, v := p.Offer(candidate(CorrelationBreak, 1.5, again), again); v != want || v == Kept && a.Suppressed != CoolingDown {
			t.Errorf("%d ms after its end: verdict %d, %q", after, v, a.Suppressed)
		}
	}
	p, now := NewPolicy(PolicyOptions{CoolDown: -1}), clock("10:00")
	for i := range 4 {
		_, v := p.Offer(candidate(CorrelationBreak, 1.5-float64(i%2), now), now)
		if want := []Verdict{Raised, Ended}[i%2]; v != want {
			t.Errorf("without a cool-down, offer %d: verdict %d, want %d", i, v, want)
		}
	}
}

func TestABudgetIsOfItsKindAndEvent(t *testing.T) {
	p, now := NewPolicy(PolicyOptions{Budget: 1}), clock("10:00")
	offer := func(event, kind, node string) Verdict {
		a := candidate(kind, 1.5, now)
		a.Event, a.Nodes = event, []odds.NodeID{odds.NodeID(node)}
		_, v := p.Offer(a, now)
		return v
	}
	for i, c := range []struct {
		event, kind, node string
		want              Verdict
	}{
		{"one", CorrelationBreak, "a", Raised},
		{"one", CorrelationBreak, "b", Kept},
		{"one", CorrelationSpike, "b", Raised},
		{"two", CorrelationBreak, "b", Raised},
	} {
		if got := offer(c.event, c.kind, c.node); got != c.want {
			t.Errorf("offer %d: verdict %d, want %d", i, got, c.want)
		}
	}
	free := NewPolicy(PolicyOptions{Budget: -1})
	for i := range 100 {
		a := candidate(NewEdge, 1.5, now)
		a.Nodes = []odds.NodeID{odds.NodeID(fmt.Sprint(i))}
		if _, v := free.Offer(a, now); v != Raised {
			t.Fatalf("without a limit, offer %d: verdict %d", i, v)
		}
	}
}

// A look ends what is on in its own layer and event alone.
func TestALookEndsItsOwnLayerAlone(t *testing.T) {
	p, now := NewPolicy(PolicyOptions{}), clock("10:00")
	a, b, c := candidate(CorrelationBreak, 1.5, now), candidate(CorrelationBreak, 1.5, now), candidate(CorrelationBreak, 1.5, now)
	b.Layer, c.Event = 4, "another"
	for _, x := range []Anomaly{a, b, c} {
		if _, v := p.Offer(x, now); v != Raised {
			t.Fatal(v)
		}
	}
	if ended := p.EndLook("match", 2, now+1, nil); len(ended) != 1 || ended[0].Layer != 2 || ended[0].Event != "match" {
		t.Errorf("ended %s", list(ended))
	}
	if ended := p.EndLook("match", 4, now+2, nil); len(ended) != 1 || ended[0].Layer != 4 {
		t.Errorf("ended %s", list(ended))
	}
	if none := p.EndLook("nobody", 2, now, nil); len(none) != 0 {
		t.Errorf("ended %s", list(none))
	}
}

// An arbitrage lasts while its legs are fresh. On stale ones it is kept apart, and what is
// fresh after that begins then. Another line on stale legs changes nothing.
func TestAnArbitrageOnStaleLegsDoesNotHold(t *testing.T) {
	p, now := NewPolicy(PolicyOptions{CoolDown: 10}), clock("10:00")
	fresh := candidate(Arbitrage, 1.5, now)
	stale := fresh
	stale.Suppressed = "a leg is stale"
	var got []string
	for i, look := range [][]Anomaly{{stale}, {fresh, stale}, {stale, fresh}, {stale}, {stale}, {fresh}} {
		at := now + odds.Time(i)
		for _, a := range look {
			a.At = at
			if a, v := p.Offer(a, at); v == Kept || v == Raised {
				got = append(got, fmt.Sprintf("%d: begins at %d, %q", i, a.At-now, a.Suppressed))
			}
		}
		for _, a := range p.EndLook("match", fresh.Layer, at, nil) {
			got = append(got, fmt.Sprintf("%d: ends at %d", i, a.Until-now))
		}
	}
	want := []string{
		`0: begins at 0, "a leg is stale"`, `1: begins at 1, ""`, `3: ends at 3`, `4: begins at 4, "a leg is stale"`, `5: begins at 5, "` + CoolingDown + `"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// One that is kept back for its time alone does not hold on stale legs either: what is raised
// once they are fresh again begins then.
func TestStaleLegsEndWhatIsKeptBack(t *testing.T) {
	p, now := NewPolicy(PolicyOptions{CoolDown: 4}), clock("10:00")
	fresh := candidate(Arbitrage, 1.5, now)
	stale := fresh
	stale.Suppressed = "a leg is stale"
	var got []string
	for i, look := range [][]Anomaly{{fresh}, {}, {fresh}, {fresh, stale}, {stale}, {fresh}} {
		at := now + odds.Time(i)
		for _, a := range look {
			a.At = at
			if a, v := p.Offer(a, at); v == Kept || v == Raised {
				got = append(got, fmt.Sprintf("%d: begins at %d, %q", i, a.At-now, a.Suppressed))
			}
		}
		for _, a := range p.EndLook("match", fresh.Layer, at, nil) {
			got = append(got, fmt.Sprintf("%d: ends at %d", i, a.Until-now))
		}
	}
	want := []string{`0: begins at 0, ""`, `1: ends at 1`, `2: begins at 2, "` + CoolingDown + `"`, `5: begins at 5, ""`}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// After a gap nothing says that an arbitrage lasted: it ended when it was seen last, whether it was
// raised or kept back, and what is there now is another one.
func TestNothingLastsOverAGap(t *testing.T) {
	p, now := NewPolicy(PolicyOptions{CoolDown: 4}), clock("10:00")
	arbitrage := candidate(Arbitrage, 1.5, now)
	look := func(after odds.Millis, want Verdict) {
		t.Helper()
		a := arbitrage
		a.At = now.Add(after)
		if a, v := p.Offer(a, a.At); v != want || v == Raised && a.At != now.Add(after) {
			t.Errorf("after %d: verdict %d, %+v", after, v, a)
		}
		if ended := p.EndLook("match", arbitrage.Layer, now.Add(after), nil); len(ended) > 0 {
			t.Errorf("after %d ended %s", after, list(ended))
		}
	}
	lapse := func(layer odds.Layer) []Anomaly {
		return p.Lapse("match", layer, func(last odds.Time) bool { return last < now.Add(4) }, nil)
	}
	look(0, Raised)
	look(1, Continues)
	if other := lapse(odds.Direct); len(other) > 0 {
		t.Errorf("of another layer: %s", list(other))
	}
	if ended := lapse(arbitrage.Layer); len(ended) != 1 || ended[0].Until != now.Add(1) {
		t.Errorf("ended %s", list(ended))
	}
	look(2, Kept) // it cools down
	look(3, Continues)
	if ended := lapse(arbitrage.Layer); len(ended) > 0 {
		t.Errorf("what was kept back ends unseen: %s", list(ended))
	}
	look(9, Raised)
}

func TestSeveritiesHaveAnOrder(t *testing.T) {
	for i, s := range []Severity{"?", SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical} {
		if s.rank() != i {
			t.Errorf("%s ranks %d, want %d", s, s.rank(), i)
		}
	}
}
