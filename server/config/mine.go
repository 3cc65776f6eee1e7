package config

import (
	"fmt"
	"slices"
	"strings"

	"corrgraph/internal/suggest"
	"corrgraph/odds"
	"corrgraph/odds/account"
)

// Accounts is what my_venues and currencies say, by venue. It is nil where no venues are named.
func (c *Config) Accounts() account.Book {
	if len(c.MyVenues) == 0 {
		return nil
	}
	rates := map[string]float64{}
	for _, r := range c.Currencies.Rates {
		rates[r.Currency] = r.Rate
	}
	if c.Currencies.Base != "" {
		rates[c.Currencies.Base] = 1
	}
	out := account.Book{}
	for i := range c.MyVenues {
		v := &c.MyVenues[i]
		t := account.Terms{
			Currency: v.Currency, Base: c.Currencies.Base, Stake: account.Range{Min: v.Stake.Min, Max: v.Stake.Max}, Step: v.Stake.Step,
			Odds: account.Range(v.Odds),
		}
		if t.Currency == "" {
			t.Currency = t.Base
		}
		t.Rate = rates[t.Currency]
		out[v.Venue] = t
	}
	return out
}

// mostMine bounds my_venues and the rates of currencies.
const mostMine = 1000

// mine checks my_venues and currencies.
func (c *Config) mine(p *Problems) {
	if n := len(c.MyVenues); n > mostMine {
		p.add("", "my_venues", "want at most %d, have %d", mostMine, n)
	}
	stated := map[string]float64{}
	for _, x := range c.Engine.Commission {
		stated[x.Venue] = x.Share
	}
	once := p.once("want the key of a venue")
	for i := range c.MyVenues {
		v, key := &c.MyVenues[i], fmt.Sprintf("my_venues[%d].", i)
		once(key+"venue", v.Venue)
		if share, ok := stated[v.Venue]; ok && v.Commission > 0 && v.Commission != share {
			p.add("", key+"commission", "is %g, but engine.commission says %g of %s: state it once", v.Commission, share, v.Venue)
		}
		v.limits(key, p)
	}
	c.money(p)
}

// strangers warns of names in my_venues that are not known but resemble a venue that is: a
// bookmaker is known once it quotes, which may be later.
func (c *Config) strangers() (warnings []string) {
	known := []string{"betfair", "kalshi", "polymarket", "matchbook", "smarkets", "betdaq", "pinnacle"}
	for _, x := range c.Connect.Venues {
		known = append(known, x.Venue)
	}
	for _, x := range c.Engine.Commission {
		known = append(known, x.Venue)
	}
	for i := range c.MyVenues {
		name := c.MyVenues[i].Venue
		if slices.Contains(known, name) || odds.IsExchange(name) {
			continue
		}
		if near := suggest.Nearest(name, known); near != "" {
			warnings = append(warnings, fmt.Sprintf("my_venues[%d].venue: no venue %q is known%s", i, name, meant(near)))
		}
	}
	return warnings
}

// limits checks limits that contradict each other.
func (v *MyVenue) limits(key string, p *Problems) {
	p.currency(key+"currency", v.Currency)
	s, o := &v.Stake, &v.Odds
	switch {
	case s.Max > 0 && s.Min > s.Max:
		p.add("", key+"stake.min", "is above stake.max (%g)", s.Max)
	case s.Max > 0 && s.Step > s.Max:
		p.add("", key+"stake.step", "is above stake.max (%g)", s.Max)
	}
	switch {
	case o.Min > 0 && o.Min <= 1:
		p.add("", key+"odds.min", "decimal odds exceed 1, have %g", o.Min)
	case o.Max > 0 && o.Max <= 1:
		p.add("", key+"odds.max", "decimal odds exceed 1, have %g", o.Max)
	case o.Max > 0 && o.Min > o.Max:
		p.add("", key+"odds.min", "is above odds.max (%g)", o.Max)
	}
}

// money checks the currencies.
func (c *Config) money(p *Problems) {
	p.currency("currencies.base", c.Currencies.Base)
	if c.Currencies.Base == "" && len(c.Currencies.Rates) > 0 {
		p.add("", "currencies.rates", "need currencies.base, the currency in which they are stated")
	}
	if n := len(c.Currencies.Rates); n > mostMine {
		p.add("", "currencies.rates", "want at most %d, have %d", mostMine, n)
	}
	once := p.once("want a currency like GBP")
	for i, r := range c.Currencies.Rates {
		key := fmt.Sprintf("currencies.rates[%d].currency", i)
		once(key, r.Currency)
		p.currency(key, r.Currency)
		if r.Currency != "" && r.Currency == c.Currencies.Base {
			p.add("", key, "%s is the base: its rate is 1", r.Currency)
		}
	}
}

// currency checks that a code, if there is one, has the form of ISO 4217.
func (p *Problems) currency(key, code string) {
	if code != "" && (len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		p.add("", key, "want three capital letters like GBP, have %q", code)
	}
}
