// Package screen shows what connections to venues read, for whoever connects one: prices, lines
// and ages of the newest markets, and what is in doubt and why.
package screen

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"corrgraph/feed/frames"
	"corrgraph/internal/table"
	"corrgraph/odds"
	"corrgraph/server/connect"
)

// mostMarkets is how many markets are remembered; those that were heard of longest ago go first.
const mostMarkets = 10_000

// Screen remembers the newest of each market. It is safe for concurrent use.
type Screen struct {
	mu      sync.Mutex
	markets map[key]*market // guarded by mu
	quotes  int             // guarded by mu
	first   odds.Time       // guarded by mu: receipt of the first price; 0 none yet
}

type key struct{ venue, event, market string }

// market is what a venue shows of one.
type market struct {
	title  string
	start  odds.Time
	prices map[outcome]price
	status odds.Status
	at     odds.Time // the venue's stamp
	recv   odds.Time
}

type outcome struct{ subject, name string }

type price struct {
	line, odds float64
	status     odds.Status
}

// New returns an empty Screen.
func New() *Screen { return &Screen{markets: map[key]*market{}} }

// Take takes what a venue said.
func (s *Screen) Take(batches []*odds.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		for i := range b.Updates {
			s.takeLocked(b, &b.Updates[i])
		}
	}
	if len(s.markets) > mostMarkets {
		s.forgetLocked()
	}
}

func (s *Screen) takeLocked(b *odds.Batch, u *odds.Update) {
	k := key{u.Venue, u.Event.ID, u.Market}
	m := s.markets[k]
	if m == nil {
		m = &market{prices: map[outcome]price{}}
		s.markets[k] = m
	}
	m.title, m.start, m.status, m.at, m.recv = title(u.Event), u.Event.Start, u.Status, b.At, b.Recv
	if u.Image || b.Polled {
		clear(m.prices)
	}
	for i := range u.Quotes {
		q := &u.Quotes[i]
		m.prices[outcome{q.Subject, q.Selection}] = price{q.Line, q.Price, q.Status}
		if q.Status == odds.Open {
			s.quotes++
			if s.first == 0 {
				s.first = b.Recv
			}
		}
	}
}

// forgetLocked drops the half of the markets that was heard of longest ago.
func (s *Screen) forgetLocked() {
	keys := slices.SortedFunc(maps.Keys(s.markets), func(a, b key) int { return cmp.Compare(s.markets[a].recv, s.markets[b].recv) })
	for _, k := range keys[:len(keys)/2] {
		delete(s.markets, k)
	}
}

func title(e *odds.Event) string {
	if e.Home != "" && e.Away != "" {
		return e.Away + " @ " + e.Home
	}
	return cmp.Or(e.Title, e.ID)
}

// First is when the first price was received; 0 before that.
func (s *Screen) First() odds.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// Write writes how connections stand, the newest markets, at most so many, and what is in doubt.
func (s *Screen) Write(w io.Writer, style table.Style, now odds.Time, most int, all []connect.Status, doubted []frames.Standing, more int) error {
	var b bytes.Buffer
	for i := range all {
		line(&b, style, now, &all[i])
	}
	s.mu.Lock()
	t := s.tableLocked(now, most)
	n := len(s.markets)
	s.mu.Unlock()
	if n == 0 {
		b.WriteString("No price yet.\n")
	} else if t.Write(&b, style); n > t.Len() {
		fmt.Fprintf(&b, "… and %d markets more\n", n-t.Len())
	}
	doubts(&b, style, now, doubted, more)
	_, err := w.Write(b.Bytes())
	return err
}

// line says how one connection stands.
func line(b *bytes.Buffer, style table.Style, now odds.Time, x *connect.Status) {
	fmt.Fprintf(b, "%s: %s for %s", style.Bold(x.Venue), x.State, age(now.Sub(x.Since)))
	var states []string
	for _, state := range []frames.State{frames.Live, frames.Subscribed, frames.Stale, frames.Gap, frames.Idle} {
		if n := x.Markets[state]; n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, state))
		}
	}
	if len(states) > 0 {
		fmt.Fprintf(b, " · markets: %s", strings.Join(states, ", "))
	}
	fmt.Fprintf(b, " · %d messages, %d prices", x.Frames, x.Quotes)
	if x.Delay > 0 {
		fmt.Fprintf(b, ", %d ms after the venue's stamp", x.Delay)
	}
	for _, of := range slices.Sorted(maps.Keys(x.Quota)) {
		b.WriteString(" · " + left(of, x.Quota[of]))
	}
	b.WriteByte('\n')
	say := func(what, text string) {
		if text != "" {
			fmt.Fprintf(b, "  %s: %s\n", what, table.Plain(text))
		}
	}
	if x.State == connect.Waiting || x.State == connect.Refused {
		say("why", x.Error)
	}
	say("not asked for", x.SkippedLast)
	say("not read", x.UnreadLast)
	say("not recorded", x.RecordError)
}

// tableLocked lists the markets that were heard of last.
func (s *Screen) tableLocked(now odds.Time, most int) *table.Table {
	keys := slices.SortedFunc(maps.Keys(s.markets), func(a, b key) int {
		x, y := s.markets[a], s.markets[b]
		return cmp.Or(cmp.Compare(y.recv, x.recv), cmp.Compare(x.title, y.title), cmp.Compare(a.event, b.event), cmp.Compare(a.market, b.market), cmp.Compare(a.venue, b.venue))
	})
	t := table.New("venue", "event", "market", "prices", ">age")
	for _, k := range keys[:min(most, len(keys))] {
		m := s.markets[k]
		prices := table.Cell{Text: m.shown()}
		if m.status != odds.Open {
			prices = table.Cell{Text: m.status.String(), Paint: table.Yellow}
		}
		t.Add(k.venue, short(m.title, 44), short(k.market, 20), prices, age(now.Sub(m.at)))
	}
	return t
}

// shown lists the prices, the lines first.
func (m *market) shown() string {
	names := slices.SortedFunc(maps.Keys(m.prices), func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.name, b.name))
	})
	const most = 3
	var out []string
	for _, o := range names[:min(most, len(names))] {
		p := m.prices[o]
		text := strings.TrimSpace(o.subject + " " + o.name)
		if !math.IsNaN(p.line) {
			text += " " + strconv.FormatFloat(p.line, 'f', -1, 64)
		}
		if p.status == odds.Open {
			text += " " + strconv.FormatFloat(p.odds, 'f', 3, 64)
		} else {
			text += " " + p.status.String()
		}
		out = append(out, short(text, 24))
	}
	if len(names) > most {
		out = append(out, fmt.Sprintf("+%d", len(names)-most))
	}
	return strings.Join(out, "  ")
}

// doubts lists the markets whose prices are not to be relied on.
func doubts(b *bytes.Buffer, style table.Style, now odds.Time, list []frames.Standing, more int) {
	if len(list) == 0 {
		return
	}
	const most = 5
	b.WriteString("Not to be relied on:\n")
	t := table.New("venue", "market", "state", ">for", "why")
	for i := range list[:min(most, len(list))] {
		m := &list[i]
		name := m.ID
		if m.Known {
			name = title(m.Market.Event) + " · " + m.Market.Name
		}
		t.Add(m.Source, short(name, 50), table.Cell{Text: string(m.State), Paint: table.Yellow}, age(now.Sub(m.Since)), short(m.Why, 40))
	}
	t.Write(b, style)
	if more += len(list) - t.Len(); more > 0 {
		fmt.Fprintf(b, "… and %d more\n", more)
	}
}

// short cuts a text to so many characters.
func short(text string, most int) string {
	r := []rune(table.Plain(text))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most-1]) + "…"
}

// age writes a span in the unit that says most.
func age(d odds.Millis) string {
	switch s := d / 1000; {
	case d < 0:
		return "0 s"
	case d < 10_000:
		return fmt.Sprintf("%.1f s", float64(d)/1000)
	case s < 120:
		return fmt.Sprintf("%d s", s)
	case s < 7200:
		return fmt.Sprintf("%d min", s/60)
	default:
		return fmt.Sprintf("%d h", s/3600)
	}
}

// left says how much there is of what a venue counts, to a tenth.
func left(of string, x float64) string {
	name := of + " left"
	for _, counted := range []string{"used", "last"} {
		if of, ok := strings.CutSuffix(of, "_"+counted); ok {
			name = of + " " + counted
		}
	}
	return name + ": " + strconv.FormatFloat(math.Round(10*x)/10, 'f', -1, 64)
}
