package oddsapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"slices"
	"sort"
	"time"
)

// Walk is a simulated market: prices that wander, the same for the same seed, whoever asks
// how often. Each bookmaker follows the true price with a delay of its own.
type Walk struct {
	Seed uint64
	// Games are the starts of each sport's events.
	Games map[string][]time.Time
	// Books are the bookmakers of each region. None means two in eu.
	Books map[string][]string
}

// gameLasts is how long an event stays in the answers after its start.
const gameLasts = 3 * time.Hour

// Sports implements Market.
func (m *Walk) Sports() (out []string) {
	for k := range m.Games {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Events implements Market: what has not ended and begins within a week.
func (m *Walk) Events(sport string, at time.Time) []Event {
	out := []Event{}
	for i, t := range m.Games[sport] {
		if at.Before(t.Add(gameLasts)) && t.Before(at.AddDate(0, 0, 7)) {
			out = append(out, Event{
				ID: fmt.Sprintf("%s-%d", sport, i), Sport: sport, Title: sport, Start: t.UTC(),
				Home: fmt.Sprintf("Home %d", i%15), Away: fmt.Sprintf("Away %d", i%15),
			})
		}
	}
	return out
}

// Odds implements Market.
func (m *Walk) Odds(sport string, at time.Time, want Want) []Event {
	events := m.Events(sport, at)
	for i := range events {
		for nth, key := range m.books(want) {
			step := time.Duration(10+5*nth) * time.Second
			updated := at.Truncate(step).UTC()
			b := Book{Key: key, Title: key, Updated: updated}
			for _, name := range want.Markets {
				b.Markets = append(b.Markets, m.prices(&events[i], name, updated))
			}
			events[i].Books = append(events[i].Books, b)
		}
	}
	return events
}

func (m *Walk) books(want Want) (out []string) {
	if len(want.Bookmakers) > 0 {
		return want.Bookmakers
	}
	all := m.Books
	if all == nil {
		all = map[string][]string{"eu": {"pinnacle", "betsson"}}
	}
	for _, r := range want.Regions {
		out = append(out, all[r]...)
	}
	return out
}

func (m *Walk) prices(e *Event, market string, at time.Time) Prices {
	p := 1 / (1 + math.Exp(-m.value(e.ID+market, at)))
	decimal := func(p float64) float64 { return math.Round(100/(p*1.04)) / 100 }
	out := Prices{Key: market, Updated: at}
	switch market {
	case "totals", "spreads":
		line := 2.5
		names := [2]string{"Over", "Under"}
		if market == "spreads" {
			names = [2]string{e.Home, e.Away}
		}
		out.Outcomes = []Outcome{{Name: names[0], Price: decimal(p), Point: &line}, {Name: names[1], Price: decimal(1 - p), Point: &line}}
	case "player_points":
		line := 20.5
		for _, who := range []string{"A. Guard", "B. Forward"} {
			p := 1 / (1 + math.Exp(-m.value(e.ID+market+who, at)))
			out.Outcomes = append(out.Outcomes, Outcome{"Over", who, decimal(p), &line}, Outcome{"Under", who, decimal(1 - p), &line})
		}
	default:
		out.Outcomes = []Outcome{{Name: e.Home, Price: decimal(p)}, {Name: e.Away, Price: decimal(1 - p)}}
	}
	return out
}

// value is the log-odds of something at a time: waves of many lengths, drawn by the seed.
func (m *Walk) value(of string, at time.Time) (v float64) {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", m.Seed, of)
	x := h.Sum64()
	for k := range 6 {
		x = x*6364136223846793005 + 1442695040888963407
		angle := float64(x>>11) / (1 << 53) * 2 * math.Pi
		v += 0.4 / float64(k+1) * math.Sin(angle+float64(at.Unix())/(3600/float64(int(1)<<k)))
	}
	return v
}

// Recorded is a market of recorded answers: the newest one at a time is the answer.
type Recorded struct {
	sport string
	polls []recorded
}

type recorded struct {
	At   time.Time `json:"timestamp"`
	Data []Event   `json:"data"`
}

// Read reads a recording, one answer a line with the time of the poll, at most so many.
func Read(r io.Reader, sport string, most int) (*Recorded, error) {
	m := &Recorded{sport: sport}
	in := bufio.NewReaderSize(r, 1<<20)
	for len(m.polls) < most {
		text, err := in.ReadBytes('\n')
		if len(text) == 0 {
			if err == io.EOF {
				err = nil
			}
			return m, err
		}
		var p recorded
		if err := json.Unmarshal(text, &p); err != nil {
			return nil, err
		}
		m.polls = append(m.polls, p)
	}
	return m, nil
}

// Begin is the time of the first answer.
func (m *Recorded) Begin() time.Time { return m.polls[0].At }

// End is the time of the last answer.
func (m *Recorded) End() time.Time { return m.polls[len(m.polls)-1].At }

// Sports implements Market.
func (m *Recorded) Sports() []string { return []string{m.sport} }

// Events implements Market.
func (m *Recorded) Events(sport string, at time.Time) []Event {
	out := m.Odds(sport, at, Want{})
	for i := range out {
		out[i].Books = nil
	}
	return out
}

// Odds implements Market. Recorded are all markets of one region.
func (m *Recorded) Odds(_ string, at time.Time, _ Want) []Event {
	i := sort.Search(len(m.polls), func(i int) bool { return m.polls[i].At.After(at) })
	if i == 0 {
		return []Event{}
	}
	return slices.Clone(m.polls[i-1].Data)
}
