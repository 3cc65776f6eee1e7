package replay

import (
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// Summary is the result of a replay: the content of the store after it. Counts of rejects
// and duplicates cover this run alone.
type Summary struct {
	AsOf       odds.Time      `json:"as_of"`
	Ticks      int            `json:"ticks"`       // quotes that changed their node's value or state
	Quotes     int            `json:"quotes"`      // prices read from sources
	Read       int            `json:"quotes_read"` // by this run, including duplicates
	Duplicates int            `json:"duplicates"`
	Rejected   map[string]int `json:"rejected"`
	Partial    int            `json:"partial_markets"` // updates whose outcomes were not a complete set
	Events     int            `json:"events"`
	Nodes      int            `json:"nodes"`
	Pairs      map[string]int `json:"pairs"`
	LeftOut    map[string]int `json:"pairs_left_out"`
	Edges      map[string]int `json:"edges"`    // discovered ones
	Families   int            `json:"families"` // judged
	Discovered int            `json:"families_discovered"`
	Directed   int            `json:"families_directed"`

	Anomalies   map[string]int `json:"anomalies"`  // raised ones, by kind
	Suppressed  map[string]int `json:"suppressed"` // stored but not raised, by kind
	Predictions Predictions    `json:"predictions"`

	DecoyDiscoveryRate float64        `json:"decoy_discovery_rate"`
	DecoyCopies        int            `json:"decoy_copies"`
	Seconds            float64        `json:"seconds"`
	Rejects            []feed.Reject  `json:"rejects,omitempty"`  // the first few of each reason
	Skipped            map[string]int `json:"skipped,omitempty"`  // rows left out by a rule of the column map
	Problems           []string       `json:"problems,omitempty"` // files that could not be read to the end
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
	Brier    float64 `json:"brier"`
}

// summarise builds the summary of a recording's results.
func summarise(res *store.Results, judged *store.Judgement, seen engine.Counts, o ledger.Score) Summary {
	s := Summary{
		AsOf: res.AsOf, Rejected: map[string]int{}, Events: len(res.Events), Nodes: judged.Nodes,
		DecoyDiscoveryRate: judged.Check.Rate, DecoyCopies: judged.Check.Copies,
		Predictions: Predictions{o.Issued, o.Matured, o.Hits, o.HitRate, o.HitLow, o.HitHigh, o.BaseRate, o.Brier},
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
	s.LeftOut = c.LeftOut
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
