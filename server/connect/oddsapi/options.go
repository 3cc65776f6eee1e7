// Package oddsapi asks The Odds API v4 for prices: a Venue of package connect.
//
// Answers cost credits, of which there are so many a month. A planner decides when each sport is
// asked for and says why it is not: seldom while nothing begins within a day, more often before
// starts, most often in the last half hour before one, for which a share of each day's credits is
// kept. It is a pure function of what it was told, so that a month of it can be tested in a
// second; the Session around it only asks and waits.
package oddsapi

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Options say what is asked for, how often, and what it may cost. Zero means the default of each.
type Options struct {
	// URL is where the API is. Empty means "https://api.the-odds-api.com/v4".
	URL string
	// Secret names the key for World.Secret. Empty means "odds-api".
	Secret string
	// Sports are the keys of the sports to ask for: "baseball_mlb". A star at the end stands for
	// all that are in season: "soccer_*". There is no default.
	Sports []string
	// Events limits the answers to events of these ids. It saves no credits. Empty means all.
	Events []string
	// Parts are the requests of which each capture of a sport consists. None means one, with
	// the defaults of Part.
	Parts []Part

	// Idle is the step between captures of a sport of which nothing begins within a day. Zero
	// means an hour.
	Idle time.Duration
	// Upcoming is the step while something begins within a day. Zero means 5 min.
	Upcoming time.Duration
	// Soon is the step within SoonBefore of a start. Zero means 60 s.
	Soon time.Duration
	// SoonBefore is how long before a start captures are made every Soon. Zero means 30 min.
	SoonBefore time.Duration
	// InPlay is the step while an event is being played, for InPlayFor after its start. Zero
	// means that captures are made for what has not begun alone.
	InPlay time.Duration
	// InPlayFor is how long an event is taken to last when the day is planned. One that the venue
	// still lists is not over, for a day at most. Zero means 4 h.
	InPlayFor time.Duration
	// PropsUpcoming and PropsSoon take the places of Upcoming and Soon for markets that are asked
	// for event by event. Zero means 1 h, and 5 min.
	PropsUpcoming, PropsSoon time.Duration

	// Daily is how many credits a day (UTC) may cost. Zero means what is left of the month,
	// divided by the days until ResetDay.
	Daily int
	// Monthly is how many credits are taken to be there as long as the venue has not said how
	// many are left. Zero means 500, as in the plan that costs nothing.
	Monthly int
	// ResetDay is the day of the month from which on there are new credits. Zero means 1. When the
	// venue's count begins anew on another day, that day takes its place.
	ResetDay int
	// Reserve is the share of a day's credits that is kept for the last SoonBefore before
	// starts, as long as the starts that are known need it. Zero means 0.4; negative means none.
	Reserve float64

	// Ledger is the file that keeps what the day has cost, so that a restart does not forget it.
	// Empty: a restart does.
	Ledger string

	// Schedule is how often the events of each sport are asked for, which costs nothing. Zero
	// means 10 min.
	Schedule time.Duration
	// Timeout limits each request with its answer, so that a connection that is open and silent
	// is found out. Zero means 15 s.
	Timeout time.Duration
	// Retries is how often a request that failed is made again before the next capture, within
	// the credits of the day. Zero means 2; negative means never.
	Retries int
}

// Part is one request of a capture.
type Part struct {
	// Regions are those whose bookmakers answer: us, us2, uk, eu, au. Empty means eu, unless
	// Bookmakers are given.
	Regions []string
	// Bookmakers are asked for by key in place of Regions; ten cost as much as one region.
	Bookmakers []string
	// Markets are h2h, spreads, totals, outrights, and any others, such as player_points, which
	// are asked for event by event. Empty means h2h.
	Markets []string
}

// cost is what an answer costs in credits: a credit for each market of each region, or of each
// ten bookmakers.
func (p *Part) cost() int {
	if n := len(p.Bookmakers); n > 0 {
		return (n + 9) / 10 * len(p.Markets)
	}
	return len(p.Regions) * len(p.Markets)
}

// query is the part as a query.
func (p *Part) query() string {
	list := func(of []string) string {
		escaped := make([]string, len(of))
		for i, s := range of {
			escaped[i] = url.QueryEscape(s)
		}
		return strings.Join(escaped, ",")
	}
	if len(p.Bookmakers) > 0 {
		return "bookmakers=" + list(p.Bookmakers) + "&markets=" + list(p.Markets)
	}
	return "regions=" + list(p.Regions) + "&markets=" + list(p.Markets)
}

func (o *Options) fill() {
	o.URL = strings.TrimRight(cmp.Or(o.URL, "https://api.the-odds-api.com/v4"), "/")
	o.Secret = cmp.Or(o.Secret, "odds-api")
	o.Idle, o.Upcoming, o.Soon = cmp.Or(o.Idle, time.Hour), cmp.Or(o.Upcoming, 5*time.Minute), cmp.Or(o.Soon, time.Minute)
	o.PropsUpcoming, o.PropsSoon = cmp.Or(o.PropsUpcoming, time.Hour), cmp.Or(o.PropsSoon, 5*time.Minute)
	o.SoonBefore, o.InPlayFor = cmp.Or(o.SoonBefore, 30*time.Minute), cmp.Or(o.InPlayFor, 4*time.Hour)
	o.Monthly, o.ResetDay, o.Reserve = cmp.Or(o.Monthly, 500), cmp.Or(o.ResetDay, 1), max(0, cmp.Or(o.Reserve, 0.4))
	o.Schedule, o.Timeout, o.Retries = cmp.Or(o.Schedule, 10*time.Minute), cmp.Or(o.Timeout, 15*time.Second), max(0, cmp.Or(o.Retries, 2))
	if len(o.Parts) == 0 {
		o.Parts = []Part{{}}
	}
	o.Parts = slices.Clone(o.Parts)
	for i := range o.Parts {
		p := &o.Parts[i]
		if len(p.Regions)+len(p.Bookmakers) == 0 {
			p.Regions = []string{"eu"}
		}
		if len(p.Markets) == 0 {
			p.Markets = []string{"h2h"}
		}
	}
}

// check says what is wrong with options that are filled in.
func (o *Options) check() error {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("odds-api: the URL %q is none: give it as https://host/v4", o.URL)
	case u.RawQuery != "" || u.User != nil:
		return fmt.Errorf("odds-api: the URL must have no query and no user: the key is the secret %q", o.Secret)
	case len(o.Sports) == 0:
		return fmt.Errorf("odds-api: no sport is given: name at least one, such as baseball_mlb or soccer_*")
	case o.Reserve >= 1:
		return fmt.Errorf("odds-api: a reserve of %g leaves nothing else: give a share below 1", o.Reserve)
	case o.ResetDay < 1 || o.ResetDay > 28:
		return fmt.Errorf("odds-api: the reset day is %d, want 1 to 28", o.ResetDay)
	case o.Daily < 0 || o.Monthly < 0:
		return fmt.Errorf("odds-api: credits can't be negative: daily %d, monthly %d", o.Daily, o.Monthly)
	}
	for _, s := range o.Sports {
		if s == "" || s == "upcoming" || strings.ContainsAny(s, "/?&= ") {
			return fmt.Errorf("odds-api: %q is no sport: give a key as listed by GET /v4/sports, such as baseball_mlb", s)
		}
	}
	return o.checkSteps()
}

func (o *Options) checkSteps() error {
	for _, x := range []struct {
		name string
		step time.Duration
	}{
		{"idle", o.Idle},
		{"upcoming", o.Upcoming},
		{"soon", o.Soon},
		{"props upcoming", o.PropsUpcoming},
		{"props soon", o.PropsSoon},
		{"schedule", o.Schedule},
		{"timeout", o.Timeout},
		{"soon before", o.SoonBefore},
		{"in play for", o.InPlayFor},
	} {
		if x.step < time.Second {
			return fmt.Errorf("odds-api: %s is %v, want at least 1s", x.name, x.step)
		}
	}
	if o.InPlay < 0 || o.InPlay > 0 && o.InPlay < time.Second {
		return fmt.Errorf("odds-api: in play is %v, want 0 for off or at least 1s", o.InPlay)
	}
	seen := map[string]bool{}
	for i := range o.Parts {
		p := &o.Parts[i]
		if len(p.Regions) > 0 && len(p.Bookmakers) > 0 {
			return fmt.Errorf("odds-api: a part has regions and bookmakers: the venue would answer the bookmakers alone; make two parts of it")
		}
		if seen[p.query()] {
			return fmt.Errorf("odds-api: the part %s is there twice, and would cost twice", p.query())
		}
		seen[p.query()] = true
	}
	return nil
}
