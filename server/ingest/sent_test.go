package ingest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"corrgraph/odds"
	"corrgraph/ticklog/logtest"
)

// A recording that is sent while nothing else comes is taken minute by minute: each is told
// under the verdict on the ones before, whatever the size of the requests.
func TestARecordingThatIsSentWaitsForWhatItShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var verdict odds.Time
		caught := 0
		var to *sink
		o := Options{Log: &logtest.Memory{}, Clock: clockFrom(noon), Verdict: func() odds.Time { return verdict }}
		o.CatchUp = func() { // all that was settled is learnt
			caught++
			if at := to.times(); len(at) > 0 {
				verdict = noon.Add(at[len(at)-1])
			}
		}
		g, sink, end := run(t, o)
		defer end()
		to = sink
		var all []*odds.Batch
		for i := range odds.Millis(10) {
			all = append(all, batch("a", -hour+i*30_000, 1.9))
		}
		all[2], all[7] = all[7], all[2] // the order of a request is its sender's affair
		all = append(all, batch("a", hour, 1.9))
		got := send(t, g, all...)
		if got.Accepted != 20 || len(got.Refused) != 1 || got.Refused[0].Batch != 10 || got.Refused[0].Reason != future {
			t.Errorf("%+v", got)
		}
		if caught < 5 {
			t.Errorf("caught up %d times in 5 minutes", caught)
		}
		told := to.told()
		if len(told) != 10 || !slices.IsSortedFunc(told, func(a, b string) int { return -strings.Compare(a, b) }) {
			t.Errorf("told %v", told)
		}
		to.with(func() {
			for i, p := range to.parts {
				if i > 2 && len(p.Batches) > 0 && p.Verdict < p.Batches[0].At.Add(-120_000) {
					t.Errorf("what happened at %v is told under a verdict of %v", p.Batches[0].At, p.Verdict)
				}
			}
		})
		if got := send(t, g, all[:10]...); got.Duplicates != 20 || got.Accepted != 0 {
			t.Errorf("sent again: %+v", got)
		}
	})
}

// A sender chooses the times, and each piece costs an append.
func TestARequestHasABoundedNumberOfPieces(t *testing.T) {
	for _, c := range []struct {
		step   odds.Millis
		pieces int
	}{{0, 1}, {30_000, 500}, {60_000, mostPieces}, {365 * 24 * hour, mostPieces}} {
		r := &request{}
		for i := range odds.Millis(1000) {
			r.batches = append(r.batches, batch("a", -i*c.step, 1.9))
		}
		n, last := 0, odds.Ever
		for _, p := range r.pieces() {
			for k, b := range p.batches {
				if n++; b.At < last || r.batches[p.of[k]] != b {
					t.Fatalf("%d apart: out of order or place", c.step)
				}
				last = b.At
			}
		}
		if got := len(r.pieces()); n != 1000 || got > min(c.pieces, mostPieces)+1 || got < min(c.pieces, mostPieces)/2 {
			t.Errorf("%d ms apart: %d batches in %d pieces", c.step, n, got)
		}
	}
	if got := (&request{}).pieces(); len(got) != 0 {
		t.Errorf("nothing is %d pieces", len(got))
	}
}

func TestARecordingThatIsCutOffCanBeSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		appends := 0
		log := &logtest.Memory{Fail: func() error {
			if appends++; appends == 2 {
				return errDisk
			}
			return nil
		}}
		g, to, end := run(t, Options{Log: log, Clock: clockFrom(noon)})
		all := []*odds.Batch{batch("a", -hour, 1.9), batch("a", -hour+60_000, 1.8), batch("a", -hour+120_000, 1.7)}
		if _, err := g.Accept(t.Context(), all); !errors.Is(err, errDisk) {
			t.Fatalf("the second minute: %v", err)
		}
		if got := send(t, g, all...); got.Accepted != 4 || got.Duplicates != 2 {
			t.Errorf("sent again: %+v", got)
		}
		end()
		if got := to.times(); !slices.Equal(got, []odds.Millis{-hour, -hour + 60_000, -hour + 120_000}) {
			t.Errorf("settled %v", got)
		}
	})
}

// Beside sources that are prompt, one that is an hour behind is shown and not learnt from, and
// is named.
func TestWhoeverComesTooLateToBeLearntFromIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := clockFrom(noon)
		g, to, end := run(t, Options{Log: &logtest.Memory{}, Clock: clock})
		defer end()
		for i := range odds.Millis(10) {
			sleepUntil(clock, i*second)
			send(t, g, batch("prompt", i*second, 1.5+float64(i)/100), batch("behind", -hour+i*second, 1.6+float64(i)/100))
		}
		late := 0
		for _, s := range to.told() {
			if strings.HasSuffix(s, "late") {
				late++
			}
		}
		got := g.Refusing()
		if late < 5 || len(got) != 1 || got[0].Source != "behind" || got[0].Refused != 2*late {
			t.Errorf("%d came late, named %+v", late, got)
		}
		if why := Reasons(got); len(why) != 1 || !strings.Contains(why[0], "too late to be learnt from") || !strings.Contains(why[0], `"behind"`) {
			t.Errorf("%q", why)
		}
	})
}
