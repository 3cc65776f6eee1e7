package simulate

import (
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

func TestDemoSizeAndFeatures(t *testing.T) {
	_, tr := collect(t, Options{})
	if tr.Quotes < 250_000 || tr.Quotes > 450_000 {
		t.Errorf("%d quotes, want 250,000 to 450,000", tr.Quotes)
	}
	layers := map[odds.Layer]int{}
	for _, l := range tr.Links {
		layers[l.Layer]++
	}
	for _, l := range odds.Layers {
		if layers[l] == 0 {
			t.Errorf("no link of %s planted", l)
		}
	}
	for what, n := range map[string]int{
		"nulls": len(tr.Nulls), "shocks": len(tr.Shocks), "suspensions": len(tr.Suspensions),
		"outliers": len(tr.Outliers), "line moves": len(tr.LineMoves), "margin moves": len(tr.MarginMoves),
	} {
		if n == 0 {
			t.Errorf("the demo has no %s", what)
		}
	}
	if len(tr.Venues) != 8 || len(tr.Events) != 11 {
		t.Errorf("%d venues and %d events, want 8 and 11", len(tr.Venues), len(tr.Events))
	}
}

// around finds what was shown at an instant and just before it.
func around(s []seen, at odds.Time) (before, now *seen) {
	i, ok := slices.BinarySearchFunc(s, at, func(x seen, at odds.Time) int { return int(x.at - at) })
	if !ok || i == 0 {
		return nil, nil
	}
	return &s[i-1], &s[i]
}

func TestMarginMovesLeaveProbabilitiesAlone(t *testing.T) {
	got, tr := collect(t, Options{Seed: 1})
	checked := 0
	for _, m := range tr.MarginMoves {
		before, now := around(got[m.Node], m.At)
		if now == nil || before.status != odds.Open || now.status != odds.Open || isOutlier(tr, m.Node, m.At) {
			continue // polled, suspended or wrong at that moment
		}
		checked++
		if math.Abs(now.value-before.value) > 1e-6 {
			t.Errorf("%s at %v: margin %.3f → %.3f moved the value by %g", m.Node, m.At, m.From, m.To, now.value-before.value)
		}
		if math.Abs(now.margin-m.To) > 1e-6 || math.Abs(before.margin-m.From) > 1e-6 {
			t.Errorf("%s at %v: overround %.4f → %.4f, the truth says %.4f → %.4f", m.Node, m.At, before.margin, now.margin, m.From, m.To)
		}
	}
	if checked < len(tr.MarginMoves)/2 {
		t.Errorf("only %d of %d margin moves could be checked", checked, len(tr.MarginMoves))
	}
}

func isOutlier(tr *truth.Truth, n odds.NodeID, at odds.Time) bool {
	return slices.ContainsFunc(tr.Outliers, func(o truth.Outlier) bool { return o.Node == n && at >= o.At-1000 && at <= o.Until+1000 })
}

func TestSuspendedPricesAreFrozen(t *testing.T) {
	got, tr := collect(t, Options{Seed: 2})
	frozen, reopened := 0, 0
	for _, s := range tr.Suspensions {
		var last [3]float64
		for _, x := range got[s.Node] {
			switch {
			case x.at < s.At:
				last = x.price
			case x.at < s.Until:
				frozen++
				if x.status != odds.Suspended || x.price != last {
					t.Fatalf("%s at %v: %v %v, want suspended at %v", s.Node, x.at, x.status, x.price, last)
				}
			case x.at == s.Until:
				reopened++
				if x.status != odds.Open {
					t.Errorf("%s has not reopened at %v", s.Node, x.at)
				}
			}
		}
	}
	if frozen < len(tr.Suspensions) || reopened == 0 {
		t.Errorf("%d frozen and %d reopened prices of %d suspensions", frozen, reopened, len(tr.Suspensions))
	}
}

func TestScoresSuspendEveryVenueAtOnce(t *testing.T) {
	got, tr := collect(t, Options{Seed: 4})
	for _, s := range tr.Shocks {
		venues := 0
		for n, shown := range got {
			if !strings.Contains(string(n), "/"+s.Event+"/h2h/") {
				continue
			}
			var before, after float64
			slack := 0.1 // a minute of other moves
			suspended := false
			for _, x := range shown {
				switch {
				case x.at < s.At:
					before = x.value
				case x.status == odds.Suspended && x.at <= s.Until:
					suspended = true
					if x.polled {
						slack = 0.2
					}
				case x.at > s.At+1000 && x.status == odds.Open && after == 0 && suspended:
					after = x.value
				}
			}
			if !suspended || (after-before)*s.Size < 0 || math.Abs(after-before-s.Size) > 0.5*math.Abs(s.Size)+slack {
				t.Errorf("%s around %v: suspended %v, moved %.3f, the score was worth %.3f", n, s.At, suspended, after-before, s.Size)
			}
			venues++
		}
		if venues != 8 || s.SpreadMs > 1000 {
			t.Errorf("%s: %d venues suspended within %d ms, want 8 within 1 s", s.Event, venues, s.SpreadMs)
		}
	}
}

func TestOutliersReturn(t *testing.T) {
	for seed := range uint64(6) {
		got, tr := collect(t, Options{Seed: seed, Minutes: 60})
		for _, o := range tr.Outliers {
			before, wrong := around(got[o.Node], o.At)
			_, right := around(got[o.Node], o.Until)
			if wrong == nil || right == nil {
				t.Fatalf("seed %d: %s shows nothing at %v or %v", seed, o.Node, o.At, o.Until)
			}
			if wrong.price[0] != o.Price || math.Abs(o.Price/o.Fair-wrongBy) > 1e-6 {
				t.Errorf("seed %d: %s shows %v at %v, the truth says %v instead of %v", seed, o.Node, wrong.price[0], o.At, o.Price, o.Fair)
			}
			if math.Abs(right.price[0]/o.Fair-1) > 0.15 || math.Abs(before.price[0]/o.Fair-1) > 0.15 {
				t.Errorf("seed %d: %s went %v, %v, %v: it should return", seed, o.Node, before.price[0], o.Price, right.price[0])
			}
		}
	}
}

func TestLineMovesRecoil(t *testing.T) {
	got, tr := collect(t, Options{Seed: 5})
	checked := 0
	for _, m := range tr.LineMoves {
		before, now := around(got[m.Node], m.At)
		if now == nil || before.status != odds.Open || before.polled {
			continue
		}
		checked++
		price, joined := now.value-before.value, now.joined-before.joined
		// the price steps back by the value of the line, the joined value moves on as
		// usual
		if math.Abs(joined) > 0.25 || price*joined > 0 && math.Abs(price) > math.Abs(joined) {
			t.Errorf("%s at %v: line %g → %g, price moved %.3f, joined value %.3f", m.Node, m.At, m.From, m.To, price, joined)
		}
		if before.line != m.From || now.line != m.To {
			t.Errorf("%s at %v: line %g → %g, the truth says %g → %g", m.Node, m.At, before.line, now.line, m.From, m.To)
		}
	}
	if checked < 100 {
		t.Errorf("only %d line moves to check", checked)
	}
}

func TestPolledVenuesShareOneClock(t *testing.T) {
	polls := 0
	_, err := Run(Options{Minutes: 30}, func(b *odds.Batch) error {
		if !b.Polled {
			if b.Resolution != 0 {
				t.Fatalf("stream %s states a step of %d", b.Source, b.Resolution)
			}
			return nil
		}
		polls++
		venues := map[string]int{}
		for _, u := range b.Updates {
			venues[u.Venue]++
			if u.Updated > b.At {
				t.Fatalf("%s was updated at %v, after the poll of %v", u.Venue, u.Updated, b.At)
			}
		}
		if b.Resolution != 60_000 || venues["pollhouse"] != 33 || venues["latepoll"] != 33 || len(venues) != 2 {
			t.Fatalf("poll at %v with step %d holds %v, want 33 markets of both polled venues", b.At, b.Resolution, venues)
		}
		return nil
	})
	if err != nil || polls != 30 {
		t.Errorf("%d polls in 30 minutes (%v)", polls, err)
	}
}

// The consensus links are driven by the first venue: its own moves must show them,
// with the sign given by the shared team's sides.
func TestCrossLinksShowAtTheLeader(t *testing.T) {
	got, tr := collect(t, Options{Seed: 6})
	for _, l := range tr.Links {
		if l.Layer == odds.Direct {
			continue
		}
		a, b := atLeader(l.Leader), atLeader(l.Follower)
		sign := 1.0
		if a.away != b.away {
			sign = -1
		}
		lag := float64(l.LagMs)
		if z := sign * contrast(steps(got[a.home]), steps(got[b.home]), 0.75*lag, 1.25*lag); z < 4 {
			t.Errorf("%s %s → %s: z %.1f", l.Layer, l.Leader, l.Follower, z)
		}
	}
	for _, n := range tr.Nulls {
		a, b := atLeader(n.A), atLeader(n.B)
		if a.home == b.home {
			continue // the same market at two venues
		}
		if z := contrast(steps(got[a.home]), steps(got[b.home]), 35_000, 60_000); math.Abs(z) > 4 {
			t.Errorf("null %s – %s: z %.1f", n.A, n.B, z)
		}
	}
}

type leaderNode struct {
	home odds.NodeID
	away bool
}

func atLeader(n odds.NodeID) leaderNode {
	_, event, market, sel, _ := n.Parts()
	first := "home"
	if market == "totals" {
		first = "over"
	}
	return leaderNode{odds.Node("sharpline", event, market, math.NaN(), first), sel == "away"}
}

func TestCopyCoincides(t *testing.T) {
	got, _ := collect(t, Options{Seed: 7})
	a := steps(got["midway/mlb-nyy-bos/h2h/home"])
	b := steps(got["mirrorbet/mlb-nyy-bos/h2h/home"])
	if share := coincidences(a, b, 20) / float64(len(a)); share < 0.85 {
		t.Errorf("%.2f of the copied venue's moves coincide, want 0.85", share)
	}
}
