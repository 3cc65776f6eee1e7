package market_test

import (
	"math"
	"slices"
	"testing"

	"corrgraph/odds"
)

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
)

func TestPhasesAreConstantAndTheMovesCommon(t *testing.T) {
	phase := map[string]int64{"p0": 0, "p10": 10 * second, "p25": 25 * second, "p40": 40 * second}
	for name, c := range map[string]struct{ polled, stated, changes bool }{
		"phases undeclared": {changes: true}, "poll: phases declared": {polled: true}, "poll: phases undeclared": {},
	} {
		all := series(rows(t, named(t, name), 1))
		for venue, events := range all {
			for _, s := range events {
				for i, x := range s {
					if x.at%minute != phase[venue] || x.b.Polled != c.polled || (x.b.Resolution != 0) != c.stated || x.u.Updated != 0 {
						t.Fatalf("%s: %s at %d of %+v", name, venue, x.at, x.b)
					}
					if i > 0 && c.changes && x.price == s[i-1].price {
						t.Fatalf("%s: %s reports %v again", name, venue, x.price)
					}
				}
			}
		}
		// Of the moves 50 s in 60 are first seen by p10, the others by p0.
		first := lags(all, "p0", "p10", always)
		within(t, name+": p10 shows it 10 s after p0", share(first, func(d int64) bool { return d == 10*second }), 0.75, 0.93)
		within(t, name+": or 50 s before", share(first, func(d int64) bool { return d == -50*second }), 0.07, 0.25)
	}
}

// TestDeclaredPhasesAreDeclaredOneWayOrTheOther over several seeds.
func TestDeclaredPhasesAreDeclaredOneWayOrTheOther(t *testing.T) {
	var polled, stated int
	for seed := range uint64(8) {
		for _, b := range named(t, "phases declared").Batches(seed)[:1] {
			if b.Resolution != minute {
				t.Errorf("seed %d states a resolution of %d ms", seed, b.Resolution)
			}
			if stated++; b.Polled {
				polled++
			}
		}
	}
	if polled == 0 || polled == stated {
		t.Errorf("%d of %d say that they are polled", polled, stated)
	}
}

// TestLagsAreThoseOfTheTruth, between every two venues of which one repeats the other.
func TestLagsAreThoseOfTheTruth(t *testing.T) {
	before := func(at int64) bool { return at < 6*hour-minute }
	after := func(at int64) bool { return at > 6*hour }
	of := map[string]map[string]map[string][]shown{}
	for _, c := range []struct {
		market, a, b string
		when         func(int64) bool
		low, high    int64
	}{
		{"lag wanders", "ann", "bob", always, 2 * second, 30 * second},
		{"leader swaps", "ann", "bob", before, 4 * second, 6 * second},
		{"leader swaps", "bob", "ann", after, 4 * second, 6 * second},
		{"stale copy", "lead", "old", always, 1, 4},
		{"stale copy", "lead", "slow", always, 5 * second, 7 * second},
		{"clock ahead", "good", "skewed", always, 1900, 2100}, // by their stamps
		{"clock ahead", "good", "slow", always, 4900, 7100},
		{"chain", "ann", "bob", always, 3 * second, 5 * second},
		{"chain", "bob", "cat", always, 5 * second, 7 * second},
		{"chain", "ann", "cat", always, 8 * second, 12 * second},
	} {
		if of[c.market] == nil {
			of[c.market] = series(rows(t, named(t, c.market), 1))
		}
		middle(t, c.market+": "+c.a+", "+c.b, lags(of[c.market], c.a, c.b, c.when), c.low, c.high)
	}
	v := lags(of["lag wanders"], "ann", "bob", always)
	within(t, "short lags", share(v, func(d int64) bool { return d < 4*second }), 0.1, 0.5)
	within(t, "long lags", share(v, func(d int64) bool { return d > 15*second }), 0.1, 0.5)

	repeated := func(a, b string, by int64) float64 {
		n, v := 0, lags(of["chain"], a, b, always)
		for _, s := range of["chain"][a] {
			n += len(jumps(s))
		}
		return share(v, func(d int64) bool { return d > 0 && d < by }) * float64(len(v)) / float64(n)
	}
	// cat repeats bob's own ideas too, which ann knows nothing of.
	within(t, "what bob repeats of ann", repeated("ann", "bob", 6*second), 0.8, 1)
	within(t, "what cat repeats of bob", repeated("bob", "cat", 8*second), 0.8, 1)
}

func TestTheSlowFollowerIsFiveMinutesBehind(t *testing.T) {
	all := series(rows(t, named(t, "slow follower"), 1))
	repeats := func(venue string) (share float64) {
		n, hits := 0, 0
		for event := range all["ann"] {
			shows := jumps(all[venue][event])
			for _, j := range jumps(all["ann"][event]) {
				n++
				if slices.ContainsFunc(shows, func(k jump) bool {
					return k.at-j.at >= 250*second && k.at-j.at <= 350*second && math.Abs(k.dx-j.dx) < 0.02
				}) {
					hits++
				}
			}
		}
		if n < 100 {
			t.Fatalf("ann moves %d times", n)
		}
		return float64(hits) / float64(n)
	}
	within(t, "what bob repeats of ann", repeats("bob"), 0.75, 1)
	within(t, "what cat repeats of ann", repeats("cat"), 0, 0.15)
}

func TestGoalsHaveNoLeader(t *testing.T) {
	all := series(rows(t, named(t, "goals for all"), 1))
	v := lags(all, "ann", "bob", always)
	middle(t, "delays", v, -second, second)
	first, last := share(v, func(d int64) bool { return d > 4 }), share(v, func(d int64) bool { return d < -4 })
	within(t, "ann first", first, 0.2, 0.45)
	within(t, "bob first", last, 0.2, 0.45)
	for _, s := range all["ann"] {
		if !s[0].u.InPlay {
			t.Fatal("not in play")
		}
	}
}

func TestOldRepublishesOldPrices(t *testing.T) {
	all := series(rows(t, named(t, "stale copy"), 1))
	lapses, known := 0, 0
	for event, old := range all["old"] {
		lead := all["lead"][event]
		for _, x := range old {
			i := 0
			for i+1 < len(lead) && lead[i+1].at <= x.at {
				i++
			}
			if lead[i].price == x.price || x.at-lead[i].at < 5 || x.at < minute {
				continue
			}
			lapses++
			for k := 0; k < i; k++ {
				if d := x.at - lead[k+1].at; d >= 0 && d < 11*minute && math.Abs(lead[k].x-x.x) < 1e-3 {
					known++
					break
				}
			}
		}
	}
	if lapses < 40 || known < lapses*9/10 {
		t.Errorf("%d lapses, %d of them to a price of the last minutes", lapses, known)
	}
}

func TestOneClockIsAheadAndReceiptIsHonest(t *testing.T) {
	for _, b := range rows(t, named(t, "clock ahead"), 1) {
		want := odds.Millis(40)
		if b.Source == "skewed" {
			want = 40 - 2*second
		}
		if got := b.Recv.Sub(b.At); got != want {
			t.Fatalf("%s is received after %d ms, want %d", b.Source, got, want)
		}
	}
}

func TestThinMarketsHaveFortyMoves(t *testing.T) {
	for _, name := range []string{"thin", "thin, nothing there"} {
		all := series(rows(t, named(t, name), 1))
		for venue, events := range all {
			n := 0
			for _, s := range events {
				n += len(s) - 1 // the first price is no move
			}
			if n != 40 {
				t.Errorf("%s: %s moves %d times", name, venue, n)
			}
		}
		var late []int64
		for event, ann := range all["ann"] {
			for i, x := range all["bob"][event][1:] {
				late = append(late, x.at-ann[i+1].at)
			}
		}
		want := map[string]float64{"thin": 1}[name]
		within(t, name+": bob 5 s after ann", share(late, func(d int64) bool { return d > 4*second && d < 6*second }), want, want)
	}
}

// seen is how large moves of a come to b: in the same answer, in the next or in the last.
func seen(all map[string]map[string][]shown, a, b string) (same, next, last float64) {
	v := lags(all, a, b, always)
	of := func(lag int64) float64 { return share(v, func(d int64) bool { return d == lag }) }
	return of(0), of(minute), of(-minute)
}

func TestOneAnswerShowsALeadShorterThanAPoll(t *testing.T) {
	for name, lag := range map[string]float64{"poll: lead of 10 s": 10, "poll: lead of 20 s": 20, "poll: lead of 30 s": 30, "poll: lead of 40 s": 40} {
		batches := rows(t, named(t, name), 1)
		for _, b := range batches {
			if !b.Polled || b.Resolution != minute || len(b.Updates) != 48 {
				t.Fatalf("%s: an answer of %d updates, %+v", name, len(b.Updates), b)
			}
			for _, u := range b.Updates {
				if age := b.At.Sub(u.Updated); age < 0 || age > 2*second {
					t.Fatalf("%s: a price is %d ms old", name, age)
				}
			}
		}
		all := series(batches)
		_, next, last := seen(all, "fast", "slow")
		within(t, name+": next", next, lag/60-0.08, lag/60+0.08)
		within(t, name+": last", last, 0, 0.03)
		same, next, last := seen(all, "fast", "even")
		within(t, name+": even", same, 0.9, 1)
		within(t, name+": even, next and last", next+last, 0, 0.1)
	}
}

func TestLateIsReadLateAndSaysSoOrNot(t *testing.T) {
	for name, stamped := range map[string]bool{"poll: ages, stamped": true, "poll: ages, bare": false} {
		all := series(rows(t, named(t, name), 1))
		_, next, _ := seen(all, "ann", "late")
		within(t, name, next, 0.58, 0.78)
		for venue, events := range all {
			for _, s := range events {
				for _, x := range s {
					age := x.b.At.Sub(x.u.Updated)
					switch {
					case !stamped && x.u.Updated == 0:
					case stamped && venue == "late" && age >= 40*second && age < 42*second:
					case stamped && venue != "late" && age >= 0 && age < 2*second:
					default:
						t.Fatalf("%s: a price of %s is %d ms old", name, venue, age)
					}
				}
			}
		}
	}
}

func TestWildComesBack(t *testing.T) {
	all := series(rows(t, named(t, "poll: overshoot"), 1))
	larger, back, n := 0, 0, 0
	for event, ann := range all["ann"] {
		wild := all["wild"][event]
		for i := 1; i+2 < len(ann) && i+2 < len(wild); i++ {
			dx := ann[i].x - ann[i-1].x
			if math.Abs(dx) < 0.1 {
				continue
			}
			n++
			if over := (wild[i].x - wild[i-1].x) / dx; over > 1.2 {
				larger++
			}
			if (wild[i+1].x-wild[i].x)/dx < -0.2 || (wild[i+2].x-wild[i+1].x)/dx < -0.2 {
				back++
			}
		}
	}
	within(t, "moves too far", float64(larger)/float64(n), 0.6, 1)
	within(t, "comes back", float64(back)/float64(n), 0.6, 1)
}

func TestCoarseShowsStepsAndIsNotLate(t *testing.T) {
	all := series(rows(t, named(t, "poll: steps"), 1))
	for event, s := range all["coarse"] {
		for i, x := range s {
			if k := x.price / 0.05; math.Abs(k-math.Round(k)) > 1e-6 {
				t.Fatalf("coarse shows %v", x.price)
			}
			if fine := all["ann"][event][i].price; math.Abs(fine-x.price) > 0.06 {
				t.Fatalf("coarse shows %v while ann shows %v", x.price, fine)
			}
		}
	}
}

// TestTwoRequestsAreNotOneAnswer: two sources at the same instants, one of them with older
// prices, or one source that is asked twice.
func TestTwoRequestsAreNotOneAnswer(t *testing.T) {
	grids := rows(t, named(t, "poll: equal grids"), 1)
	for i := 0; i+1 < len(grids); i += 2 {
		a, b := grids[i], grids[i+1]
		if a.At != b.At || a.Source == b.Source || a.Updates[0].Updated != 0 || b.Updates[0].Updated != 0 {
			t.Fatalf("answers %s at %s and %s at %s", a.Source, a.At, b.Source, b.At)
		}
	}
	all := series(grids)
	_, next, _ := seen(all, "ann", "cat")
	within(t, "equal grids", next, 25.0/60-0.1, 25.0/60+0.1)
	same, _, _ := seen(all, "cat", "dan")
	within(t, "equal grids, one answer", same, 0.9, 1)

	split := rows(t, named(t, "poll: split requests"), 1)
	for i := 0; i+1 < len(split); i += 2 {
		a, b := split[i], split[i+1]
		if b.At.Sub(a.At) != 8*second || a.Source != b.Source || a.Updates[0].Venue != "ann" || b.Updates[0].Venue != "cat" {
			t.Fatalf("answers %s at %s and %s at %s", a.Source, a.At, b.Source, b.At)
		}
	}
}

func TestCommonShocksHaveNoLeader(t *testing.T) {
	same, next, last := seen(series(rows(t, named(t, "poll: common shocks"), 1)), "ann", "dan")
	within(t, "same answer", same, 0.9, 1)
	within(t, "next less last", next-last, -0.04, 0.04)
}
