package loadtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"corrgraph/client"
)

// Format is the encoding of ticks.
type Format int

// The formats.
const (
	NDJSON Format = iota
	CSV
)

func (f Format) contentType() string {
	if f == CSV {
		return client.CSV
	}
	return client.NDJSON
}

const csvHeader = "ts_source,source,sport,league,bookmaker,event_id,start_time,home,away,market,line,selection,price\n"

// spot is the position of the variable parts of a row.
type spot struct{ time, price int }

// listing is one selection of one market of one event: the content of its rows
// without venue, time and price.
type listing struct {
	id              string
	home, away      string
	start           int64 // ms
	market, line    string
	selection       string
	complement, alt bool // of the market's probability; of the second market
}

// appendRow writes a row with space for its time and price, whose positions count
// from the beginning of b.
func (l *listing) appendRow(b []byte, f Format, source string, venue int) ([]byte, spot) {
	var s spot
	if f == CSV {
		s.time = len(b)
		b = fmt.Appendf(b, "0000000000000,%s,baseball,loadtest,venue%d,%s,%d,%s,%s,%s,%s,%s,", source, venue, l.id, l.start, l.home, l.away, l.market, l.line, l.selection)
		s.price = len(b)
		return append(b, "0.0000\n"...), s
	}
	b = append(b, `{"ts_source":`...)
	s.time = len(b)
	b = fmt.Appendf(b, `0000000000000,"source":%q,"sport":"baseball","league":"loadtest","bookmaker":"venue%d","event_id":%q,"start_time":%d,"home":%q,"away":%q,"market":%q,`,
		source, venue, l.id, l.start, l.home, l.away, l.market)
	if l.line != "" {
		b = fmt.Appendf(b, `"line":%s,`, l.line)
	}
	b = fmt.Appendf(b, `"selection":%q,"price":`, l.selection)
	s.price = len(b)
	return append(b, "0.0000}\n"...), s
}

// putTime writes ms since 1970, which have 13 digits until the year 2286.
func putTime(b []byte, ms int64) {
	for i := 12; i >= 0; i-- {
		b[i] = byte('0' + ms%10)
		ms /= 10
	}
}

// putPrice writes a decimal price with four places, clamped to 1.01–9.9999.
func putPrice(b []byte, price float64) {
	n := int(math.Round(1e4 * math.Max(1.01, math.Min(price, 9.9999))))
	for i := 5; i >= 0; i-- {
		if i == 1 {
			b[i] = '.'
			continue
		}
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// margin is what a venue's quoted probabilities sum to.
const margin = 1.04

// priceOf returns the price of a selection at log-odds x, or of its complement.
func priceOf(x float64, complement bool) float64 {
	p := 1 / (1 + math.Exp(-x))
	if complement {
		p = 1 - p
	}
	return 1 / (p * margin)
}

// listings returns the selections of one event: two markets of two. Pairs of events
// share a side, a day apart, so that links across events exist.
func listings(event int, day time.Time, markets int) []listing {
	l := listing{
		id: fmt.Sprintf("loadtest-%s-%07d", day.Format("20060102"), event), home: fmt.Sprintf("Home %07d", event), away: fmt.Sprintf("Away %07d", event/2),
		start: day.AddDate(0, 0, 2+event%2).UnixMilli(), market: "h2h",
	}
	var all []listing
	for k, names := range [][2]string{{"home", "away"}, {"over", "under"}}[:markets] {
		if l.alt = k == 1; l.alt {
			l.market, l.line = "totals", "8.5"
		}
		for i, name := range names {
			l.selection, l.complement = name, i == 1
			all = append(all, l)
		}
	}
	return all
}

// sourceName is the name of the i-th source.
func sourceName(i int) string {
	if i == 0 {
		return "loadtest"
	}
	return fmt.Sprintf("loadtest-%d", i+1)
}

// venues quote every event of a mixed run.
const venues = 8

// quotesPerTurn is the number of rows per turn of a venue at an event.
const quotesPerTurn = 4

// market makes ticks of moving prices: venue 0 leads every event; in their turn the
// others show its previous price with small errors. Its methods are safe for
// concurrent use.
type market struct {
	mu     sync.Mutex
	r      *rand.Rand // guarded by mu
	events []*quoted  // their prices are guarded by mu
	turn   int        // guarded by mu
	last   []byte     // guarded by mu; the previous batch, for duplicates
	dup    float64
	turns  int // per batch
}

// quoted is one event with its templates.
type quoted struct {
	latent [2]float64 // log-odds, by market
	venues [venues]template
}

// template is the rows of one venue at one instant.
type template struct {
	rows  []byte
	spots []spot
	of    []listing
}

// newMarket makes a market whose venues are spread over that many sources, in turn.
func newMarket(events int, day time.Time, ticks int, duplicates float64, seed uint64, sources int) *market {
	m := &market{r: rand.New(rand.NewPCG(seed, 2)), dup: duplicates, turns: max(1, ticks/quotesPerTurn)}
	for e := range events {
		q := &quoted{}
		all := listings(e, day, 2)
		for v := range q.venues {
			t := &q.venues[v]
			t.of = all
			for i := range all {
				var s spot
				t.rows, s = all[i].appendRow(t.rows, NDJSON, sourceName(v%sources), v)
				t.spots = append(t.spots, s)
			}
		}
		m.events = append(m.events, q)
	}
	return m
}

// say appends the rows of a venue for an event at a time.
func (m *market) say(b []byte, e *quoted, venue int, ms int64) []byte {
	if venue == 0 {
		for k := range e.latent {
			e.latent[k] = 0.98*e.latent[k] + 0.05*m.r.NormFloat64()
		}
	}
	shown := e.latent
	for k := range shown {
		shown[k] = math.Max(-2, math.Min(2, shown[k]+0.005*m.r.NormFloat64()))
	}
	t := &e.venues[venue]
	from := len(b)
	b = append(b, t.rows...)
	for i, s := range t.spots {
		x := shown[0]
		if t.of[i].alt {
			x = shown[1]
		}
		putTime(b[from+s.time:], ms)
		putPrice(b[from+s.price:], priceOf(x, t.of[i].complement))
	}
	return b
}

// batch appends the next batch: one of the current instant, or a repetition of the
// previous one.
func (m *market) batch(b []byte, now time.Time) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.last) > 0 && m.r.Float64() < m.dup {
		return append(b, m.last...)
	}
	from := len(b)
	for range m.turns {
		n := len(m.events)
		b = m.say(b, m.events[m.turn%n], m.turn/n%venues, now.UnixMilli())
		m.turn++
	}
	m.last = append(m.last[:0], b[from:]...)
	return b
}

// round is the time between two moves of one price in a history.
const round = 20 * time.Second

// history yields batches of all events between two times, in order: in every round
// each venue follows the leader by one second more. The yielded bytes are valid
// during the call.
func (m *market) history(from, to time.Time, rows int, yield func(body []byte, ticks int) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b []byte
	ticks := 0
	for at := from; at.Before(to); at = at.Add(round) {
		for v := range venues {
			for i, e := range m.events {
				when := at.Add(time.Duration(v)*time.Second + time.Second*time.Duration(i)/time.Duration(len(m.events)))
				b = m.say(b, e, v, when.UnixMilli())
				if ticks += quotesPerTurn; ticks+quotesPerTurn > rows {
					if !yield(b, ticks) {
						return
					}
					b, ticks = b[:0], 0
				}
			}
		}
	}
	if ticks > 0 {
		yield(b, ticks)
	}
}
