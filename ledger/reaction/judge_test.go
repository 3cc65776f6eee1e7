package reaction

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

// marksOf makes a mark of each entry of seen, three an event.
func marksOf(seen []map[string]Seen, control func(venue string, n int) *Seen) (all []EventMark) {
	for n, by := range seen {
		m := EventMark{Event: fmt.Sprint("e", n/3), Sport: "soccer", League: "epl", Kind: odds.ScoreMark, Value: "1-0", Was: "0-0", At: odds.Time(n) * 1_000_000}
		for _, v := range []string{"a", "b", "c", "d"} {
			if s, ok := by[v]; ok {
				m.Books = append(m.Books, Reaction{Venue: v, Market: "h2h", Seen: s, Control: control(v, n)})
			}
		}
		all = append(all, m)
	}
	return all
}

func never(string, int) *Seen {
	return &Seen{How: Censored, Low: Horizon, High: Horizon, Why: AtHorizon}
}

func moved(at, step odds.Millis) Seen { return Seen{How: Moved, Low: at - step, High: at} }

func TestPlantedDelaysAreFound(t *testing.T) {
	var seen []map[string]Seen
	for n := range 36 {
		jitter := odds.Millis(n%5) * 100
		by := map[string]Seen{"a": moved(1000+jitter, 20), "b": moved(4000+jitter, 20), "c": *never("", 0), "d": moved(30_000+jitter, 60_000)}
		if n%4 == 0 {
			by["b"] = Seen{How: Censored, Low: 2000, High: 2000, Why: NextScore}
		}
		if n%6 == 1 {
			by["a"] = Seen{How: Suspended, Low: -3020, High: -3000}
		}
		seen = append(seen, by)
	}
	rows, pairs := Judge(marksOf(seen, never))
	if len(rows) != 4 || len(pairs) != 6 {
		t.Fatalf("%d rows, %d pairs", len(rows), len(pairs))
	}
	a, b, d, c := rows[0], rows[1], rows[2], rows[3]
	if a.Venue != "a" || a.Marks != 36 || a.Events != 12 || a.Reacted != 36 || a.Suspended != 6 || *a.Median != 1100 || *a.MedianLow < 900 || *a.MedianHigh > 1400 || a.First != 0 { // nobody knows when d moved
		t.Errorf("a: %+v, median %d from %d to %d", a, *a.Median, *a.MedianLow, *a.MedianHigh)
	}
	if b.Venue != "b" || b.Reacted != 27 || b.Censored != 9 || *b.Median < 4000 || *b.Median > 4400 || b.First != 0 {
		t.Errorf("b: %+v, median %v", b, *b.Median)
	}
	if d.Venue != "d" || d.Step != 60_000 || *d.MedianLow > -29_000 || *d.MedianHigh < 30_000 {
		t.Errorf("d, polled: %+v, median from %d to %d", d, *d.MedianLow, *d.MedianHigh)
	}
	if c.Venue != "c" || c.Reacted != 0 || c.Median != nil || c.MedianHigh != nil {
		t.Errorf("c, which never reacts: %+v", c)
	}
	for _, x := range pairs {
		want := map[string]string{"ab": "a", "ac": "a", "bc": "b", "ad": "", "bd": "", "cd": "d"}[min(x.A, x.B)+max(x.A, x.B)]
		if x.First != want || x.P == nil || *x.Q < *x.P {
			t.Errorf("%s and %s: %q is sooner, want %q: %+v", x.A, x.B, x.First, want, x)
		}
		if want == "a" && x.B == "b" && (x.AFirst != 36 || *x.ByLow < 2900 || *x.ByHigh > 7300) {
			t.Errorf("a before b: %+v by %d to %d", x, *x.ByLow, *x.ByHigh)
		}
	}
	again, _ := Judge(marksOf(seen, never))
	if fmt.Sprintf("%+v", *again[0].MedianLow) != fmt.Sprintf("%+v", *a.MedianLow) {
		t.Error("the same marks give another interval")
	}
}

func TestFewEventsSayNothing(t *testing.T) {
	var seen []map[string]Seen
	for range 3 * (Least - 1) {
		seen = append(seen, map[string]Seen{"a": moved(1000, 20), "b": moved(9000, 20)})
	}
	rows, pairs := Judge(marksOf(seen, never))
	if len(rows) != 2 || rows[0].Median != nil || rows[0].First != 21 || len(pairs) != 1 || pairs[0].P != nil || pairs[0].First != "" {
		t.Errorf("%+v %+v", rows, pairs)
	}
	if rows, pairs := Judge(nil); rows == nil || pairs == nil || len(rows)+len(pairs) != 0 {
		t.Errorf("of nothing: %v, %v", rows, pairs)
	}
}

func TestTheMedianOfCensoredTimes(t *testing.T) {
	// Worked by hand: 6 at risk; at 1 one of 6, at 2 censored, at 3 one of 4: 5/6 · 3/4 = 0.625;
	// at 4 one of 3: 0.417.
	var s sample
	for n, o := range []observed{{at: 1, reacted: true}, {at: 2}, {at: 3, reacted: true}, {at: 4, reacted: true}, {at: 5}, {at: 6}} {
		s.add(fmt.Sprint(n), o.at, o.reacted)
	}
	s.sort()
	if m := s.median(nil); m != 4 {
		t.Errorf("median %d, want 4", m)
	}
	if m := s.median([]int{0, 2, 0, 1, 2, 1}); m != Horizon+1 {
		t.Errorf("where a quarter react, the median is %d", m)
	}
	if m := s.median([]int{3, 0, 0, 1, 1, 1}); m != 1 {
		t.Errorf("where half react at 1, the median is %d", m)
	}
}

// Venues that move at different rates for reasons of their own, all of a match when the others do not:
// no venue is sooner, however often one is first.
func TestMarksAtRandomTimesGiveNoDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	rates := map[string]float64{"a": 1.0 / 15_000, "b": 1.0 / 60_000, "c": 1.0 / 200_000}
	const sets = 300
	claims, first, second := 0, 0, 0
	for range sets {
		busy := make([]float64, 20)
		for i := range busy {
			busy[i] = 0.2 + 2*r.Float64() // matches differ
		}
		draw := func(v string, n int) Seen {
			if at := -Before + odds.Millis(r.ExpFloat64()/(rates[v]*busy[n/3])); at < Horizon {
				return moved(at, 20)
			}
			return *never("", 0)
		}
		var seen []map[string]Seen
		for n := range 60 {
			seen = append(seen, map[string]Seen{"a": draw("a", n), "b": draw("b", n), "c": draw("c", n)})
		}
		_, pairs := Judge(marksOf(seen, func(v string, n int) *Seen { s := draw(v, n); return &s }))
		found := false
		for _, x := range pairs {
			found = found || x.First != ""
			first, second = first+max(x.AFirst, x.BFirst), second+min(x.AFirst, x.BFirst)
		}
		if found {
			claims++
		}
	}
	if claims > sets*5/100+8 || claims == 0 { // 8 is two standard deviations; a test that never claims is none
		t.Errorf("in %d of %d recordings without a reaction some venue is said to be sooner", claims, sets)
	}
	if first < 2*second {
		t.Errorf("one is first %d times, the other %d: the rates differ too little to mislead", first, second)
	}
}
