package detect

import "corrgraph/odds/account"

// Sized is what the bets of an arbitrage are in money, where the operator's venues are known.
type Sized struct {
	Mine     bool    `json:"my_venues,omitempty"` // it rests on the operator's venues alone
	Currency string  `json:"currency,omitempty"`  // of Limit, Outlay and Gain, where it is stated
	Outlay   float64 `json:"outlay,omitempty"`    // of the legs' amounts: the largest, or else the smallest that is allowed; 0: not sized
	Gain     float64 `json:"gain,omitempty"`      // won with these amounts at least, whichever outcome wins
	Cut      string  `json:"cut,omitempty"`       // what bounds Limit
	Unsized  string  `json:"unsized,omitempty"`   // why stakes are shares only
	// Elsewhere counts fresh prices of its outcomes that pay more at venues that are not the
	// operator's.
	Elsewhere int `json:"better_elsewhere,omitempty"`
}

// Why an arbitrage among the operator's venues can't be taken.
const (
	noFit   = "the stakes that it needs are outside the limits of my venues"
	noSteps = "stakes rounded to the venues' steps do not win in every outcome"
)

// size finds out how large the bets may be and, where the operator's venues are known, their
// amounts. It returns why they can't be placed. worst is their smallest result.
func (b *Bets) size(ts tickets, worst func([]float64) float64) (refused string) {
	legs := make([]account.Leg, len(ts))
	for i := range ts {
		legs[i] = account.Leg{Venue: ts[i].w.Venue, Terms: ts[i].w.Account, Stake: b.Legs[i].Stake, Liability: b.Legs[i].Liability, Size: b.Legs[i].Size}
	}
	fit := account.Fitting(legs)
	b.Limit = fit.Most
	if ts[0].w.Account.Held != account.Mine {
		return ""
	}
	b.Sized = Sized{Mine: true, Currency: fit.Currency, Cut: fit.Cut, Unsized: fit.Unsized}
	for i := range b.Legs {
		b.Legs[i].Currency = ts[i].w.Account.Currency
	}
	outlay := fit.Most
	switch {
	case fit.Unsized != "":
		return ""
	case !fit.Possible():
		return noFit
	case outlay == 0:
		outlay = fit.Least
	}
	if outlay == 0 {
		b.Unsized = "nothing says how large the stakes may be"
		return ""
	}
	return b.place(ts, &fit, legs, outlay, worst)
}

// place sets the amounts of an outlay, unless they could lose.
func (b *Bets) place(ts tickets, fit *account.Fit, legs []account.Leg, outlay float64, worst func([]float64) float64) (refused string) {
	amounts, ok := fit.Amounts(legs, outlay)
	if !ok {
		return noSteps
	}
	common, total := make([]float64, len(ts)), 0.0
	for i, x := range amounts {
		common[i] = x * fit.Rates[i]
		total += ts[i].outlay(common[i])
	}
	gain := worst(common)
	if !(gain > rounding*total) {
		return noSteps
	}
	b.Outlay, b.Gain = total, gain
	for i, x := range amounts {
		b.Legs[i].Amount = x
	}
	return ""
}

// elsewhere counts the prices that pay more than these at venues that are not the operator's.
func (f *form) elsewhere(ts tickets, b *Bets) {
	for i := range ts {
		for j := range f.v.Venues {
			w := &f.v.Venues[j]
			o := ticket{f.v, w, ts[i].s}
			if w.Account.Held == account.Theirs && f.shows(w, o.s) && f.v.fresh(w) && o.net() > ts[i].net() {
				b.Elsewhere++
			}
		}
	}
}
