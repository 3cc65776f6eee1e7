package answer

import (
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Bet is the bet that a forecast suggests and what it was worth. Members are null where nothing
// is known, and Lacks and Unclosed say why.
type Bet struct {
	Node     *odds.NodeID `json:"bet"`                 // the price that is backed: the follower's, or that of the other of two outcomes; null: there is no single one
	Line     *float64     `json:"bet_line"`            // its line
	Price    *float64     `json:"price"`               // decimal, takeable when the call was issued
	Fee      *float64     `json:"fee"`                 // share of net winnings; null: unknown
	Fair     *float64     `json:"fair"`                // probability of winning by the other groups of venues, Shin's method
	EV       *float64     `json:"ev"`                  // fair × net price − 1
	Lacks    string       `json:"lacks"`               // why there is no EV
	Value    bool         `json:"value"`               // EV above 0 by each method
	Close    *float64     `json:"close"`               // the same probability when the match started
	CLV      *float64     `json:"clv"`                 // close × net price − 1
	Unclosed string       `json:"unclosed"`            // why there is no close
	Mine     *MyBet       `json:"my_venues,omitempty"` // what my venues make of it; left out where none are named
}

// MyBet is what the operator's venues make of a bet: its price is the best takeable one of
// these, or null.
type MyBet struct {
	Currency  *string    `json:"currency"`         // of the stakes; null: not stated
	Least     *float64   `json:"least_stake"`      // null: none stated
	Most      *float64   `json:"most_stake"`       // that the venue and the size available allow; null: not known
	Cut       string     `json:"cut"`              // which of them bounds it
	Better    int        `json:"better_elsewhere"` // prices of the same bet that pay more, after fees, at other venues
	Elsewhere *Elsewhere `json:"elsewhere"`        // the best of them; null: there is none
}

// Elsewhere is a price at a venue that is not one of the operator's.
type Elsewhere struct {
	Node  odds.NodeID `json:"node"`
	Price float64     `json:"price"` // decimal
}

// mineOf is nil where no venues are named.
func mineOf(m *money.Mine) *MyBet {
	if !m.Mine {
		return nil
	}
	out := &MyBet{Cut: m.Cut, Better: m.Better}
	if m.Currency != "" {
		out.Currency = &m.Currency
	}
	if m.Least > 0 {
		out.Least = &m.Least
	}
	if m.Most > 0 {
		out.Most = &m.Most
	}
	if m.Better > 0 {
		out.Elsewhere = &Elsewhere{m.Elsewhere, m.ElsewherePays}
	}
	return out
}

// BetOf shows a bet; nil is one of an earlier version. It shares no memory that changes.
func BetOf(b *money.Bet) (out Bet) {
	if b == nil {
		out.Lacks = "not recorded by the version that made it"
		return out
	}
	out = Bet{Line: b.Line, Fee: b.Fee, EV: b.EV, Lacks: b.Lacks, Value: b.Value, CLV: b.CLV, Unclosed: b.Open, Mine: mineOf(&b.Mine)}
	if b.Node != "" {
		out.Node = &b.Node
	}
	if b.Price > 0 {
		out.Price = &b.Price
	}
	if b.Fair != nil {
		out.Fair = &b.Fair.Shin
	}
	if b.Close != nil {
		out.Close = &b.Close.Shin
	}
	return out
}
