package simulate

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

// seen is what one venue's market showed at one instant.
type seen struct {
	at     odds.Time
	status odds.Status
	price  [3]float64
	line   float64
	value  float64 // log-odds of the first selection, margin removed
	joined float64 // the same with the line's worth added
	margin float64
	polled bool
}

// collect runs o and groups what was shown by the first selection's node.
func collect(t testing.TB, o Options) (map[odds.NodeID][]seen, *truth.Truth) {
	t.Helper()
	out := map[odds.NodeID][]seen{}
	last := odds.Ever
	tr, err := Run(o, func(b *odds.Batch) error {
		if b.At < last {
			t.Fatalf("batch at %v after %v", b.At, last)
		}
		last = b.At
		for _, u := range b.Updates {
			s := seen{at: b.At, status: u.Status, line: u.Quotes[0].Line, polled: b.Polled}
			for i, q := range u.Quotes {
				s.price[i] = q.Price
				s.margin += 1 / q.Price
			}
			p := 1 / s.price[0] / s.margin
			s.value = math.Log(p / (1 - p))
			n := odds.Node(u.Venue, u.Event.ID, u.Market, math.NaN(), u.Quotes[0].Side.String())
			out[n] = append(out[n], s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slope := map[odds.NodeID]float64{}
	for _, m := range tr.LineMoves {
		slope[m.Node] = m.Slope
		if strings.Contains(string(m.Node), "/spreads/") {
			slope[m.Node] = -m.Slope
		}
	}
	for n, s := range out {
		for i := range s {
			s[i].joined = s[i].value
			if k := slope[n]; k != 0 {
				s[i].joined += k * s[i].line
			}
		}
	}
	return out, tr
}

// steps returns the moves of a node's open prices, none across a suspension. They
// are clipped at ±3 r.m.s., or a heavy tail would hide everything else.
func steps(s []seen) (out []move) {
	square := 0.0
	for i := 1; i < len(s); i++ {
		if dx := s[i].joined - s[i-1].joined; s[i].status == odds.Open && s[i-1].status == odds.Open && dx != 0 {
			out = append(out, move{at: int64(s[i].at), dx: dx})
			square += dx * dx
		}
	}
	most := 3 * math.Sqrt(square/float64(len(out)))
	for i := range out {
		out[i].dx = max(-most, min(most, out[i].dx))
	}
	return out
}

// contrast is Σ da·db over coincidences with lag in [lo, hi) ms, over the root
// of the sum of squares: about N(0,1) without a link.
func contrast(a, b []move, lo, hi float64) float64 {
	var u, v float64
	first := 0
	for _, y := range b {
		for first < len(a) && float64(y.at-a[first].at) >= hi {
			first++
		}
		c := 0.0
		for i := first; i < len(a) && float64(y.at-a[i].at) >= lo; i++ {
			c += a[i].dx
		}
		u += c * y.dx
		v += c * y.dx * c * y.dx
	}
	if v == 0 {
		return 0
	}
	return u / math.Sqrt(v)
}

func TestPlantedLagsShowInThePrices(t *testing.T) {
	got, tr := collect(t, Options{Preset: "calibration", Null: -1, True: 12, Moves: 800, Seed: 3})
	if len(tr.Links) != 12 {
		t.Fatalf("%d links planted, want 12", len(tr.Links))
	}
	for _, l := range tr.Links {
		a, b := steps(got[l.Leader]), steps(got[l.Follower])
		best, at := 0.0, 0.0
		for lo := 20.0; lo < 60_000; lo *= 1.15 {
			if z := math.Abs(contrast(a, b, lo, lo*1.15*1.15)); z > best {
				best, at = z, lo*1.15
			}
		}
		if lag := float64(l.LagMs); best < 4.5 || at < 0.75*lag || at > 1.33*lag {
			t.Errorf("%s → %s: strongest at %.0f ms (z %.1f), planted at %d", l.Leader, l.Follower, at, best, l.LagMs)
		}
		if back := contrast(b, a, 0.8*float64(l.LagMs), 1.2*float64(l.LagMs)); math.Abs(back) > 4 {
			t.Errorf("%s ← %s: z %.1f the wrong way", l.Leader, l.Follower, back)
		}
	}
}

func TestPlantedShareOfVariance(t *testing.T) {
	got, tr := collect(t, Options{Preset: "calibration", Null: -1, True: 6, Moves: 1000, R2: 0.3})
	square := func(s []seen) (sum float64) {
		for i := 1; i < len(s); i++ {
			sum += (s[i].value - s[i-1].value) * (s[i].value - s[i-1].value)
		}
		return sum
	}
	for _, l := range tr.Links {
		da, db := square(got[l.Leader]), square(got[l.Follower])
		// share·β² of the leader's variance is 30 % of the follower's
		if r2 := l.Share * l.Beta * l.Beta * da / db; r2 < 0.2 || r2 > 0.45 {
			t.Errorf("%s: copied share of variance about %.2f, want 0.3", l.Follower, r2)
		}
	}
}

func TestNullPairsShareActivityAndNothingElse(t *testing.T) {
	near := func(steady bool) (total float64) {
		got, tr := collect(t, Options{Preset: "calibration", Null: 80, True: -1, Moves: 600, Steady: steady})
		var squares, n float64
		for _, p := range tr.Nulls {
			a, b := steps(got[p.A]), steps(got[p.B])
			if p.Kind == "trend" || p.Kind == "momentum" { // not white: the contrast of raw moves is not a z-score
				continue
			}
			if p.Kind != "bursts" {
				total += coincidences(a, b, 5_000)
			}
			z := contrast(a, b, 20, 10_000)
			squares += z * z
			n++
		}
		if squares/n > 1.5 {
			t.Errorf("steady %v: mean z² of null pairs is %.2f, want about 1", steady, squares/n)
		}
		return total
	}
	if together, apart := near(false), near(true); together < 2*apart {
		t.Errorf("%.0f moves within 5 s of one another, %.0f between steady feeds: no shared bursts", together, apart)
	}
}

func coincidences(a, b []move, within int64) (n float64) {
	for _, y := range b {
		for _, x := range a {
			if d := y.at - x.at; d >= 0 && d < within {
				n++
			}
		}
	}
	return n
}

func TestNullPairsAreCountedExactly(t *testing.T) {
	for _, n := range []int{1, 7, 23, 40} {
		_, tr := collect(t, Options{Preset: "calibration", Null: n, True: -1, Moves: 10})
		if len(tr.Nulls) != n {
			t.Errorf("%d null pairs listed, want %d", len(tr.Nulls), n)
		}
	}
	_, tr := collect(t, Options{Preset: "calibration", Null: 80, True: -1, Moves: 10})
	by := map[string]int{}
	for _, n := range tr.Nulls {
		by[n.Kind]++
	}
	for _, k := range Kinds() {
		if by[k] != 10 {
			t.Errorf("%d null pairs of kind %s, want 10", by[k], k)
		}
	}
}

func TestPooledFamiliesShareLagAndSize(t *testing.T) {
	_, tr := collect(t, Options{Preset: "pooled", True: 3, Null: 2, FamilySize: 4})
	lag := map[string]odds.Millis{}
	for _, l := range tr.Links {
		if was, ok := lag[l.Family]; ok && was != l.LagMs {
			t.Errorf("%s has lags %d and %d", l.Family, was, l.LagMs)
		}
		lag[l.Family] = l.LagMs
	}
	if len(lag) != 3 || len(tr.Links) != 12 || len(tr.Nulls) != 8 || len(tr.Events) != 20 {
		t.Errorf("%d families, %d links, %d nulls, %d events; want 3, 12, 8, 20", len(lag), len(tr.Links), len(tr.Nulls), len(tr.Events))
	}
}

func TestPricesArePossibleAndSurviveEightDigits(t *testing.T) {
	for _, o := range []Options{{Minutes: 40}, {Preset: "calibration", Null: 80, True: 8}, {Preset: "pooled", Null: 8, True: 2}} {
		quotes := 0
		tr, err := Run(o, func(b *odds.Batch) error {
			for _, u := range b.Updates {
				for _, q := range u.Quotes {
					if !(q.Price > 1.005 && q.Price < 40) {
						t.Fatalf("%s %s: price %v", u.Venue, u.Event.ID, q.Price)
					}
					if back, _ := strconv.ParseFloat(strconv.FormatFloat(q.Price, 'g', 8, 64), 64); back != q.Price {
						t.Fatalf("price %v is %v once written", q.Price, back)
					}
				}
			}
			quotes += b.Quotes()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if quotes != tr.Quotes || quotes == 0 {
			t.Errorf("%s: %d quotes seen, the truth says %d", tr.Preset, quotes, tr.Quotes)
		}
	}
}
