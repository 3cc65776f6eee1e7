package worth

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/fair"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Options of a Ledger.
type Options struct {
	Fees  map[string]float64 // share of net winnings, by venue
	Delay odds.Millis        // from a call to when its bet is placed on paper
}

// Told is what has become known of a bet.
type Told struct {
	Call  string // id of the call; empty: no forecast made the bet
	Event string
	Bet   *money.Bet // never changed
}

// Ledger is the bets of one engine.
type Ledger struct {
	News []Told // since the engine took them

	board   *board.Board
	opt     Options
	young   map[*board.Event][]*bet // await a fill or marks
	closing map[*board.Event][]*bet // await the start
	looked  odds.Time               // the newest batch before which starts were looked for
	next    odds.Time               // when a start is due, as of then; 0: look again
	forward map[string]bool         // leagues in which there was a call
	over    map[place]bool          // prices of value at the last look
	view    detect.MarketView
	newest  odds.Time // quote behind the newest fair probability
	yes     []int     // reused
	all     []int     // reused
}

// place is an outcome at a venue.
type place struct {
	book *board.Book
	k    int
}

// bet is a bet that is followed.
type bet struct {
	money.Bet
	call   string
	book   *board.Book
	k      int
	worth  float64 // of its line, in log-odds
	listed int     // outcomes of its market at the venue
	gaps   int     // of the venue's series
	marked int     // marks that are made or came too late
	filled bool    // or refused
	due    odds.Time
}

// New returns an empty ledger.
func New(b *board.Board, o Options) *Ledger {
	return &Ledger{board: b, opt: o, young: map[*board.Event][]*bet{}, closing: map[*board.Event][]*bet{}, forward: map[string]bool{}, over: map[place]bool{}}
}

// Fee is the share of net winnings that a venue keeps; nil if it is unknown. Bookmakers that
// are not configured take none: their margin is in the price.
func (l *Ledger) Fee(venue string) *float64 {
	fee, configured := l.opt.Fees[venue]
	if !configured && odds.IsExchange(venue) {
		return nil
	}
	return &fee
}

// Call opens the bet of a call: on the follower, whose price will shorten (direction > 0), or
// on the other one of two outcomes. leaders are the nodes that say so. The bet that is returned
// is never changed; it says what it lacks.
func (l *Ledger) Call(call string, target *board.Node, direction float64, leaders []*board.Node) *money.Bet {
	ev, at := target.Event, l.board.Now
	b := &bet{Bet: money.Bet{Event: ev.ID, Sport: ev.Sport, League: ev.League, At: at, Live: target.Live}, call: call, book: target.Book}
	l.forward[board.LeagueKey(ev.Sport, ev.League)] = true
	if b.book == nil {
		b.Lacks = money.NoVenue
		return b.Clone()
	}
	l.board.View(target.Market, at, &l.view)
	w := l.venue(b.book)
	if w == nil || l.view.Raw || l.view.Lay || !w.Complete {
		b.Lacks = money.NoMarket
		return b.Clone()
	}
	if b.k = backed(w, target.Sel, direction); b.k < 0 {
		b.Lacks = money.NoSide
		return b.Clone()
	}
	without := []*board.Book{b.book}
	for _, n := range leaders {
		if n.Book != nil {
			without = append(without, n.Book)
		}
	}
	if w = l.choose(b, w); b.book != without[0] {
		without = append(without, b.book)
		l.over[place{b.book, b.k}] = true // the forecast is about another venue: this price is its bet
	}
	l.open(b, w, without)
	if b.book == without[0] {
		delete(l.over, place{b.book, b.k})
	}
	l.dropTwin(b)
	l.follow(b)
	return b.Clone()
}

// backed is the outcome to back: k, or the other of two; -1 if there is no single one.
func backed(w *detect.VenueView, k int, direction float64) int {
	if direction > 0 {
		return k
	}
	other := -1
	for i, listed := range w.Listed {
		switch {
		case !listed || i == k:
		case other >= 0:
			return -1
		default:
			other = i
		}
	}
	return other
}

// open reads the price of a bet and prices it. l.view must be that of its market.
func (l *Ledger) open(b *bet, w *detect.VenueView, without []*board.Book) {
	b.Node, b.worth, b.gaps = w.Nodes[b.k], w.Worth[b.k], gapsOf(b.book)
	b.listed = fair.Count(w.Listed)
	if line := w.Lines[b.k]; !math.IsNaN(line) {
		b.Line = &line
	}
	b.Without = l.left(without)
	b.Fee = l.Fee(b.book.Venue.Name)
	take(b, w)
	a := l.fair(b, false, 0)
	b.Fair, b.Groups = a.Fair, a.Groups
	switch {
	case b.Lacks != "":
	case b.Fee == nil:
		b.Lacks = money.UnknownFee
	default:
		b.Lacks = a.Lacks
	}
	b.Priced()
	b.Open = money.NotYet
	if start := b.book.Market.Event.Match.Start; b.Live || start != 0 && b.At >= start {
		b.Open = money.InPlay
	}
}

// left lists the venues of books and what is grouped with them in the market of l.view, by name.
func (l *Ledger) left(books []*board.Book) []string {
	ev := books[0].Market.Event
	g := l.board.Groups()[board.LeagueKey(ev.Sport, ev.League)]
	var names []string
	var groups []int
	for _, b := range books { // a leader may be of another market
		names, groups = append(names, b.Venue.Name), append(groups, g.Of(b.Venue.Index))
	}
	return fair.Left(&l.view, names, groups)
}

// venue finds a book in the view.
func (l *Ledger) venue(b *board.Book) *detect.VenueView {
	for i := range l.view.Venues {
		if w := &l.view.Venues[i]; w.Venue == b.Venue.Name && l.board.Book(b.Market, w.Venue) == b {
			return w
		}
	}
	return nil
}

// fair asks the other venues in l.view, the view of the bet's market, for the probability of
// winning it. fresh, if not 0, is the time before which a polled quote is too old.
func (l *Ledger) fair(b *bet, convert bool, fresh odds.Time) money.Answer {
	p := fair.Price{Sport: b.Sport, Market: b.book.Market.Family, K: b.k, Line: math.NaN(), Worth: b.worth, Listed: b.listed, Without: b.Without}
	if b.Line != nil {
		p.Line = *b.Line
	}
	a := p.Of(&l.view, convert, fresh)
	l.newest = a.Newest
	return a.Answer
}

// gapsOf counts the breaks in what a venue shows of a market.
func gapsOf(b *board.Book) (n int) {
	for _, x := range b.Nodes {
		if x != nil {
			n += x.Gaps
		}
	}
	return n
}

// most bounds the bets on a match that await a fill or marks, and those that await its start.
// Further ones are priced and not followed.
const most = 4096

// follow waits for what comes of a bet.
func (l *Ledger) follow(b *bet) {
	ev := b.book.Market.Event
	switch {
	case b.Price <= 1 || b.Fee == nil:
		return
	case len(l.young[ev]) >= most || b.Open == money.NotYet && len(l.closing[ev]) >= most:
		b.Open = money.TooMany
		return
	}
	first, _ := money.MarkAfter(0)
	b.due = b.At.Add(min(first, l.opt.Delay))
	l.young[ev] = append(l.young[ev], b)
	if b.Open == money.NotYet {
		l.closing[ev] = append(l.closing[ev], b)
		ev.Bets++
		l.next = 0
	}
}

// grow drops the young bets on a match that await nothing any more.
func (l *Ledger) grow(ev *board.Event, done func(*bet) bool) {
	if left := slices.DeleteFunc(l.young[ev], done); len(left) > 0 {
		l.young[ev] = left
	} else {
		delete(l.young, ev)
	}
}

// dropTwin forgets the bet of the same instant that no forecast had made then: the call came
// at the end of the instant.
func (l *Ledger) dropTwin(b *bet) {
	twin := func(o *bet) bool {
		return o.call == "" && o.At == b.At && o.book == b.book
	}
	ev := b.book.Market.Event
	l.grow(ev, twin)
	before := len(l.closing[ev])
	l.closing[ev] = slices.DeleteFunc(l.closing[ev], twin)
	ev.Bets -= before - len(l.closing[ev])
}

// tell reports what is known of a bet. Bets without a forecast are told once they are closed.
func (l *Ledger) tell(b *bet) {
	if b.call != "" || b.CLV != nil {
		l.News = append(l.News, Told{b.call, b.Event, b.Clone()})
	}
}

// Look follows the bets on the matches of a batch, and finds prices of value that no forecast is
// about. Cost: O(young bets on these matches), and a look at every market that changed.
func (l *Ledger) Look() {
	at := l.board.Now
	var before *board.Event
	for _, ev := range l.board.Quoted {
		if ev == before || len(l.young[ev]) == 0 {
			continue
		}
		before = ev
		l.grow(ev, func(b *bet) bool {
			done := at >= b.due && l.look(b, at)
			if done && b.call != "" {
				l.tell(b)
			}
			return done
		})
	}
	for _, m := range l.board.Dirty {
		l.search(m, at)
	}
}

// giveUp is how long after its delay a paper bet waits for a quote.
const giveUp = odds.Millis(3_600_000)

// Why a paper bet is refused.
const (
	gapped   = "the venue's prices were interrupted"
	lineGone = "the line had changed"
	started  = "the match had started"
	silent   = "no quote came within an hour"
	shut     = "the price could not be taken any more"
)

// look marks and fills a bet; it reports whether nothing is left to wait for. Polls from before
// the bet say nothing of what it became worth.
func (l *Ledger) look(b *bet, at odds.Time) bool {
	m := b.book.Market
	viewed := false
	for after, ok := money.MarkAfter(b.marked); ok; after, ok = money.MarkAfter(b.marked) {
		if at < b.At.Add(after) {
			break
		}
		b.marked++
		if at > b.At.Add(2*after) {
			continue
		}
		if !viewed {
			l.board.View(m, at, &l.view)
			viewed = true
		}
		if a := l.fair(b, false, b.At+1); a.Fair != nil {
			b.Mark(after, at, a.Fair.Shin)
		}
	}
	if !b.filled {
		l.fill(b, at)
	}
	after, more := money.MarkAfter(b.marked)
	if b.filled && more {
		b.due = b.At.Add(after)
	}
	return b.filled && !more
}

// fill places a bet at the first quote after the delay.
func (l *Ledger) fill(b *bet, at odds.Time) {
	due := b.At.Add(l.opt.Delay)
	x, refused := b.book, ""
	line := x.Line(b.k)
	switch {
	case x.SeenAt < due && at <= due.Add(giveUp):
		return
	case x.SeenAt < due:
		refused = silent
	case x.Live != b.Live:
		refused = started
	case gapsOf(x) != b.gaps:
		refused = gapped
	case !x.Current() || x.Middle() || !(x.Offer(b.k) > 1) || !x.Takes(b.k):
		refused = shut
	case b.Line != nil && line != *b.Line:
		refused = lineGone
	}
	b.filled = true
	b.Fill.At, b.Fill.Refused = at, refused
	if refused == "" {
		b.Fill.Price = x.Offer(b.k)
	}
	if b.Close != nil {
		b.Closed(b.Close, b.CloseAt, b.Converted)
	}
}

// search opens a bet on each price of a market that has become one of value while no forecast
// is about its venue. Only leagues with forecasts are searched: elsewhere there is nothing to
// compare with.
func (l *Ledger) search(m *board.Market, at odds.Time) {
	start := m.Event.Match.Start
	if m.Raw || m.Live || start != 0 && at >= start || !l.forward[board.LeagueKey(m.Event.Sport, m.Event.League)] {
		return
	}
	l.board.View(m, at, &l.view)
	if l.view.Lay || len(l.view.Venues) <= money.LeastGroups {
		return
	}
	for i := range l.view.Venues {
		w := &l.view.Venues[i]
		b := l.board.Book(m, w.Venue)
		if b == nil || !fair.Usable(w) {
			continue
		}
		for k, listed := range w.Listed {
			p := place{b, k}
			if !listed || !l.promising(w, k) {
				delete(l.over, p)
				continue
			}
			x := &bet{Bet: money.Bet{Event: m.Event.ID, Sport: m.Event.Sport, League: m.Event.League, At: at}, book: b, k: k}
			l.open(x, w, []*board.Book{b})
			if !x.Value {
				delete(l.over, p)
				continue
			}
			if !l.over[p] && b.Awaited == 0 {
				l.follow(x)
			}
			l.over[p] = true
		}
	}
}

// promising reports whether a price has value with the margins removed by the multiplicative
// way, which costs little. Where half of the other groups say no, their median does.
func (l *Ledger) promising(w *detect.VenueView, k int) bool {
	l.yes, l.all = l.yes[:0], l.all[:0]
	for i := range l.view.Venues {
		o := &l.view.Venues[i]
		if o.Group == w.Group || !fair.Usable(o) || !o.Listed[k] || !(o.Prices[k] > 1) || o.Lines[k] != w.Lines[k] && !math.IsNaN(w.Lines[k]) {
			continue
		}
		if !slices.Contains(l.all, o.Group) {
			l.all = append(l.all, o.Group)
		}
		if w.Prices[k] > o.Prices[k]*inverse(o) && !slices.Contains(l.yes, o.Group) {
			l.yes = append(l.yes, o.Group)
		}
	}
	return len(l.all) >= money.LeastGroups && 2*len(l.yes) >= len(l.all)
}

// inverse is the sum of a venue's inverse prices.
func inverse(w *detect.VenueView) (sum float64) {
	for k, listed := range w.Listed {
		if listed && w.Prices[k] > 1 {
			sum += 1 / w.Prices[k]
		}
	}
	return sum
}

// Marks are those made so far of the bet of a call on a match, oldest first; ok is false if it
// awaits none, and was not told since the engine took the news. Cost: O(young bets on it).
func (l *Ledger) Marks(ev *board.Event, call string) (marks []money.Mark, ok bool) {
	for _, b := range l.young[ev] {
		if b.call == call {
			return slices.Clone(b.Bet.Marks), true
		}
	}
	for i := len(l.News) - 1; i >= 0; i-- {
		if l.News[i].Call == call {
			return l.News[i].Bet.Marks, true
		}
	}
	return nil, false
}

// Forget drops the bets on forgotten events.
func (l *Ledger) Forget(gone map[*board.Event]bool) {
	for _, ev := range l.ending(func(ev *board.Event) bool { return gone[ev] }) {
		l.end(ev)
	}
	maps.DeleteFunc(l.young, func(ev *board.Event, _ []*bet) bool { return gone[ev] })
	maps.DeleteFunc(l.over, func(p place, _ bool) bool { return gone[p.book.Market.Event] })
}

// ending lists events with bets that await their start, in a fixed order.
func (l *Ledger) ending(pick func(*board.Event) bool) (out []*board.Event) {
	for ev := range l.closing {
		if pick(ev) {
			out = append(out, ev)
		}
	}
	slices.SortFunc(out, func(a, b *board.Event) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
