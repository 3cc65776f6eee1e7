package forecast

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"corrgraph/answer"
	"corrgraph/answer/words"
	"corrgraph/detect"
	"corrgraph/internal/table"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Caution is what a forecast is not.
const Caution = "A forecast says that a price may move, not who wins. EV is that of the bet before the move, at the others' fair probability; most are below 0, because of the margin.\n"

// Worth is the bet on a call, what it rests on and what it was worth.
type Worth struct {
	answer.Bet
	Fairs     *money.Fair `json:"fairs"`     // Fair by each method
	FairFrom  int         `json:"fair_from"` // groups of venues behind it
	Without   []string    `json:"without"`   // venues left out: the follower, its leaders and what is grouped with them
	CloseAtMs *int64      `json:"close_at_ms"`
	Converted bool        `json:"converted"`                               // the close is from another line
	Marks     []Marked    `json:"marks"`                                   // later fair probabilities
	Paper     *PaperBet   `json:"paper"`                                   // null: not placed yet
	Kelly     *float64    `json:"kelly,omitempty" minimum:"0" maximum:"1"` // share of a bankroll, as arithmetic on Fair and at most that; only where it was asked for
}

// Marked is a bet at the others' fair probability some time later.
type Marked struct {
	AfterMs odds.Millis `json:"after_ms"`
	AtMs    int64       `json:"at_ms"`
	Fair    float64     `json:"fair"`
	Worth   float64     `json:"worth"`
}

// PaperBet is what came of a bet placed some time after its call.
type PaperBet struct {
	AtMs    int64    `json:"at_ms"`
	Price   *float64 `json:"price"`   // null: refused
	Refused string   `json:"refused"` // why
	Worth   *float64 `json:"worth"`   // marked at close; null without one
}

// worthOf shows a bet; nil is one of an earlier version.
func worthOf(b *money.Bet) Worth {
	w := Worth{Bet: answer.BetOf(b), Without: []string{}, Marks: []Marked{}}
	if b == nil {
		return w
	}
	w.Fairs, w.FairFrom, w.Converted, w.CloseAtMs = b.Fair, b.Groups, b.Converted, epoch(b.CloseAt)
	w.Without = append(w.Without, b.Without...)
	for _, m := range b.Marks {
		w.Marks = append(w.Marks, Marked{m.AfterMs, int64(m.At), m.Fair, m.Worth})
	}
	if f := &b.Fill; f.At != 0 {
		w.Paper = &PaperBet{AtMs: int64(f.At), Refused: f.Refused, Worth: f.Worth}
		if f.Price > 0 {
			w.Paper.Price = &f.Price
		}
	}
	return w
}

// AddKelly states the share of a bankroll for bets with an EV.
func (l *List) AddKelly() {
	for i := range l.Calls {
		if w := &l.Calls[i].Worth; w.EV != nil {
			k := money.Kelly(*w.Fair, money.Net(*w.Price, *w.Fee))
			w.Kelly = &k
		}
	}
}

// moneyBy is what was known of a bet at a time.
func moneyBy(b *money.Bet, asOf odds.Time) *money.Bet {
	if b == nil {
		return nil
	}
	c := b.Clone()
	if c.CloseAt > asOf {
		c.Close, c.CloseAt, c.CLV, c.Converted, c.Open, c.Fill.Worth = nil, 0, nil, false, money.NotYet, nil
	}
	c.Marks = slices.DeleteFunc(c.Marks, func(m money.Mark) bool { return m.At > asOf })
	if c.Fill.At > asOf {
		c.Fill = money.Fill{}
	}
	return c
}

// bet is the price backed, in words.
func (c *Call) bet() string {
	if c.Bet.Node == nil || c.Price == nil {
		return "–"
	}
	_, _, _, side, _ := c.Bet.Node.Parts()
	return fmt.Sprintf("%s %.3f", side, *c.Price)
}

// gain is a share of the stake; – for none.
func gain(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%+.1f %%", 100**x)
}

// meanOf prints a mean with its interval.
func meanOf(m *money.Mean) string {
	switch {
	case m.Mean == nil:
		return "–"
	case m.Low == nil:
		return fmt.Sprintf("%s (n = %d, one match)", gain(m.Mean), m.N)
	}
	return fmt.Sprintf("%s (%s to %s, n = %d, %d matches)", gain(m.Mean), gain(m.Low), gain(m.High), m.N, m.Events)
}

// worth writes what the calls were worth in money, good or bad.
func worth(b *bytes.Buffer, s answer.Style, r *money.Record) {
	c := &r.Counts
	if c.Calls == 0 {
		return
	}
	b.WriteString("\n" + Caution)
	t := table.New("Closing line value", "all calls", "of value", "matched, without a forecast")
	add := func(who string, x *money.Compared) { t.Add(who, meanOf(&x.All), meanOf(&x.Value), meanOf(&x.Matched)) }
	add("all", &r.CLV)
	for i := range r.Leagues {
		add(words.Place(r.Leagues[i].Sport, r.Leagues[i].League, "", ""), &r.Leagues[i].Compared)
	}
	t.Write(b, s)
	fmt.Fprintf(b, "Means of the stake; intervals are of 95 %%, clustered by match. %d means were looked at: about one in twenty leaves its interval by chance. ", r.Cuts)
	b.WriteString("Of value: EV above 0 by the multiplicative way, Shin's and the power's. Matched: the same venue, and ranges of EV and price.\n")
	fmt.Fprintf(b, "%s: %d with an EV%s; %d with a close, %d of them from another line%s.\n",
		plural(c.Calls, "bet"), c.Priced, because(c.Unpriced), c.Closed, c.Converted, because(c.Unclosed))
	p := &r.Paper
	fmt.Fprintf(b, "Paper, a unit on each of value before the start, placed %s after the call: %d of %d filled%s, %d waiting, %d without a close; %s %+.2f units, %s a unit.\n",
		words.Span(p.DelayMs), p.Filled, p.Bets, because(p.Refused), p.Waiting, p.Open, p.Marked, p.Profit, meanOf(&p.Worth))
	inPlay := table.New("In play, later", "all calls", "of value, raised or not")
	for i := range r.Marks {
		m := &r.Marks[i]
		inPlay.Add(words.Span(m.AfterMs), meanOf(&m.All), meanOf(&m.Value))
	}
	b.WriteByte('\n')
	inPlay.Write(b, s)
	b.WriteString("At the others' fair probability then. Prices in play seldom stand until a bet arrives.\n")
}

// marksBy are the marks of an anomaly that were made by a time.
func marksBy(all []detect.Mark, asOf odds.Time) []detect.Mark {
	return slices.DeleteFunc(slices.Clone(all), func(m detect.Mark) bool { return m.At == nil || *m.At > asOf })
}

// marked writes what the prices of anomalies were worth later: the times at which there is
// something to compare, or one row of a kind without any.
func marked(b *bytes.Buffer, s answer.Style, all []money.AnomalyMarks) {
	if len(all) == 0 {
		return
	}
	t := table.New("Price of an anomaly", "later", "raised", "suppressed")
	means, kind, shown := 0, "", false
	for i := range all {
		m := &all[i]
		if kind != m.Kind {
			kind, shown = m.Kind, false
		}
		last := i+1 == len(all) || all[i+1].Kind != kind
		switch n := min(1, m.Raised.N) + min(1, m.Suppressed.N); {
		case n > 0:
			t.Add(kind, words.Span(m.AfterMs), meanOf(&m.Raised), meanOf(&m.Suppressed))
			means, shown = means+n, true
		case last && !shown:
			t.Add(kind, "–", "–", "–")
		}
	}
	b.WriteByte('\n')
	t.Write(b, s)
	fmt.Fprintf(b, "A bet at the price first told, if it is said to be too long, at the others' fair probability then; of an arbitrage, what bets at the prices shown then win for sure. "+
		"%s were looked at: about one in twenty leaves its interval by chance.\n", plural(means, "mean"))
}

// because lists reasons with their counts, in brackets.
func because(why map[string]int) string {
	if len(why) == 0 {
		return ""
	}
	text := " ("
	for i, r := range slices.Sorted(maps.Keys(why)) {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("%d: %s", why[r], r)
	}
	return text + ")"
}
