package leadlag

import (
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"
)

// repeated returns moves of a leader and of a follower that repeats them lag later.
func repeated(n int, lag odds.Millis) (lead, late []series.Increment) {
	r := rand.New(rand.NewPCG(3, 4))
	at := odds.Time(1_750_000_000_000)
	for range n {
		at = at.Add(odds.Millis(20_000 + r.IntN(60_000)))
		x := r.NormFloat64()
		lead = append(lead, series.Increment{At: at, White: x, Raw: x})
		late = append(late, series.Increment{At: at.Add(lag), White: x, Raw: x})
	}
	return lead, late
}

func TestCorrelogramPeaksAtTheLagAndStaysInsideItsBandElsewhere(t *testing.T) {
	lead, late := repeated(400, 2000)
	e := NewEvidence(NewAxis(20), true)
	var s Scratch
	for i, m := range late {
		flips := FlipsOf(1, 7, m.At, 1)
		e.Add(AB, m, lead[:i+1], false, &flips, nil, &s)
	}
	for i, m := range lead {
		flips := FlipsOf(1, 9, m.At, 1)
		e.Add(BA, m, late[:i], true, &flips, nil, &s)
	}
	curve := e.Correlogram(AB)
	best, outside, judged := 0, 0, 0
	for i, p := range curve {
		if i > 0 && curve[i-1].Lag >= p.Lag {
			t.Fatalf("lags do not ascend: %d after %d", p.Lag, curve[i-1].Lag)
		}
		if p.Z > curve[best].Z {
			best = i
		}
		if p.Null > 0 && (p.Lag < 1500 || p.Lag > 2600) {
			judged++
			if p.Z > p.Null || p.Z < -p.Null {
				outside++
			}
		}
	}
	p := curve[best]
	if p.Lag < 1700 || p.Lag > 2300 || p.Z <= 3*p.Null || p.Corr < 0.9 {
		t.Errorf("peak %+v, want it at 2000 ms, far outside its band", p)
	}
	if judged < 10 || outside*5 > judged {
		t.Errorf("%d of %d other bins are outside a band of 95 %%", outside, judged)
	}
	mirror := e.Correlogram(BA)
	for i, p := range curve {
		if q := mirror[len(mirror)-1-i]; q.Lag != -p.Lag || q.Z != p.Z {
			t.Fatalf("the other way round %+v becomes %+v", p, q)
		}
	}
}
