// Package arbitrage lists the arbitrages at current prices: the bets, their stakes and ages,
// how long each has been there, and what speaks against it.
package arbitrage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"corrgraph/answer"
	"corrgraph/answer/words"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/odds/account"
)

// mostWindows limits the markets that one question for arbitrage examines.
const mostWindows = 100

// suppressedFor is how long a suppressed arbitrage is examined, since its end is
// not tracked.
const suppressedFor = odds.Millis(3_600_000)

// Leg is one bet of an arbitrage.
type Leg struct {
	Node         odds.NodeID `json:"node"`
	Venue        string      `json:"venue"`
	Selection    string      `json:"selection"`
	Lay          bool        `json:"lay"`        // a bet against the selection
	Price        float64     `json:"price"`      // decimal odds as quoted
	Line         *float64    `json:"line"`       // as quoted for this selection; null where the market has none
	Commission   *float64    `json:"commission"` // share of net winnings that the venue keeps; null: it keeps one that is not known and not deducted
	Stake        float64     `json:"stake"`      // for an outlay of 1 in all, that makes every outcome pay the same; of a lay, the backer's
	Liability    float64     `json:"liability"`  // what is lost if the bet loses: the stake, or of a lay stake × (price − 1); adds up to 1
	Size         *float64    `json:"size"`       // stake available; null unknown
	SeenAt       odds.Time   `json:"seen_at"`
	ChangedAt    *odds.Time  `json:"changed_at"` // null: it has no series of its own
	AgeMs        odds.Millis `json:"age_ms"`     // event time since the venue's own stamp, or since it was seen if there is none
	ResolutionMs odds.Millis `json:"resolution_ms"`
	Currency     string      `json:"currency,omitempty"` // of size and amount; left out where it is not stated
	Amount       *float64    `json:"amount,omitempty"`   // stake of the outlay of my_venues, in the currency; left out where it is not sized
}

// Mine is what an arbitrage among the operator's venues is in money.
type Mine struct {
	Currency  *string  `json:"currency"`         // of limit, outlay and gain; null: not stated
	Outlay    *float64 `json:"outlay"`           // of the amounts of the legs; null: stakes are shares only
	Gain      *float64 `json:"gain"`             // won with these amounts at least, whichever outcome wins
	Cut       string   `json:"cut"`              // what bounds the limit: a size, or the largest stake at a venue
	Unsized   string   `json:"unsized"`          // why stakes are shares only
	Elsewhere int      `json:"better_elsewhere"` // prices of its outcomes that pay more at venues that are not mine
}

// Window is an arbitrage at current prices, after the commission that is configured and
// before other fees, limits and account rules.
type Window struct {
	EventID    string           `json:"event_id"`
	Title      string           `json:"title"`
	Market     string           `json:"market"`
	Line       *float64         `json:"line"` // of the first leg; null where the market has none
	InPlay     bool             `json:"in_play"`
	Since      odds.Time        `json:"since"`
	LastsMs    odds.Millis      `json:"lasts_ms"`      // event time since then
	OldestMs   odds.Millis      `json:"oldest_age_ms"` // age of its oldest leg: it may have been gone for so long
	Profit     float64          `json:"profit"`        // share of the outlay won whichever outcome wins
	Push       *float64         `json:"push"`          // what is won if stakes, or half stakes, are returned; null: they can't be
	Limit      *float64         `json:"limit"`         // largest outlay that sizes and my venues' limits allow; null: none is known
	Confidence float64          `json:"confidence"`
	Severity   detect.Severity  `json:"severity"`
	Legs       []Leg            `json:"legs"`
	Suspected  []string         `json:"suspected"`            // why it is probably a phantom; empty if nothing says so
	Warnings   []string         `json:"warnings"`             // the reasons of Suspected among them
	Suppressed string           `json:"suppressed,omitempty"` // why it can't be taken
	Review     *answer.Reviewed `json:"review,omitempty"`     // reviews of its anomaly
	Mine       *Mine            `json:"my_venues,omitempty"`  // left out where no venues are named

	markets [3]string // event and the markets of the first and the last leg
}

// List lists the arbitrages at current prices, newest first.
type List struct {
	AsOf       odds.Time `json:"as_of"`
	Windows    []Window  `json:"windows"`
	Suppressed int       `json:"suppressed"`       // number that can't be taken, listed or not
	Below      int       `json:"below_min_profit"` // number left out because of their profit
	LookedAt   int       `json:"looked_at"`        // how many of the newest anomalies of all kinds were examined
}

// Query selects arbitrages. Its zero value selects all that can be taken.
type Query struct {
	Suppressed bool    // list those that can't be taken too
	MinProfit  float64 // smallest profit listed, as a share of the stakes
}

// Find returns what fills l with what Find finds.
func (l *List) Find(q Query) func(context.Context, answer.Recent, answer.Names, odds.Time) error {
	return func(ctx context.Context, r answer.Recent, names answer.Names, asOf odds.Time) error {
		found, err := Find(ctx, r, q, names, asOf)
		if err == nil {
			*l = *found
		}
		return err
	}
}

// Find examines current prices in every market with an arbitrage that has not ended or was
// suppressed within the hour, a hundred at most. Windows with a stale leg, suppressed and
// muted ones are always counted, and listed on demand.
func Find(ctx context.Context, r answer.Recent, q Query, names answer.Names, asOf odds.Time) (*List, error) {
	out := &List{AsOf: asOf, Windows: []Window{}}
	var all []*detect.Anomaly
	err := r.EachAnomaly(ctx, "", 0, func(a *detect.Anomaly) bool {
		out.LookedAt++
		if detect.IsArbitrage(a.Kind) && a.Until == 0 {
			all = append(all, a)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	open := openArbitrage(all, names, asOf)
	r.Review(open)
	seen := map[[3]string]bool{} // a long id hides the market: two anomalies may be of the same
	for i := range open {
		found, err := windows(ctx, r, &open[i], asOf)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 || seen[found[0].markets] {
			continue
		}
		seen[found[0].markets] = true
		for i := range found {
			out.take(&found[i], &q)
		}
	}
	slices.SortStableFunc(out.Windows, func(a, b Window) int { return cmp.Compare(b.Since, a.Since) })
	return out, nil
}

// take lists or counts a window.
func (l *List) take(w *Window, q *Query) {
	if w.Suppressed != "" {
		l.Suppressed++
	}
	switch {
	case w.Profit < q.MinProfit:
		l.Below++
	case w.Suppressed == "" || q.Suppressed:
		l.Windows = append(l.Windows, *w)
	}
}

// openArbitrage returns the newest of these anomalies, one per market. Raised ones
// come first.
func openArbitrage(all []*detect.Anomaly, names answer.Names, asOf odds.Time) []answer.Anomaly {
	var raised, suppressed []*detect.Anomaly
	for _, a := range all {
		if a.Suppressed == "" {
			raised = append(raised, a)
		} else if a.At >= asOf.Add(-suppressedFor) {
			suppressed = append(suppressed, a)
		}
	}
	var out []answer.Anomaly
	seen := map[[3]string]bool{}
	for _, list := range [][]*detect.Anomaly{raised, suppressed} {
		slices.SortStableFunc(list, func(a, b *detect.Anomaly) int { return cmp.Compare(a.At, b.At) })
		for _, a := range slices.Backward(list) {
			market, lay := detect.Markets(a.Nodes)
			k := [3]string{a.Event, string(market), string(lay)}
			if !seen[k] && len(out) < mostWindows {
				seen[k] = true
				out = append(out, answer.NewAnomaly(a, names, odds.Never))
			}
		}
	}
	return out
}

// windows returns the arbitrages in the market of an anomaly, at most one per line; with
// those of its lay prices against its back prices, if it is of both.
func windows(ctx context.Context, r answer.MatchReader, a *answer.Anomaly, asOf odds.Time) ([]Window, error) {
	m, err := r.Match(ctx, a.EventID)
	if errors.Is(err, answer.ErrUnknown) {
		return nil, nil // the match has ended
	}
	if err != nil {
		return nil, err
	}
	quotes := map[odds.NodeID]*engine.Quote{}
	for i := range m.Quotes {
		quotes[m.Quotes[i].Node] = &m.Quotes[i]
	}
	now := max(m.AsOf, asOf) // the view of a match without ticks stays as it was
	var out []Window
	for _, found := range arbitrages(m.EventView, a.Nodes, quotes, now) {
		b := found.Evidence.Bets
		w := Window{
			EventID: a.EventID, Title: a.Title, Market: quotes[found.Nodes[0]].Market, Since: a.At, LastsMs: max(0, now.Sub(a.At)), OldestMs: b.AgeMs,
			Profit: b.Profit, Push: b.Push, Limit: money(b.Limit), Confidence: found.Confidence, Severity: found.Severity,
			Legs: []Leg{}, Suspected: []string{}, Warnings: []string{}, Suppressed: cmp.Or(a.Suppressed, found.Suppressed), Review: a.Review, Mine: mineOf(b),
		}
		if w.Suppressed == "" && a.Review != nil && a.Review.MutedBy != "" {
			w.Suppressed = "muted by " + a.Review.MutedBy
		}
		for i := range b.Legs {
			q := quotes[b.Legs[i].Node]
			w.add(&b.Legs[i], q)
			if why := frozen(q, m.Quotes, now); why != "" {
				w.Suspected = append(w.Suspected, why)
			}
		}
		w.markets = [3]string{a.EventID, w.Market, quotes[b.Legs[len(b.Legs)-1].Node].Market}
		w.warn()
		out = append(out, w)
	}
	return out, nil
}

// arbitrages finds what there is now in the market of these nodes.
func arbitrages(v *engine.EventView, nodes []odds.NodeID, quotes map[odds.NodeID]*engine.Quote, now odds.Time) []detect.Anomaly {
	var back, lay string
	for _, n := range nodes {
		switch q := quotes[n]; {
		case q == nil:
		case q.Lay:
			lay = cmp.Or(lay, q.Market)
		default:
			back = cmp.Or(back, q.Market)
		}
	}
	switch {
	case back != "" && lay != "":
		return detect.Crossed(v.Market(back, now), v.Market(lay, now), nil)
	case back+lay != "":
		return detect.Arbitrages(v.Market(back+lay, now), nil)
	}
	return nil
}

// mineOf is nil where no venues are named.
func mineOf(b *detect.Bets) *Mine {
	if !b.Mine {
		return nil
	}
	m := &Mine{Outlay: money(b.Outlay), Gain: money(b.Gain), Cut: b.Cut, Unsized: b.Unsized, Elsewhere: b.Elsewhere}
	if b.Currency != "" {
		m.Currency = &b.Currency
	}
	return m
}

// positive returns nil for 0.
func positive(x float64) *float64 {
	if x > 0 {
		return &x
	}
	return nil
}

// money returns nil for 0. Twelve digits are a thousandth of a unit in a billion.
func money(x float64) *float64 { return positive(account.Digits(x, 12)) }

// add makes a leg from a bet at a quote.
func (w *Window) add(b *detect.Bet, q *engine.Quote) {
	fee := &b.Commission
	if b.FeeUnknown {
		fee = nil
	}
	w.Legs = append(w.Legs, Leg{
		Node: q.Node, Venue: q.Venue, Selection: q.Selection, Lay: b.Lay, Price: b.Price, Line: b.Line, Commission: fee,
		Stake: b.Stake, Liability: b.Liability, Size: positive(b.Size),
		SeenAt: q.SeenAt, AgeMs: b.AgeMs, ResolutionMs: q.Resolution, Currency: b.Currency, Amount: money(b.Amount),
	})
	if q.ChangedAt != 0 {
		w.Legs[len(w.Legs)-1].ChangedAt = &q.ChangedAt
	}
	if w.Line == nil {
		w.Line = b.Line
	}
	w.InPlay = w.InPlay || q.InPlay
}

// leastOthers is how many other venues must quote a selection before one is said to stand
// still.
const leastOthers = 2

// frozen says that the price of a leg has not changed for longer than a real arbitrage
// lasts, although most other venues have changed theirs since: its venue may no longer
// update. Empty: nothing says so.
func frozen(leg *engine.Quote, all []engine.Quote, now odds.Time) string {
	still := now.Sub(leg.ChangedAt)
	if leg.ChangedAt == 0 || still <= detect.PhantomAfter {
		return ""
	}
	others, moved := 0, 0
	for i := range all {
		q := &all[i]
		if q.Market != leg.Market || q.Selection != leg.Selection || q.Venue == leg.Venue || q.ChangedAt == 0 {
			continue
		}
		others++
		if now.Sub(q.ChangedAt) <= still/2 {
			moved++
		}
	}
	if others < leastOthers || 2*moved <= others {
		return ""
	}
	return fmt.Sprintf("%s has not changed its price for %s, %d of %d others have", leg.Venue, words.Span(still), moved, others)
}

// warn adds the risks of a window.
func (w *Window) warn() {
	if w.LastsMs > detect.PhantomAfter {
		w.Suspected = append(w.Suspected, fmt.Sprintf("it has lasted %s, real ones are gone within %s", words.Span(w.LastsMs), words.Span(detect.PhantomAfter)))
	}
	if w.Suppressed != "" {
		w.Warnings = append(w.Warnings, "no offer: "+w.Suppressed)
	}
	for _, why := range w.Suspected {
		w.Severity = detect.SeverityLow
		w.Warnings = append(w.Warnings, "suspected phantom: "+why)
	}
	if w.Profit > detect.PalpableError {
		w.Warnings = append(w.Warnings, fmt.Sprintf("over %.0f %%: one of the prices is almost certainly wrong", 100*detect.PalpableError))
	}
	for i := range w.Legs {
		l := &w.Legs[i]
		old := fmt.Sprintf("%s was seen %s ago", l.Venue, words.Span(l.AgeMs))
		if l.AgeMs > max(l.ResolutionMs, 10_000) && !slices.Contains(w.Warnings, old) {
			w.Warnings = append(w.Warnings, old)
		}
		if fee := "the fee of " + l.Venue + " is not configured and not deducted"; l.Commission == nil && !slices.Contains(w.Warnings, fee) {
			w.Warnings = append(w.Warnings, fee)
		}
	}
	if w.InPlay {
		w.Warnings = append(w.Warnings, "in play: bets are delayed, and prices change before they are taken")
	}
}
