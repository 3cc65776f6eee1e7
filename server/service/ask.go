package service

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/live"
	"corrgraph/store"
)

func catalogued(rows []live.EventRow) []catalog.Event {
	out := make([]catalog.Event, len(rows))
	for i := range rows {
		out[i] = rows[i].Event
	}
	return out
}

// EventRow is one event in a list.
type EventRow struct {
	answer.Event
	LastQuote odds.Time `json:"last_quote"`
	Quotes    int       `json:"quotes"`         // prices shown now
	Markets   int       `json:"markets"`        //
	Open      int       `json:"open_forecasts"` // that wait for their answer
	Alarms    int       `json:"anomalies_on"`   // raised and not over
}

// Events is a page of events, the ones quoted last first.
type Events struct {
	AsOf odds.Time `json:"as_of"`
	Freshness
	Events []EventRow `json:"events"`
	Total  int        `json:"total"` // that match
	Next   string     `json:"next_cursor,omitempty"`
}

// EventQuery says which events are wanted. Zero fields match all.
type EventQuery struct {
	Sport  string // sport or league, as in LeaderFilter
	Search string // part of the title or the id, in any case
	Cursor string // Events.Next of the page before
	Limit  int    // zero means 100
}

// Events lists events.
func (s *Service) Events(ctx context.Context, q EventQuery) (out *Events, err error) {
	err = s.run(ctx, OpEvents, q.Search, func(context.Context) error {
		st := s.o.Live.State()
		out = &Events{AsOf: st.AsOf, Freshness: s.fresh(true), Events: []EventRow{}}
		f, find := answer.LeaderFilter{Sport: q.Sport}, strings.ToLower(q.Search)
		after, err := placeOf(q.Cursor)
		if err != nil {
			return err
		}
		if q.Limit <= 0 {
			q.Limit = 100
		}
		rows := make([]live.EventRow, 0, q.Limit)
		for i := range st.Events {
			r := &st.Events[i]
			if !f.Matches(r.Sport, r.League) || find != "" && !strings.Contains(strings.ToLower(r.Title), find) && !strings.Contains(strings.ToLower(r.ID), find) {
				continue
			}
			out.Total++
			switch {
			case after != nil && !after.before(r):
			case len(rows) < q.Limit:
				rows = append(rows, *r)
			case out.Next == "":
				out.Next = place{rows[len(rows)-1].Last, rows[len(rows)-1].ID}.String()
			}
		}
		shown := answer.NewEvents(catalogued(rows), odds.Never)
		for i := range rows {
			e := EventRow{Event: shown.Events[i], LastQuote: rows[i].Last, Quotes: rows[i].Quotes, Markets: rows[i].Markets, Open: rows[i].Open, Alarms: rows[i].Alarms}
			e.Title = s.Names().Event(e.ID)
			out.Events = append(out.Events, e)
		}
		return nil
	})
	return out, err
}

// place is where a page of events ends. The order of events changes with every
// quote: an id alone would move to the front and the pages begin again with it.
type place struct {
	last odds.Time
	id   string
}

func (p place) String() string { return p.id + "@" + strconv.FormatInt(int64(p.last), 10) }

// before reports whether a row comes behind the place.
func (p place) before(r *live.EventRow) bool {
	return r.Last < p.last || r.Last == p.last && r.ID > p.id
}

// placeOf reads a cursor; nil where it is empty.
func placeOf(cursor string) (*place, error) {
	if cursor == "" {
		return nil, nil
	}
	i := strings.LastIndexByte(cursor, '@')
	last, err := strconv.ParseInt(cursor[i+1:], 10, 64)
	if i < 0 || err != nil {
		return nil, invalid("cursor %q is none that this list gave out: begin again without it", cursor)
	}
	return &place{odds.Time(last), cursor[:i]}, nil
}

// Quote is what one venue shows of one selection.
type Quote struct {
	Node         odds.NodeID `json:"node"`
	Venue        string      `json:"venue"`
	Market       string      `json:"market"`
	Selection    string      `json:"selection"`
	Price        any         `json:"price"` // in the format asked for; null unknown
	Line         *float64    `json:"line"`  // null where the market has none
	Fair         *float64    `json:"fair_probability"`
	Status       string      `json:"status"`
	Stale        bool        `json:"stale"`
	InPlay       bool        `json:"in_play"`
	SeenAt       odds.Time   `json:"seen_at"`
	ChangedAt    *odds.Time  `json:"changed_at"` // null: it has no series of its own
	AgeMs        odds.Millis `json:"age_ms"`     // event time since it was seen
	ResolutionMs odds.Millis `json:"resolution_ms"`
}

// EventDetail is everything about one event but its graph.
type EventDetail struct {
	answer.Event
	AsOf odds.Time `json:"as_of"`
	Freshness
	Version    uint64     `json:"version"`
	OddsFormat string     `json:"odds_format"`
	Quotes     []Quote    `json:"quotes"`
	Open       []Forecast `json:"open"`
	Settled    []Forecast `json:"settled"` // newest first
}

// Event returns an event with its quotes and forecasts. Fair
// probabilities are Shin's, over complete outcome sets.
func (s *Service) Event(ctx context.Context, id string, n odds.Notation) (out *Shared[EventDetail], err error) {
	err = s.run(ctx, OpEvents, id, func(ctx context.Context) error {
		v, err := s.view(ctx, id)
		if err != nil {
			return err
		}
		out, err = share(ctx, s, v, "event "+n.String(), func(context.Context) (EventDetail, bool, error) {
			return s.detail(v, n), true, nil
		})
		return err
	})
	return out, err
}

func (s *Service) detail(v *live.View, n odds.Notation) EventDetail {
	out := EventDetail{
		Event: answer.NewEvents([]catalog.Event{v.Event}, odds.Never).Events[0], AsOf: s.asOf(v), Freshness: s.fresh(true), Version: v.Version,
		OddsFormat: n.String(), Quotes: quotes(v, n), Open: []Forecast{}, Settled: []Forecast{},
	}
	if name := s.Names().Event(v.Event.ID); name != v.Event.ID { // with the date, where two are called alike
		out.Title = name
	}
	for i := range v.Open {
		out.Open = append(out.Open, s.NewForecast(&v.Open[i]))
	}
	for i := len(v.Settled) - 1; i >= 0; i-- {
		out.Settled = append(out.Settled, s.NewForecast(&v.Settled[i]))
	}
	return out
}

func quotes(v *live.View, n odds.Notation) []Quote {
	out := make([]Quote, 0, len(v.Quotes))
	fair := fairOf(v.Quotes)
	for i := range v.Quotes {
		q := &v.Quotes[i]
		x := Quote{
			Node: q.Node, Venue: q.Venue, Market: q.Market, Selection: q.Selection, Status: q.Status.String(), Stale: q.Stale, InPlay: q.InPlay,
			SeenAt: q.SeenAt, AgeMs: v.AsOf.Sub(q.SeenAt), ResolutionMs: q.Resolution, Fair: fair[i],
		}
		if q.Price > 0 {
			x.Price = Price(q.Price, n)
		}
		if !math.IsNaN(q.Line) {
			x.Line = &q.Line
		}
		if q.ChangedAt != 0 {
			x.ChangedAt = &q.ChangedAt
		}
		out = append(out, x)
	}
	return out
}

// Price shows decimal odds in a notation: a number, or the text of a fraction.
func Price(decimal float64, n odds.Notation) any {
	text := odds.Format(odds.Odds(decimal), n)
	if n == odds.InFractional || n == odds.InAmerican {
		return text // +150 is no number in JSON
	}
	return json.Number(text)
}

// fairOf removes the margin from every venue's market by Shin's method where all
// its outcomes are open.
func fairOf(qs []engine.Quote) map[int]*float64 {
	type market struct{ venue, name string }
	sets := map[market][]int{}
	for i := range qs {
		k := market{qs[i].Venue, qs[i].Market}
		sets[k] = append(sets[k], i)
	}
	out := map[int]*float64{}
	for _, set := range sets {
		var prices []odds.Odds
		for _, i := range set {
			if qs[i].Status == odds.Open && qs[i].Price > 1 && !math.IsNaN(qs[i].Value) {
				prices = append(prices, odds.Odds(qs[i].Price))
			}
		}
		if len(prices) < 2 || len(prices) != len(set) {
			continue
		}
		r, err := odds.Devig(odds.Shin, prices, nil)
		if err != nil {
			continue
		}
		for k, i := range set {
			p := float64(r.Probs[k])
			out[i] = &p
		}
	}
	return out
}

// Leaders are the venue pairs of the last decision.
type Leaders struct {
	answer.Leaders
	Freshness
	DecidedAt odds.Time `json:"decided_at"`
}

// Leaders lists who leads whom in layer 1.
func (s *Service) Leaders(ctx context.Context, f answer.LeaderFilter) (out *Shared[Leaders], err error) {
	err = s.run(ctx, OpLeaders, f.Sport+" "+f.Market, func(context.Context) error {
		st := s.o.Live.State()
		k, question := answersKey{state: st, second: s.o.Clock().Unix()}, fmt.Sprintf("leaders %q", f)
		held, ok := s.common.get(k, question).(*Shared[Leaders])
		if !ok {
			held = &Shared[Leaders]{Value: s.leaders(st, f)}
			s.common.put(k, question, held)
		}
		out = held
		return nil
	})
	return out, err
}

func (s *Service) leaders(st *live.State, f answer.LeaderFilter) Leaders {
	out := Leaders{Freshness: s.fresh(true)}
	groups := []store.Group{}
	if st.Judgement != nil {
		out.DecidedAt = st.DecidedAt
		for _, g := range st.Groups {
			groups = append(groups, store.Group(g))
		}
		out.Leaders = answer.NewLeaders(st.Families, groups, f, odds.Never)
		out.Second(st.Opinions)
	} else {
		out.Leaders = answer.NewLeaders(nil, nil, f, odds.Never)
	}
	out.AsOf = st.AsOf
	return out
}

// Scorecard is how the forecasts did.
type Scorecard struct {
	AsOf odds.Time `json:"as_of"`
	Freshness
	Since              *odds.Time `json:"since"`   // issue of the oldest forecast in it; null: none
	Dropped            uint64     `json:"dropped"` // older forecasts that it does not hold
	DecoyDiscoveryRate float64    `json:"decoy_discovery_rate"`
	DecoyCopies        int        `json:"decoy_copies"`
	ledger.Scorecard
}

// Scorecard returns the newest scorecard.
func (s *Service) Scorecard(ctx context.Context) (out *Scorecard, err error) {
	err = s.run(ctx, OpScorecard, "", func(context.Context) error {
		c, st := s.o.Live.Scorecard(), s.o.Live.State()
		out = &Scorecard{AsOf: c.AsOf, Freshness: s.fresh(true), Dropped: c.Dropped, Scorecard: c.Scorecard}
		if c.Since != 0 {
			out.Since = &c.Since
		}
		if st.Judgement != nil {
			out.DecoyDiscoveryRate, out.DecoyCopies = st.Check.Rate, st.Check.Copies
		}
		return nil
	})
	return out, err
}

// EdgeDetail is a link with what stands behind it.
type EdgeDetail struct {
	AsOf odds.Time `json:"as_of"`
	Freshness
	Edge         answer.Edge  `json:"edge"`
	ResolutionMs odds.Millis  `json:"resolution_ms"`
	Why          string       `json:"why"`      // why it is not discovered, directed or independent; empty where it is
	Curve        []CurvePoint `json:"curve"`    // of the family, lags ascending; empty for rows of other programs
	Leader       []Point      `json:"leader"`   // the source's moves, summed, oldest first
	Follower     []Point      `json:"follower"` // the target's
	Family       *Family      `json:"family"`   // null for rows of other programs
	Trend        Trend        `json:"trend"`
}

// CurvePoint is one lag of a correlogram with its null band.
type CurvePoint struct {
	LagMs       odds.Millis `json:"lag_ms"` // negative: the target moved first
	Z           float64     `json:"z"`
	Correlation float64     `json:"correlation"`
	Null        float64     `json:"null_z"` // |z| that 95 % of sign-flipped copies stay under; 0 unknown
}

// Point is a series at one instant, log-odds.
type Point struct {
	At    odds.Time `json:"at"`
	Value float64   `json:"value"`
}

// Family is the evidence that an edge shares with others of its kind.
type Family struct {
	Key        string  `json:"key"`
	Pairs      int     `json:"pairs"`
	N          int     `json:"n"`
	Z          float64 `json:"z"`
	Inflation  float64 `json:"inflation"`
	Q          float64 `json:"q"`
	QExist     float64 `json:"q_exist"`
	QDirect    float64 `json:"q_direct"`
	Direction  float64 `json:"direction"`
	Confidence float64 `json:"confidence"`
}

// Trend is the edge's newest window beside its own history.
type Trend struct {
	Windows     int32   `json:"windows"`
	ScoreNow    float32 `json:"correlation_now"`
	ScoreUsual  float32 `json:"correlation_usual"`
	ScoreSpread float32 `json:"correlation_spread"`
	LagNow      float32 `json:"lag_ms_now"`
	LagUsual    float32 `json:"lag_ms_usual"`
	LagSpread   float32 `json:"lag_ms_spread"`
}

// mostPoints bounds the points of an overlay.
const mostPoints = 500

// Edge explains the link between two nodes.
func (s *Service) Edge(ctx context.Context, source, target odds.NodeID) (out *EdgeDetail, err error) {
	err = s.run(ctx, OpEdge, string(source)+" > "+string(target), func(ctx context.Context) error {
		for _, n := range []odds.NodeID{source, target} {
			if err := n.Validate(); err != nil {
				return invalid("%v", err)
			}
		}
		ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
		defer cancel()
		// Not in the pool: who waits for the engine must not keep a worker from those
		// who have their answer in memory.
		d, ok, err := s.o.Live.Inspect(ctx, source, target, mostPoints)
		if err != nil {
			return err
		}
		if !ok {
			g, err := s.foreign(ctx, source, target)
			if err != nil {
				return err
			}
			if g == nil {
				return unknown("%q and %q are not watched together", string(source), string(target))
			}
			d = engine.Detail{Edge: *g, Why: "it is another program's row: what stands behind it is not known here"}
		}
		out = s.edgeDetail(&d)
		return nil
	})
	return out, err
}

// foreign is the link between two nodes as another program wrote it last, nil where
// none did. It stands in the graph of the target's event, or of the source's.
func (s *Service) foreign(ctx context.Context, source, target odds.NodeID) (last *graph.Edge, err error) {
	if s.external.newest.Load() == 0 {
		return nil, nil
	}
	for _, n := range []odds.NodeID{target, source} {
		id, err := s.eventOf(ctx, n)
		if err != nil {
			if Classify(err).Code == Unknown {
				continue
			}
			return nil, err
		}
		v, err := s.view(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, l := range s.snapshot(ctx, v).Layers {
			if l == nil {
				continue
			}
			for i := range l.Edges {
				g := &l.Edges[i]
				if g.Evidence == graph.FromExternal && g.Source == source && g.Target == target && (last == nil || g.DetectedAt > last.DetectedAt) {
					last = g
				}
			}
		}
	}
	return last, nil
}

func (s *Service) edgeDetail(d *engine.Detail) *EdgeDetail {
	st := s.o.Live.State()
	t, f := &d.Edge.Trend, &d.Family
	out := &EdgeDetail{
		AsOf: st.AsOf, Freshness: s.fresh(true), Edge: answer.NewEdge(&d.Edge, s.Names(), st.AsOf), ResolutionMs: d.Resolution, Why: d.Why,
		Curve: []CurvePoint{}, Leader: []Point{}, Follower: []Point{},
		Trend: Trend{t.N, t.ScoreNow, t.ScoreMean, t.ScoreSD, t.LagNow, t.LagMean, t.LagSD},
	}
	if f.Key.Layer.Valid() {
		out.Family = &Family{f.Key.String(), f.Pairs, f.N, f.Z, f.Inflation, f.Q, f.QExist, f.QDirect, f.D, f.Confidence}
	}
	for _, c := range d.Curve {
		out.Curve = append(out.Curve, CurvePoint{c.Lag, c.Z, c.Corr, c.Null})
	}
	for _, p := range d.Leader {
		out.Leader = append(out.Leader, Point(p))
	}
	for _, p := range d.Follower {
		out.Follower = append(out.Follower, Point(p))
	}
	return out
}
