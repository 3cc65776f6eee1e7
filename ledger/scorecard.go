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
func (c *Calls) leadTimes() []LeadTimes {
	out := make([]LeadTimes, len(leadSpans))
	for i := range out {
		out[i].FromMs = leadSpans[i]
		if i+1 < len(leadSpans) {
			to := leadSpans[i+1]
			out[i].ToMs = &to
		}
	}
	for _, x := range c.issued {
		if x.hit {
			i, _ := slices.BinarySearch(leadSpans, x.LeadTime+1)
			out[max(0, i-1)].Hits++
		}
	}
	return out
}

// NewScorecard adds calls up. They must be in order of issue. of describes their families by
// key; only Layer to Venue are read. A family that it lacks has only the call's layer.
func NewScorecard(ps []Prediction, of map[string]FamilyScore) Scorecard {
	all := make([]*Prediction, len(ps))
	for i := range ps {
		all[i] = &ps[i]
	}
	var c Calls
	c.issued = c.digest(all)
	c.answered = slices.DeleteFunc(slices.Clone(c.issued), func(x *call) bool { return !x.matured })
	slices.SortStableFunc(c.answered, byAnswer)
	return c.Scorecard(of, nil, 0)
}

// Scorecard adds the calls up, beside closed bets that no forecast made; delay is that of the
// paper ledger. of describes their families, see NewScorecard.
func (c *Calls) Scorecard(of map[string]FamilyScore, unforecast []*money.Bet, delay odds.Millis) (s Scorecard) {
	var room room
	s = Scorecard{Layers: map[string]Score{}, Baselines: map[string]BaselineRecord{}, Rivals: map[string]RivalScore{}, AnomalyMarks: []money.AnomalyMarks{}}
	s.Families = c.byFamily(of, &room)
	byLayer, byLed := map[odds.Layer][]*call{}, map[bool][]*call{}
	for _, x := range c.issued {
		byLayer[x.Layer] = append(byLayer[x.Layer], x)
		byLed[x.led] = append(byLed[x.led], x)
	}
	for layer, l := range byLayer {
		s.Layers[layer.Key()] = room.score(l)
	}
	s.Overall, s.Led, s.Others = room.score(c.issued), room.score(byLed[true]), room.score(byLed[false])
	s.Calls, s.LogLoss = s.Overall.Issued-s.Overall.AlreadyMoved, s.Overall.LogLoss
	s.Calibration = c.calibrate(&room)
	s.Reliability = reliability(s.Calibration)
	s.LeadTimes = c.leadTimes()
	for _, name := range []string{RivalBase, RivalHY, RivalCopy} {
		s.Rivals[name] = c.rival(name, &room)
	}
	for _, name := range []string{BaselineConstant, BaselineFamily, BaselineCopy, BaselineHY} {
		s.Baselines[name] = c.baseline(name)
	}
	bets := make([]*money.Bet, len(c.issued))
	for i, x := range c.issued {
		bets[i] = x.Money
	}
	s.Record = money.RecordOf(bets, unforecast, delay)
	return s
}

// byFamily scores each family: those with a leader first, then by matured calls.
func (c *Calls) byFamily(of map[string]FamilyScore, room *room) []FamilyScore {
	by := make([][]*call, len(c.families.names))
	var order []int32
	for _, x := range c.issued {
		for _, f := range x.families {
			if by[f] == nil {
				order = append(order, f)
			}
			by[f] = append(by[f], x)
		}
	}
	out := make([]FamilyScore, len(order))
	for i, k := range order {
		f, known := of[c.families.names[k]]
		if !known {
			f.Layer = int(by[k][0].Layer)
		}
		f.Score = room.score(by[k])
		out[i] = f
	}
	slices.SortStableFunc(out, func(a, b FamilyScore) int {
		return cmp.Or(cmp.Compare(min(1, len(b.Leader)), min(1, len(a.Leader))), cmp.Compare(b.Matured, a.Matured))
	})
	return out
}

func (c *Calls) calibrate(room *room) []CalibrationBin {
	table := newCalibration(10)
	for _, x := range c.issued {
		if x.matured {
			table.add(x.P, x.hit, x.event)
		}
	}
	return table.bins(&room.clusters)
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
