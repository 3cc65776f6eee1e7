package sameness

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Options say how much is compared.
type Options struct {
	Seed    uint64
	Minutes int    // length of the market, at most 300
	Stops   int    // how often a service ends and is started again
	Orders  int    // interleavings of the sources
	Only    string // the comparisons to make, by their letters; empty means all
}

// before is how long before the market starts the clocks of services do: sources of a calm one
// say hello meanwhile.
const before = 11 * minute

// trial is one run of everything.
type trial struct {
	o           Options
	w           io.Writer
	facts       *catalog.Facts
	rough, calm *market
	done        []*comparison
}

// Run makes all comparisons, prints the result of each, and reports whether nothing differs.
func Run(t *testing.T, o Options, w io.Writer) bool {
	t.Helper()
	x, err := newTrial(o, w)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		letter string
		make   func(*testing.T)
	}{
		{"a", x.restarted}, {"b", x.died}, {"b", x.diedCalmly}, {"c", x.interleaved}, {"d", x.replayed}, {"d", x.sentLater}, {"e", x.played}, {"f", x.resumed}, {"f", x.resumedCalmly},
	} {
		if o.Only == "" || strings.Contains(o.Only, c.letter) {
			c.make(t)
		}
	}
	return x.verdict()
}

// verdict prints what all comparisons come to, and reports whether nothing differs.
func (x *trial) verdict() bool {
	differ, compared := 0, 0
	for _, c := range x.done {
		compared += total(c.compared)
		if !c.same() {
			differ++
		}
	}
	if differ > 0 {
		fmt.Fprintf(x.w, "NOT THE SAME: %d of %d comparisons differ\n", differ, len(x.done))
		return false
	}
	fmt.Fprintf(x.w, "the same: %d answers in %d comparisons\n", compared, len(x.done))
	return true
}

func newTrial(o Options, w io.Writer) (x *trial, err error) {
	x = &trial{o: o, w: w}
	if x.facts, err = catalog.Builtin(); err != nil {
		return nil, err
	}
	if x.rough, err = newMarket(o.Seed, o.Minutes, false); err != nil {
		return nil, err
	}
	x.calm, err = newMarket(o.Seed, o.Minutes, true)
	return x, err
}

// tell prints a comparison that is complete.
func (x *trial) tell(c *comparison) {
	c.print(x.w)
	x.done = append(x.done, c)
}

// place returns an empty place for services of a market.
func (x *trial) place(m *market) *place {
	return &place{log: &journal{}, facts: x.facts, from: m.from.Add(-before)}
}

// calmPlace is a place for services that know how late the sources of the calm market come.
func (x *trial) calmPlace() *place {
	p := x.place(x.calm)
	p.known = x.calm.known()
	return p
}

// whole adds the scorecard to everything that a service says, once nothing more comes. When it was
// drawn up is left out: that is done again only if something is new.
func (s *service) whole(t *testing.T) answers {
	t.Helper()
	s.quiet()
	out := s.everything(t)
	card := *s.live.Scorecard()
	card.AsOf = 0
	out.say("card", "of all", card)
	return out
}

// again is what a service says that is started from the log of another one.
func (p *place) again(t *testing.T) answers {
	t.Helper()
	s := p.start(t)
	defer s.end()
	return s.whole(t)
}

// restarted compares a service with one that is started from its log, with verdicts that are there
// at once and with some that take their time.
func (x *trial) restarted(t *testing.T) {
	x.slowly(t, 0)
	x.slowly(t, 50*second)
}

func (x *trial) slowly(t *testing.T, slow odds.Millis) {
	p := x.place(x.rough)
	p.slow = slow
	c := newComparison(fmt.Sprintf("a. live, and restarted from its log (verdicts take %s)", slow.Std()))
	bubble(t, p, func(t *testing.T) {
		s := p.start(t)
		sum := s.sent(t, x.rough.schedule(x.o.Seed))
		one := s.whole(t)
		late := s.tape.late()
		s.end()
		c.add("a restart", one, p.again(t))
		c.note = fmt.Sprintf("%d quotes accepted, %d twice, %d batches refused, %d late", sum.accepted, sum.duplicates, sum.refused, late)
	})
	x.tell(c)
}

// died compares a service that was stopped and died, and whose senders sent again what was not
// acknowledged, with one that is started from the log that is left.
func (x *trial) died(t *testing.T) {
	p := x.place(x.rough)
	stopped := newComparison("b. before a stop, and after the restart")
	c := newComparison("b. started again and again, and restarted from the log")
	bubble(t, p, func(t *testing.T) {
		r := rand.New(rand.NewPCG(x.o.Seed, 7))
		all := x.rough.schedule(x.o.Seed)
		l := &lives{place: p, service: p.start(t), r: r, down: 90 * second, stopped: stopped}
		l.sendAll(t, all, interruptions(r, all, x.o.Stops))
		one := l.whole(t)
		l.end()
		c.add("a restart", one, p.again(t))
		c.note = fmt.Sprintf("%d stops, %d deaths; %d quotes accepted, %d twice", l.starts, l.deaths, l.accepted, l.duplicates)
	})
	x.tell(stopped)
	x.tell(c)
}

// diedCalmly compares what is learnt by a service that was stopped and died with what one learns
// that was not. It is down for less than sources may be out of order.
func (x *trial) diedCalmly(t *testing.T) {
	all := x.calm.schedule(x.o.Seed)
	c := newComparison("b. what is learnt with and without interruptions")
	var one, other sums
	var was, is answers
	p := x.calmPlace()
	bubble(t, p, func(t *testing.T) {
		s := p.start(t)
		one = s.sent(t, all)
		was = s.learnt(t)
		s.end()
	})
	p = x.calmPlace()
	bubble(t, p, func(t *testing.T) {
		r := rand.New(rand.NewPCG(x.o.Seed, 8))
		l := &lives{place: p, service: p.start(t), r: r, down: second}
		l.sendAll(t, all, interruptions(r, all, x.o.Stops))
		other, is = l.sums, l.learnt(t)
		l.end()
		c.note = fmt.Sprintf("%d stops, %d deaths", l.starts, l.deaths)
	})
	c.add("interrupted", was, is)
	c.add("interrupted", common(one.latest(), other.latest()), common(other.latest(), one.latest()))
	x.tell(c)
}

// learnt is what a service has learnt and decided, and from what, once nothing more comes.
func (s *service) learnt(t *testing.T) answers {
	t.Helper()
	out := s.whole(t).only(learnt...)
	for i, instant := range s.tape.settled {
		out = append(out, answer{"instant", fmt.Sprint(i), instant})
	}
	return out
}

// interleaved compares what is learnt and decided from the same sources in several
// interleavings, and what is told with what a service tells that is started from the log.
func (x *trial) interleaved(t *testing.T) {
	c := newComparison("c. what is learnt and decided, in every order of the sources")
	now := newComparison("c. what is told, and by one restarted from that order's log")
	var first answers
	for k := range x.o.Orders {
		p := x.calmPlace()
		bubble(t, p, func(t *testing.T) {
			s := p.start(t)
			sum := s.sent(t, x.calm.schedule(x.o.Seed+uint64(k)*1000))
			one := s.whole(t)
			is := append(s.learnt(t), sum.latest()...)
			s.end()
			now.add(fmt.Sprintf("order %d", k+1), one, p.again(t))
			if k == 0 {
				first = is
				return
			}
			c.add(fmt.Sprintf("order %d", k+1), first, is)
		})
	}
	x.tell(c)
	x.tell(now)
}

// replayed compares a recording that one engine reads whole with a service whose log holds the
// recording, of which all must be the same, and with one that was sent it while it happened.
// That one's verdicts come into force once they are there, and not as their windows end, so only
// what is learnt must be the same.
func (x *trial) replayed(t *testing.T) {
	all := x.rough.ordered()
	c := newComparison("d. a recording, and a service whose log holds it")
	p := x.place(x.rough)
	p.from = x.rough.to.Add(20 * minute)
	if err := p.log.record(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	one, err := recorded(t.Context(), x.facts, p.log)
	if err != nil {
		t.Fatal(err)
	}
	bubble(t, p, func(t *testing.T) { c.add("served", one, p.again(t).only(append(told, learnt...)...)) })
	x.tell(c)
	c = newComparison("d. what is learnt from a recording, and from the same sent while it happens")
	p = x.place(x.rough)
	bubble(t, p, func(t *testing.T) {
		s := p.start(t)
		s.sent(t, inOrder(all))
		c.add("sent", one.only(learnt...), s.whole(t).only(learnt...))
		s.end()
	})
	x.tell(c)
}

// sentLater compares a recording that one engine reads whole with a service that is sent it a day
// later, as fast as it takes it, and that one with a service that is started from its log.
func (x *trial) sentLater(t *testing.T) {
	all := x.rough.ordered()
	var log journal
	if err := log.record(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	one, err := recorded(t.Context(), x.facts, &log)
	if err != nil {
		t.Fatal(err)
	}
	c := newComparison("d. what is learnt from a recording, and from the same sent a day later")
	again := newComparison("d. a recording that was sent a day later, and restarted from the log")
	p := x.place(x.rough)
	p.from = x.rough.to.Add(24 * 60 * minute)
	bubble(t, p, func(t *testing.T) {
		s := p.start(t)
		s.sent(t, atOnce(all, p.from))
		is := s.whole(t)
		s.end()
		c.add("sent", one.only(learnt...), is.only(learnt...))
		again.add("a restart", is, p.again(t))
	})
	x.tell(c)
	x.tell(again)
}

// rewritten is a log with something done to each part of it.
func rewritten(t *testing.T, log ticklog.Log, do func(*ticklog.Part)) *journal {
	t.Helper()
	var enc ticklog.Encoder
	out := &journal{}
	for p, err := range ticklog.InOrder(t.Context(), log, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range p.Batches {
			p.Batches[i] = own(b)
		}
		do(&p)
		if _, err := out.Append(t.Context(), enc.PackLive(p.Batches, p.Head)); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
