package money

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
)

// Mean is the mean of what bets were worth, with its 95 % interval clustered by event. Mean is
// nil without bets; Low and High with bets on fewer than two events, which say nothing about
// others.
type Mean struct {
	N      int      `json:"n"`
	Events int      `json:"events"`
	Mean   *float64 `json:"mean"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
}

// Compared is the closing line value of bets: of all calls, of those that IsValue, and of bets
// that no forecast made, weighted so that their expected values, prices and venues are those
// of the value calls.
type Compared struct {
	All       Mean `json:"all"`
	Value     Mean `json:"value"`
	Matched   Mean `json:"matched"`   // n counts the bets without a forecast
	Unmatched int  `json:"unmatched"` // value calls without such a bet; they are not in Matched
}

// LeagueWorth is the closing line value in one league.
type LeagueWorth struct {
	Sport  string `json:"sport"`
	League string `json:"league"`
	Compared
}

// BetCounts says how many calls have no expected value or no close, and why.
type BetCounts struct {
	Calls      int            `json:"calls"`
	Priced     int            `json:"priced"`   // with an EV
	Unpriced   map[string]int `json:"unpriced"` // calls without an EV, by reason
	Closed     int            `json:"closed"`   // with a CLV
	Unclosed   map[string]int `json:"unclosed"` // calls with a price and without a CLV, by reason
	Converted  int            `json:"converted"`
	Forecast   int            `json:"value"`      // calls that IsValue
	Unforecast int            `json:"unforecast"` // bets without a forecast that IsValue and have a CLV
}

// PaperLedger is a ledger of the value calls, one unit each, placed some time after they were seen.
type PaperLedger struct {
	DelayMs odds.Millis    `json:"delay_ms"`
	Bets    int            `json:"bets"`
	Filled  int            `json:"filled"`
	Refused map[string]int `json:"refused"` // by reason
	Waiting int            `json:"waiting"` // not filled and not refused yet
	Open    int            `json:"open"`    // filled, without a close
	Marked  string         `json:"marked"`  // at what profit is taken: there are no results
	Profit  float64        `json:"profit"`  // of the filled ones with a close, in units
	Worth   Mean           `json:"worth"`   // a unit
}

// MarkedAtClose is how a paper ledger without results values its bets.
const MarkedAtClose = "marked at close"

// MarkScore is what bets in play were worth some time later.
type MarkScore struct {
	AfterMs odds.Millis `json:"after_ms"`
	All     Mean        `json:"all"`
	Value   Mean        `json:"value"` // raised and suppressed alike
}

// Record is what calls were worth in money.
type Record struct {
	CLV     Compared      `json:"clv"`
	Leagues []LeagueWorth `json:"clv_leagues"`
	Cuts    int           `json:"clv_cuts"` // means of CLV looked at: one in twenty of them leaves its interval by chance alone
	Counts  BetCounts     `json:"money"`
	Paper   PaperLedger   `json:"paper"`
	Marks   []MarkScore   `json:"marks"` // of bets in play
}

// RecordOf adds up the bets of calls and, beside them, bets that no forecast made. Nil bets
// are calls of versions that did not price them, and are left out.
func RecordOf(calls, unforecast []*Bet, delay odds.Millis) (r Record) {
	calls = slices.DeleteFunc(slices.Clone(calls), func(b *Bet) bool { return b == nil })
	r.CLV, r.Leagues = compare(calls, unforecast), []LeagueWorth{}
	type league struct{ sport, name string }
	by, others := map[league][]*Bet{}, map[league][]*Bet{}
	var order []league
	for _, b := range calls {
		k := league{b.Sport, b.League}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], b)
	}
	for _, b := range unforecast {
		k := league{b.Sport, b.League}
		others[k] = append(others[k], b)
	}
	slices.SortFunc(order, func(a, b league) int { return cmp.Or(cmp.Compare(a.sport, b.sport), cmp.Compare(a.name, b.name)) })
	for _, k := range order {
		if c := compare(by[k], others[k]); c.All.N > 0 {
			r.Leagues = append(r.Leagues, LeagueWorth{k.sport, k.name, c})
		}
	}
	r.Cuts = r.CLV.cuts()
	if len(r.Leagues) > 1 { // else they are the same bets
		for i := range r.Leagues {
			r.Cuts += r.Leagues[i].cuts()
		}
	}
	r.Counts, r.Paper, r.Marks = countsOf(calls, unforecast), paperOf(calls, delay), marksOf(calls)
	return r
}

func (c *Compared) cuts() (n int) {
	for _, m := range []*Mean{&c.All, &c.Value, &c.Matched} {
		if m.N > 0 {
			n++
		}
	}
	return n
}

func countsOf(calls, unforecast []*Bet) BetCounts {
	c := BetCounts{Calls: len(calls), Unpriced: map[string]int{}, Unclosed: map[string]int{}}
	for _, b := range calls {
		if b.EV == nil {
			c.Unpriced[b.Lacks]++
		} else {
			c.Priced++
		}
		switch {
		case b.CLV != nil:
			c.Closed++
		case b.Price > 1 && b.Fee != nil:
			c.Unclosed[b.Open]++
		}
		if b.Converted {
			c.Converted++
		}
		if b.Value {
			c.Forecast++
		}
	}
	for _, b := range unforecast {
		if b.CLV != nil {
			c.Unforecast++
		}
	}
	return c
}

func paperOf(calls []*Bet, delay odds.Millis) PaperLedger {
	p := PaperLedger{DelayMs: delay, Refused: map[string]int{}, Marked: MarkedAtClose}
	var worth sample
	for _, b := range calls {
		if !b.Value || b.Live {
			continue
		}
		p.Bets++
		switch f := &b.Fill; {
		case f.Refused != "":
			p.Refused[f.Refused]++
		case f.Price == 0:
			p.Waiting++
		case f.Worth == nil:
			p.Filled++
			p.Open++
		default:
			p.Filled++
			p.Profit += *f.Worth
			worth.add(*f.Worth, 1, b.Event)
		}
	}
	p.Worth = worth.mean()
	return p
}

func marksOf(calls []*Bet) []MarkScore {
	out := make([]MarkScore, len(markAfter))
	for i, after := range markAfter {
		var all, value sample
		for _, b := range calls {
			for k := range b.Marks {
				if m := &b.Marks[k]; b.Live && m.AfterMs == after {
					all.add(m.Worth, 1, b.Event)
					if b.Value {
						value.add(m.Worth, 1, b.Event)
					}
				}
			}
		}
		out[i] = MarkScore{after, all.mean(), value.mean()}
	}
	return out
}

// Upper ends of the ranges within which a bet is comparable: of the expected value, and of the
// price.
var (
	evRanges    = []float64{0.01, 0.02, 0.04, 0.08}
	priceRanges = []float64{1.5, 1.8, 2.1, 2.6, 4}
)

// cell is what bets must have in common to be compared.
type cell struct {
	sport, league, venue string
	ev, price            int
}

func cellOf(b *Bet) cell {
	venue, _, _, _, _ := b.Node.Parts()
	c := cell{sport: b.Sport, league: b.League, venue: venue}
	c.ev, _ = slices.BinarySearch(evRanges, *b.EV)
	c.price, _ = slices.BinarySearch(priceRanges, b.Price)
	return c
}

// compare scores bets that have a CLV.
func compare(calls, unforecast []*Bet) (c Compared) {
	var all, value, matched sample
	in := map[cell]int{}
	for _, b := range calls {
		if b.CLV == nil {
			continue
		}
		all.add(*b.CLV, 1, b.Event)
		if b.Value {
			value.add(*b.CLV, 1, b.Event)
			in[cellOf(b)]++
		}
	}
	have := map[cell]int{}
	for _, b := range unforecast {
		if b.EV != nil && b.CLV != nil && in[cellOf(b)] > 0 {
			have[cellOf(b)]++
		}
	}
	for _, b := range unforecast {
		if b.EV == nil || b.CLV == nil {
			continue
		}
		if k := cellOf(b); have[k] > 0 {
			matched.add(*b.CLV, float64(in[k])/float64(have[k]), b.Event)
		}
	}
	for k, n := range in {
		if have[k] == 0 {
			c.Unmatched += n
		}
	}
	c.All, c.Value, c.Matched = all.mean(), value.mean(), matched.mean()
	return c
}

// sample is weighted values of events.
type sample struct {
	values, weights []float64
	events          []string
}

func (s *sample) add(x, weight float64, event string) {
	s.values, s.weights, s.events = append(s.values, x), append(s.weights, weight), append(s.events, event)
}

// mean is the weighted mean. Bets of one event may depend on each other, those of different
// events may not: the variance is that of the sums by event (the sandwich estimator, with
// m / (m − 1) for m events), and Student's t with m − 1 degrees of freedom takes the place of
// the normal quantile, for few events.
func (s *sample) mean() (m Mean) {
	m.N = len(s.values)
	if m.N == 0 {
		return m
	}
	var sum, weight float64
	for i, x := range s.values {
		sum, weight = sum+s.weights[i]*x, weight+s.weights[i]
	}
	mean := sum / weight
	m.Mean = &mean
	at := map[string]int{}
	var sums []float64 // by event, in the order of first sight: that of a map would change the rounding
	for i, x := range s.values {
		k, known := at[s.events[i]]
		if !known {
			k = len(sums)
			at[s.events[i]], sums = k, append(sums, 0)
		}
		sums[k] += s.weights[i] * (x - mean)
	}
	m.Events = len(sums)
	if m.Events < 2 {
		return m
	}
	var squares float64
	for _, x := range sums {
		squares += x * x
	}
	n := float64(m.Events)
	half := student95(n-1) * math.Sqrt(squares*n/(n-1)) / weight
	low, high := mean-half, mean+half
	m.Low, m.High = &low, &high
	return m
}

// student95 is the quantile of Student's t for a two-sided interval of 95 %: exact for one and
// two degrees of freedom, else by the expansion of Abramowitz and Stegun 26.7.5, which is
// within 0.8 % there.
func student95(freedom float64) float64 {
	switch freedom {
	case 1:
		return 12.706204736
	case 2:
		return 4.302652730
	}
	const z = 1.959963984540054
	z3, z5, z7 := z*z*z, z*z*z*z*z, z*z*z*z*z*z*z
	f := freedom
	return z + (z3+z)/(4*f) + (5*z5+16*z3+3*z)/(96*f*f) + (3*z7+19*z5+17*z3-15*z)/(384*f*f*f)
}

// Unforecast is the closed bets of value that no forecast made, as a store keeps them.
type Unforecast struct {
	DelayMs odds.Millis `json:"paper_delay_ms"`
	Bets    []*Bet      `json:"bets"` // in order of their close
}

// By lists the bets that were closed by a time.
func (u *Unforecast) By(asOf odds.Time) []*Bet {
	return slices.DeleteFunc(slices.Clone(u.Bets), func(b *Bet) bool { return b.CloseAt > asOf })
}
