package replay

import (
	"fmt"
	"strings"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// Summary is the result of a replay: the content of the store after it. Counts of quotes read,
// rejects and duplicates cover the recordings of this run alone. A quote that the store held
// already is a duplicate and nothing else.
type Summary struct {
	AsOf       odds.Time      `json:"as_of"`
	Ticks      int            `json:"ticks"`       // quotes that changed their node's value or state
	Quotes     int            `json:"quotes"`      // prices read from sources
	Read       int            `json:"quotes_read"` // by this run, including duplicates
	Duplicates int            `json:"duplicates"`  // of this run: quotes that the store or the run held already
	Rejected   map[string]int `json:"rejected"`
	Partial    int            `json:"partial_markets"` // updates whose outcomes were not a complete set
	Events     int            `json:"events"`
	Nodes      int            `json:"nodes"`
	Pairs      map[string]int `json:"pairs"`
	LeftOut    map[string]int `json:"pairs_left_out"`
	Beyond     map[string]int `json:"beyond_limits"` // quotes that were read but not applied, by the limit that was reached
	Pooled     map[string]int `json:"calls_pooled"`  // that taught only what all have in common, by the limit that was reached
	Edges      map[string]int `json:"edges"`         // discovered ones
	Families   int            `json:"families"`      // judged
	Discovered int            `json:"families_discovered"`
	Directed   int            `json:"families_directed"`

	Anomalies   map[string]int `json:"anomalies"`          // raised ones, by kind
	Suppressed  map[string]int `json:"suppressed"`         // stored but not raised, by kind
	Unmarked    int            `json:"anomalies_unmarked"` // of this run: without marks, because too many of their match awaited theirs
	Predictions Predictions    `json:"predictions"`

	DecoyDiscoveryRate float64        `json:"decoy_discovery_rate"`
	DecoyCopies        int            `json:"decoy_copies"`
	DirectionDecoyRate float64        `json:"direction_decoy_rate"` // see graph.Mismatch
	Seconds            float64        `json:"seconds"`
	Clocks             []Clock        `json:"clocks,omitempty"`   // sources' venues whose times or prices are not what they seem
	Rejects            []feed.Reject  `json:"rejects,omitempty"`  // the first few of each reason
	Skipped            map[string]int `json:"skipped,omitempty"`  // what was passed over, by reason: rows by a rule of the column map, messages without prices, files beside the recordings
	Problems           []string       `json:"problems,omitempty"` // files that could not be read to the end
}

// Clock is what is found of the times that a source states of a venue, and of the venue.
type Clock struct {
	Source    string      `json:"source"`
	Venue     string      `json:"venue"`
	StepMs    odds.Millis `json:"step_ms,omitzero"`     // of its regular event times, those of a poll
	ClockSkew string      `json:"clock_skew,omitempty"` // how its event times disagree with receipt
	StaleCopy string      `json:"stale_copy,omitempty"` // the venue whose old prices it republishes
}

// String says it in a line.
func (c *Clock) String() string {
	text := c.Venue
	if c.Source != c.Venue {
		text += " of " + c.Source
	}
	var f []string
	if c.ClockSkew != "" {
		f = append(f, "has a wrong clock: "+c.ClockSkew)
	}
	if c.StaleCopy != "" {
		f = append(f, "republishes old prices of "+c.StaleCopy)
	}
	if c.StepMs != 0 {
		f = append(f, fmt.Sprintf("is polled every %g s without saying so", c.StepMs.Std().Seconds()))
	}
	return text + " " + strings.Join(f, "; ")
}

func clocksOf(all []engine.Clock) (out []Clock) {
	for _, c := range all {
		out = append(out, Clock{c.Source, c.Venue, c.Grid, c.Skew.String(), c.CopyOf})
	}
	return out
}

// Predictions summarises the scorecard.
type Predictions struct {
	Issued   int     `json:"issued"`
	Matured  int     `json:"matured"`
	Hits     int     `json:"hits"`
	HitRate  float64 `json:"hit_rate"`
	HitLow   float64 `json:"hit_low"`
	HitHigh  float64 `json:"hit_high"`
	BaseRate float64 `json:"base_rate"`
	BaseN    int     `json:"base_n"` // comparison times; 0: there is no base rate
	Brier    float64 `json:"brier"`
	LogLoss  float64 `json:"log_loss"`
}

// Base is the base rate in words; a dash where there was nothing to compare with.
func (p *Predictions) Base() string {
	if p.BaseN == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*p.BaseRate)
}

// summarise builds the summary of a recording's results.
func summarise(res *store.Results, judged *store.Judgement, seen engine.Counts, o ledger.Score) Summary {
	s := Summary{
		AsOf: res.AsOf, Rejected: map[string]int{}, Events: len(res.Events),
		DecoyDiscoveryRate: judged.Check.Rate, DecoyCopies: judged.Check.Copies,
		DirectionDecoyRate: judged.Check.DirectionRate,
		Predictions:        Predictions{o.Issued, o.Matured, o.Hits, o.HitRate, o.HitLow, o.HitHigh, o.BaseRate, o.BaseN, o.Brier, o.LogLoss},
	}
	s.addEngine(seen)
	s.addEdges(res.Edges, res.Families)
	s.addAnomalies(res.Anomalies)
	return s
}

func (s *Summary) addEngine(c engine.Counts) {
	s.Ticks, s.Quotes, s.Partial = c.Ticks, c.Quotes, c.Partial
	s.Pairs = map[string]int{}
	for _, l := range odds.Layers {
		s.Pairs[l.Key()] = c.Pairs[l]
	}
	s.LeftOut, s.Beyond, s.Pooled, s.Unmarked = c.LeftOut, c.Refused, c.Pooled, c.Unmarked
}

func (s *Summary) addEdges(edges []graph.Edge, families []graph.Family) {
	s.Edges = map[string]int{}
	for _, l := range odds.Layers {
		s.Edges[l.Key()] = 0
	}
	for i := range edges {
		if edges[i].Discovered {
			s.Edges[edges[i].Layer.Key()]++
		}
	}
	s.Families = len(families)
	for i := range families {
		if families[i].Discovered {
			s.Discovered++
			if !families[i].Simultaneous {
				s.Directed++
			}
		}
	}
}

func (s *Summary) addAnomalies(as []detect.Anomaly) {
	s.Anomalies, s.Suppressed = map[string]int{}, map[string]int{}
	for i := range as {
		if as[i].Suppressed == "" {
			s.Anomalies[as[i].Kind]++
		} else {
			s.Suppressed[as[i].Kind]++
		}
	}
}
