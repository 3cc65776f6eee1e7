package live

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/engine/bets"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Hub returns the hub with the messages for subscribers.
func (l *Live) Hub() *Hub { return l.hub }

// State returns the newest state.
func (l *Live) State() *State { return l.out.state.Load() }

// Scorecard returns the newest scorecard, at most a few seconds old.
func (l *Live) Scorecard() *Card { return l.out.scorecard() }

func (p *published) scorecard() *Card {
	if c := p.card.Load(); c != nil {
		return c
	}
	return &Card{Scorecard: ledger.NewScorecard(nil, nil)}
}

// View returns the newest view of an event. If the event had no recent reader, it
// waits for the loop to make one. ErrUnknown if there is no such event.
func (l *Live) View(ctx context.Context, id string) (*View, error) {
	x, ok := l.out.slots.Load(id)
	if !ok {
		return nil, fmt.Errorf("%w %q", ErrUnknown, id)
	}
	s := x.(*slot)
	s.wanted.Store(int64(l.watch.now()))
	if v := s.view.Load(); v != nil {
		return v, nil
	}
	_, err := ask(ctx, l.calls, func() struct{} { l.loop.pub.renew(id, true); return struct{}{} })
	if v := s.view.Load(); v != nil {
		return v, nil
	}
	if err == nil {
		err = fmt.Errorf("%w %q", ErrUnknown, id) // forgotten meanwhile
	}
	return nil, err
}

// Inspect explains the link between two nodes, with at most that many points of
// either series; ok is false if they are not watched together. It does not wait for the loop.
func (l *Live) Inspect(ctx context.Context, source, target odds.NodeID, most int) (d engine.Detail, ok bool, err error) {
	var x *engine.Evidence
	if err := l.look(ctx, func(e *engine.Engine) { x, ok = e.Evidence(source, target) }); err != nil || !ok {
		return d, false, err
	}
	return x.Detail(most), true, nil
}

// Remembered returns the newest moves of an event within a span that the engine
// still holds; most limits their number. ErrUnknown if there is no such event. Nor does this wait.
func (l *Live) Remembered(ctx context.Context, id string, from, to odds.Time, most int) (r engine.Remembered, err error) {
	var p engine.Past
	ok := false
	if err = l.look(ctx, func(e *engine.Engine) { p, ok = e.Past(id) }); err == nil && !ok {
		err = fmt.Errorf("%w %q", ErrUnknown, id)
	}
	return p.Newest(from, to, most), err
}

// look reads the engine on the caller's goroutine. read must be short, since the loop waits for it
// before it changes the engine, and may call only what several may call at once.
func (l *Live) look(ctx context.Context, read func(*engine.Engine)) error {
	select {
	case <-l.calls.stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
	}
	l.loop.mu.RLock()
	defer l.loop.mu.RUnlock()
	read(l.loop.e)
	return nil
}

// Anomalies returns the newest anomalies of all events, newest first; most limits
// their number. The list is gathered once per publication at most, since the loop
// has to do it, and is shared: callers must not change it.
func (l *Live) Anomalies(ctx context.Context, most int) ([]AnomalyUpdate, error) {
	if r := l.out.recent.Load(); r != nil && r.most == most {
		return r.list, nil
	}
	return ask(ctx, l.calls, func() []AnomalyUpdate {
		r := l.out.recent.Load()
		if r == nil || r.most != most { // another reader may have renewed it meanwhile
			r = &recent{most, l.loop.book.newest(most)}
			l.out.recent.Store(r)
		}
		return r.list
	})
}

// Forecasts passes all forecasts that are kept to pick: open ones first, then settled ones, the
// newest first. They are immutable. Cost for the loop: O(open ones), and a pointer for each
// settled one.
func (l *Live) Forecasts(ctx context.Context, pick func(iter.Seq[*ledger.Prediction])) error {
	type kept struct {
		open    []ledger.Prediction
		settled []*ledger.Prediction
	}
	k, err := ask(ctx, l.calls, func() kept { return kept{l.loop.e.Pending(), l.loop.book.settled.all()} })
	if err != nil {
		return err
	}
	pick(func(yield func(*ledger.Prediction) bool) {
		for i := range k.open {
			if !yield(&k.open[i]) {
				return
			}
		}
		for _, p := range slices.Backward(k.settled) {
			if !yield(p) {
				return
			}
		}
	})
	return nil
}

// Bets lists the bets that are quoted. The loop waits for it: a millisecond for some hundred events.
func (l *Live) Bets(ctx context.Context) (all []bets.Event, err error) {
	err = l.look(ctx, func(e *engine.Engine) { all = e.Bets() })
	return all, err
}

// Called returns the events that sources meant by ids of their own, in the order asked; empty where
// an id has named nothing. The loop waits for it: a microsecond for some ten ids.
func (l *Live) Called(ctx context.Context, ids []catalog.SourceID) (events []string, err error) {
	err = l.look(ctx, func(e *engine.Engine) {
		for _, id := range ids {
			events = append(events, e.Called(id.Source, id.ID))
		}
	})
	return events, err
}
