// Package leaders answers who leads whom: the pairs of venues of layer 1, as they were judged
// last. It is a question like those of package answer, with one JSON form and one table.
package leaders

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
)

// Pair is a layer-1 family: two venues over all their common matches.
type Pair struct {
	Leader       string      `json:"leader"`
	Follower     string      `json:"follower"`
	Sport        string      `json:"sport"`
	League       string      `json:"league"`
	Market       string      `json:"market"`
	Phase        string      `json:"phase"` // "pre" or "live"
	LagMs        odds.Millis `json:"lag_ms"`
	LagLowMs     odds.Millis `json:"lag_low_ms"`
	LagHighMs    odds.Millis `json:"lag_high_ms"`
	ResolutionMs odds.Millis `json:"resolution_ms"`
	Correlation  float64     `json:"correlation"`
	Beta         float64     `json:"beta"`
	N            int         `json:"n"`
	Pairs        int         `json:"pairs"` // number of pairs of nodes with evidence
	P            float64     `json:"p"`
	Q            float64     `json:"q"`
	Confidence   float64     `json:"confidence"`
	Band         odds.Band   `json:"band"`
	Simultaneous bool        `json:"simultaneous"`
	Copied       bool        `json:"copied"`
	Discovered   bool        `json:"discovered"`
	Direction    float64     `json:"direction"` // d: above 0 the leader moves first
	QExist       float64     `json:"q_exist"`
	QDirect      float64     `json:"q_direct"`
	ZeroLag      float64     `json:"zero_lag_correlation"`
	Coincide     float64     `json:"coinciding_share"`
	words.Traits
	FirstFound *odds.Time `json:"first_found"` // null: never
	JudgedAt   odds.Time  `json:"judged_at"`
	// HayashiYoshida is the published estimator's result for a pair with a leader;
	// null if it was not computed.
	HayashiYoshida *graph.Opinion `json:"hayashi_yoshida"`
	// Lead is how much sooner the leader moves, in the unit of the scores; null if it is not
	// known to move together with the follower, or in fewer than 12 events.
	Lead *graph.Lead `json:"lead"`
	// Newest is what the newest fifth of its events say alone. It is shown and decides nothing;
	// null: too few events to say, or too many to keep apart.
	Newest *graph.Newest `json:"newest"`
}

// Leaders is the answer of `leaders`.
type Leaders struct {
	AsOf   odds.Time  `json:"as_of"`
	Pairs  []Pair     `json:"pairs"`  // most certain first
	Groups [][]string `json:"groups"` // venues that move as one
	// Scores rank the venues of each league by who moves first on this feed, over all markets.
	Scores      []Rank        `json:"scores"`
	Unexplained []Unexplained `json:"unexplained"` // one a league in Scores
	// Later counts pairs left out because they were judged after AsOf.
	Later int `json:"judged_later"`
}

// Rank is the place of a venue in its league.
type Rank struct {
	Sport  string `json:"sport"`
	League string `json:"league"`
	graph.Standing
}

// Unexplained is how much of who leads whom in a league no ranking of its venues explains.
type Unexplained struct {
	Sport  string   `json:"sport"`
	League string   `json:"league"`
	Share  *float64 `json:"share"` // null: no venues are compared in more than one way
}

// Reader reads the judgements of families.
type Reader interface {
	Families(ctx context.Context) ([]graph.Family, error)
	Groups(ctx context.Context) ([]store.Group, error)
	// Opinions returns the results of the published estimator, by family key.
	Opinions(ctx context.Context) (map[string]graph.Opinion, error)
	// Leadership returns the rankings of the leagues; they do not depend on the market.
	Leadership(ctx context.Context) ([]graph.Leadership, error)
	// Leagues returns the leagues that are known, with the markets quoted in them.
	Leagues(ctx context.Context) ([]catalog.League, error)
}

// withJudged adds the leagues and markets of layer-1 families: their events may be
// forgotten, and old stores keep no list of leagues.
func withJudged(leagues []catalog.League, families []graph.Family) []catalog.League {
	all := slices.Clone(leagues)
	for i := range families {
		if k := &families[i].Key; k.Layer == odds.Direct {
			all = append(all, catalog.League{Sport: k.Sport, Name: k.League, Markets: []string{k.Market}})
		}
	}
	return all
}

// List lists the layer-1 families judged by asOf, discovered or not, the
// most certain first. It returns words.ErrInvalid for a sport or a market that is not
// known. A store keeps only a family's newest judgement, so an earlier asOf finds only families
// that were not judged again since.
func List(ctx context.Context, r Reader, f words.LeagueFilter, asOf odds.Time) (*Leaders, error) {
	families, err := r.Families(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := r.Groups(ctx)
	if err != nil {
		return nil, err
	}
	opinions, err := r.Opinions(ctx)
	if err != nil {
		return nil, err
	}
	leagues, err := r.Leagues(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.Check(withJudged(leagues, families)); err != nil {
		return nil, err
	}
	ranked, err := r.Leadership(ctx)
	if err != nil {
		return nil, err
	}
	l := &Leaders{AsOf: asOf, Pairs: []Pair{}, Groups: [][]string{}, Scores: []Rank{}, Unexplained: []Unexplained{}}
	leads := l.rank(ranked, f)
	for i := range families {
		switch x := &families[i]; {
		case !wants(f, &x.Key):
		case x.DetectedAt > asOf:
			l.Later++
		default:
			l.Pairs = append(l.Pairs, pairOf(x, opinions, leads))
		}
	}
	slices.SortStableFunc(l.Pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Q, b.Q), cmp.Compare(b.N, a.N))
	})
	for _, g := range groups {
		if f.Matches(g.Sport, g.League) && !slices.ContainsFunc(l.Groups, func(v []string) bool { return slices.Equal(v, g.Venues) }) {
			l.Groups = append(l.Groups, g.Venues)
		}
	}
	return l, nil
}

// rank lists the scores of the leagues that match, and returns the leads of their families.
func (l *Leaders) rank(ranked []graph.Leadership, f words.LeagueFilter) map[string]graph.Lead {
	leads := map[string]graph.Lead{}
	for i := range ranked {
		r := &ranked[i]
		if !f.Matches(r.Sport, r.League) {
			continue
		}
		for _, s := range r.Standings {
			l.Scores = append(l.Scores, Rank{r.Sport, r.League, s})
		}
		l.Unexplained = append(l.Unexplained, Unexplained{r.Sport, r.League, r.Unexplained})
		maps.Copy(leads, r.Leads)
	}
	return leads
}

// wants reports whether a family matches.
func wants(f words.LeagueFilter, k *graph.FamilyKey) bool {
	return k.Layer == odds.Direct && f.Matches(k.Sport, k.League) && (f.Market == "" || strings.EqualFold(f.Market, k.Market))
}

func pairOf(x *graph.Family, opinions map[string]graph.Opinion, leads map[string]graph.Lead) Pair {
	p := Pair{
		Leader: x.Key.Leader, Follower: x.Key.Follower, Sport: x.Key.Sport, League: x.Key.League,
		Market: x.Key.Market, Phase: x.Key.Phase,
		LagMs: x.Lag, LagLowMs: x.LagLow, LagHighMs: x.LagHigh, ResolutionMs: x.Resolution,
		Correlation: x.Score, Beta: x.Beta, N: x.N, Pairs: x.Pairs, P: x.P, Q: x.Q,
		Confidence: x.Confidence, Band: odds.BandOf(x.Confidence),
		Simultaneous: x.Simultaneous, Copied: x.Copied, Discovered: x.Discovered,
		Direction: x.D, QExist: x.QExist, QDirect: x.QDirect, ZeroLag: x.ZeroLag, Coincide: x.Coincide, Traits: words.TraitsOf(&x.Traits),
		FirstFound: words.Known(x.FirstFound), JudgedAt: x.DetectedAt,
	}
	if o, ok := opinions[x.Key.String()]; ok {
		p.HayashiYoshida = &o
	}
	if x.Newest.Events > 0 {
		p.Newest = &x.Newest
	}
	if d, ok := leads[x.Key.String()]; ok {
		p.Lead = &d
	}
	return p
}
