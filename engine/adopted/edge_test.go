package adopted

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
	"corrgraph/series"
)

const (
	begin  = odds.Time(1_780_000_000_000)
	hourMs = odds.Millis(3_600_000)
)

// scene is some events in which a follower answers its leader after 5 s, at a rate that depends
// on the time.
type scene struct {
	r    *rand.Rand
	all  []Series
	rate func(at odds.Time) float64
	now  odds.Time
}

func newScene(seed uint64, rate func(at odds.Time) float64) *scene {
	s := &scene{r: rand.New(rand.NewPCG(seed, 5)), rate: rate, now: begin}
	for i := range 8 {
		s.all = append(s.all, Series{Event: fmt.Sprint("event ", i), RMS: 0.1, Sign: 1})
	}
	return s
}

// until plays on to a time: a wave of an event every ten minutes or so.
func (s *scene) until(end odds.Time) {
	for s.now < end {
		s.now = s.now.Add(1 + odds.Millis(s.r.ExpFloat64()*75_000))
		p := &s.all[s.r.IntN(len(s.all))]
		x := 0.1 * s.r.NormFloat64()
		p.Leader = append(p.Leader, series.Increment{At: s.now, Raw: x})
		if s.r.Float64() < s.rate(s.now) {
			p.Follower = append(p.Follower, series.Increment{At: s.now.Add(5000), Raw: 0.9 * x})
		}
	}
	s.now = end
	for i := range s.all {
		s.all[i].Heard = end
	}
}

var within5s = Rule{Beta: 0.9, From: 4000, To: 6000}

func TestEdgeThatStopsIsChanging(t *testing.T) {
	stop := begin.Add(30 * hourMs)
	s := newScene(1, func(at odds.Time) float64 {
		if at >= stop {
			return 0.02
		}
		return 0.7
	})
	s.until(begin.Add(4 * hourMs))
	e := New(within5s, s.now)
	for s.now < stop.Add(2*hourMs) {
		s.until(s.now.Add(hourMs / 4))
		alarm := e.Take(s.all, s.now, true)
		switch {
		case alarm && s.now <= stop:
			t.Fatalf("an alarm %d ms before the change", stop.Sub(s.now))
		case alarm:
			if late := s.now.Sub(stop); late > hourMs {
				t.Errorf("noticed after %d ms", late)
			}
			if off := max(e.Since().Sub(stop), stop.Sub(e.Since())); off > 20*60_000 {
				t.Errorf("the change is dated %d ms off", off)
			}
			if !e.Changing() || e.Told() {
				t.Errorf("changing %v, told %v before a decision", e.Changing(), e.Told())
			}
			if e.Judged(nil, s.now); !e.Told() {
				t.Error("the decision tells nothing")
			}
			if waves, answered, least := e.Lately(); waves < 10 || answered > waves/5 || least < 0.3 || least > 0.7 {
				t.Errorf("%d of %d answered, before at least %.2f", answered, waves, least)
			}
			return
		}
	}
	t.Error("not noticed")
}

// It is said to be changing until it answers again as it did, and for a day at most.
func TestEdgeProvesItselfAnew(t *testing.T) {
	stop, again := begin.Add(20*hourMs), begin.Add(24*hourMs)
	for _, comes := range []bool{true, false} {
		s := newScene(2, func(at odds.Time) float64 {
			if at >= stop && (at < again || !comes) {
				return 0.02
			}
			return 0.7
		})
		e := New(within5s, s.now)
		alarmed, over := odds.Time(0), odds.Time(0)
		for s.now < stop.Add(40*hourMs) {
			s.until(s.now.Add(hourMs / 4))
			if e.Take(s.all, s.now, true) && alarmed == 0 {
				alarmed = s.now
			}
			r := within5s
			e.Judged(&r, s.now)
			if alarmed != 0 && over == 0 && !e.Changing() {
				over = s.now
			}
		}
		switch {
		case alarmed == 0 || over == 0:
			t.Errorf("alarm at %d, over at %d", alarmed, over)
		case comes && (over < again || over > again.Add(8*hourMs)):
			t.Errorf("proved itself %d ms after it came back", over.Sub(again))
		case !comes && over.Sub(alarmed) < lost:
			t.Errorf("no longer changing after %d ms", over.Sub(alarmed))
		}
	}
}

// The reverse of an edge is another edge, without an alarm of its own.
func TestReverseIsAdopted(t *testing.T) {
	s := newScene(3, func(odds.Time) float64 { return 0.7 })
	s.until(begin.Add(hourMs))
	e := New(within5s, s.now)
	back := within5s
	back.Back = true
	if keep := e.Judged(&back, s.now); !keep || !e.Back() || e.Changing() {
		t.Errorf("kept %v, back %v, changing %v", keep, e.Back(), e.Changing())
	}
	if e.Judged(nil, s.now); !(*Edge)(nil).Changing() == false || (*Edge)(nil).Told() || (*Edge)(nil).Since() != 0 {
		t.Error("no edge is changing")
	}
}

// One bet a wave and event, none where the follower was not heard.
func TestBets(t *testing.T) {
	move := func(at odds.Time, x float64) series.Increment { return series.Increment{At: at, Raw: x} }
	e := New(within5s, begin)
	all := []Series{
		{Event: "a", RMS: 0.1, Sign: 1, Heard: begin.Add(hourMs), Leader: []series.Increment{
			move(begin.Add(1000), 0.01),    // too small
			move(begin.Add(2000), 0.2),     // begins a wave
			move(begin.Add(3000), 0.3),     // of the same wave
			move(begin.Add(60_000), -0.2),  // not answered
			move(begin.Add(120_000), -0.2), // answered by the other sign
		}, Follower: []series.Increment{move(begin.Add(7000), 0.15), move(begin.Add(125_000), 0.2)}},
		{Event: "a", RMS: 0.1, Sign: -1, Heard: begin.Add(hourMs), Leader: []series.Increment{move(begin.Add(2000), 0.1)}},
		{Event: "b", RMS: 0.1, Sign: -1, Heard: begin.Add(30_000), Leader: []series.Increment{
			move(begin.Add(2000), 0.2), move(begin.Add(40_000), 0.2),
		}, Follower: []series.Increment{move(begin.Add(7000), -0.15)}},
	}
	got := e.bets(all, begin, begin.Add(hourMs))
	want := []bet{{"a", begin.Add(2000), true}, {"b", begin.Add(2000), true}, {"a", begin.Add(60_000), false}, {"a", begin.Add(120_000), false}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("bets %v, want %v", got, want)
	}
}

func TestStateGoesOn(t *testing.T) {
	stop := begin.Add(20 * hourMs)
	play := func(saveAt odds.Time) string {
		s := newScene(4, func(at odds.Time) float64 {
			if at >= stop {
				return 0.02
			}
			return math.Min(0.7, 1)
		})
		e := New(within5s, s.now)
		out := ""
		for s.now < stop.Add(8*hourMs) {
			s.until(s.now.Add(hourMs / 4))
			out += fmt.Sprint(e.Take(s.all, s.now, true), e.Changing(), e.Since(), e.watch.Least(), "\n")
			if s.now != saveAt {
				continue
			}
			var buf bytes.Buffer
			c := state.NewWriter(&buf, "x", 1)
			e.State(c)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			in, err := state.NewReader(&buf, "x", 1)
			if err != nil {
				t.Fatal(err)
			}
			e = &Edge{}
			e.State(in)
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	want := play(0)
	for _, at := range []odds.Millis{hourMs, 19 * hourMs, 21 * hourMs} {
		if play(begin.Add(at)) != want {
			t.Errorf("restored after %d ms it goes on otherwise", at)
		}
	}
}
