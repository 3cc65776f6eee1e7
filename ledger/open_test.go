package ledger

import (
	"flag"
	"math"
	"testing"

	"corrgraph/ledger/rule"
	"corrgraph/odds"

	"pgregory.net/rapid"
)

// quote is one observation of the follower.
type quote struct {
	at    odds.Time
	value float64
}

// up is a call of +0.2, issued at 1000 for the interval 1100 to 1300: late until 1500. down
// is its inverse.
func up() Prediction   { return Prediction{IssuedAt: 1000, From: 1100, To: 1300, Size: 0.2} }
func down() Prediction { p := up(); p.Size = -p.Size; return p }

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name   string
		p      Prediction
		quotes []quote
		now    odds.Time
		want   Outcome
		actual float64
		lead   odds.Millis
		at     odds.Time
	}{
		{"half the size inside", up(), []quote{{1200, 1.1}}, 1200, Hit, 0.1, 200, 1200},
		{"on the first instant", up(), []quote{{1100, 1.3}}, 1100, Hit, 0.3, 100, 1100},
		{"on the last instant", up(), []quote{{1300, 1.2}}, 1300, Hit, 0.2, 300, 1300},
		{"in two steps", up(), []quote{{1150, 1.05}, {1250, 1.15}}, 1250, Hit, 0.15, 250, 1250},
		{"in two steps, the first one early", up(), []quote{{1050, 1.05}, {1250, 1.15}}, 1250, Hit, 0.15, 250, 1250},
		{"down", down(), []quote{{1200, 0.85}}, 1200, Hit, -0.15, 200, 1200},
		{"what follows a hit changes nothing", up(), []quote{{1200, 1.1}, {1250, 0.5}}, 1600, Hit, 0.1, 200, 1200},
		{"late", up(), []quote{{1200, 1}, {1301, 1.2}}, 1301, Late, 0.2, 0, 1301},
		{"late on the last instant", up(), []quote{{1200, 1}, {1500, 1.2}}, 1500, Late, 0.2, 0, 1500},
		{"later than late", up(), []quote{{1200, 1}, {1501, 1.2}}, 1501, Missed, 0, 0, 1300},
		{"wrong sign", up(), []quote{{1200, 0.85}}, 1200, WrongSign, -0.15, 0, 1200},
		{"wrong sign, down", down(), []quote{{1200, 1.15}}, 1200, WrongSign, 0.15, 0, 1200},
		{"wrong sign after the interval is a miss", up(), []quote{{1200, 1}, {1400, 0.5}}, 1501, Missed, 0, 0, 1300},
		{"wrong sign before the interval, undone", up(), []quote{{1050, 0.8}, {1100, 1}, {1200, 1.1}}, 1200, Hit, 0.1, 200, 1200},
		{"the wrong way into the interval, then back", up(), []quote{{1050, 0.8}, {1200, 1.2}}, 1200, WrongSign, -0.2, 0, 1200},
		{"before the interval", up(), []quote{{1050, 1.2}, {1200, 1.2}}, 1200, Missed, 0.2, 0, 1050},
		{"less than half", up(), []quote{{1200, 1.09}}, 1501, Missed, 0.09, 0, 1300},
		{"no move", up(), []quote{{1200, 1}}, 1501, Missed, 0, 0, 1300},
		{"no quote at all", up(), nil, 1501, Void, 0, 0, 1300},
		{"quotes before and after only", up(), []quote{{1050, 1}, {1450, 1}}, 1501, Void, 0, 0, 1300},
		{"no quote in the interval, then moved", up(), []quote{{1050, 1}, {1400, 1.2}}, 1501, Void, 0, 0, 1300},
		{"heard late, it had moved", up(), []quote{{1000, 2}}, 1501, AlreadyMoved, 1, 0, 1000},
		{"heard late, it stood elsewhere", up(), []quote{{1000, 1.01}, {1200, 1.1}}, 1501, Missed, 0.09, 0, 1300},
		{"time is not over", up(), []quote{{1200, 1}}, 1500, Pending, 0, 0, 0},
		{"time is not over, no quote", up(), nil, 1400, Pending, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := NewOpen(c.p, 1)
			for _, q := range c.quotes {
				o.Observe(q.at, q.value)
			}
			if done := o.Done(c.now); done != (c.want != Pending) {
				t.Errorf("done is %v", done)
			}
			p := o.Close(c.now)
			if p.Outcome != c.want || p.LeadTime != c.lead || math.Abs(p.Actual-c.actual) > 1e-12 {
				t.Errorf("%s, actual %v, lead time %v; want %s, %v, %v", p.Outcome, p.Actual, p.LeadTime, c.want, c.actual, c.lead)
			}
			if c.want != Pending && c.want != Void && p.ResolvedAt != c.at {
				t.Errorf("resolved at %v, want %v", p.ResolvedAt, c.at)
			}
			if again := o.Close(c.now + 1e6); c.want != Pending && (again.Outcome != p.Outcome || again.ResolvedAt != p.ResolvedAt) {
				t.Errorf("closed again: %s", again.Outcome)
			}
		})
	}
}

func TestMatured(t *testing.T) {
	for o, want := range map[Outcome]bool{Hit: true, Late: true, WrongSign: true, Missed: true, AlreadyMoved: false, Void: false, Pending: false} {
		if o.Matured() != want {
			t.Errorf("%s: matured is %v", o, o.Matured())
		}
	}
}

// TestCalledIsTheRuleOfObserve applies both to the same random path, quoted at every
// instant, as in a poll, or only at its moves.
func TestCalledIsTheRuleOfObserve(t *testing.T) {
	check(t, func(t *rapid.T) {
		p := Prediction{IssuedAt: 5, From: 5 + odds.Time(rapid.IntRange(0, 4).Draw(t, "from")), Size: rapid.SampledFrom([]float64{-1, 1, 2, -3}).Draw(t, "size")}
		p.To = p.From.Add(odds.Millis(rapid.IntRange(1, 6).Draw(t, "length")))
		everyInstant := rapid.Bool().Draw(t, "poll")
		o, value := NewOpen(p, 0), 0.0
		var at []odds.Time
		var moves []float64
		for now := odds.Time(1); now <= 25; now++ {
			move := rapid.SampledFrom([]float64{0, 0, 0, 0.25, -0.25, 0.5, -0.5, 1, -1, 3, -3}).Draw(t, "move")
			if move != 0 {
				at, moves = append(at, now), append(moves, move)
			}
			if now > p.IssuedAt {
				value += move
			}
			if move != 0 || everyInstant {
				o.Observe(now, value)
			}
		}
		hit := o.Close(100).Outcome == Hit
		if called := rule.Called(at, moves, p.IssuedAt, p.From, p.To, p.Size); called != hit {
			t.Fatalf("called %v, observed %s: size %v in [%d, %d], moves %v at %v", called, o.Outcome, p.Size, p.From, p.To, moves, at)
		}
	})
}

func TestChance(t *testing.T) {
	if p := Chance(0, 0); p != 0.5 {
		t.Errorf("without record: %v", p)
	}
	if p := Chance(6, 10); p != 7.0/12 {
		t.Errorf("6 of 10: %v", p)
	}
}

func TestIDTellsPredictionsApart(t *testing.T) {
	ids := map[string]bool{
		ID(1, "pre", "", "b", 1): true, ID(1, "pre", "", "b", 2): true, ID(2, "pre", "", "b", 1): true, ID(1, "live", "", "b", 1): true,
		ID(1, "pre", "moved", "b", 1): true, ID(1, "pre", "", "c", 1): true, ID(1, "pr", "e", "b", 1): true,
	}
	if len(ids) != 7 {
		t.Errorf("%d ids of 7 predictions", len(ids))
	}
	if a, b := ID(1, "pre", "", "b", 1), ID(1, "pre", "", "b", 1); a != b || len(a) != 16 {
		t.Errorf("%s and %s", a, b)
	}
}

func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}
