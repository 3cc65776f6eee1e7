package contract

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"

	"corrgraph/odds"
)

const (
	rareWords  = 4   // of each bet, by which others are found
	mostSame   = 48  // bets that share a rare word: a word of more tells nothing
	leastLike  = 0.3 // likeness of a candidate
	wide       = 1.5 // days between starts of what may be one event
	mostReason = 200 // bytes of a sentence
)

// Found is the outcome of a search for candidates.
type Found struct {
	Links    []Link // the likest first
	Dropped  int    // candidates beyond the limit
	Compared int    // pairs that were looked at
}

// Candidates returns the pairs of bets of different venues and events that read alike, the likest
// first, at most so many. What relation they seem to have is a guess.
func Candidates(bets []Bet, most int) []Link { return Search(bets, most).Links }

// Search is Candidates with what was left out. It compares bets that share a rare word, each with
// a bounded number of others. Cost: O(n log n) in bets.
func Search(bets []Bet, most int) (f Found) {
	rs, weight := make([]*reading, len(bets)), map[string]float64{}
	for i := range bets {
		rs[i] = read(&bets[i])
		for _, w := range rs[i].words {
			weight[w]++
		}
	}
	for w, n := range weight {
		weight[w] = math.Log(1 + float64(len(bets))/n)
	}
	for _, p := range pairs(rs, weight) {
		f.Compared++
		if l, ok := compare(rs[p[0]], rs[p[1]], weight); ok {
			f.Links = append(f.Links, l)
		}
	}
	slices.SortFunc(f.Links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(a.ID, b.ID))
	})
	f.Links = slices.CompactFunc(f.Links, func(a, b Link) bool { return a.ID == b.ID })
	if n := len(f.Links) - max(0, most); n > 0 {
		f.Links, f.Dropped = f.Links[:max(0, most)], n
	}
	return f
}

// pairs lists which bets are compared: those that share one of their rare words.
func pairs(rs []*reading, weight map[string]float64) (out [][2]int) {
	with := map[string][]int{}
	for i, r := range rs {
		rare := slices.Clone(r.words)
		slices.SortFunc(rare, func(a, b string) int {
			return cmp.Or(cmp.Compare(weight[b], weight[a]), cmp.Compare(a, b))
		})
		for _, w := range rare[:min(rareWords, len(rare))] {
			with[w] = append(with[w], i)
		}
	}
	for _, same := range with {
		if len(same) > mostSame {
			continue
		}
		for x, i := range same {
			for _, j := range same[x+1:] {
				if rs[i].bet.apart(rs[j].bet) {
					out = append(out, [2]int{i, j})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(out)
}

// apart reports whether two bets are of different events and venues.
func (b *Bet) apart(c *Bet) bool {
	return b.EventID != c.EventID && (b.Sport == c.Sport || b.Sport == "" || c.Sport == "" || b.Market == "yes_no" || c.Market == "yes_no") &&
		!slices.ContainsFunc(b.Venues, func(v string) bool { return slices.Contains(c.Venues, v) })
}

// compare makes a candidate of two bets, if they are like enough.
func compare(a, b *reading, weight map[string]float64) (l Link, ok bool) {
	if a.bet.key() > b.bet.key() {
		a, b = b, a
	}
	both, onlyA, onlyB := split(a.words, b.words)
	w := func(words []string) (sum float64) {
		for _, x := range words {
			sum += weight[x]
		}
		return sum
	}
	all := w(both) + w(onlyA) + w(onlyB)
	if all == 0 || w(both)/all < leastLike || far(a.bet.Start, b.bet.Start) > 30 {
		return l, false
	}
	l = Link{ID: LinkID(a.bet, b.bet), A: *a.bet, B: *b.bet, State: Candidate, Likeness: math.Round(1000*w(both)/all) / 1000}
	l.For = append(l.For, "both say "+list(both))
	if len(onlyA)+len(onlyB) > 0 {
		l.Against = append(l.Against, fmt.Sprintf("only one says %s", list(append(slices.Clone(onlyA), onlyB...))))
	}
	l.Relation = Identity
	if w(onlyA)+w(onlyB) > 0.15*all {
		l.Relation = worded(onlyA, onlyB)
	}
	l.logic(a, b)
	l.settled(a, b)
	l.Effect = effectOf(&l)
	return l, true
}

// worded guesses from the words that only one of two bets has.
func worded(onlyA, onlyB []string) Relation {
	switch {
	case len(onlyB) == 0:
		return Subset // A states more conditions
	case len(onlyA) == 0:
		return Superset
	case len(onlyA) <= 2 && len(onlyB) <= 2:
		return Disjoint // other outcomes of one question
	}
	return Overlap
}

// logic compares numbers, dates and negations, and guesses the relation from what differs.
func (l *Link) logic(a, b *reading) {
	against := func(format string, args ...any) {
		l.Against = append(l.Against, clip(fmt.Sprintf(format, args...), mostReason))
	}
	turned := a.negated != b.negated
	if turned {
		against("one says not, the other does not")
		l.Relation = Complement
	}
	switch {
	case !slices.Equal(a.numbers, b.numbers):
		against("numbers differ: %s and %s", figures(a.numbers), figures(b.numbers))
		l.Relation = thresholds(a, b)
	case len(a.numbers) > 0 && a.above != b.above && a.below != b.below:
		against("one is above, the other below the same number")
		l.Relation = Complement
	case len(a.numbers) > 0:
		l.For = append(l.For, "both have the numbers "+figures(a.numbers))
	}
	switch {
	case !sameDates(a.dates, b.dates):
		against("dates differ: %s and %s", list(a.dates), list(b.dates))
		if l.Relation = Overlap; a.by && b.by && !turned && len(a.dates) == 1 && len(b.dates) == 1 && len(a.dates[0]) == len(b.dates[0]) {
			if l.Relation = Subset; a.dates[0] > b.dates[0] { // before an earlier day is before a later one
				l.Relation = Superset
			}
		}
	case len(a.dates) > 0 && a.by != b.by:
		against("one has a deadline, the other a day")
		l.Relation = Overlap
	case len(a.dates) > 0:
		l.For = append(l.For, "both have the dates "+list(a.dates))
	}
}

// thresholds guesses how bets on two different numbers are related.
func thresholds(a, b *reading) Relation {
	if len(a.numbers) != 1 || len(b.numbers) != 1 {
		return Overlap
	}
	x, y := a.numbers[0], b.numbers[0]
	switch {
	case a.above && b.above && !a.below && !b.below:
		return narrower(x > y)
	case a.below && b.below && !a.above && !b.above:
		return narrower(x < y)
	case a.above && b.below && x >= y, a.below && b.above && y >= x:
		return Disjoint
	case a.above || a.below || b.above || b.below:
		return Overlap
	}
	return Disjoint // exactly so many, and exactly so many others
}

// narrower is the relation of a bet that pays in fewer cases than another, or in more.
func narrower(yes bool) Relation {
	if yes {
		return Subset
	}
	return Superset
}

// settled compares starts, rules and settlement, and says what nobody states.
func (l *Link) settled(a, b *reading) {
	against := func(s string) { l.Against = append(l.Against, clip(s, mostReason)) }
	x, y := a.bet, b.bet
	switch d := far(x.Start, y.Start); {
	case x.Start == 0 && y.Start == 0:
		against("neither states a start")
	case x.Start == 0 || y.Start == 0:
		against("only one states a start")
	case d > wide:
		against(fmt.Sprintf("they start on different days: %s and %s", day(x.Start), day(y.Start)))
		l.Relation = Overlap
	default:
		l.For = append(l.For, "they start on the same day")
	}
	for _, r := range []*reading{a, b} {
		if r.bet.Rules == "" {
			against(strings.Join(r.bet.Venues, ", ") + " states no rules here: read them there")
		}
		if r.bet.Settlement == "" {
			against(strings.Join(r.bet.Venues, ", ") + " does not state how it settles")
		}
	}
	if x.Settlement != "" && y.Settlement != "" && x.Settlement != y.Settlement {
		against("they settle differently: " + x.Settlement + " and " + y.Settlement)
		l.Relation = Overlap
	}
	if len(a.sources) > 0 && len(b.sources) > 0 && !slices.Equal(a.sources, b.sources) {
		against("their rules name different sources: " + list(a.sources) + " and " + list(b.sources))
	}
}

// far is how many days two starts are apart; 0 if one is unknown.
func far(a, b odds.Time) float64 {
	if a == 0 || b == 0 {
		return 0
	}
	return math.Abs(float64(a-b)) / 86_400_000
}

// split compares two sorted lists.
func split(a, b []string) (both, onlyA, onlyB []string) {
	for len(a) > 0 && len(b) > 0 {
		switch c := cmp.Compare(a[0], b[0]); {
		case c == 0:
			both, a, b = append(both, a[0]), a[1:], b[1:]
		case c < 0:
			onlyA, a = append(onlyA, a[0]), a[1:]
		default:
			onlyB, b = append(onlyB, b[0]), b[1:]
		}
	}
	return both, append(onlyA, a...), append(onlyB, b...)
}

func list(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return clip(strings.Join(words, ", "), mostReason)
}

func figures(numbers []float64) string {
	var out []string
	for _, x := range numbers {
		out = append(out, strconv.FormatFloat(x, 'f', -1, 64))
	}
	return list(out)
}

// key names a bet.
func (b *Bet) key() string {
	venues := ""
	if b.Market != "" && len(b.Venues) == 1 {
		venues = b.Venues[0]
	}
	return strings.Join([]string{b.EventID, b.Market, b.Selection, venues}, "\x00")
}

// LinkID names the link of two bets; it is the same in either order.
func LinkID(a, b *Bet) string {
	x, y := a.key(), b.key()
	if x > y {
		x, y = y, x
	}
	h := fnv.New128a()
	_, _ = h.Write([]byte(x + "\x01" + y)) // never fails
	return fmt.Sprintf("%x", h.Sum(nil))
}
