package ledger

import (
	"cmp"
	"slices"

	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// FamilyScore is the record of one family: of the calls that it led, with others or alone.
type FamilyScore struct {
	Layer    int    `json:"layer"`
	Leader   string `json:"leader"` // empty: calls about the follower that nobody is certain to lead
	Follower string `json:"follower"`
	Sport    string `json:"sport"`
	League   string `json:"league"`
	Market   string `json:"market"`
	Phase    string `json:"phase"`
	Venue    string `json:"venue,omitempty"`
	Score
}

// Scorecard is the record of all calls, out of sample by construction.
type Scorecard struct {
	Calls       int                       `json:"calls"`    // stated before the fact: issued ones without those that had already moved
	LogLoss     float64                   `json:"log_loss"` // of Overall
	Overall     Score                     `json:"overall"`
	Led         Score                     `json:"led"`      // of the calls that a certain leader led to
	Others      Score                     `json:"others"`   // of those that nobody was certain to lead
	Families    []FamilyScore             `json:"families"` // a call counts for each family that led to it
	Layers      map[string]Score          `json:"layers"`
	Calibration []CalibrationBin          `json:"calibration"`
	Reliability []ReliabilityBin          `json:"reliability"` // bins of Calibration that hold any
	Baselines   map[string]BaselineRecord `json:"baselines"`
	Rivals      map[string]RivalScore     `json:"rivals"`
	LeadTimes   []LeadTimes               `json:"lead_times"` // of hits, shortest first; ranges do not overlap
	money.Record
	AnomalyMarks []money.AnomalyMarks `json:"anomaly_marks"` // by kind, soonest first
}

// LeadTimes counts the hits whose lead time lies in [FromMs, ToMs). The first range also
// holds moves that came before a subscriber could know the call.
type LeadTimes struct {
	FromMs odds.Millis  `json:"from_ms"`
	ToMs   *odds.Millis `json:"to_ms"` // null: unbounded
	Hits   int          `json:"hits"`
}

// leadSpans are the lower ends of the LeadTimes ranges.
var leadSpans = []odds.Millis{0, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000}

// leadTimes is the distribution of hits over lead time.
func leadTimes(ps []*Prediction) []LeadTimes {
	out := make([]LeadTimes, len(leadSpans))
	for i := range out {
		out[i].FromMs = leadSpans[i]
		if i+1 < len(leadSpans) {
			to := leadSpans[i+1]
			out[i].ToMs = &to
		}
	}
	for _, p := range ps {
		if p.Outcome == Hit {
			i, _ := slices.BinarySearch(leadSpans, p.LeadTime+1)
			out[max(0, i-1)].Hits++
		}
	}
	return out
}

// NewScorecard adds calls up. They must be in order of issue. of describes their families by
// key; only Layer to Venue are read. A family that it lacks has only the call's layer.
func NewScorecard(ps []Prediction, of map[string]FamilyScore) Scorecard {
	c := Scorecard{Families: []FamilyScore{}, Layers: map[string]Score{}, Baselines: map[string]BaselineRecord{}, Rivals: map[string]RivalScore{}, AnomalyMarks: []money.AnomalyMarks{}}
	byFamily := map[string][]*Prediction{}
	byLayer := map[odds.Layer][]*Prediction{}
	byLed := map[bool][]*Prediction{}
	var order []string
	all := make([]*Prediction, len(ps))
	for i := range ps {
		p := &ps[i]
		for _, key := range p.Families() {
			if byFamily[key] == nil {
				order = append(order, key)
			}
			byFamily[key] = append(byFamily[key], p)
		}
		byLayer[p.Layer] = append(byLayer[p.Layer], p)
		byLed[p.Led()] = append(byLed[p.Led()], p)
		all[i] = p
	}
	for _, key := range order {
		f, known := of[key]
		if !known {
			f.Layer = int(byFamily[key][0].Layer)
		}
		f.Score = scoreOf(byFamily[key])
		c.Families = append(c.Families, f)
	}
	slices.SortStableFunc(c.Families, func(a, b FamilyScore) int { // those with a leader first
		return cmp.Or(cmp.Compare(min(1, len(b.Leader)), min(1, len(a.Leader))), cmp.Compare(b.Matured, a.Matured))
	})
	for layer, l := range byLayer {
		c.Layers[layer.Key()] = scoreOf(l)
	}
	c.Overall, c.Led, c.Others = scoreOf(all), scoreOf(byLed[true]), scoreOf(byLed[false])
	c.Calls, c.LogLoss = c.Overall.Issued-c.Overall.AlreadyMoved, c.Overall.LogLoss
	c.Calibration = calibrate(all)
	c.Reliability = reliability(c.Calibration)
	c.LeadTimes = leadTimes(all)
	for _, name := range []string{RivalBase, RivalHY, RivalCopy} {
		c.Rivals[name] = rival(name, all)
	}
	for _, name := range []string{BaselineConstant, BaselineFamily, BaselineCopy, BaselineHY} {
		c.Baselines[name] = baseline(name, all)
	}
	c.Value(ps, nil, 0)
	return c
}

// Value adds up what calls were worth in money, beside bets that no forecast made; delay is
// that of the paper ledger.
func (c *Scorecard) Value(ps []Prediction, unforecast []*money.Bet, delay odds.Millis) {
	bets := make([]*money.Bet, 0, len(ps))
	for i := range ps {
		bets = append(bets, ps[i].Money)
	}
	c.Record = money.RecordOf(bets, unforecast, delay)
}

func calibrate(ps []*Prediction) []CalibrationBin {
	var said said
	for _, p := range ps {
		if p.Outcome.Matured() {
			said.add(p.P, p.Outcome == Hit, p.Event)
		}
	}
	return Calibrate(said.prob, said.hit, said.events, 10)
}
