package polymarket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Contract is a market of the venue: a question with two outcomes, a token each.
type Contract struct {
	ID     string // condition id
	Tokens [2]string
	Event  *odds.Event
	Market string       // as in odds.Update
	Shared bool         // other contracts are outcomes or lines of the same market
	Legs   []odds.Quote // the first outcome without its price, and the second unless others say it
	Slug   string       // of the event, at the venue
	Game   string       // the match, as the sports channel calls it; empty: none
	GameID string       // its number there; empty unknown
	Live   bool         // the match is on
	Ended  bool         // it is over
	Closed bool         // nobody can bet any more
	Paused bool         // nobody can bet at present
	Tags   []string     // slugs
	Rules  string       // in the venue's words; empty: not stated
}

// listed is a member that is a string, a number or null.
type listed string

// UnmarshalJSON implements json.Unmarshaler.
func (t *listed) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if b[0] == '-' || b[0] >= '0' && b[0] <= '9' {
		*t = listed(b)
	}
	return nil
}

// strs is a list of strings, which may itself be written in a string.
type strs []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *strs) UnmarshalJSON(b []byte) error {
	var inner string
	if b[0] == '"' {
		if err := json.Unmarshal(b, &inner); err != nil || inner == "" {
			return err
		}
		b = []byte(inner)
	}
	if len(b) > 64<<10 {
		return errors.New("a list is too long")
	}
	return json.Unmarshal(b, (*[]string)(l))
}

type gammaEvent struct {
	ID        listed        `json:"id"`
	Slug      string        `json:"slug"`
	Title     string        `json:"title"`
	StartTime string        `json:"startTime"`
	GameID    listed        `json:"gameId"`
	Series    string        `json:"seriesSlug"`
	Live      bool          `json:"live"`
	Ended     bool          `json:"ended"`
	Closed    bool          `json:"closed"`
	Teams     []gammaTeam   `json:"teams"`
	Tags      []gammaTag    `json:"tags"`
	Markets   []gammaMarket `json:"markets"`
}

type gammaTeam struct {
	Name         string `json:"name"`
	Alias        string `json:"alias"`
	Abbreviation string `json:"abbreviation"`
	Ordering     string `json:"ordering"`
}

type gammaTag struct {
	Slug string `json:"slug"`
}

type gammaMarket struct {
	Condition string       `json:"conditionId"`
	Question  string       `json:"question"`
	Rules     string       `json:"description"`
	Group     string       `json:"groupItemTitle"`
	Type      string       `json:"sportsMarketType"`
	Line      listed       `json:"line"`
	Start     string       `json:"gameStartTime"`
	GameID    listed       `json:"gameId"`
	Outcomes  strs         `json:"outcomes"`
	Tokens    strs         `json:"clobTokenIds"`
	Closed    bool         `json:"closed"`
	Active    *bool        `json:"active"`
	Accepting *bool        `json:"acceptingOrders"`
	Books     *bool        `json:"enableOrderBook"`
	Tags      []gammaTag   `json:"tags"`
	Events    []gammaEvent `json:"events"`
}

// Listing reads an answer of /events or /markets: an array, or one of them. Markets without a
// book are left out. The error says what could not be read of the rest.
func Listing(data []byte) (contracts []Contract, err error) {
	data = bytes.TrimSpace(data)
	items := []json.RawMessage{data}
	if len(data) > 0 && data[0] == '[' {
		items = nil
		if err := json.Unmarshal(data, &items); err != nil {
			return nil, err
		}
	}
	for _, item := range items {
		var e struct {
			gammaEvent
			Condition *string `json:"conditionId"`
		}
		bad := json.Unmarshal(item, &e)
		if bad == nil && e.Condition != nil {
			e.gammaEvent, bad = ofMarket(item)
		}
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("event %q: %w", cut(e.Slug, mostText), bad))
		}
		contracts = e.contracts(contracts)
	}
	return contracts, err
}

// ofMarket makes an event of a market that names its own.
func ofMarket(item []byte) (e gammaEvent, err error) {
	var m gammaMarket
	err = json.Unmarshal(item, &m)
	if len(m.Events) > 0 {
		e = m.Events[0]
	}
	if len(e.Tags) == 0 {
		e.Tags = m.Tags
	}
	if e.Slug == "" && e.ID == "" {
		e.ID = listed(m.Condition)
	}
	m.Events = nil
	e.Markets = []gammaMarket{m}
	return e, err
}

// contracts appends the contracts of an event.
func (e *gammaEvent) contracts(to []Contract) []Contract {
	x := e.naming()
	for i := range e.Markets {
		m := &e.Markets[i]
		if !m.usable() {
			continue
		}
		c := Contract{
			ID: m.Condition, Tokens: [2]string{m.Tokens[0], m.Tokens[1]}, Event: x.event, Slug: e.Slug, Game: x.game,
			Live: e.Live && !e.Ended, Ended: e.Ended, Tags: x.tags,
			Rules: cut(m.Rules, frames.MaxRules), Closed: m.Closed || e.Closed, Paused: m.Accepting != nil && !*m.Accepting || m.Active != nil && !*m.Active,
		}
		if x.game != "" {
			c.GameID = cut(string(e.GameID), mostText)
		}
		x.name(&c, m)
		to = append(to, c)
	}
	return to
}

// usable reports whether a market has two tokens with a book.
func (m *gammaMarket) usable() bool {
	if len(m.Outcomes) != 2 || len(m.Tokens) != 2 || m.Books != nil && !*m.Books || m.Tokens[0] == m.Tokens[1] {
		return false
	}
	for _, id := range [...]string{m.Condition, m.Tokens[0], m.Tokens[1]} {
		if id == "" || len(id) > 100 {
			return false
		}
	}
	return true
}

// naming finds out what an event is.
func (e *gammaEvent) naming() *naming {
	x := &naming{event: &odds.Event{ID: cut(e.Slug, mostText)}}
	for _, t := range e.Tags {
		if len(x.tags) < 32 {
			x.tags = append(x.tags, cut(t.Slug, mostText))
		}
	}
	if x.event.ID == "" {
		x.event.ID = cut(string(e.ID), mostText)
	}
	if e.isGame() {
		x.game = gameOf(x.event.ID)
		x.event.ID = x.game
		x.event.Sport, x.event.League = sportOf(x.game, x.tags)
		x.sides(e)
		x.event.Start = e.start()
	} else {
		x.event.Sport = sportOfTags(x.tags)
	}
	if x.event.Home == "" {
		x.event.Title = cut(e.Title, mostText)
		if x.event.Title == "" && len(e.Markets) > 0 {
			x.event.Title = cut(e.Markets[0].Question, mostText)
		}
	}
	return x
}

// isGame reports whether an event is a match.
func (e *gammaEvent) isGame() bool {
	if e.Slug == "" {
		return false
	}
	if e.GameID != "" && e.GameID != "0" {
		return true
	}
	for i := range e.Markets {
		if e.Markets[i].Type != "" {
			return true
		}
	}
	return false
}

func (e *gammaEvent) start() odds.Time {
	all := []string{e.StartTime}
	for i := range e.Markets {
		all = append(all, e.Markets[i].Start)
	}
	for _, s := range all {
		if t, err := feed.ParseTime(strings.TrimSpace(s), nil); err == nil {
			return t
		}
	}
	return 0
}
