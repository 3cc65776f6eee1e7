package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"corrgraph/feed"
)

// unlearnt stands for quotes that were taken too late to be learnt from.
const unlearnt = "unlearnt"

// Refusing says that most of what a source sent lately was refused, or is not learnt from.
type Refusing struct {
	Source  string
	Reason  string // the most frequent one
	Refused int    // quotes, in the last ten minutes
	Of      int
}

// mostNamed limits how many sources are named.
const mostNamed = 3

// Reasons says which sources are mostly refused, and what to do.
func Reasons(all []Refusing) (why []string) {
	for i, r := range all {
		if i == mostNamed {
			return append(why, fmt.Sprintf("feed: most quotes of %d sources more are refused or not learnt from", len(all)-i))
		}
		said := "were refused as " + r.Reason + ": "
		if r.Reason == unlearnt {
			said = "came too late to be learnt from: others are waited for by less than it is behind, so "
		}
		why = append(why, fmt.Sprintf("feed: of source %s %d of the last %d quotes %scompare the clocks of this machine and of the sender", shown(r.Source), r.Refused, r.Of, said))
	}
	return why
}

// shown quotes a name that a client chose, and cuts a long one.
func shown(name string) string {
	const most = 64
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return strconv.Quote(name)
}

// Quotes are counted in spans, of which the newest few count.
const (
	span  = time.Minute
	spans = 10
	// fewest is how many refused quotes make a statement about a source.
	fewest = 5
)

// recent counts what a source sent in each of the last spans.
type recent struct {
	begun  [spans]int64 // number of the span, from 1; 0: none
	taken  [spans]int
	refuse [spans]map[string]int
}

// at returns the place of a span, emptied if it held an older one.
func (r *recent) at(n int64) int {
	k := int(n % spans)
	if r.begun[k] != n {
		r.begun[k], r.taken[k], r.refuse[k] = n, 0, nil
	}
	return k
}

func (r *recent) accepted(n int64, quotes int) { r.taken[r.at(n)] += quotes }

func (r *recent) refused(n int64, reason string, quotes int) {
	k := r.at(n)
	if r.refuse[k] == nil {
		r.refuse[k] = map[string]int{}
	}
	r.refuse[k][reason] += quotes
}

// judge reports whether most quotes were refused: of all spans, and of the newest one with
// any, so that a source that is heard again is said to be.
func (r *recent) judge(now int64) (out Refusing, most bool) {
	newest, last := int64(0), 0
	by := map[string]int{}
	for k, n := range r.begun {
		if n == 0 || n <= now-spans {
			continue
		}
		refused := 0
		for reason, q := range r.refuse[k] {
			refused += q
			by[reason] += q
		}
		out.Refused += refused
		out.Of += refused + r.taken[k]
		if n > newest {
			newest, last = n, refused-r.taken[k]
		}
	}
	for reason, q := range by {
		if q > by[out.Reason] || q == by[out.Reason] && reason < out.Reason {
			out.Reason = reason
		}
	}
	return out, last > 0 && out.Refused >= fewest && 2*out.Refused > out.Of
}

// refusing lists the sources of which most quotes were refused lately, by name.
func (f *feeds) refusing() (out []Refusing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.span()
	for source, r := range f.recent {
		if x, most := r.judge(now); most {
			x.Source = source
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Refusing) int { return cmp.Compare(a.Source, b.Source) })
	return out
}

// span returns the number of the present span. It follows the monotonic clock: what it
// judges may come from a wall clock that is wrong.
func (f *feeds) span() int64 { return int64(time.Since(f.begun)/span) + 1 }

// recentLocked returns the recent quotes of a source; like a row of a source, beyond the
// limit it is not kept.
func (f *feeds) recentLocked(s *feed.Stats) *recent {
	r := f.recent[s.Source]
	if r == nil {
		r = &recent{}
		if f.of[feedKey{s.Source, ""}] == s {
			f.recent[s.Source] = r
		}
	}
	return r
}
