package contract

import (
	"fmt"
	"slices"
	"strings"
)

// mostByRule is how many links of one event are made by rule.
const mostByRule = 1000

// ByCatalogue returns the links that the catalogue made in an event: each venue's quotes of a
// market with those of the others. quoted holds a bet for each venue and market. Two venues make
// one link, more of them one each.
func ByCatalogue(event Bet, quoted []Bet) (out []Link) {
	of := map[string][]*Bet{}
	var markets []string
	for i := range quoted {
		b := &quoted[i]
		if of[b.Market] == nil {
			markets = append(markets, b.Market)
		}
		of[b.Market] = append(of[b.Market], b)
	}
	slices.Sort(markets)
	for _, m := range markets {
		same := of[m]
		if len(same) < 2 {
			continue
		}
		if len(same) == 2 {
			same = same[1:]
		}
		for _, b := range same {
			if len(out) == mostByRule {
				return out
			}
			out = append(out, byRule(&event, b, of[m]))
		}
	}
	return out
}

// byRule links a venue's quotes of a market with those of the others.
func byRule(event, b *Bet, all []*Bet) Link {
	rest := *b
	rest.Venues, rest.Rules = nil, ""
	var silent []string
	for _, x := range all {
		if x != b {
			rest.Venues = append(rest.Venues, x.Venues...)
			if rest.Rules == "" {
				rest.Rules = x.Rules
			}
		}
		if x.Rules == "" {
			silent = append(silent, x.Venues...)
		}
	}
	slices.Sort(rest.Venues)
	l := Link{A: *b, B: rest, Relation: Identity, State: Confirmed, By: ByRule, Likeness: 1}
	l.ID = LinkID(&l.A, &Bet{EventID: rest.EventID, Market: rest.Market})
	l.For = []string{fmt.Sprintf("the catalogue found the same event (%s) and the same market (%s)", event.Title, b.Market)}
	if b.Settlement == "" {
		l.Against = append(l.Against, "how they settle is not stated")
	} else {
		l.For = append(l.For, "both settle by "+b.Settlement)
	}
	if len(silent) > 0 {
		slices.Sort(silent)
		l.Against = append(l.Against, clip("no rules are known of "+strings.Join(silent, ", "), mostReason))
	}
	l.Effect = effectOf(&l)
	return l
}

// effectOf says what follows from a link.
func effectOf(l *Link) string {
	switch {
	case l.State == Candidate:
		return "none until somebody confirms it: no link, no arbitrage"
	case l.A.EventID == l.B.EventID && (l.State == Rejected || l.Relation != Identity):
		return strings.Join(l.A.Venues, ", ") + " is kept apart from the others: no link, no arbitrage"
	case l.State == Rejected:
		return "none: they are not proposed again"
	case l.Relation == Identity:
		return "they are compared as one bet: links between their prices, and arbitrage"
	case l.Relation == Complement:
		return "they are compared as one bet, with the two sides exchanged"
	}
	return "it is shown; prices are never compared as those of one bet"
}
