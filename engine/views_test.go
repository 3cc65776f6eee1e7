package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/ledger"
	"corrgraph/odds"
)

// pair of engines, one that learns and one that tells, fed as a log would.
type twoViews struct {
	settled, now *concluded
	verdicts     []*Verdicts
	ahead        []*odds.Batch // not settled yet
}

func newTwoViews(o Options) *twoViews {
	s, n := o, o
	s.View, n.View = Settled, Now
	return &twoViews{settled: &concluded{Engine: New(s)}, now: &concluded{Engine: New(n)}}
}

// settle applies the next batch to the engine that learns.
func (w *twoViews) settle(tb testing.TB) {
	tb.Helper()
	if err := w.settled.Apply(w.ahead[0]); err != nil {
		tb.Fatal(err)
	}
	w.ahead = w.ahead[1:]
	if v := w.settled.Verdicts(); v != nil {
		w.verdicts = append(w.verdicts, v)
	}
	w.settled.Collect(w.settled.Engine)
}

// tell applies what came together to the engine that tells, after the verdicts on all windows
// that are over by then.
func (w *twoViews) tell(tb testing.TB, batches []*odds.Batch, clock odds.Time) {
	tb.Helper()
	look := odds.Time(w.settled.opt.DecideEvery / betsADecision)
	over := batches[0].At / look * look
	for w.settled.LookedAt() < over && len(w.ahead) > 0 {
		w.settle(tb)
	}
	for len(w.verdicts) > 0 && w.verdicts[0].At <= over {
		w.now.Obey(w.verdicts[0])
		w.verdicts = w.verdicts[1:]
	}
	w.now.Tell(batches, clock)
	w.now.Collect(w.now.Engine)
}

// told lists what an engine tells, with the judgement of the one that decides.
func told(e *concluded, decides *Engine) (out []string) {
	say := func(what string, v any) {
		text, err := json.Marshal(v)
		out = append(out, fmt.Sprintf("%s: %s, error %v", what, text, err))
	}
	ps := slices.Concat(e.Predictions, e.Pending())
	slices.SortFunc(ps, func(a, b ledger.Prediction) int { return ledger.Order(&a, &b) })
	for i := range ps {
		say("prediction", ps[i])
	}
	var as []string
	for i := range e.Anomalies {
		text, _ := json.Marshal(e.Anomalies[i])
		as = append(as, string(text))
	}
	slices.Sort(as)
	for _, a := range as {
		say("anomaly", a)
	}
	for _, f := range decides.Families() {
		say("family", fmt.Sprintf("%+v", f))
	}
	say("groups", decides.Groups())
	check, opinions := decides.Check()
	say("check", check)
	say("opinions", opinions)
	say("sources", fmt.Sprintf("%+v", e.Sources()))
	for _, ev := range e.Events() {
		v, _ := e.View(ev.ID, [4]bool{true, true, true, true})
		say("view", fmt.Sprintf("%+v %+v", v.Event, v.Quotes))
		for _, layer := range v.Layers {
			for i := range layer {
				say("edge", fmt.Sprintf("%+v", layer[i]))
			}
		}
	}
	return out
}

// TestTwoViewsAreOne feeds recordings, which come in the order of their event times, to one
// engine that does everything, and to two that share the work.
func TestTwoViewsAreOne(t *testing.T) {
	for _, c := range []struct {
		name    string
		batches func(testing.TB) []*odds.Batch
		opt     Options
	}{
		{"polled", func(tb testing.TB) []*odds.Batch { return recorded(tb, "the-odds-api-v4/mlb_2026-08-07.ndjson.bz2") }, Options{}},
		{"streamed", func(tb testing.TB) []*odds.Batch { return recorded(tb, "betfair-stream/*.bz2") }, Options{ForgetAfter: 24 * 3_600_000}},
		{"simulated", func(tb testing.TB) []*odds.Batch { return simulated(tb, 150) }, Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := c.batches(t)
			c.opt.Facts, c.opt.SearchEachDecision = facts(t), true
			whole := &concluded{Engine: New(c.opt)}
			two := newTwoViews(c.opt)
			two.ahead = slices.Clone(all)
			for i := 0; i < len(all); {
				n := i
				for n < len(all) && all[n].At == all[i].At {
					n++
				}
				feedAll(t, whole, all[i:n])
				two.tell(t, all[i:n], 0)
				i = n
			}
			whole.FlushLegs()
			whole.Collect(whole.Engine)
			for len(two.ahead) > 0 {
				two.settle(t)
			}
			two.now.FlushLegs()
			two.now.Collect(two.now.Engine)
			sameTold(t, told(whole, whole.Engine), told(two.now, two.settled.Engine))
		})
	}
}

// sameTold compares what two runs tell.
func sameTold(t *testing.T, want, got []string) {
	t.Helper()
	if len(want) < 20 {
		t.Errorf("only %d answers", len(want))
	}
	has := map[string]int{}
	for _, s := range want {
		has[s]++
	}
	more := 0
	for _, s := range got {
		if has[s]--; has[s] < 0 {
			if more++; more <= 3 {
				t.Errorf("only two views tell: %.1200s", s)
			}
		}
	}
	less := 0
	for _, s := range want {
		if has[s] > 0 {
			has[s]--
			if less++; less <= 3 {
				t.Errorf("only one engine tells: %.1200s", s)
			}
		}
	}
	if more+less > 0 {
		t.Errorf("of %d answers two views lack %d and tell %d others", len(want), less, more)
	}
}

// delayed returns three hours of several matches at venues that follow "lead" after 2, 4 and
// 6 s, as they come: each venue's ticks so much later than they happened.
func delayed(by map[string]odds.Millis) (all []*odds.Batch) {
	r := rand.New(rand.NewPCG(11, 12))
	var events []*odds.Event
	for k := range 6 {
		id := fmt.Sprint("m", k)
		events = append(events, &odds.Event{ID: id, Sport: "tennis", League: "atp", Home: "H" + id, Away: "A" + id})
	}
	value := make([]float64, len(events))
	const noon odds.Time = 1_780_000_000_000
	for at := noon; at < noon.Add(3*3_600_000); at = at.Add(odds.Millis(4_000 + r.IntN(6_000))) {
		i := r.IntN(len(events))
		value[i] = 0.95*value[i] + 0.05*r.NormFloat64()
		for k, venue := range []string{"lead", "b", "c", "d"} {
			if k > 0 && r.IntN(8) == 0 {
				continue
			}
			home, then := 1/(1+math.Exp(-value[i])), at.Add(odds.Millis(k*(2000+r.IntN(50))))
			all = append(all, &odds.Batch{Source: venue, At: then, Recv: then.Add(by[venue]), Updates: []odds.Update{{
				Event: events[i], Venue: venue, Market: "h2h", Quotes: []odds.Quote{
					{Selection: events[i].Home, Side: odds.Home, Line: math.NaN(), Main: true, Price: 1 / (home * 1.04)},
					{Selection: events[i].Away, Side: odds.Away, Line: math.NaN(), Main: true, Price: 1 / ((1 - home) * 1.04)},
				},
			}}})
		}
	}
	slices.SortStableFunc(all, func(a, b *odds.Batch) int { return cmp.Compare(a.Recv, b.Recv) })
	return all
}

// TestSlowSourcesMakeNobodyLate feeds markets whose venues come with delays of their own. What
// is learnt does not depend on them. Forecasts are made as soon as the leader is heard, unless
// their time is over by then, and settled when the follower has been heard.
func TestSlowSourcesMakeNobodyLate(t *testing.T) {
	type result struct {
		led          int
		hits, judged int
		overdue      int
	}
	run := func(by map[string]odds.Millis) (r result) {
		o := Options{DecideEvery: 1_800_000, SearchEachDecision: true}
		two := newTwoViews(o)
		arrivals := delayed(by)
		two.ahead = slices.Clone(arrivals)
		slices.SortStableFunc(two.ahead, func(a, b *odds.Batch) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Source, b.Source)) })
		for _, b := range arrivals {
			for len(two.ahead) > 0 && two.ahead[0].At < b.Recv.Add(-90_000) {
				two.settle(t)
			}
			for ; len(two.verdicts) > 0; two.verdicts = two.verdicts[1:] {
				two.now.Obey(two.verdicts[0])
			}
			two.now.Tell([]*odds.Batch{b}, b.Recv)
			two.now.Collect(two.now.Engine)
		}
		for _, f := range two.settled.Families() {
			if f.Discovered && !f.Simultaneous && f.Key.Leader == "lead" {
				r.led++
			}
		}
		for _, p := range two.now.Predictions {
			venue, _, _, _, _ := p.Source.Parts()
			if p.Outcome.Matured() && p.Led() {
				if p.KnownAt < p.IssuedAt.Add(by[venue]) || p.KnownAt >= p.To {
					t.Fatalf("%v: a forecast for %v to %v of a move at %v is known at %v", by, p.From, p.To, p.IssuedAt, p.KnownAt)
				}
				if venue != "lead" {
					continue
				}
				r.judged++
				if p.Outcome == ledger.Hit {
					r.hits++
				}
			}
		}
		r.overdue = two.now.Counts().Overdue
		if n := two.now.Counts().Older; n != 0 {
			t.Errorf("%v: %d quotes were taken for older ones of their own", by, n)
		}
		return r
	}
	none := run(nil)
	slow := run(map[string]odds.Millis{"b": 5_000, "c": 20_000, "d": 60_000})
	behind := run(map[string]odds.Millis{"lead": 30_000})
	if none.led < 3 || none.judged < 100 || none.overdue != 0 || slow.led != none.led || behind.led != none.led {
		t.Errorf("leads without delays %+v, with slow followers %+v, with a slow leader %+v", none, slow, behind)
	}
	// Where a follower stands is known later than the call, which then may turn out to rest on
	// a price of the wave before.
	if rate := func(r result) float64 { return float64(r.hits) / float64(r.judged) }; slow.judged < none.judged*8/10 || math.Abs(rate(slow)-rate(none)) > 0.1 {
		t.Errorf("followers that come late: %+v, else %+v", slow, none)
	}
	if behind.overdue < none.judged/2 {
		t.Errorf("a leader that comes late: %+v, else %+v", behind, none)
	}
}

func TestACallIsMadeOnce(t *testing.T) {
	e := New(Options{View: Now})
	at := odds.Time(1_780_000_000_000)
	said := func(id string, after odds.Millis) bool {
		e.Tell(nil, at.Add(after))
		return e.forecasts.called(id)
	}
	if said("a", 0) || !said("a", 60_000) || said("b", 60_000) || !said("a", 400_000) {
		t.Error("a call is made twice, or another one not at all")
	}
	said("c", 1_200_000)
	if n := len(e.forecasts.ids); n != 1 {
		t.Errorf("%d ids are remembered, 13 minutes later", n)
	}
}
