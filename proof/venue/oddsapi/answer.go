package oddsapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"corrgraph/odds"
)

// answer finds out what a request is answered, and what that costs.
func (s *Server) answer(r *http.Request, sport, what string, at time.Time) (body any, cost int, no *problem) {
	s.mu.Lock()
	if now := time.Now(); !now.Before(s.reset) {
		s.left, s.used, s.reset = s.o.Credits, 0, next(now, s.o.ResetDay)
	}
	left, without := s.left, s.without
	s.mu.Unlock()
	q := r.URL.Query()
	id, single := eventOf(what)
	switch key := q.Get("apiKey"); {
	case key == "":
		return nil, 0, &problem{401, "MISSING_KEY", "an apiKey is required"}
	case key != s.o.Key: // whose echo must not be written down
		return nil, 0, &problem{401, "INVALID_KEY", "the key " + key + " is not valid"}
	case sport == "":
		return sports(s.o.Market.Sports()), 0, nil
	case !slices.Contains(s.o.Market.Sports(), sport):
		return nil, 0, &problem{404, "UNKNOWN_SPORT", "unknown sport " + sport}
	case what == "events":
		return s.o.Market.Events(sport, at), 0, nil
	case what != "odds" && !single:
		return nil, 0, &problem{404, "", "no such path"}
	}
	want := Want{list(q.Get("regions")), list(q.Get("bookmakers")), list(q.Get("markets"))}
	for _, m := range want.Markets {
		if !slices.Contains([]string{"h2h", "spreads", "totals", "outrights"}, m) && !(single && slices.Contains(s.o.Props, m)) {
			return nil, 0, &problem{422, "INVALID_MARKET", "no such market: " + m}
		}
	}
	if cost = price(want); cost > left {
		return nil, 0, &problem{401, "OUT_OF_USAGE_CREDITS", "usage quota has been reached"}
	}
	events := s.o.Market.Odds(sport, at, want)
	for i := range events {
		events[i].Books = slices.DeleteFunc(slices.Clone(events[i].Books), func(b Book) bool { return b.Key == without })
	}
	if !single {
		s.note(events)
		return events, cost, nil
	}
	for _, e := range events {
		if e.ID == id {
			if e.Books == nil { // an event without bookmakers has an empty list of them
				e.Books = []Book{}
			}
			s.note([]Event{e})
			return e, cost, nil
		}
	}
	return nil, 0, &problem{404, "EVENT_NOT_FOUND", "no event " + id}
}

// eventOf is the event that a path below a sport asks for prices of.
func eventOf(what string) (id string, ok bool) {
	id, ok = strings.CutPrefix(what, "events/")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(id, "/odds")
}

// price is what an answer costs.
func price(w Want) int {
	if n := len(w.Bookmakers); n > 0 {
		return (n + 9) / 10 * len(w.Markets)
	}
	return len(w.Regions) * len(w.Markets)
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

type listed struct {
	Key    string `json:"key"`
	Group  string `json:"group"`
	Active bool   `json:"active"`
}

func sports(keys []string) (out []listed) {
	for _, k := range keys {
		group, _, _ := strings.Cut(k, "_")
		out = append(out, listed{k, group, true})
	}
	return out
}

// note remembers the prices of an answer.
func (s *Server) note(events []Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		for _, b := range e.Books {
			for _, m := range b.Markets {
				for _, o := range m.Outcomes {
					s.shown[shownKey(e.ID, b.Key, m.Key, o.Name, o.Price)] = true
					if american, err := odds.FromAmerican(o.Price); err == nil { // recorded ones are
						s.shown[shownKey(e.ID, b.Key, m.Key, o.Name, float64(american))] = true
					}
				}
			}
		}
	}
}
