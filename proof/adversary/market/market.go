// Package market makes adversarial markets: odds whose truth is known and in which a
// hasty estimator sees a leader that is not there, misses one that is, or keeps one that
// is gone. Each market is a pure function of a seed. It comes as batches, or written as
// canonical ticks, with nothing but what a source could say.
//
// A move of a market is a change of log-odds. All prices of an event stay close together,
// so that what a venue misses it makes up for minutes later and its own ideas are taken
// back; otherwise every market would be full of arbitrage.
package market

import (
	"cmp"
	"io"
	"math/rand/v2"
	"slices"

	"corrgraph/feed/canonical"
	"corrgraph/odds"
)

// Rule is the truth about two venues, A and B.
type Rule string

// The rules.
const (
	// Leads: A moves first and B follows after Low to High.
	Leads Rule = "leads"
	// Together: both move at once, or in an order that changes by chance.
	Together Rule = "together"
	// Apart: nothing joins them.
	Apart Rule = "apart"
	// Mediated: A moves before B, but only because A leads Via and Via leads B.
	Mediated Rule = "mediated"
	// Swapped: A led B, and now B leads A.
	Swapped Rule = "swapped"
	// Copies: B republishes the prices of A, and now and then old ones.
	Copies Rule = "copies"
	// Echoes: A republishes the prices of a leader of B and leads nobody.
	Echoes Rule = "echoes"
)

// Link is what is planted between two venues.
type Link struct {
	A, B      string
	Rule      Rule
	Via       string      // of Mediated
	Low, High odds.Millis // of Leads: the lags that are planted
	Most      odds.Millis // of Leads: no lag above it may be claimed; 0: any
	Aside     bool        // it is right not to find it
}

// Look is a moment at which the market is judged.
type Look struct {
	At    odds.Time // prices after it are not known yet; 0: the end
	Links []Link
}

// Market is one adversarial market.
type Market struct {
	Name  string
	About string // what is planted, and what is false about it at first sight
	Looks []Look
	// Skewed is the venue whose clock is wrong, Stale the one that republishes old prices;
	// mostly there is none.
	Skewed, Stale string

	events int
	hours  int64
	live   bool // in play from the start
	fill   func(*plan)
}

// Start is the first instant of every market.
const Start odds.Time = 1_780_336_800_000 // 2026-06-01T18:00:00Z

const (
	second = 1000 // ms
	minute = 60 * second
	hour   = 60 * minute
)

// List returns all markets: those of streams and separate pollers, then those that one
// request for several venues shows.
func List() []Market { return append(streams(), polls()...) }

// Batches returns the market's prices in event-time order.
func (m *Market) Batches(seed uint64) []*odds.Batch {
	p := newPlan(m, rand.New(rand.NewPCG(seed, nameOf(m.Name))))
	m.fill(p)
	slices.SortStableFunc(p.out, func(a, b *odds.Batch) int { return cmp.Compare(a.At, b.At) })
	return p.out
}

// nameOf hashes a name (FNV-1a), so that markets of one seed differ.
func nameOf(name string) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(name) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// Write writes what is known of the market at a time, 0 for the end, as canonical ticks.
func (m *Market) Write(w io.Writer, seed uint64, until odds.Time) error {
	out := canonical.NewWriter(w)
	for _, b := range m.Batches(seed) {
		if until != 0 && b.At > until {
			break
		}
		if err := out.Write(b); err != nil {
			return err
		}
	}
	return out.Flush()
}

// atEnd is a single look at the end.
func atEnd(links ...Link) []Look { return []Look{{Links: links}} }

// looks looks at one link after some hours; 0 is the end.
func looks(l Link, hours ...odds.Time) (out []Look) {
	for _, h := range hours {
		at := Start + h*hour
		if h == 0 {
			at = 0
		}
		out = append(out, Look{At: at, Links: []Link{l}})
	}
	return out
}

// all joins every two venues by one rule.
func all(rule Rule, venues ...string) (links []Link) {
	for i, a := range venues {
		for _, b := range venues[i+1:] {
			links = append(links, Link{A: a, B: b, Rule: rule})
		}
	}
	return links
}
