package sameness

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/server/live"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// Kinds of answers.
var (
	learnt = []string{"family", "group", "check"}                        // by the view that is settled
	told   = []string{"prediction", "anomaly", "event", "edge", "quote"} // by the view of now
)

// everything returns all that a service says at present, but for a figure that says how far was
// counted when somebody looked last: the coincidences.
func (s *service) everything(t *testing.T) (out answers) {
	t.Helper()
	state := s.live.State()
	out.judged(state.Judgement)
	counted := state.Counts
	counted.Coincidences = 0
	out.say("count", "of the engine", counted)
	out.say("count", "of the ledger", state.Outcomes)
	out.say("count", "of the calls", state.Issued)
	for i := range state.Anomalies {
		a := &state.Anomalies[i]
		out.say("count", fmt.Sprint("of anomalies ", a.Kind, " ", a.Layer, " ", a.Suppressed), a.N)
	}
	for _, row := range state.Events {
		v, err := s.live.View(t.Context(), row.ID)
		if err != nil {
			t.Fatal(err)
		}
		out.view(&v.EventView)
	}
	out.calls(t, s.live)
	all, err := s.live.Anomalies(t.Context(), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		out.anomaly(&all[i].Anomaly)
	}
	return out
}

// judged adds what was decided last.
func (a *answers) judged(j *store.Judgement) {
	for i := range j.Families {
		a.say("family", j.Families[i].Key.String(), j.Families[i])
	}
	for _, g := range j.Groups {
		a.say("group", fmt.Sprint(g), g)
	}
	a.checked(j.Check, j.Opinions)
	a.say("decision", "the last", j.DecidedAt)
	a.say("decision", "leadership", j.Leadership)
}

// checked adds what the check of a decision says.
func (a *answers) checked(m graph.Mismatch, opinions map[string]graph.Opinion) {
	a.say("check", "mismatched events", m)
	a.say("check", "second opinions", opinions)
}

func (a *answers) view(v *engine.EventView) {
	a.say("event", v.Event.ID, []any{v.Event, v.AsOf, v.Last, v.Linked})
	for _, layer := range v.Layers {
		for i := range layer {
			e := &layer[i]
			a.say("edge", fmt.Sprint(e.Source, " > ", e.Target), *e)
		}
	}
	for i := range v.Quotes {
		a.say("quote", string(v.Quotes[i].Node), v.Quotes[i])
	}
}

// calls adds all predictions.
func (a *answers) calls(t *testing.T, l *live.Live) {
	t.Helper()
	err := l.Forecasts(t.Context(), func(all iter.Seq[*ledger.Prediction]) {
		for p := range all {
			a.say("prediction", p.ID, *p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (a *answers) anomaly(x *detect.Anomaly) { a.say("anomaly", fmt.Sprint(x.Key()), *x) }

// recorded returns what one engine that does all of the work says of a log in the order of event
// times.
func recorded(ctx context.Context, facts *catalog.Facts, log ticklog.Reader) (out answers, err error) {
	e := engine.New(engineOptions(facts))
	c := collector{anomalies: map[detect.Key]detect.Anomaly{}, bets: map[string]*money.Bet{}}
	for p, err := range ticklog.InOrder(ctx, log, nil) {
		if err != nil {
			return nil, err
		}
		for _, b := range p.Batches {
			if err := e.Apply(b); err != nil {
				return nil, err
			}
			c.collect(e)
		}
	}
	e.FlushLegs()
	c.collect(e)
	for _, p := range slices.Concat(c.settled, e.Pending()) {
		if b := c.bets[p.ID]; b != nil {
			p.Money = b
		}
		out.say("prediction", p.ID, p)
	}
	for _, a := range c.anomalies {
		out.anomaly(&a)
	}
	for _, f := range e.Families() {
		out.say("family", f.Key.String(), f)
	}
	for _, g := range e.Groups() {
		out.group(g)
	}
	out.checked(e.Check())
	for _, ev := range e.Events() {
		if v, ok := e.View(ev.ID, [4]bool{true, true, true, true}); ok {
			out.view(&v)
		}
	}
	return out, nil
}

func (a *answers) group(g graph.Group) { a.say("group", fmt.Sprint(store.Group(g)), store.Group(g)) }

// collector keeps the newest form of what an engine notices.
type collector struct {
	news      engine.News
	settled   []ledger.Prediction
	anomalies map[detect.Key]detect.Anomaly
	bets      map[string]*money.Bet
}

func (c *collector) collect(e *engine.Engine) {
	e.Drain(&c.news)
	c.settled = append(c.settled, c.news.Settled...)
	for _, a := range c.news.Anomalies {
		c.anomalies[a.Key()] = a
	}
	for _, p := range c.news.Priced {
		if p.Call != "" {
			c.bets[p.Call] = p.Bet
		}
	}
}
