package engine

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/internal/state"
	"corrgraph/ledger"
	"corrgraph/ledger/chance"
	"corrgraph/odds"
)

// stated is what is said of a call.
type stated struct{ p, half, league, family float64 }

// chances turns the features of calls into chances, and learns from settled calls. It is
// the only place that knows how.
type chances struct {
	leagues    map[string]*family.Record
	notLed     records // of calls without a certain leader, by Prediction.Family
	hits, half *chance.Model
	lessons    []lesson // settled since the last calls were issued
}

// lesson is a settled call, or an occasion for one, and what came of it.
type lesson struct {
	call      string // its id
	about     chance.Features
	hit, half bool
	silent    bool // no call was issued, and none could be a hit
}

// recordsMost bounds the records of calls without a certain leader; further followers have the
// rate of their league.
const recordsMost = 4096

type records map[string]*family.Record

func (r records) add(key string, hit, half bool) {
	if r[key] == nil {
		if len(r) >= recordsMost {
			return
		}
		r[key] = &family.Record{}
	}
	r[key].Add(hit, half)
}

func newChances() chances {
	return chances{leagues: map[string]*family.Record{}, notLed: records{}, hits: chance.New(), half: chance.New()}
}

// state returns the chances of a call, and beside them the rate of its league and that of the
// family that speaks for it, shrunken to the league's: the baselines.
func (c *chances) state(f *chance.Features, own *family.Record) (s stated) {
	var all family.Record
	if r := c.leagues[f.League]; r != nil {
		all = *r
	}
	s.league = ledger.LeagueRate(all.Hits, all.Matured)
	s.family = ledger.Shrunken(own.Hits, own.Matured, s.league)
	s.p, s.half = c.hits.Predict(f), c.half.Predict(f)
	return s
}

// learn takes a matured call with the features that it was issued with. The models learn it
// once the next calls are due.
func (c *chances) learn(l lesson) { c.lessons = append(c.lessons, l) }

// catchUp learns what was settled, in the order of the calls' ids: the order within an instant
// is that of the senders and must not matter.
func (c *chances) catchUp() {
	slices.SortFunc(c.lessons, func(a, b lesson) int { return cmp.Compare(a.call, b.call) })
	for i := range c.lessons {
		l := &c.lessons[i]
		c.half.Learn(&l.about, l.half)
		if l.silent {
			continue
		}
		league := l.about.League
		if c.leagues[league] == nil {
			c.leagues[league] = &family.Record{}
		}
		c.leagues[league].Add(l.hit, l.half)
		c.hits.Learn(&l.about, l.hit)
	}
	c.lessons = c.lessons[:0]
}

// beyond counts the calls for which a limit of the models was reached, by what it limits.
func (c *chances) beyond() map[string]int {
	out, b := map[string]int{}, c.half.Beyond() // which learns all that hits does
	for what, n := range map[string]int{"leagues": b.Leagues, "followers": b.Followers, "markets": b.Markets, "families": b.Families} {
		if n > 0 {
			out[what] = n
		}
	}
	return out
}

func (c *chances) code(to *state.Coder) {
	for _, m := range []map[string]*family.Record{c.leagues, c.notLed} {
		state.Map(to, m, cmp.Compare[string], func(k *string, r **family.Record) {
			if to.Reading() {
				*r = &family.Record{}
			}
			to.Values(k, *r)
		})
	}
	state.Slice(to, &c.lessons, func(l *lesson) { to.Values(&l.call, &l.about, &l.hit, &l.half, &l.silent) })
	c.hits.State(to)
	c.half.State(to)
}

// look reads the features of a call of a follower, whose leaders are known. Its league is
// that of the layer: layers have chances of their own.
func (s *forecasts) look(target *board.Node, p *ledger.Prediction) chance.Features {
	m, at, direction := target.Market, s.instant.at, math.Copysign(1, p.Size)
	f := chance.Features{
		League: p.Layer.Key() + " " + board.LeagueKey(m.Event.Sport, m.Event.League), Market: m.Family, Follower: odds.ConsensusVenue, Live: target.Live,
		Size: 2 * math.Abs(p.Least),
	}
	led := ledger.Prediction{Leaders: slices.DeleteFunc(slices.Clone(p.Leaders), func(l ledger.Leader) bool { return l.Family == "" })}
	f.Agree, f.Oppose = led.Agreement()
	if target.Book != nil {
		f.Follower = target.Book.Venue.Name
	}
	if start := m.Event.Match.Start; start != 0 {
		f.ToStart = start.Sub(at)
	}
	if moves := target.Moves(); len(moves) > 0 {
		last := moves[len(moves)-1]
		f.OwnLast, f.OwnAge = direction*last.Raw, at.Sub(last.At)
	}
	s.lookAround(target, direction, &f)
	if len(f.Families) == 0 && len(p.Leaders) > 0 {
		f.Families = p.Families()
	}
	return f
}

// lookAround reads what the other venues of the follower's selection do.
func (s *forecasts) lookAround(target *board.Node, direction float64, f *chance.Features) {
	var others []float64
	var groups []int
	for _, b := range target.Market.Books {
		n := b.Nodes[target.Sel]
		if n == nil || n == target || n.Live != target.Live {
			continue
		}
		switch by := direction * madeAt(n, s.instant.at); {
		case by > 0:
			f.With++
			groups = s.joined(groups, n)
			f.Families = append(f.Families, b.Venue.Name+">"+f.Follower+"/"+f.Market)
		case by < 0:
			f.Against++
		}
		if n.Open && b.Current() && n.Fair() == target.Fair() {
			others = append(others, n.Value)
		}
	}
	f.Groups = len(groups)
	if len(others) > 0 {
		f.Gap = direction * (median(others) - target.Value)
	}
}

// madeAt is how far a node moved at an instant in all, the newest one of its series.
func madeAt(n *board.Node, at odds.Time) (by float64) {
	for _, mv := range slices.Backward(n.Moves()) {
		if mv.At != at {
			break
		}
		by += mv.Raw
	}
	return by
}

// median returns the median of at least one number and reorders them.
func median(x []float64) float64 {
	slices.Sort(x)
	k := len(x) / 2
	if len(x)%2 == 1 {
		return x[k]
	}
	return (x[k-1] + x[k]) / 2
}
