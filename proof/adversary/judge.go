package main

import (
	"fmt"
	"math"
	"strings"

	"corrgraph/proof/adversary/market"
)

// verdict on something that was said; the worst is the largest.
type verdict int

const (
	right verdict = iota
	cantTell
	wrong
)

// String is the verdict in words, MarshalText in JSON.
func (v verdict) String() string { return [...]string{"right", "can't tell", "wrong"}[v] }

// MarshalText implements encoding.TextMarshaler.
func (v verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// claim is one thing that was said, or not said, and the verdict on it.
type claim struct {
	Of      string  `json:"of"`
	Said    string  `json:"said"`
	Verdict verdict `json:"verdict"`
	Why     string  `json:"why"`
}

// result is the judgement of one run: its verdict is that of its worst claim.
type result struct {
	Seed    uint64  `json:"seed"`
	Verdict verdict `json:"verdict"`
	Claims  []claim `json:"claims"`
}

func (r *result) take(claims []claim) {
	for _, c := range claims {
		r.Claims, r.Verdict = append(r.Claims, c), max(r.Verdict, c.Verdict)
	}
}

// worst is the first claim with the run's verdict.
func (r *result) worst() claim {
	for _, c := range r.Claims {
		if c.Verdict == r.Verdict {
			return c
		}
	}
	return claim{}
}

// unsure is the largest confidence at which a direction counts as doubted.
const unsure = 0.6

// judge compares what was said with the truth, at one look; before is what was said at the
// look before, nil for none.
func judge(m *market.Market, look *market.Look, a, before *answers) (claims []claim) {
	for _, l := range look.Links {
		found := false
		for i := range a.pairs {
			p := &a.pairs[i]
			if forward := p.Leader == l.A && p.Follower == l.B; !forward && (p.Leader != l.B || p.Follower != l.A) || !p.stands() {
				continue
			}
			found = true
			v, why := rules[l.Rule](l, view{p, p.Leader == l.A})
			claims = append(claims, claimOf(look, l, p.String(), v, why))
		}
		if !found {
			v, why := silence(l)
			claims = append(claims, claimOf(look, l, "nothing of "+l.A+" and "+l.B, v, why))
		}
	}
	claims = append(claims, others(look, a)...)
	claims = append(claims, forecasts(a, before)...)
	return append(claims, alarms(m, a)...)
}

// others judges families of which no link tells, those of the consensus: where no venue leads,
// the consensus neither leads nor follows.
func others(look *market.Look, a *answers) (claims []claim) {
	told := map[[2]string]bool{}
	for _, l := range look.Links {
		if l.Rule != market.Together && l.Rule != market.Apart {
			return nil
		}
		told[[2]string{l.A, l.B}], told[[2]string{l.B, l.A}] = true, true
	}
	for i := range a.pairs {
		p := &a.pairs[i]
		if !told[[2]string{p.Leader, p.Follower}] && p.stands() && (view{p, true}).sure() {
			claims = append(claims, claim{Of: "others", Said: p.String(), Verdict: wrong, Why: "nobody leads here"})
		}
	}
	return claims
}

func claimOf(look *market.Look, l market.Link, said string, v verdict, why string) claim {
	if l.Aside && v == cantTell {
		v = right
	}
	of := fmt.Sprintf("%s %s %s", l.A, l.Rule, l.B)
	if look.At != 0 {
		of += fmt.Sprintf(", as of %s", look.At)
	}
	return claim{Of: of, Said: said, Verdict: v, Why: why}
}

// stands reports whether a family is told to readers as a link.
func (p *pair) stands() bool { return p.Discovered && !p.marks[belowFloor] }

// any reports whether one of the marks is set.
func (p *pair) any(marks ...string) bool {
	for _, name := range marks {
		if p.marks[name] {
			return true
		}
	}
	return false
}

// view is a family seen from a link.
type view struct {
	*pair
	forward bool // if it has a leader, that is A
}

// sure reports whether it names a leader above all doubt.
func (v view) sure() bool { return !v.Simultaneous && v.Confidence > unsure }

// silence is the verdict on a link of which nothing is said.
func silence(l market.Link) (verdict, string) {
	switch l.Rule {
	case market.Apart:
		return right, "nothing is there"
	case market.Copies, market.Echoes:
		return right, "a copy leads nobody"
	}
	return cantTell, "a link is there"
}

// rules judges a family that was found by the link that it is about.
var rules = map[market.Rule]func(market.Link, view) (verdict, string){
	market.Leads:    leads,
	market.Together: together,
	market.Apart:    apart,
	market.Mediated: mediated,
	market.Swapped:  swapped,
	market.Copies:   copies,
	market.Echoes:   echoes,
}

func leads(l market.Link, v view) (verdict, string) {
	low, high := int64(l.Low), int64(l.High)
	switch {
	case v.Simultaneous:
		return cantTell, l.A + " leads"
	case !v.sure():
		return cantTell, "in doubt"
	case !v.forward:
		return wrong, l.A + " leads"
	case v.LagHighMs < low || v.LagLowMs > high:
		return wrong, fmt.Sprintf("the lag is %g to %g s", float64(low)/1000, float64(high)/1000)
	case l.Most > 0 && v.LagHighMs > int64(l.Most):
		return wrong, fmt.Sprintf("no lag above %g s can be", float64(l.Most)/1000)
	case v.any(copied, indirect, staleCopy, leaderLost, firstOnFeed):
		return cantTell, "it is a leader of its own"
	}
	return right, "so it is"
}

func together(_ market.Link, v view) (verdict, string) {
	if v.sure() {
		return wrong, "none of them leads"
	}
	return right, "no leader is named for sure"
}

func apart(_ market.Link, v view) (verdict, string) {
	if v.Confidence <= unsure {
		return cantTell, "in doubt"
	}
	return wrong, "nothing is there"
}

func mediated(l market.Link, v view) (verdict, string) {
	if _, said := v.marks[indirect]; said && v.forward {
		if v.marks[indirect] {
			return right, "only through " + l.Via
		}
		return cantTell, "it says so"
	}
	switch {
	case v.sure() && v.forward:
		return wrong, "only through " + l.Via + ", and not marked"
	case v.sure():
		return wrong, l.A + " moves first"
	}
	return cantTell, "no leader is named for sure"
}

func swapped(l market.Link, v view) (verdict, string) {
	switch warned := v.any(changing, leaderChanged, leaderLost); {
	case v.sure() && !v.forward:
		return right, "so it is now"
	case warned:
		return right, "the change is told"
	case v.sure():
		return wrong, l.B + " leads since half time, and no change is told"
	}
	return cantTell, l.B + " leads since half time"
}

func copies(l market.Link, v view) (verdict, string) {
	if v.sure() && !v.forward && !v.any(copied, staleCopy) {
		return wrong, l.B + " republishes " + l.A
	}
	return right, l.B + " is not named the leader"
}

func echoes(l market.Link, v view) (verdict, string) {
	if v.sure() && !v.any(copied, indirect, staleCopy) {
		return wrong, l.A + " only republishes, and is not marked"
	}
	return right, "no leader of its own"
}

// enough is how many forecasts must have matured before they are judged.
const enough = 30

// learning is how many calls' worth of Brier score the chances of calls that name no leader may
// lose against the best constant, which nobody knows before.
const learning = 4.0

// forecasts judges the record of forecasts: where they do worse than chance, or now much
// worse than before, the family must be marked as changing or lost. Those that name no leader
// claim no more than the chance that they state.
func forecasts(a, before *answers) (claims []claim) {
	for i := range a.Scores {
		s := &a.Scores[i]
		if s.Layer != 1 || s.Matured < enough {
			continue
		}
		c := claim{Of: "forecasts", Said: fmt.Sprintf("%d forecasts %s → %s, %.0f %% hits", s.Matured, s.Leader, s.Follower, 100*s.HitRate)}
		switch then := before.score(s); {
		case s.Leader == "" && s.Brier <= s.HitRate*(1-s.HitRate)+learning/float64(s.Matured):
			continue
		case s.Leader == "":
			c.Verdict, c.Why = wrong, fmt.Sprintf("a Brier score of %.3f, where %.3f is that of the rate", s.Brier, s.HitRate*(1-s.HitRate))
		case s.HitHigh < s.BaseRate && s.BaseN >= enough:
			c.Verdict, c.Why = wrong, fmt.Sprintf("by chance it would be %.0f %% (n = %d), and no change is told", 100*s.BaseRate, s.BaseN)
		case then.Matured >= enough && s.Matured-then.Matured >= enough && worse(then, s):
			n := s.Matured - then.Matured
			c.Said += fmt.Sprintf(", %.0f %% of the last %d", 100*float64(s.Hits-then.Hits)/float64(n), n)
			c.Verdict, c.Why = wrong, fmt.Sprintf("it was %.0f %% of the first %d, and no change is told", 100*then.HitRate, then.Matured)
		default:
			continue
		}
		for k := range a.pairs {
			if p := &a.pairs[k]; p.of(s) && p.any(changing, leaderChanged, leaderLost, belowFloor) {
				c.Verdict, c.Why = right, "and the change is told"
			}
		}
		claims = append(claims, c)
	}
	return claims
}

// score finds the same family's record.
func (a *answers) score(s *score) *score {
	for i := 0; a != nil && i < len(a.Scores); i++ {
		if t := &a.Scores[i]; t.Layer == s.Layer && t.Leader == s.Leader && t.Follower == s.Follower && t.Phase == s.Phase && t.Market == s.Market {
			return t
		}
	}
	return &score{}
}

// of reports whether a family is that of a record, in either direction.
func (p *pair) of(s *score) bool {
	return p.Leader == s.Leader && p.Follower == s.Follower || p.Leader == s.Follower && p.Follower == s.Leader
}

// worse reports whether the hit rate since then is below the one until then by more than
// three standard errors.
func worse(then, now *score) bool {
	n, m := float64(then.Matured), float64(now.Matured-then.Matured)
	was, is := float64(then.Hits)/n, float64(now.Hits-then.Hits)/m
	return was-is > 3*math.Sqrt(was*(1-was)/n+is*(1-is)/m)
}

// alarms judges what is said of the venue that misleads.
func alarms(m *market.Market, a *answers) (claims []claim) {
	alarm := func(name, venue string) {
		c := claim{Of: venue, Said: venue + " is " + name, Why: "so it is"}
		if !a.marked(name, venue) {
			c.Said, c.Verdict, c.Why = "nothing of "+venue+" itself", cantTell, "it is "+name
		}
		if n := a.critical(venue); n > 0 && name == staleCopy && c.Verdict != right {
			c.Said, c.Verdict = fmt.Sprintf("%d CRITICAL arbitrages with %s", n, venue), wrong
		}
		claims = append(claims, c)
	}
	if m.Skewed != "" {
		alarm(clockSkew, m.Skewed)
	}
	if m.Stale != "" {
		alarm(staleCopy, m.Stale)
	}
	return claims
}

// critical counts the raised CRITICAL arbitrages in which a venue has a part.
func (a *answers) critical(venue string) (n int) {
	for _, x := range a.Anomalies {
		if x.Severity == "CRITICAL" && x.Suppressed == "" && strings.Contains(x.Kind, "arbitrage") && strings.Contains(" "+strings.Join(x.Nodes, " "), " "+venue+"/") {
			n++
		}
	}
	return n
}
