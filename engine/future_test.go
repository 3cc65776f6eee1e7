package engine

import (
	"slices"
	"testing"

	"corrgraph/catalog"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/proof/simulate"
)

// Results before a time must not depend on later data: a run of a prefix and one of the
// whole agree on every prediction issued, every outcome known and every family discovered
// by then.
func TestNothingUsesTheFuture(t *testing.T) {
	var all []*odds.Batch
	kept := []string{"mlb-nyy-bos", "mlb-tor-nyy", "wnba-nyl-lva"} // linked by a team and a city
	if _, err := simulate.Run(simulate.Options{Seed: 3, Minutes: 300}, func(b *odds.Batch) error {
		one := *b
		one.Updates = slices.DeleteFunc(slices.Clone(b.Updates), func(u odds.Update) bool { return u.Market != "h2h" || !slices.Contains(kept, u.Event.ID) })
		all = append(all, &one)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	whole := run(t, all)
	for _, share := range []float64{0.5, 0.8} {
		n := int(share * float64(len(all)))
		part := run(t, all[:n])
		cut := part.Now()
		samePredictions(t, part, whole, cut)
		sameFamilies(t, part, whole, cut)
	}
}

// concluded is a finished engine with everything it has reported.
type concluded struct {
	*Engine
	Collector
}

func run(t *testing.T, batches []*odds.Batch) *concluded {
	t.Helper()
	facts, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	e := &concluded{Engine: New(Options{Facts: facts, ScoreAtFinish: true})}
	for _, b := range batches {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		e.Collect(e.Engine)
	}
	e.Collector.Finish(e.Engine)
	return e
}

// before returns the predictions issued before a time, as they were issued, and their
// outcomes separately.
func before(e *concluded, cut odds.Time) (issued map[string]ledger.Prediction, answers map[string]ledger.Outcome) {
	issued, answers = map[string]ledger.Prediction{}, map[string]ledger.Outcome{}
	for _, p := range e.Predictions {
		if p.IssuedAt >= cut.Add(-1000) { // legs a stream's update is still waiting for
			continue
		}
		// A void or a miss is known only once the time for late answers is over.
		if p.To.Add(p.To.Sub(p.From)) < cut.Add(-1000) {
			answers[p.ID] = p.Outcome
		}
		issued[p.ID] = ledger.Prediction{
			Family: p.Family, Source: p.Source, Target: p.Target, IssuedAt: p.IssuedAt,
			From: p.From, To: p.To, Move: p.Move, Size: p.Size, P: p.P, Confidence: p.Confidence,
		}
	}
	return issued, answers
}

func samePredictions(t *testing.T, part, whole *concluded, cut odds.Time) {
	t.Helper()
	a, answersA := before(part, cut)
	b, answersB := before(whole, cut)
	if len(a) < 20 || len(a) != len(b) || len(answersA) != len(answersB) {
		t.Errorf("until %v: %d predictions, of the whole %d; %d and %d answers", cut, len(a), len(b), len(answersA), len(answersB))
	}
	wrong := 0
	for id, p := range a {
		q := b[id]
		if p.Family != q.Family || p.IssuedAt != q.IssuedAt || p.From != q.From || p.To != q.To || p.Move != q.Move || p.Size != q.Size || p.P != q.P || p.Confidence != q.Confidence {
			if wrong++; wrong <= 3 {
				t.Errorf("until %v: issued %+v, by the whole %+v", cut, p, q)
			}
		}
	}
	for id, o := range answersA {
		if o != answersB[id] {
			if wrong++; wrong <= 3 {
				t.Errorf("until %v: %+v ended as %q, in the whole as %q", cut, a[id], o, answersB[id])
			}
		}
	}
}

func sameFamilies(t *testing.T, part, whole *concluded, cut odds.Time) {
	t.Helper()
	hour := cut / 3_600_000 * 3_600_000
	found := func(e *concluded) map[string]odds.Time {
		out := map[string]odds.Time{}
		for _, f := range e.Families() {
			if f.Key.Leader > f.Key.Follower { // whichever leads
				f.Key.Leader, f.Key.Follower = f.Key.Follower, f.Key.Leader
			}
			if f.FirstFound != 0 && f.FirstFound <= hour {
				out[f.Key.String()] = f.FirstFound
			}
		}
		return out
	}
	a, b := found(part), found(whole)
	if len(a) == 0 || len(a) != len(b) {
		t.Errorf("until %v: %d families found, by the whole %d", cut, len(a), len(b))
	}
	for k, at := range a {
		if b[k] != at {
			t.Errorf("until %v: %s found at %v, by the whole at %v", cut, k, at, b[k])
		}
	}
}

// A prediction rests on a family discovered at an earlier decision.
func TestPredictionsComeAfterTheirFamilies(t *testing.T) {
	s, _ := load(t, "testdata/follows_stream.txt")
	s.run(t, Options{})
	first := odds.Never
	for _, f := range s.e.Families() {
		if f.FirstFound != 0 {
			first = min(first, f.FirstFound)
		}
	}
	ps := s.found.Predictions
	if len(ps) == 0 || first == odds.Never {
		t.Fatal("nothing to look at")
	}
	for _, p := range ps {
		if p.IssuedAt < first || p.From <= p.IssuedAt || p.To < p.From {
			t.Errorf("issued at %v for [%v, %v], first family found at %v", p.IssuedAt, p.From, p.To, first)
		}
	}
	for _, c := range s.issued {
		if c.now < first {
			t.Errorf("issued at engine time %v, before %v", c.now, first)
		}
	}
}

// The same batches give the same results, whatever the memory layout.
func TestTwoRunsAgree(t *testing.T) {
	s, _ := load(t, "testdata/in_play_apart.txt")
	s.run(t, Options{})
	r, _ := load(t, "testdata/in_play_apart.txt")
	r.run(t, Options{Workers: 1})
	a, b := s.e.Families(), r.e.Families()
	if len(a) == 0 || len(a) != len(b) {
		t.Fatalf("%d and %d families", len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("%+v\n%+v", a[i], b[i])
		}
	}
	many, _ := s.e.Check()
	if one, _ := r.e.Check(); many != one || many.At != s.e.Now() {
		t.Error("the check on mismatched events depends on the workers")
	}
}

func TestBatchesOutOfOrderAreRefused(t *testing.T) {
	e := New(Options{})
	if err := e.Apply(&odds.Batch{Source: "a", At: 2000}); err != nil {
		t.Fatal(err)
	}
	if err := e.Apply(&odds.Batch{Source: "a", At: 1999}); err == nil {
		t.Error("a batch from before the newest was taken")
	}
}
