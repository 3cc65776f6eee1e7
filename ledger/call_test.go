package ledger

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"corrgraph/odds"
)

// The second question has a threshold of its own and is asked until the end of the interval,
// whatever became of the first.
func TestHalfIsSettledBesideTheHit(t *testing.T) {
	for _, c := range []struct {
		name   string
		least  float64
		quotes []quote
		want   Outcome
		half   bool
		done   odds.Time // when nothing is left to wait for
	}{
		{"both at once", 0.1, []quote{{1200, 1.2}}, Hit, true, 1200},
		{"a hit, and half later", 0.3, []quote{{1150, 1.15}, {1250, 1.31}}, Hit, true, 1250},
		{"a hit, and half too late", 0.3, []quote{{1150, 1.15}, {1301, 1.31}}, Hit, false, 1301},
		{"half before the interval does not count", 0.05, []quote{{1050, 1.06}, {1200, 1}}, Missed, false, 1501},
		{"the smaller half without a hit", 0.05, []quote{{1200, 1.06}}, Missed, true, 1501},
		{"the wrong way, then back", 0.1, []quote{{1150, 0.8}, {1250, 1.2}}, WrongSign, true, 1250},
		{"too early to count, but it stays", 0.1, []quote{{1050, 1.2}, {1200, 1.2}}, Missed, true, 1200},
		{"late", 0.1, []quote{{1200, 1}, {1400, 1.2}}, Late, false, 1400},
	} {
		p := up()
		p.Least = c.least
		o, done := NewOpen(p, 1), odds.Time(1501)
		for _, q := range c.quotes {
			if o.Observe(q.at, q.value); o.Done(q.at) {
				done = min(done, q.at)
			}
			if got := o.Close(q.at); o.Done(q.at) != (got.Outcome != Pending && got.Half != Unknown) {
				t.Errorf("%s: %s, half %v at %v", c.name, got.Outcome, got.Half, q.at)
			}
		}
		if got := o.Close(1501); got.Outcome != c.want || (got.Half == Yes) != c.half || got.Half == Unknown || done != c.done {
			t.Errorf("%s: %s, half %v, at %v; want %s, %v, %v", c.name, got.Outcome, got.Half, done, c.want, c.half, c.done)
		}
		d := NewOpen(down(), 1)
		d.Least = -c.least
		for _, q := range c.quotes {
			d.Observe(q.at, 2-q.value)
		}
		if got := d.Close(1501); got.Outcome != c.want || (got.Half == Yes) != c.half {
			t.Errorf("%s, mirrored: %s, half %v", c.name, got.Outcome, got.Half)
		}
	}
}

func TestASeriesThatEndsAnswersNothing(t *testing.T) {
	o := NewOpen(up(), 1)
	o.Least = 0.1
	o.Observe(1150, 1.01)
	if o.End(1200); !o.Done(1200) || o.Close(1200).Outcome != Void || o.ResolvedAt != 1200 || o.Half != Unknown {
		t.Errorf("%+v", o)
	}
	o = NewOpen(up(), 1)
	o.Observe(1150, 1.2)
	if o.End(1200); o.Close(1200).Outcome != Hit {
		t.Errorf("it was answered before: %+v", o)
	}
}

func TestLeadTimeCountsFromWhenItWasKnown(t *testing.T) {
	p := up()
	p.KnownAt = 1150
	o := NewOpen(p, 1)
	if o.Observe(1120, 1.2); o.LeadTime != -30 {
		t.Errorf("a follower that moved before the call was known: %d ms ahead", o.LeadTime)
	}
}

// However often a call is revised, its first and its newest words are kept.
func TestRevisionsAreBounded(t *testing.T) {
	p := Prediction{IssuedAt: 1, P: 0.5}
	if got := p.Newest(); got != (Revision{1, 0.5, 0}) {
		t.Errorf("without revisions: %+v", got)
	}
	for i := range 40 {
		p.Revise(Revision{At: odds.Time(i), P: float64(i) / 100})
		p.Lead(Leader{At: odds.Time(i)}, Leader{At: odds.Time(i)})
	}
	if n := len(p.Revisions); n != MostRevisions || p.Revisions[0].At != 0 || p.Newest().At != 39 {
		t.Errorf("%d revisions: %+v", n, p.Revisions)
	}
	if n := len(p.Leaders); n != MostLeaders || p.Leaders[n-1].At != MostLeaders/2-1 {
		t.Errorf("%d leaders", n)
	}
}

// A call counts for each family that led to it, once; later and opposing leaders did not.
func TestACallCountsForItsFamilies(t *testing.T) {
	p := Prediction{Event: "e", Family: "A", Layer: 1, IssuedAt: 5, Outcome: Hit, P: 0.5, Leaders: []Leader{
		{Family: "A", Agree: true, At: 5},
		{Family: "B", Agree: true, At: 5},
		{Family: "B", Agree: true, At: 5},
		{Family: "C", At: 5},
		{Family: "D", Agree: true, At: 6},
	}}
	if got := p.Families(); !slices.Equal(got, []string{"A", "B"}) {
		t.Errorf("%v", got)
	}
	c := NewScorecard([]Prediction{p}, two)
	if c.Calls != 1 || c.Overall.Issued != 1 || len(c.Families) != 2 || c.Families[0].Hits != 1 || c.Families[1].Hits != 1 {
		t.Errorf("%d calls, families %+v", c.Calls, c.Families)
	}
}

// Each leader counts once, by its last word.
func TestAgreement(t *testing.T) {
	p := Prediction{Leaders: []Leader{{Node: "a", Agree: true}, {Node: "b"}, {Node: "c", Agree: true}, {Node: "a"}, {Node: "c", Agree: true}}}
	if agree, against := p.Agreement(); agree != 1 || against != 2 {
		t.Errorf("%d agree, %d don't", agree, against)
	}
}

// Baselines and revisions are scored on the same calls.
func TestBaselinesAnswerTheSameCalls(t *testing.T) {
	var ps []Prediction
	for i, hit := range []bool{true, false, true, true} {
		p := Prediction{Event: fmt.Sprint(i), Family: "A", Layer: 1, IssuedAt: odds.Time(10 * i), ResolvedAt: odds.Time(10*i + 15), P: 0.6, PHalf: 0.4, PLeague: 0.3, PFamily: 0.5, Outcome: Missed, Half: No}
		if i == 0 {
			p.Half = Yes
		}
		if hit {
			p.Outcome = Hit
		}
		p.Revise(Revision{P: 0.6})
		p.Revise(Revision{P: 0.8})
		p.Baselines = map[string]bool{RivalCopy: hit}
		if i > 1 {
			p.Baselines[RivalHY] = false
		}
		ps = append(ps, p)
	}
	ps = append(ps, Prediction{Family: "A", Outcome: AlreadyMoved, PLeague: 0.5, P: 0.5}, Prediction{Event: "9", Family: "A", IssuedAt: 1000, ResolvedAt: 1001, Outcome: Hit, P: 0.6})
	c := NewScorecard(ps, two)
	o := c.Overall
	if c.Calls != 5 || c.Baselines[BaselineConstant].N != 4 || c.Baselines[BaselineFamily].N != 4 || c.Baselines[BaselineCopy].N != 5 || c.Baselines[BaselineHY].N != 5 || o.Half.N != 4 {
		t.Errorf("%d calls, baselines %+v, half %+v", c.Calls, c.Baselines, o.Half)
	}
	same(t, "Brier of the league's rate", c.Baselines[BaselineConstant].Brier, (3*0.49+0.09)/4)
	same(t, "log-loss of the family's rate", c.Baselines[BaselineFamily].LogLoss, math.Log(2))
	// Answers come at 15, 25, 35 and 45: known are none, none, the hit, then a miss as well; the last is of no move that could be copied.
	same(t, "Brier of copying", c.Baselines[BaselineCopy].Brier, (0.25+0.25+1.0/9+0.25+0.25)/5)
	// Those that it makes are the third and the fourth, of which nothing was known; of the others a hit and a miss were when the last was issued.
	same(t, "Brier of believing in Hayashi–Yoshida", c.Baselines[BaselineHY].Brier, 0.25)
	same(t, "Brier of the last word", o.BrierLast, (3*0.04+0.64+0.16)/5)
	same(t, "log-loss", c.LogLoss, -(4*math.Log(0.6)+math.Log(0.4))/5)
	same(t, "Brier of half", o.Half.Brier, (0.36+3*0.16)/4)
	same(t, "rate of half", o.Half.Rate, 0.25)
	if len(c.Reliability) != 1 || c.Reliability[0].N != 5 || c.Reliability[0].Came != 0.8 {
		t.Errorf("%+v", c.Reliability)
	}
}

func TestRatesOfNewFamilies(t *testing.T) {
	same(t, "a league without record", LeagueRate(0, 0), 1.0/3)
	same(t, "a new family", Shrunken(0, 0, 0.2), 0.2)
	same(t, "a family", Shrunken(10, 20, 0.3), 0.4)
}
