package betfair

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	feed "corrgraph/feed/betfair"
	"corrgraph/server/connect"
)

// betting are the kinds of bets that have odds.
var betting = []string{"ODDS", "ASIAN_HANDICAP_DOUBLE_LINE", "ASIAN_HANDICAP_SINGLE_LINE"}

// between is a span of times.
type between struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// listFilter is the filter of the catalogue.
type listFilter struct {
	EventTypes   []string `json:"eventTypeIds,omitempty"`
	Events       []string `json:"eventIds,omitempty"`
	Competitions []string `json:"competitionIds,omitempty"`
	Markets      []string `json:"marketIds,omitempty"`
	Countries    []string `json:"marketCountries,omitempty"`
	Types        []string `json:"marketTypeCodes,omitempty"`
	Betting      []string `json:"marketBettingTypes,omitempty"`
	Start        *between `json:"marketStartTime,omitempty"`
}

// listRequest is a request to the catalogue.
type listRequest struct {
	Filter     listFilter `json:"filter"`
	Projection []string   `json:"marketProjection"`
	Sort       string     `json:"sort"`
	Most       int        `json:"maxResults"`
}

// projection is what the catalogue is asked of a market; none of it counts for its limits.
var projection = []string{"COMPETITION", "EVENT", "RUNNER_DESCRIPTION", "MARKET_START_TIME"}

// find lists the markets to follow, those of one event together, the first to start first.
func (s *session) find(ctx context.Context, conn *connect.Conn) ([]*feed.Listed, error) {
	o := &s.v.o
	f := listFilter{
		EventTypes: o.EventTypes, Events: o.Events, Competitions: o.Competitions, Countries: o.Countries, Types: o.MarketTypes, Betting: betting,
		Start: &between{To: s.world.Clock().Add(o.Ahead).UTC().Format(time.RFC3339)},
	}
	if len(o.Markets) > 0 {
		f.Markets, f.Start = o.Markets, nil
	}
	most, seen := o.Connections*o.MarketsEach, map[string]bool{}
	var all []*feed.Listed
	for len(all) < most {
		page, err := s.list(ctx, conn, f)
		if err != nil {
			return nil, err
		}
		news := 0
		for _, m := range page {
			if m != nil && m.ID != "" && !seen[m.ID] {
				seen[m.ID] = true
				all, news = append(all, m), news+1
			}
		}
		if f.Start == nil || len(page) < s.v.page || news == 0 {
			break
		}
		f.Start.From = page[len(page)-1].Start.UTC().Format(time.RFC3339)
	}
	byEvent(all)
	if len(all) > most {
		s.world.Log.Warn("betfair has more markets than are followed: raise connections or narrow the filters", "markets", len(all), "followed", most)
		all = all[:most]
	}
	return all, nil
}

// byEvent sorts markets by the start of their events.
func byEvent(all []*feed.Listed) {
	starts := map[string]time.Time{}
	for _, m := range all {
		if t, ok := starts[m.Event.ID]; !ok || m.Start.Before(t) {
			starts[m.Event.ID] = m.Start
		}
	}
	slices.SortFunc(all, func(a, b *feed.Listed) int {
		return cmp.Or(starts[a.Event.ID].Compare(starts[b.Event.ID]), cmp.Compare(a.Event.ID, b.Event.ID), cmp.Compare(a.ID, b.ID))
	})
}

// list asks the catalogue for a page. It logs in again once if the session has ended.
func (s *session) list(ctx context.Context, conn *connect.Conn, f listFilter) ([]*feed.Listed, error) {
	token, err := s.token(ctx, "")
	for again := true; err == nil; again = false {
		var page []*feed.Listed
		page, err = s.listOnce(ctx, conn, f, token)
		if !again || !errors.Is(err, errSession) {
			return page, s.sessionless(err)
		}
		token, err = s.token(ctx, token)
	}
	return nil, err
}

func (s *session) listOnce(ctx context.Context, conn *connect.Conn, f listFilter, token string) ([]*feed.Listed, error) {
	for {
		body, err := json.Marshal(listRequest{f, projection, "FIRST_TO_START", s.v.page})
		if err != nil {
			return nil, err
		}
		conn.Out(ctx, feed.Catalogue, body)
		data, status, err := s.ask(ctx, s.v.o.Catalogue, "application/json", token, body)
		if err != nil {
			return nil, fmt.Errorf("betfair's catalogue: %w", err)
		}
		if status == http.StatusOK {
			page, err := feed.ReadCatalogue(data)
			if err != nil {
				return nil, fmt.Errorf("betfair's catalogue can't be read: %w", err)
			}
			_, err = conn.In(ctx, feed.Catalogue, data)
			return page, err
		}
		var e struct {
			Detail struct {
				APINGException struct{ ErrorCode string }
			}
		}
		_ = json.Unmarshal(data, &e) // what can't be read has no code
		code := e.Detail.APINGException.ErrorCode
		if code == "TOO_MUCH_DATA" && s.v.page > 50 {
			s.v.page /= 2
			continue
		}
		return nil, s.codeError(code, fmt.Sprintf("the catalogue answers with status %d", status))
	}
}

// errSession is a session that Betfair does not know any more.
var errSession = errors.New("betfair does not accept the session")

// sessionless is what it means that a new session is not accepted either.
func (s *session) sessionless(err error) error {
	if !errors.Is(err, errSession) {
		return err
	}
	return fmt.Errorf("%w: %w, nor a new one: check that the app key (secret %s) belongs to the account and is active", connect.ErrRefused, err, AppKey)
}

// codeError says what to do about one of Betfair's error codes.
func (s *session) codeError(code, message string) error {
	switch code {
	case "NO_APP_KEY", "NO_SESSION", "INVALID_SESSION_INFORMATION":
		return fmt.Errorf("%w (%s)", errSession, code)
	case "INVALID_APP_KEY", "NOT_AUTHORIZED", "APP_KEY_CREATION_FAILED":
		return fmt.Errorf("%w: betfair does not accept the app key (%s): put an active one, with the right to the stream, into the secret %s", connect.ErrRefused, code, AppKey)
	case "SUBSCRIPTION_LIMIT_EXCEEDED":
		return fmt.Errorf("%w: betfair lets a connection follow fewer than %d markets (%s): lower the number of markets a connection, or ask Betfair for more",
			connect.ErrRefused, s.v.o.MarketsEach, code)
	case "MAX_CONNECTION_LIMIT_EXCEEDED":
		return s.throttle("betfair lets the account open no more connections (" + code + "): close other programs of it, or lower the number of connections")
	case "TOO_MANY_REQUESTS":
		return s.throttle("betfair was asked too often (" + code + ")")
	case "":
		return errors.New("betfair refuses: " + message)
	}
	if !plain.MatchString(code) {
		code = "a code that is none"
	}
	return fmt.Errorf("betfair refuses: %s: %s", code, message)
}

// throttle waits longer each time.
func (s *session) throttle(why string) error {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	wait := min(5*time.Second<<min(s.v.throttled, 8), time.Minute)
	s.v.throttled++
	return &connect.RetryAfter{Wait: wait, Err: errors.New(why)}
}
