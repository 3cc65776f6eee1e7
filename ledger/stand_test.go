package ledger

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"

	"pgregory.net/rapid"
)

// A stream says nothing while nothing changes: the last price still stands at the end
// of the interval.
func TestAStandingPriceAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		p      Prediction
		quotes []quote
		want   Outcome
		actual float64
		at     odds.Time
	}{
		{"it never moved", up(), nil, Missed, 0, 1300},
		{"it moved a little before the interval", up(), []quote{{1050, 1.05}}, Missed, 0.05, 1300},
		{"it moved over half the size the wrong way before", up(), []quote{{1050, 0.85}}, WrongSign, -0.15, 1300},
		{"the wrong way and back again before", up(), []quote{{1050, 0.85}, {1090, 1}}, Missed, 0, 1300},
		{"it came too early", up(), []quote{{1050, 1.2}}, Missed, 0.2, 1050},
		{"it moved inside", up(), []quote{{1200, 1.02}}, Missed, 0.02, 1300},
		{"it was right inside", up(), []quote{{1200, 1.2}}, Hit, 0.2, 1200},
		{"down: it never moved", down(), nil, Missed, 0, 1300},
		{"down: the wrong way before", down(), []quote{{1050, 1.15}}, WrongSign, 0.15, 1300},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := NewOpen(c.p, 1)
			for _, q := range c.quotes {
				o.Observe(q.at, q.value)
			}
			o.Stand()
			p := o.Close(1501)
			if p.Outcome != c.want || math.Abs(p.Actual-c.actual) > 1e-12 || p.ResolvedAt != c.at {
				t.Errorf("%s by %v at %v; want %s by %v at %v", p.Outcome, p.Actual, p.ResolvedAt, c.want, c.actual, c.at)
			}
			if o.Stand(); o.Close(1501).Outcome != c.want {
				t.Errorf("standing twice: %s", o.Outcome)
			}
		})
	}
}

func TestALateAnswerAfterAStandingPrice(t *testing.T) {
	o := NewOpen(up(), 1)
	o.Stand() // known at 1300: nothing came in time
	o.Observe(1400, 1.2)
	if p := o.Close(1400); p.Outcome != Late || p.ResolvedAt != 1400 || math.Abs(p.Actual-0.2) > 1e-12 {
		t.Errorf("%s by %v at %v, want late", p.Outcome, p.Actual, p.ResolvedAt)
	}
}

func TestWhatIsHeardLateTellsWhereTheFollowerStood(t *testing.T) {
	for _, at := range []odds.Time{-1, 0} { // beside the call
		p := up()
		p.From = p.IssuedAt // the follower may answer at once
		o := NewOpen(p, 1)
		if o.Observe(p.IssuedAt+at, 1.01); o.Done(p.IssuedAt) || o.Outcome != Pending || o.Start != 1.01 {
			t.Errorf("a little before: %s from %v", o.Outcome, o.Start)
		}
		if o.Observe(p.IssuedAt+1, 1.11); o.Close(p.IssuedAt+1).Outcome != Hit || o.LeadTime != 1 {
			t.Errorf("a millisecond later: %s after %d ms", o.Outcome, o.LeadTime)
		}
		if o.Observe(p.IssuedAt+at, 5); o.Outcome != Hit {
			t.Errorf("answered twice: %s", o.Outcome)
		}
		o = NewOpen(p, 1)
		if o.Observe(p.IssuedAt+at, 5); o.Outcome != AlreadyMoved || o.Actual != 4 || !o.Answered(p.IssuedAt) || o.Close(p.IssuedAt).Outcome.Matured() {
			t.Errorf("it had moved by then: %s by %v", o.Outcome, o.Actual)
		}
	}
}

// path draws quotes of a follower.
func path(t *rapid.T) (quotes []quote) {
	at, value := odds.Time(1000), 1.0
	for range rapid.IntRange(0, 9).Draw(t, "quotes") {
		at = at.Add(odds.Millis(rapid.SampledFrom([]int{1, 40, 80, 120}).Draw(t, "after")))
		value += float64(rapid.SampledFrom([]int{0, 0, 1, -1, 2, -2, 4, -5}).Draw(t, "by")) / 32
		quotes = append(quotes, quote{at, value})
	}
	return quotes
}

func follow(p Prediction, start float64, quotes []quote, stand bool) Prediction {
	o := NewOpen(p, start)
	for _, q := range quotes {
		o.Observe(q.at, q.value)
	}
	if stand {
		o.Stand()
	}
	return o.Close(1_000_000)
}

// An answer depends on how far the follower goes, not on where it stands, which way it
// goes or what time it is.
func TestAnswersDoNotDependOnWhereAndWhen(t *testing.T) {
	check(t, func(t *rapid.T) {
		quotes, stand := path(t), rapid.Bool().Draw(t, "stream")
		p := up()
		p.Size = 0.25 // exact in binary, like every move
		want := follow(p, 1, quotes, stand)

		mirror, moved, later := slices.Clone(quotes), slices.Clone(quotes), slices.Clone(quotes)
		for i := range quotes {
			mirror[i].value = 2 - quotes[i].value
			moved[i].value += 16
			later[i].at += 500
		}
		q := p
		q.Size = -p.Size
		if got := follow(q, 1, mirror, stand); got.Outcome != want.Outcome || got.Actual != -want.Actual || got.ResolvedAt != want.ResolvedAt {
			t.Fatalf("mirrored: %s by %v, want %s by %v", got.Outcome, got.Actual, want.Outcome, -want.Actual)
		}
		if got := follow(p, 17, moved, stand); got.Outcome != want.Outcome || got.Actual != want.Actual {
			t.Fatalf("elsewhere: %s by %v, want %s by %v", got.Outcome, got.Actual, want.Outcome, want.Actual)
		}
		q = p
		q.IssuedAt, q.From, q.To = p.IssuedAt+500, p.From+500, p.To+500
		if got := follow(q, 1, later, stand); got.Outcome != want.Outcome || got.LeadTime != want.LeadTime || want.ResolvedAt != 0 && got.ResolvedAt != want.ResolvedAt+500 {
			t.Fatalf("later: %s after %d, want %s after %d", got.Outcome, got.LeadTime, want.Outcome, want.LeadTime)
		}
		if want.Outcome == Pending || want.Outcome == Void && stand && len(quotes) == 0 {
			t.Fatalf("all time is over: %s", want.Outcome)
		}
		if (want.Outcome == Hit) != (want.LeadTime > 0) {
			t.Fatalf("%s with a lead time of %d", want.Outcome, want.LeadTime)
		}
	})
}

// One that is saved between any two quotes ends as if it had not been.
func TestASavedPredictionGoesOn(t *testing.T) {
	check(t, func(t *rapid.T) {
		quotes := path(t)
		cut := rapid.IntRange(0, len(quotes)).Draw(t, "cut")
		p := up()
		p.ID, p.Family, p.Source, p.Baselines = "id", "f", "a", map[string]bool{RivalHY: true, RivalCopy: false}
		o := NewOpen(p, 1)
		for _, q := range quotes[:cut] {
			o.Observe(q.at, q.value)
		}
		var b bytes.Buffer
		w := state.NewWriter(&b, "open", 1)
		o.State(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := state.NewReader(&b, "open", 1)
		if err != nil {
			t.Fatal(err)
		}
		again := &Open{}
		if again.State(r); r.Close() != nil {
			t.Fatal(r.Err())
		}
		for _, q := range quotes[cut:] {
			again.Observe(q.at, q.value)
		}
		got, want := again.Close(1_000_000), follow(p, 1, quotes, false)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("saved after %d of %v: %+v, want %+v", cut, quotes, got, want)
		}
	})
}

// The parts of a scorecard add up to the whole, whatever was predicted.
func TestPartsOfAScorecardAddUp(t *testing.T) {
	outcomes := []Outcome{Pending, Hit, Late, WrongSign, Missed, AlreadyMoved, Void}
	check(t, func(t *rapid.T) {
		var ps []Prediction
		for range rapid.IntRange(0, 40).Draw(t, "predictions") {
			layer := rapid.SampledFrom(odds.Layers[:]).Draw(t, "layer")
			p := Prediction{
				Family: fmt.Sprint(layer, rapid.IntRange(0, 2).Draw(t, "family")), Layer: layer, Outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"),
				P: rapid.Float64Range(0, 1).Draw(t, "p"), Base: rapid.Float64Range(0, 1).Draw(t, "base"), BaseN: rapid.IntRange(0, 3).Draw(t, "times"),
				LeadTime: odds.Millis(rapid.IntRange(0, 1_000_000).Draw(t, "lead")),
			}
			ps = append(ps, p)
		}
		c := NewScorecard(ps, nil)
		o := c.Overall
		if sum := o.Hits + o.Late + o.WrongSign + o.Missed; sum != o.Matured || sum+o.AlreadyMoved+o.Void+o.Pending != o.Issued || o.Issued != len(ps) {
			t.Fatalf("overall %+v of %d", o, len(ps))
		}
		var families, layers, binned, binnedHits, timed int
		for _, f := range c.Families {
			families += f.Issued
		}
		for _, l := range c.Layers {
			layers += l.Issued
		}
		for _, b := range c.Calibration {
			binned += b.N
			binnedHits += b.Hits
			if b.N > 0 && !(b.Low <= b.Claimed && b.Claimed <= b.High && b.RateLow <= b.Rate && b.Rate <= b.RateHigh) {
				t.Fatalf("bin %+v", b)
			}
		}
		for _, l := range c.LeadTimes {
			timed += l.Hits
		}
		if families != o.Issued || layers != o.Issued || binned != o.Matured || binnedHits != o.Hits || timed != o.Hits {
			t.Fatalf("families %d, layers %d of %d; bins %d (%d hits), lead times %d of %d (%d)", families, layers, o.Issued, binned, binnedHits, timed, o.Matured, o.Hits)
		}
		if base := c.Rivals[RivalBase]; base.Calls > o.Matured || base.Hits > base.Calls || o.Brier < 0 || o.Brier > 1 {
			t.Fatalf("base rate %+v, Brier score %v", base, o.Brier)
		}
	})
}

func TestMedianLeadTime(t *testing.T) {
	for want, leads := range map[odds.Millis][]odds.Millis{0: nil, 7: {7}, 9: {9, 1}, 5: {9, 1, 5}} {
		var ps []Prediction
		for _, l := range leads {
			ps = append(ps, Prediction{Outcome: Hit, LeadTime: l})
		}
		if got := NewScorecard(ps, nil).Overall.LeadTimeMs; got != want {
			t.Errorf("the median of %v is %d, want %d", leads, got, want)
		}
	}
}

func TestCalibrationBordersBelongToTheBinAbove(t *testing.T) {
	for _, c := range []struct {
		p   float64
		bin int
	}{{0, 0}, {0.1, 1}, {0.5, 5}, {math.Nextafter(0.5, 0), 4}, {0.7, 7}, {0.9, 9}, {1, 9}} {
		for k, b := range Calibrate([]float64{c.p}, []bool{true}, []string{"e"}, 10) {
			if (b.N == 1) != (k == c.bin) {
				t.Errorf("%v: bin %d holds %d", c.p, k, b.N)
			}
		}
	}
}
