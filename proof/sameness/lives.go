package sameness

import (
	"math/rand/v2"
	"testing"
	"time"

	"corrgraph/odds"
)

// interruption is how a service ends before a request.
type interruption int

const (
	none  interruption = iota
	stops              // when it is told to
	dies               // with one of its next appends
)

// interruptions draws places in a schedule at which a service ends, at about equal distances.
func interruptions(r *rand.Rand, all []request, n int) map[int]interruption {
	out := map[int]interruption{}
	for k := range n {
		at := int((float64(k) + 0.2 + 0.6*r.Float64()) / float64(n) * float64(len(all)))
		out[at] = stops + interruption(k%2)
	}
	return out
}

// lives is a service that is started again and again.
type lives struct {
	*place
	*service
	r    *rand.Rand
	down odds.Millis // how long it is down at most when it has died
	sums
	stopped *comparison // what it said before and after it was stopped; nil: nobody asks
}

// send sends requests at their times, or as soon as somebody is there who takes them. What was
// not acknowledged is sent again.
func (l *lives) sendAll(t *testing.T, all []request, ends map[int]interruption) {
	t.Helper()
	for i := 0; i < len(all); {
		switch ends[i] {
		case stops:
			l.restart(t)
		case dies:
			l.log.dies, l.log.after = l.log.appends+1+l.r.IntN(4), l.r.IntN(2) == 0
		}
		delete(ends, i)
		l.until(all[i].at)
		got, err := l.service.send(t.Context(), all[i])
		if l.log.dead {
			l.deaths++
			l.end()
			time.Sleep(time.Duration(l.r.Int64N(1+int64(l.down))) * time.Millisecond)
			l.service = l.place.start(t)
			if err != nil {
				continue
			}
		}
		if err != nil {
			t.Fatalf("at %s: %v", all[i].at, err)
		}
		l.take(got)
		l.decided(l.service)
		i++
	}
}

// restart stops the service and starts another one at once.
func (l *lives) restart(t *testing.T) {
	t.Helper()
	l.starts++
	var before answers
	if l.stopped != nil {
		l.until(odds.TimeOf(l.now()).Add(3 * second)) // until everything is published
		before = l.everything(t)
	}
	l.end()
	l.service = l.place.start(t)
	if l.stopped != nil {
		l.stopped.add("at "+odds.TimeOf(l.now()).String(), before, l.everything(t))
	}
}

// latest are the decisions that were shown, each as it was shown last.
func (s *sums) latest() (out answers) {
	for i, d := range s.decisions {
		if i+1 == len(s.decisions) || s.decisions[i+1].of != d.of {
			out = append(out, d)
		}
	}
	return out
}

// common are the answers to what others were asked too: a service that was down shows no decision
// of that time.
func common(of, others answers) (out answers) {
	asked := others.byName()
	for _, a := range of {
		if _, too := asked[a.what+" "+a.of]; too {
			out = append(out, a)
		}
	}
	return out
}
