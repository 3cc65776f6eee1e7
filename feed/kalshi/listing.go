package kalshi

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Listed is what the REST interface says of a contract.
type Listed struct {
	Ticker      string   `json:"ticker"`
	EventTicker string   `json:"event_ticker"`
	Title       string   `json:"title"`
	YesSubTitle string   `json:"yes_sub_title"`
	Status      string   `json:"status"`
	StrikeType  string   `json:"strike_type"`
	FloorStrike *float64 `json:"floor_strike"`
	CloseTime   string   `json:"close_time"`
	Expected    string   `json:"expected_expiration_time"`
	EventTitle  string   `json:"-"` // of the event that it was listed in
	Category    string   `json:"category"`
	Primary     string   `json:"rules_primary"`
	Secondary   string   `json:"rules_secondary"`
}

// Rules is by what it is settled, in the venue's words.
func (l *Listed) Rules() string {
	return shorten(strings.TrimSpace(l.Primary+"\n"+l.Secondary), frames.MaxRules)
}

// Open reports whether the contract can be traded now.
func (l *Listed) Open() bool { return l.status() == odds.Open }

// Over reports whether it can never be traded again.
func (l *Listed) Over() bool { return l.status() == odds.Closed }

func (l *Listed) status() odds.Status {
	switch l.Status {
	case "active", "open", "":
		return odds.Open
	case "closed", "determined", "disputed", "amended", "settled", "finalized":
		return odds.Closed
	}
	return odds.Suspended // initialized, inactive, unopened, paused
}

// Ends is when trading is expected to end; zero unknown.
func (l *Listed) Ends() time.Time {
	for _, s := range []string{l.Expected, l.CloseTime} {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Listing is an answer of GET /markets, /markets/{ticker}, /events, /events/{ticker} or /series.
type Listing struct {
	Markets []Listed
	Cursor  string // of the next page; empty at the end
}

type listedEvent struct {
	EventTicker string   `json:"event_ticker"`
	Title       string   `json:"title"`
	Category    string   `json:"category"`
	Markets     []Listed `json:"markets"`
}

// ReadListing reads an answer.
func ReadListing(data []byte) (out Listing, err error) {
	var a struct {
		Cursor  string          `json:"cursor"`
		Markets []Listed        `json:"markets"`
		Market  *Listed         `json:"market"`
		Events  []listedEvent   `json:"events"`
		Event   *listedEvent    `json:"event"`
		Series  json.RawMessage `json:"series"`
		Error   json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return out, err
	}
	if a.Error != nil {
		return out, fmt.Errorf("the answer is an error: %.200s", a.Error)
	}
	out = Listing{Markets: a.Markets, Cursor: a.Cursor}
	if a.Market != nil {
		out.Markets = append(out.Markets, *a.Market)
	}
	if a.Event != nil {
		// The markets of one event stand in it or beside it.
		for i := range out.Markets {
			out.Markets[i].of(a.Event)
		}
		a.Events = append(a.Events, *a.Event)
	}
	for i := range a.Events {
		for _, l := range a.Events[i].Markets {
			l.of(&a.Events[i])
			out.Markets = append(out.Markets, l)
		}
	}
	return out, nil
}

func (l *Listed) of(e *listedEvent) {
	l.EventTitle, l.Category = e.Title, cmpOr(l.Category, e.Category)
	l.EventTicker = cmpOr(l.EventTicker, e.EventTicker)
}

// listing learns from an answer what contracts are.
func (d *Decoder) listing(data []byte) error {
	list, err := ReadListing(data)
	if err != nil {
		return err
	}
	refused := 0
	for i := range list.Markets {
		l := &list.Markets[i]
		c := d.contracts[l.Ticker]
		if c == nil && l.Over() {
			continue
		}
		if c == nil {
			c = d.contract([]byte(l.Ticker))
		}
		if c == nil {
			refused++
			continue
		}
		c.heard = d.f.Recv
		d.name(c, l)
		d.become(c, l.status())
	}
	if refused > 0 {
		return fmt.Errorf("no room for %d markets: %d are known", refused, len(d.contracts))
	}
	return nil
}

// name gives a contract the identity that is known now, and keeps what was said of it.
func (d *Decoder) name(c *contract, l *Listed) {
	l.EventTitle, l.Category = cmpOr(l.EventTitle, c.listed.EventTitle), cmpOr(l.Category, c.listed.Category)
	for _, text := range []*string{&l.Title, &l.YesSubTitle, &l.EventTitle, &l.Category, &l.StrikeType} {
		*text = title(*text)
	}
	c.listed = Listed{
		Title: l.Title, YesSubTitle: l.YesSubTitle, EventTitle: l.EventTitle, Category: l.Category, StrikeType: l.StrikeType, FloorStrike: l.FloorStrike,
		Primary: cmpOr(l.Rules(), c.listed.Primary),
	}
	is, ok := identify(l)
	if !ok {
		return
	}
	if g := c.group; g != nil && g.key == (groupKey{is.event.ID, is.market}) && slices.EqualFunc(c.outcome, is.outcomes, outcome.equal) {
		g.event = d.event(&is.event)
		return
	}
	d.leave(c)
	d.join(c, is)
}

func (o outcome) equal(p outcome) bool {
	return o.name == p.name && o.side == p.side && o.no == p.no && (o.line == p.line || math.IsNaN(o.line) && math.IsNaN(p.line))
}

// created learns what a new contract is.
func (d *Decoder) created(c *contract, m *message) error {
	l := Listed{Ticker: c.id}
	if m.meta != nil {
		if err := json.Unmarshal(m.meta, &l); err != nil {
			return fmt.Errorf("the description of %s: %w", c.id, err)
		}
	}
	l.Ticker = c.id
	d.name(c, &l)
	return nil
}

// renamed learns what has changed of a contract's question.
func (d *Decoder) renamed(c *contract, m *message) {
	l := c.listed
	l.Ticker = c.id
	if m.strikeType != nil {
		l.StrikeType = string(m.strikeType)
	}
	if !math.IsNaN(m.floor) {
		floor := m.floor
		l.FloorStrike = &floor
	}
	if m.yesTitle != nil {
		l.YesSubTitle = string(m.yesTitle)
	}
	d.name(c, &l)
}
