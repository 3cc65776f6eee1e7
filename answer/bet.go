package answer

import (
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Bet is the bet that a forecast suggests and what it was worth. Members are null where nothing
// is known, and Lacks and Unclosed say why.
type Bet struct {
	Node     *odds.NodeID `json:"bet"`      // the price that is backed: the follower's, or that of the other of two outcomes; null: there is no single one
	Line     *float64     `json:"bet_line"` // its line
	Price    *float64     `json:"price"`    // decimal, takeable when the call was issued
	Fee      *float64     `json:"fee"`      // share of net winnings; null: unknown
	Fair     *float64     `json:"fair"`     // probability of winning by the other groups of venues, Shin's method
	EV       *float64     `json:"ev"`       // fair × net price − 1
	Lacks    string       `json:"lacks"`    // why there is no EV
	Value    bool         `json:"value"`    // EV above 0 by each method
	Close    *float64     `json:"close"`    // the same probability when the match started
	CLV      *float64     `json:"clv"`      // close × net price − 1
	Unclosed string       `json:"unclosed"` // why there is no close
}

// BetOf shows a bet; nil is one of an earlier version. It shares no memory that changes.
func BetOf(b *money.Bet) (out Bet) {
	if b == nil {
		out.Lacks = "not recorded by the version that made it"
		return out
	}
	out = Bet{Line: b.Line, Fee: b.Fee, EV: b.EV, Lacks: b.Lacks, Value: b.Value, CLV: b.CLV, Unclosed: b.Open}
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
