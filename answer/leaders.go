package answer

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"corrgraph/graph"
	"corrgraph/internal/table"
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
	FirstFound   *odds.Time  `json:"first_found"` // null: never
	JudgedAt     odds.Time   `json:"judged_at"`
	// HayashiYoshida is the published estimator's result for a pair with a leader;
	// null if it was not computed.
	HayashiYoshida *graph.Opinion `json:"hayashi_yoshida"`
}

// Leaders is the answer of `leaders`.
type Leaders struct {
	AsOf   odds.Time  `json:"as_of"`
	Pairs  []Pair     `json:"pairs"`  // most certain first
	Groups [][]string `json:"groups"` // venues that move as one
	// Later counts pairs left out because they were judged after AsOf.
	Later int `json:"judged_later"`
}

// LeaderFilter selects pairs. Its zero value selects all.
type LeaderFilter struct {
	Sport  string // "baseball", "mlb" or "baseball_mlb", in any case
	Market string
}

// Matches reports whether a league passes the filter; it ignores Market.
func (f LeaderFilter) Matches(sport, league string) bool {
	s := strings.ToLower(f.Sport)
	return s == "" || s == strings.ToLower(sport) || s == strings.ToLower(league) || s == strings.ToLower(sport+"_"+league)
}

// LeaderReader reads the judgements of families.
type LeaderReader interface {
	Families(ctx context.Context) ([]graph.Family, error)
	Groups(ctx context.Context) ([]store.Group, error)
	// Opinions returns the results of the published estimator, by family key.
	Opinions(ctx context.Context) (map[string]graph.Opinion, error)
}

// ListLeaders lists the layer-1 families judged by asOf, discovered or not, the
// most certain first. A store keeps only a family's newest judgement, so an earlier
// asOf finds only families that were not judged again since.
func ListLeaders(ctx context.Context, r LeaderReader, f LeaderFilter, asOf odds.Time) (*Leaders, error) {
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
	l := &Leaders{AsOf: asOf, Pairs: []Pair{}, Groups: [][]string{}}
	for i := range families {
		switch x := &families[i]; {
		case !f.wants(&x.Key):
		case x.DetectedAt > asOf:
			l.Later++
		default:
			l.Pairs = append(l.Pairs, pairOf(x, opinions))
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

// wants reports whether a family matches.
func (f LeaderFilter) wants(k *graph.FamilyKey) bool {
	return k.Layer == odds.Direct && f.Matches(k.Sport, k.League) && (f.Market == "" || strings.EqualFold(f.Market, k.Market))
}

func pairOf(x *graph.Family, opinions map[string]graph.Opinion) Pair {
	p := Pair{
		Leader: x.Key.Leader, Follower: x.Key.Follower, Sport: x.Key.Sport, League: x.Key.League,
		Market: x.Key.Market, Phase: x.Key.Phase,
		LagMs: x.Lag, LagLowMs: x.LagLow, LagHighMs: x.LagHigh, ResolutionMs: x.Resolution,
		Correlation: x.Score, Beta: x.Beta, N: x.N, Pairs: x.Pairs, P: x.P, Q: x.Q,
		Confidence: x.Confidence, Band: odds.BandOf(x.Confidence),
		Simultaneous: x.Simultaneous, Copied: x.Copied, Discovered: x.Discovered,
		Direction: x.D, QExist: x.QExist, QDirect: x.QDirect, ZeroLag: x.ZeroLag, Coincide: x.Coincide,
		FirstFound: known(x.FirstFound), JudgedAt: x.DetectedAt,
	}
	if o, ok := opinions[x.Key.String()]; ok {
		p.HayashiYoshida = &o
	}
	return p
}

// known returns nil for the unknown time, so that JSON has null and not 1970.
func known(t odds.Time) *odds.Time {
	if t == 0 {
		return nil
	}
	return &t
}

// Text writes the discovered pairs, or all of them if all is set, as two tables:
// pairs with a leader, then pairs that move together; at most limit rows each (0:
// all). The groups follow.
func (l *Leaders) Text(w io.Writer, s Style, all bool, limit int) error {
	var b bytes.Buffer
	led := table.New("Leader → follower", "Where", "Lag", ">Corr", "Follows", ">n", ">q", "Confidence", "")
	together := table.New("Moving together, no leader", "Where", "Lag", ">Corr", "Follows", ">n", ">q", "Confidence", "")
	hidden, more := 0, 0
	for i := range l.Pairs {
		p, t := &l.Pairs[i], led
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
	if more > 0 {
		fmt.Fprintf(&b, "%s; leaders --limit 0 shows all.\n", plural(more, "less certain pair"))
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "%s judged and not certain enough; --all shows them.\n", plural(hidden, "further pair"))
	}
	if l.Later > 0 {
		fmt.Fprintf(&b, "%s judged after %s and left out.\n", plural(l.Later, "pair"), l.AsOf)
	}
	for _, g := range l.Groups {
		fmt.Fprintf(&b, "%s move as one: evidence counts them once.\n", Plain(list(g)))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (p *Pair) row(t *table.Table) {
	t.Add(p.who(), place(p.Sport, p.League, p.Market, p.Phase),
		Lag(p.LagMs, p.LagLowMs, p.LagHighMs, p.ResolutionMs, p.Simultaneous), fmt.Sprintf("%.2f", p.Correlation),
		Share(p.Beta), fmt.Sprint(p.N), small(p.Q), sure(p.Confidence), table.Cell{Text: flags(false, p.Copied, p.Discovered), Paint: table.Dim})
}

func (p *Pair) who() string {
	if p.Simultaneous {
		return p.Leader + " – " + p.Follower
	}
	return p.Leader + " → " + p.Follower
}

func flags(simultaneous, copied, discovered bool) string {
	var f []string
	if simultaneous {
		f = append(f, "simultaneous")
	}
	if copied {
		f = append(f, "copied")
	}
	if !discovered {
		f = append(f, "not certain")
	}
	return strings.Join(f, ", ")
}

// list joins names: "a", "a and b", "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
