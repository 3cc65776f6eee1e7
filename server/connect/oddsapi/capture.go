package oddsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
	"corrgraph/server/connect"
)

// events asks for the events of a sport, which costs nothing.
func (s *session) events(ctx context.Context, x *sport) error {
	path := "/sports/" + x.key + "/events?dateFormat=iso"
	a, why, err := s.request(ctx, path, 0)
	if err != nil {
		return err
	}
	if why == nil {
		if _, err := s.conn.In(ctx, "GET "+s.asker.path+path, a.body); err != nil {
			return err
		}
		var all []match
		if all, why = s.begins(a.body); why == nil {
			return s.scheduled(ctx, x, all)
		}
	}
	s.p.unscheduled(x, s.now())
	var r *refusal
	if errors.As(why, &r) {
		switch r.status {
		case http.StatusTooManyRequests:
			s.p.limited(nil, s.now(), r.after)
		case http.StatusNotFound, http.StatusUnprocessableEntity:
			return s.invalid(ctx, x, x.parts, r)
		}
	}
	s.l.World().Log.Warn("the events of a sport can't be told", "venue", s.v.Name(), "sport", x.key, "why", why.Error())
	return nil
}

// scheduled takes the events of a sport. Nobody asks any more for those that are gone.
func (s *session) scheduled(ctx context.Context, x *sport, all []match) error {
	times := make([]time.Time, len(all))
	for i, m := range all {
		times[i] = m.start
		all[i].start = s.p.playing(m.start, s.now())
	}
	s.p.scheduled(x, s.now(), times)
	if gone := s.v.props(s.asker.path, x, all); len(gone) > 0 {
		return s.conn.Note(ctx, frames.Idle, "the venue does not list the event any more", gone...)
	}
	return nil
}

// begins reads when events begin.
func (s *session) begins(body []byte) (out []match, err error) {
	var all []struct {
		ID    string    `json:"id"`
		Start odds.Time `json:"commence_time"`
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("the list of events can't be read: %w", err)
	}
	oldest := s.now().Add(-day)
	for _, e := range all {
		if len(s.v.o.Events) > 0 && !slices.Contains(s.v.o.Events, e.ID) {
			continue
		}
		if t := e.Start.Std(); e.Start > 0 && t.After(oldest) && e.ID != "" && url.PathEscape(e.ID) == e.ID {
			out = append(out, match{e.ID, t})
		}
	}
	return out, nil
}

// capture asks for the open parts of a sport, one after the other.
func (s *session) capture(ctx context.Context, a action) error {
	x := a.sport
	s.p.begin(a, s.now())
	for _, y := range x.parts {
		if !y.open {
			continue
		}
		if !s.p.pay(x, y, s.now()) {
			s.l.Skipped(skipBudget, fmt.Sprintf("%s: %d credits for %s are more than the %.1f left today", x.key, y.cost(), y.market, s.p.c.available()))
			y.open = false
			continue
		}
		ans, why, err := s.request(ctx, y.path, y.cost())
		if err == nil && why == nil {
			why, err = s.prices(ctx, x, y, ans)
		}
		if err != nil {
			return err
		}
		if why != nil {
			return s.refused(ctx, x, y, why)
		}
	}
	return nil
}

// prices takes an answer; why says that it is none.
func (s *session) prices(ctx context.Context, x *sport, y *part, a *answer) (why, err error) {
	told, err := s.conn.In(ctx, "GET "+s.asker.path+y.path, a.body)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(told.Changes, func(c frames.Change) bool { return c.Market == y.market }) {
		return errors.New("the answer is cut off or none"), nil
	}
	s.p.answered(x, y, s.now())
	return nil, nil
}

// refused is what comes of a part that was not answered. Those after it wait for it.
func (s *session) refused(ctx context.Context, x *sport, y *part, why error) error {
	var r *refusal
	errors.As(why, &r)
	switch {
	case r == nil, r.status >= 500:
	case r.status == http.StatusTooManyRequests:
		s.p.limited(x, s.now(), r.after)
		return nil
	case r.code == noCredits:
		x.give()
		x.why = skipCredits
		s.l.Skipped(skipCredits, fmt.Sprintf("%s: the venue says that none are left; new ones come on %s, or with a larger plan", x.key, s.p.c.reset.Format(time.DateOnly)))
		return nil
	case x.of != nil && r.status == http.StatusNotFound: // the event; the list will not have it
		return s.invalid(ctx, x, x.parts, r)
	case x.of != nil:
		return s.invalid(ctx, x, x.of.unknown(y.Part), r)
	default:
		return s.invalid(ctx, x, []*part{y}, r)
	}
	if s.p.failed(x, s.now(), why.Error()) {
		s.l.Skipped(skipFailed, fmt.Sprintf("%s: %s was asked for in vain %d times, the last time: %v", x.key, y.market, s.v.o.Retries+1, why))
	}
	return nil
}

// invalid gives up requests that the venue does not understand, and ends the session when none
// are left.
func (s *session) invalid(ctx context.Context, x *sport, parts []*part, r *refusal) error {
	for _, y := range parts {
		if y.invalid {
			continue
		}
		y.invalid, y.open = true, false
		s.l.Skipped(skipInvalid, fmt.Sprintf("%s is not asked for any more: %v", y.market, r))
		if err := s.conn.Note(ctx, frames.Gap, "the venue does not know what is asked for: "+r.Error(), y.market); err != nil {
			return err
		}
	}
	if x.retry = (time.Time{}); x.openCost() > 0 {
		x.retry = s.now()
	}
	if s.p.asksNothing() {
		return fmt.Errorf("%w: the venue knows nothing of what is asked for: correct the sports, regions, bookmakers and markets: %w", connect.ErrRefused, r)
	}
	return nil
}
