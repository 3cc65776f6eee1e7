package live

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/engine"
	"corrgraph/engine/marks"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/ticklog/logtest"

	"pgregory.net/rapid"
)

// called makes a settled call of which nothing is left out.
func called(r *rand.Rand, n int) ledger.Prediction {
	out := []ledger.Outcome{ledger.Hit, ledger.Late, ledger.WrongSign, ledger.Missed, ledger.AlreadyMoved, ledger.Void}
	at := noon.Add(odds.Millis(n*200 + r.IntN(40)*100))
	family := func() string { return fmt.Sprint("f", r.IntN(12)) }
	p := ledger.Prediction{
		ID: fmt.Sprintf("%08d", n), Family: family(), Layer: odds.Layer(1 + r.IntN(4)), Event: fmt.Sprint("e", n/40+r.IntN(4)),
		IssuedAt: at, KnownAt: at, From: at + 100, To: at + 5000, P: r.Float64(), PHalf: float64(r.IntN(3)) / 4, PLeague: r.Float64() / 2, PFamily: r.Float64(),
		Outcome: out[r.IntN(len(out))], Half: ledger.Truth(r.IntN(3)), ResolvedAt: at.Add(odds.Millis(r.IntN(9000))), LeadTime: odds.Millis(r.IntN(9000)),
		Base: r.Float64(), BaseN: r.IntN(3), Baselines: map[string]bool{},
	}
	for range r.IntN(4) {
		p.Lead(ledger.Leader{Node: "a:e/h2h/home", Family: family(), Agree: r.IntN(4) > 0, At: at})
	}
	for k := range r.IntN(3) {
		p.Revise(ledger.Revision{At: at.Add(odds.Millis(k)), P: r.Float64()})
	}
	for _, name := range []string{ledger.RivalHY, ledger.RivalCopy} {
		if r.IntN(2) == 0 {
			p.Baselines[name] = r.IntN(2) == 0
		}
	}
	return p
}

// bet is one on an event, of which more or less is known.
func bet(r *rand.Rand, event string) *money.Bet {
	ev, fee := r.NormFloat64()/20, 0.02
	b := &money.Bet{
		Node: "a:e/h2h/home", Event: event, Sport: "s", League: fmt.Sprint(r.IntN(3)), Price: 1.2 + 3*r.Float64(), Fee: &fee, EV: &ev, Value: ev > 0,
		Live: r.IntN(4) == 0,
	}
	if r.IntN(2) == 0 {
		b.Fill.Price = b.Price
		b.Closed(&money.Fair{Multiplicative: 0.5, Shin: 0.4, Power: 0.3}, noon, r.IntN(2) == 0)
	}
	return b
}

// anew is the scorecard of all that a book keeps, with nothing known from before.
func anew(lp *loop) *Card {
	ps := lp.e.Pending()
	for p := range lp.book.settled.backward {
		ps = append(ps, **p)
	}
	c := &Card{AsOf: lp.e.Now(), Dropped: lp.book.settled.dropped, Whole: lp.pub.recovered, Unforecast: lp.e.Comparison(lp.book.unforecast.all())}
	slices.SortFunc(ps, func(a, b ledger.Prediction) int {
		return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.ID, b.ID))
	})
	if len(ps) > 0 {
		c.Since = ps[0].IssuedAt
	}
	c.Scorecard = engine.ScorecardOf(lp.e.FamilyKeys(), ps)
	c.Value(ps, c.Unforecast.Bets, c.Unforecast.DelayMs)
	if marked := lp.book.withMarks(); marked != nil {
		c.AnomalyMarks = marks.Score(marked)
	}
	return c
}

func same(fail func(string, ...any), got, want *Card) {
	a, err := json.Marshal(got)
	b, other := json.Marshal(want)
	if err != nil || other != nil || string(a) != string(b) {
		fail("%v, %v; the scorecard kept up is\n%s\nand the one made anew\n%s", err, other, a, b)
	}
}

// TestAScorecardKeptUpIsTheOneMadeAnew: byte by byte, after any news, with old calls dropped and
// bets that become known before and after.
func TestAScorecardKeptUpIsTheOneMadeAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		most := rapid.IntRange(1, 400).Draw(t, "kept")
		lp := &loop{pub: &publisher{}, e: engine.New(engine.Options{View: engine.Now}), book: newBook(most, 10)}
		var rec record
		ids := []string{}
		for range rapid.IntRange(1, 6).Draw(t, "scorecards") {
			for range rapid.IntRange(0, 300).Draw(t, "news") {
				var n engine.News
				switch k := r.IntN(4); {
				case k < 2 || len(ids) == 0:
					n.Settled = []ledger.Prediction{called(r, len(ids))}
					ids = append(ids, n.Settled[0].ID)
				case k == 2:
					n.Priced = []engine.Told{{Event: "e1", Bet: bet(r, fmt.Sprint("e", r.IntN(5)))}}
				default:
					n.Priced = []engine.Told{{Call: ids[len(ids)-1-r.IntN(min(len(ids), 2*most))], Event: "e1", Bet: bet(r, "e1")}}
				}
				lp.book.note(&n)
			}
			if news := lp.tally(rec.of); news != nil {
				same(t.Fatalf, rec.card(news), anew(lp))
			}
		}
		if rec.of != (extent{}) && lp.tally(rec.of) != nil {
			t.Fatalf("nothing is new, and there is a tally")
		}
	})
}

// TestTheScorecardOfAMarketIsTheOneMadeAnew: with calls that are open, answered in part, and
// settled, as an engine makes them.
func TestTheScorecardOfAMarketIsTheOneMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := market()
		l, end := run(t, ingest.Options{OutOfOrder: 5000, Log: &logtest.Memory{}}, Options{Clock: clockAt(all[len(all)-1].At), Predictions: 150})
		pending, cards := 0, map[*Card]bool{}
		for request := range slices.Chunk(all, 200) {
			send(t, l, [][]*odds.Batch{request})
			time.Sleep(2 * scoreEvery)
			synctest.Wait()
			var want *Card
			onLoop(t, l, func() { want = anew(l.loop) })
			got := l.Scorecard()
			if got.Unforecast == nil {
				continue // there is none yet
			}
			want.AsOf = got.AsOf // the last scorecard is older where no call has changed since
			cards[got] = true
			pending += got.Overall.Pending
			same(t.Errorf, got, want)
		}
		if n := l.Scorecard().Dropped; pending == 0 || len(cards) < 5 || n == 0 {
			t.Errorf("%d open calls in %d scorecards, %d dropped: too few to tell", pending, len(cards), n)
		}
		end()
	})
}

// BenchmarkScorecard: one over 100,000 calls of which 100 are new, as the loop hands them over
// and as the scorer adds them up.
func BenchmarkScorecard(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	lp := &loop{pub: &publisher{}, e: engine.New(engine.Options{View: engine.Now}), book: newBook(100_000, 10)}
	var rec record
	n := 0
	settle := func(calls int) {
		for range calls {
			p := called(r, n)
			p.Money = bet(r, p.Event)
			lp.book.note(&engine.News{Settled: []ledger.Prediction{p}})
			n++
		}
	}
	settle(100_000)
	rec.card(lp.tally(extent{}))
	b.Run("loop", func(b *testing.B) {
		for b.Loop() {
			seen := rec.of
			seen.settled -= 100
			lp.tally(seen)
		}
		b.ReportAllocs()
	})
	b.Run("scorer", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			settle(100)
			t := lp.tally(rec.of)
			b.StartTimer()
			rec.card(t)
		}
		b.ReportAllocs()
	})
}
