package engine

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"corrgraph/engine/family"
	"corrgraph/ledger"
	"corrgraph/ledger/chance"
	"corrgraph/odds"
)

// crowd returns the batches of a poll a minute in which three leaders move together and two
// followers answer with the next poll, most of the time. A fourth venue repeats the move a
// poll later. A second source is polled at the same instants and received 15 ms later.
func crowd(polls int) (all []*odds.Batch) {
	r := rand.New(rand.NewPCG(5, 5))
	const matches = 14
	venues := []string{"l1", "l2", "l3", "echo", "f1", "f2"}
	type match struct {
		ev          *odds.Event
		v           map[string]float64
		next, after map[string]float64
	}
	var list []*match
	for k := range matches {
		list = append(list, &match{
			&odds.Event{ID: fmt.Sprint("match-", k), Sport: "tennis", League: "open", Home: fmt.Sprint("A", k), Away: fmt.Sprint("B", k), Start: 1_780_000_000_000 + 86_400_000*30},
			map[string]float64{},
			map[string]float64{},
			map[string]float64{},
		})
	}
	at := odds.Time(1_780_000_000_000)
	for range polls {
		at = at.Add(60_000)
		poll := &odds.Batch{Source: "poll", At: at, Recv: at, Polled: true}
		for _, m := range list {
			now := m.next
			m.next, m.after = m.after, map[string]float64{}
			if by := 0.05 + r.Float64()/20; r.IntN(3) == 0 {
				by = math.Copysign(by, r.Float64()-0.5-m.v["l1"]/4)
				for _, l := range venues[:3] {
					now[l] += by * (0.9 + r.Float64()/5)
				}
				m.next["echo"] += by
				for _, f := range venues[4:] {
					if r.IntN(4) > 0 {
						to := m.next
						if r.IntN(3) == 0 {
							to = m.after
						}
						to[f] += by * (0.8 + r.Float64()/5)
					}
				}
			}
			for _, name := range venues {
				m.v[name] += now[name]
				p := 1 / (1 + math.Exp(-m.v[name]))
				poll.Updates = append(poll.Updates, odds.Update{
					Event: m.ev, Venue: name, Market: "h2h", Image: true, Quotes: []odds.Quote{
						{Selection: m.ev.Home, Side: odds.Home, Line: math.NaN(), Price: 1 / (p * 1.04)},
						{Selection: m.ev.Away, Side: odds.Away, Line: math.NaN(), Price: 1 / ((1 - p) * 1.04)},
					},
				})
			}
		}
		all = append(all, poll, &odds.Batch{Source: "slow", At: at, Recv: at.Add(15), Polled: true})
	}
	return all
}

// on are the calls about one venue, in order of issue.
func on(e *concluded, venue string) (out []ledger.Prediction) {
	for _, p := range e.Predictions {
		if v, _, _, _, _ := p.Target.Parts(); v == venue {
			out = append(out, p)
		}
	}
	return out
}

// All leaders of an instant make one call.
func TestLeadersOfAnInstantMakeOneCall(t *testing.T) {
	e := run(t, crowd(400))
	joint, revised := 0, 0
	for _, venue := range []string{"f1", "f2"} {
		last := map[odds.NodeID]ledger.Prediction{}
		for _, p := range on(e, venue) {
			if p.Outcome == ledger.AlreadyMoved {
				continue
			}
			before := last[p.Target]
			if before.ID != "" && p.IssuedAt <= before.To && !(before.ResolvedAt != 0 && before.ResolvedAt <= p.IssuedAt) {
				t.Fatalf("two calls are open at one time:\n%+v\n%+v", before, p)
			}
			last[p.Target] = p
			var moves []float64
			first := true
			for _, l := range p.Leaders {
				if l.At == p.IssuedAt && l.Agree {
					moves = append(moves, math.Abs(l.Move))
				}
				first = first && l.At >= p.IssuedAt
			}
			if !first || len(moves) == 0 || p.Groups < 1 || p.Groups > len(p.Leaders) {
				t.Fatalf("leaders %+v, %d groups", p.Leaders, p.Groups)
			}
			if want := math.Copysign(median(moves)/2, p.Size); p.Least != want {
				t.Fatalf("half of the leaders' moves is %v, want %v", p.Least, want)
			}
			if len(moves) >= 3 {
				joint++
			}
			if r := p.Revisions; len(r) == 0 || r[0] != (ledger.Revision{At: p.IssuedAt, P: p.P, PHalf: p.PHalf}) || !slices.IsSortedFunc(r, func(a, b ledger.Revision) int { return int(a.At - b.At) }) {
				t.Fatalf("revisions %+v of %+v", p.Revisions, p)
			}
			if len(p.Revisions) > 1 {
				revised++
				if last := p.Newest().At; p.Outcome != ledger.Pending && last >= p.ResolvedAt || last > p.To {
					t.Fatalf("revised after the answer: %+v", p)
				}
			}
		}
	}
	if joint < 50 || revised < 20 {
		t.Errorf("%d calls of three leaders, %d revised: too few to test anything", joint, revised)
	}
}

// Who comes first within an instant is chance: nothing depends on it.
func TestCallsDoNotDependOnTheOrderWithinAnInstant(t *testing.T) {
	all := crowd(250)
	var turned []*odds.Batch
	for i, b := range all {
		other := *b
		if other.Updates = slices.Clone(b.Updates); i > 1 { // at first sight the order counts: venues are numbered
			slices.Reverse(other.Updates)
		}
		turned = append(turned, &other)
	}
	a, b := run(t, all), run(t, turned)
	if len(a.Predictions) < 100 || len(a.Predictions) != len(b.Predictions) {
		t.Fatalf("%d and %d calls", len(a.Predictions), len(b.Predictions))
	}
	// Evidence adds up in the order of the quotes, so all but rounding must agree.
	said := func(p ledger.Prediction) (s string) {
		for _, l := range p.Leaders {
			s += fmt.Sprintf("%s %.9g %v %d, ", l.Node, l.Move, l.Agree, l.At)
		}
		return s + fmt.Sprintf("%s %s %s %d %d %.9g %.9g %.9g %.9g %d %s %v", p.ID, p.Family, p.Target, p.IssuedAt, p.To, p.Size, p.Least, p.P, p.PHalf, len(p.Revisions), p.Outcome, p.Half)
	}
	wrong := 0
	for i := range a.Predictions {
		if x, y := said(a.Predictions[i]), said(b.Predictions[i]); x != y && wrong < 2 {
			wrong++
			t.Errorf("%s\nin another order:\n%s", x, y)
		}
	}
}

// A subscriber can't know a call before the last batch of its instant was received.
func TestACallIsKnownWhenItsInstantWasReceived(t *testing.T) {
	e := run(t, crowd(300))
	hits := 0
	for _, p := range e.Predictions {
		if p.KnownAt != p.IssuedAt.Add(15) { // when the second source was received
			t.Fatalf("issued at %v, known at %v", p.IssuedAt, p.KnownAt)
		}
		if p.Outcome == ledger.Hit {
			hits++
			if p.LeadTime != p.ResolvedAt.Sub(p.KnownAt) {
				t.Fatalf("lead time %d of %+v", p.LeadTime, p)
			}
		}
	}
	if hits == 0 {
		t.Error("no hit")
	}
}

// The features of a call are those of the instant of its issue.
func TestFeatures(t *testing.T) {
	o := Options{Facts: facts(t)}
	e := &concluded{Engine: New(o)}
	seen, apart := 0, 0
	for _, b := range crowd(300) {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		e.Collect(e.Engine)
		for _, c := range e.forecasts.open.Items() {
			if c.closed || c.silent || c.IssuedAt.Add(60_000) != b.At || b.Source != "poll" {
				continue
			}
			seen++
			f := c.about
			if f.League != "L1 tennis/open" || f.Market != "h2h" || f.Live || f.ToStart <= 0 {
				t.Fatalf("%+v", f)
			}
			if v, _, _, _, _ := c.Target.Parts(); f.Follower != v {
				t.Fatalf("follower %s of %s", f.Follower, c.Target)
			}
			if f.With+f.Against > 0 && f.Gap > 0 {
				apart++
			}
			if f.With < 1 && !c.source.Consensus || f.With+f.Against > 6 || f.With+f.Against == 6 && !c.target.Consensus || f.Groups > f.With ||
				f.Agree < 1 == c.Led() || len(f.Families) < 1 || f.Size != 2*math.Abs(c.Least) {
				t.Fatalf("%d with and %d against: %+v", f.With, f.Against, c.Prediction)
			}
		}
	}
	if seen < 100 || apart < seen/2 {
		t.Errorf("%d calls, behind the others in %d", seen, apart)
	}
}

// An engine that is saved within an instant, with calls open that were revised, goes on as
// if it had not been.
func TestARestartWithinAnOpenCall(t *testing.T) {
	all := crowd(250)
	o := Options{Facts: facts(t)}
	whole, parts := &concluded{Engine: New(o)}, &concluded{Engine: New(o)}
	feedAll(t, whole, all)
	restarts := 0
	for _, b := range all {
		feedAll(t, parts, []*odds.Batch{b})
		within := len(parts.forecasts.instant.moves) > 0
		open := slices.ContainsFunc(parts.forecasts.open.Items(), func(c *call) bool { return !c.closed && len(c.Revisions) > 1 && len(c.Leaders) > 2 })
		if within && open && restarts < 5 && b.Source == "poll" {
			restarts++
			saved := save(t, parts.Engine)
			again := restore(t, saved, o)
			if !bytes.Equal(saved, save(t, again)) {
				t.Fatal("what was restored is saved as something else")
			}
			sameState(t, parts.Engine, again)
			parts.Engine = again
		}
	}
	if restarts == 0 {
		t.Fatal("nothing is tested: no call was open")
	}
	want, got := answers(whole), answers(parts)
	if len(want) != len(got) {
		t.Fatalf("%d answers, of one run %d", len(got), len(want))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("%.600s\nof one run:\n%.600s", got[i], want[i])
		}
	}
}

// An outcome is told at once and only once, also where the second question stays open.
func TestAnOutcomeIsToldAtOnce(t *testing.T) {
	e := &concluded{Engine: New(Options{Facts: facts(t)})}
	told, early := map[string]ledger.Prediction{}, 0
	for _, b := range crowd(300) {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		for _, p := range e.Engine.news.Answered {
			if _, twice := told[p.ID]; twice || p.Outcome == ledger.Pending {
				t.Fatalf("told %+v", p)
			}
			if told[p.ID] = p; p.Outcome == ledger.Hit && p.ResolvedAt != e.Now() {
				t.Fatalf("told at %v: %+v", e.Now(), p)
			}
			if p.Half == ledger.Unknown && p.Outcome == ledger.Hit {
				early++
			}
		}
		for _, p := range e.Engine.news.Settled {
			if was := told[p.ID]; was.Outcome != p.Outcome || was.ResolvedAt != p.ResolvedAt || p.Outcome.Matured() && p.Half == ledger.Unknown {
				t.Fatalf("told %+v, settled %+v", was, p)
			}
		}
		e.Collect(e.Engine)
	}
	if len(told) < 100 || early == 0 {
		t.Errorf("%d told, %d before they were settled", len(told), early)
	}
}

// A new family starts at the rate of its league, and learns from calls that are over.
func TestChancesStartAtTheLeague(t *testing.T) {
	c := newChances()
	of := func(league string) *chance.Features {
		return &chance.Features{League: league, Follower: "b", Market: "h2h"}
	}
	f := of("L1 tennis/open")
	for i := range 97 {
		c.learn(lesson{strconv.Itoa(i), *f, i%10 < 3, i%10 == 0, false})
		c.catchUp()
	}
	fresh, other := c.state(f, &family.Record{}), c.state(of("L2 tennis/open"), &family.Record{})
	if math.Abs(fresh.p-0.31) > 0.05 || math.Abs(fresh.half-0.11) > 0.05 || fresh.league != 0.31 || fresh.family != fresh.league {
		t.Errorf("a new family: %+v", fresh)
	}
	if other.league != 1.0/3 || math.Abs(other.p-0.31) > 0.15 {
		t.Errorf("another layer: %+v", other)
	}
	if known := c.state(f, &family.Record{Matured: 20, Hits: 20}); math.Abs(known.family-(20+6.2)/40) > 1e-12 {
		t.Errorf("a family: %+v", known)
	}
}

// The calls of an instant do not wait for a batch of the next one to be applied: once a later
// one has come, nothing can belong to it.
func TestCallsLeaveOnceTheirInstantIsOver(t *testing.T) {
	e := &concluded{Engine: New(Options{Facts: facts(t)})}
	issued := 0
	for _, b := range twice(1500) {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		if len(e.forecasts.instant.moves) > 0 && e.legs.Next() > e.Now() && b.At > e.Now() {
			t.Fatalf("moves of %v wait at %v", e.forecasts.instant.at, b.At)
		}
		issued += len(e.Engine.news.Issued)
		e.Collect(e.Engine)
	}
	if issued == 0 {
		t.Error("no call: nothing is tested")
	}
}

// A follower that has gone in play is another series: what was called of the one before the
// match ends unanswered, so that one call is open at one time.
func TestACallEndsWhereItsFollowerGoesInPlay(t *testing.T) {
	e := &concluded{Engine: New(Options{Facts: facts(t)})}
	for _, b := range crowd(300) {
		feedAll(t, e, []*odds.Batch{b})
		s := e.forecasts
		i := slices.IndexFunc(s.open.Items(), func(c *call) bool { return !c.closed && !c.silent && !c.Answered(b.At) })
		if i < 0 || b.At == s.open.Items()[i].IssuedAt {
			continue
		}
		c := s.open.Items()[i]
		live := *c.target
		live.Live = true
		s.instant.at = b.At
		if s.endPhase(&live, odds.CrossMarket); c.closed {
			t.Fatal("a call of another layer ended")
		}
		s.endPhase(c.target, c.Layer)
		if s.endPhase(&live, c.Layer); !c.closed || c.Outcome != ledger.Void || c.ResolvedAt != b.At {
			t.Fatalf("%+v", c.Prediction)
		}
		if n := s.waiting[c.target]; n != nil && slices.Contains(n.open, c) || slices.Contains(s.byEvent[c.target.Event], c) {
			t.Error("it is still awaited")
		}
		return
	}
	t.Error("no call was open")
}
