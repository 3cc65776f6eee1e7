package leaders

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/internal/table"
	"corrgraph/odds"
)

// Text writes the discovered pairs, or all of them if all is set, as two tables:
// pairs with a leader, then pairs that move together; at most limit rows each (0:
// all). The groups follow.
func (l *Leaders) Text(w io.Writer, s table.Style, all bool, limit int) error {
	var b bytes.Buffer
	led := table.New("Leader → follower", "Where", "Lag", ">Corr", "Follows", ">n", ">q", "Confidence", ">Newest fifth: lead", "")
	together := table.New("Moving together, no leader", "Where", "Lag", ">Corr", "Follows", ">n", ">q", "Confidence", ">Newest fifth: corr", "")
	hidden, more, newest := 0, 0, false
	var reach span
	for i := range l.Pairs {
		p, t := &l.Pairs[i], led
		reach.add(p.ReachMs)
		if p.Simultaneous {
			t = together
		}
		switch {
		case !p.Discovered && !all:
			hidden++
		case limit > 0 && t.Len() == limit:
			more++
		default:
			p.row(t)
			newest = newest || p.Newest != nil
		}
	}
	if led.Len() > 0 {
		led.Write(&b, s)
	} else {
		b.WriteString("No venue is known to lead another yet.\n")
	}
	if together.Len() > 0 {
		b.WriteByte('\n')
		together.Write(&b, s)
	}
	b.WriteString(reach.text())
	if newest {
		b.WriteString("Newest fifth: what the newest fifth of the matches say alone, with 95 % intervals. It is shown and decides nothing.\n")
	}
	if more > 0 {
		fmt.Fprintf(&b, "%s; leaders --limit 0 shows all.\n", words.Plural(more, "less certain pair"))
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "%s judged and not certain enough; --all shows them.\n", words.Plural(hidden, "further pair"))
	}
	if l.Later > 0 {
		fmt.Fprintf(&b, "%s judged after %s and left out.\n", words.Plural(l.Later, "pair"), l.AsOf)
	}
	for _, g := range l.Groups {
		fmt.Fprintf(&b, "%s move as one: evidence counts them once.\n", table.Plain(list(g)))
	}
	l.ranking(&b, s, limit)
	_, err := w.Write(b.Bytes())
	return err
}

// ranking writes the venues of each league, the first to move first, at most limit in all.
func (l *Leaders) ranking(b *bytes.Buffer, s table.Style, limit int) {
	if len(l.Scores) == 0 {
		return
	}
	t := table.New("Who moves first", "Where", ">Ahead", "95 % interval", "")
	for i := range l.Scores {
		if limit > 0 && i == limit {
			break
		}
		v := &l.Scores[i]
		t.Add(v.Venue, words.Place(v.Sport, v.League, "", ""), ahead("%+.2f", v.Score), ahead("%.2f", v.Low)+" to "+ahead("%.2f", v.High), table.Cell{Text: v.oneWith(), Paint: table.Dim})
	}
	b.WriteByte('\n')
	t.Write(b, s)
	b.WriteString("Ahead: the share of common moves that a venue makes before the others, less the share after them; on this feed, all markets.\n")
	for i := range l.Unexplained {
		if u := &l.Unexplained[i]; u.Share != nil {
			fmt.Fprintf(b, "%s: %.0f %% of who leads whom fits no ranking, noise included.\n", table.Plain(words.Place(u.Sport, u.League, "", "")), 100**u.Share)
		}
	}
	if n := len(l.Scores) - limit; limit > 0 && n > 0 {
		fmt.Fprintf(b, "%s; leaders --limit 0 shows all.\n", words.Plural(n, "more venue"))
	}
}

// oneWith names the other venues that share a place.
func (v *Rank) oneWith() string {
	others := slices.DeleteFunc(slices.Clone(v.Group), func(name string) bool { return name == v.Venue })
	if len(others) == 0 {
		return ""
	}
	return "one with " + list(others)
}

// ahead formats a score; what rounds to 0 has no minus.
func ahead(format string, score float64) string {
	return fmt.Sprintf(format, math.Round(100*score)/100+0)
}

// span is from the shortest to the longest of some reaches; the zero value has none.
type span struct{ low, high odds.Millis }

func (s *span) add(reach odds.Millis) {
	if reach > 0 {
		s.low, s.high = cmp.Or(min(s.low, reach), reach), max(s.high, reach)
	}
}

// text says how far was searched: "Searched to 66 s.".
func (s *span) text() string {
	switch {
	case s.high == 0:
		return ""
	case words.Span(s.low) == words.Span(s.high):
		return fmt.Sprintf("Searched to %s.\n", words.Span(s.high))
	}
	return fmt.Sprintf("Searched to %s, or to %s where prices are read less often.\n", words.Span(s.low), words.Span(s.high))
}

func (p *Pair) row(t *table.Table) {
	t.Add(p.who(), words.Place(p.Sport, p.League, p.Market, p.Phase),
		words.Lag(p.LagMs, p.LagLowMs, p.LagHighMs, p.ResolutionMs, p.Simultaneous), fmt.Sprintf("%.2f", p.Correlation),
		words.Share(p.Beta), fmt.Sprint(p.N), words.Small(p.Q), words.SureCell(p.Confidence), p.newest(), table.Cell{Text: p.Flags(false, p.Copied, p.Discovered), Paint: table.Dim})
}

// newest says whether the leader is still ahead, or without one whether both still move together.
func (p *Pair) newest() string {
	switch n := p.Newest; {
	case n == nil:
		return "–"
	case p.Simultaneous:
		return interval(n.Correlation, n.Low, n.High)
	default:
		return interval(n.Lead, n.LeadLow, n.LeadHigh)
	}
}

func interval(x, low, high float64) string {
	return ahead("%+.2f", x) + " (" + ahead("%.2f", low) + " to " + ahead("%.2f", high) + ")"
}

func (p *Pair) who() string {
	if p.Simultaneous {
		return p.Leader + " – " + p.Follower
	}
	return p.Leader + " → " + p.Follower
}

// list joins names: "a", "a and b", "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
