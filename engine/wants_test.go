package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/odds"
)

// want checks one line. "no" in front turns it round.
//
//	lead A B [MARKET] [layer N] [at VENUE] [live] [lag 2s 10%] [within 0s..2m] [confidence 0.9] [copied yes|no]
//	together A B … · edge NODE NODE layer N [score positive|negative]
//	anomaly KIND [on NODE-PART] [from +1h] [to +2h] [until +3h: ended by then] · pairs LAYER N
//	move SERIES from +1h to +2h [over 0.001] · moves SERIES N · value SERIES X · node ID
//	consensus EVENT/MARKET near VENUE · group A B · partial · duplicates · leftout REASON
//	predictions OUTCOME [on VENUE/] [least 5] [after +2h] [before +3h] · hitrate A B [above 0.5] · base A B below 0.3 · events N
func (s *scenario) want(w []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("can't be checked: %v", r)
		}
	}()
	no := w[0] == "no"
	if no {
		w = w[1:]
	}
	got, ok := s.check(w, options(w))
	if ok == no {
		return fmt.Errorf("have %s", got)
	}
	return nil
}

func (s *scenario) check(w []string, o opts) (got string, ok bool) {
	switch w[0] {
	case "lead", "together":
		return s.checkFamily(w, o)
	case "edge":
		return s.checkEdge(w, o)
	case "anomaly":
		return s.checkAnomaly(w, o)
	case "move":
		n, biggest := 0, 0.0
		for _, m := range s.node(w[1]).Moves() {
			if m.At >= o.time("from", 0) && m.At <= o.time("to", odds.Never) && math.Abs(m.Raw) > o.number("over", 0) {
				n, biggest = n+1, max(biggest, math.Abs(m.Raw))
			}
		}
		return fmt.Sprintf("%d moves, the biggest %.4f", n, biggest), n > 0
	case "moves":
		n := s.node(w[1]).Count()
		return fmt.Sprint(n), n == int(number(w[2]))
	case "value":
		n := s.node(w[1])
		return fmt.Sprintf("%.6f, open %v", n.Value, n.Open), n.Open && math.Abs(n.Value-number(w[2])) < 1e-6
	case "node":
		n := s.find(odds.NodeID(w[1]))
		return fmt.Sprint(n != nil), n != nil
	case "pairs":
		n := s.e.Counts().Pairs[int(number(w[1]))]
		return fmt.Sprint(n), n == int(number(w[2]))
	case "group":
		gs := s.e.Groups()
		return fmt.Sprint(gs), slices.ContainsFunc(gs, func(g graph.Group) bool { return slices.Equal(g.Venues, w[1:]) })
	case "partial":
		return fmt.Sprint(s.e.Counts().Partial), s.e.Counts().Partial > 0
	case "duplicates":
		return fmt.Sprint(s.e.Counts().Duplicates), s.e.Counts().Duplicates > 0
	case "leftout":
		n := s.e.Counts().LeftOut[strings.Join(w[1:], " ")]
		return fmt.Sprint(s.e.Counts().LeftOut), n > 0
	case "consensus":
		return s.checkConsensus(w, o)
	case "events":
		evs := s.e.Events()
		return fmt.Sprintf("%d events, %d doubts", len(evs), len(s.e.Ambiguities().List)), len(evs) == int(number(w[1]))
	case "predictions", "hitrate", "base":
		return s.checkPredictions(w, o)
	}
	panic("no such want")
}

func (s *scenario) checkFamily(w []string, o opts) (string, bool) {
	layer := int(o.number("layer", 1))
	ph := board.Phase(slices.Contains(w, "live"))
	got := "no such family"
	for _, f := range s.e.Families() {
		if int(f.Key.Layer) != layer || f.Key.Phase != ph || layer == 1 && f.Key.Market != w[3] || o["at"] != "" && f.Key.Venue != o["at"] {
			continue
		}
		same := f.Key.Leader == w[1] && f.Key.Follower == w[2]
		if !same && !(f.Key.Leader == w[2] && f.Key.Follower == w[1]) {
			continue
		}
		got = familyText(&f)
		if f.Discovered && f.Simultaneous == (w[0] == "together") && (same || f.Simultaneous) {
			return got, fits(&f, w, o)
		}
	}
	return got, false
}

func fits(f *graph.Family, w []string, o opts) bool {
	if i := slices.Index(w, "lag"); i > 0 {
		want := float64(millis(w[i+1]))
		if math.Abs(float64(f.Lag)-want) > number(w[i+2])*want {
			return false
		}
	}
	if r, ok := o["within"]; ok {
		lo, hi, _ := strings.Cut(r, "..")
		if f.LagLow < millis(lo) || f.LagHigh > millis(hi) {
			return false
		}
	}
	if c, ok := o["copied"]; ok && f.Copied != (c == "yes") {
		return false
	}
	return f.Confidence > o.number("confidence", 0)
}

func familyText(f *graph.Family) string {
	return fmt.Sprintf("%s n %d S %.1f d %.1f r %.2f beta %.2f lag %d [%d %d] confidence %.3f discovered %v simultaneous %v copied %v pairs %d",
		f.Key, f.N, f.Z, f.D, f.Score, f.Beta, f.Lag, f.LagLow, f.LagHigh, f.Confidence, f.Discovered, f.Simultaneous, f.Copied, f.Pairs)
}

func (s *scenario) checkEdge(w []string, o opts) (got string, ok bool) {
	for _, g := range s.e.Edges() {
		if int(g.Layer) != int(o.number("layer", 1)) || string(g.Source) != w[1] || string(g.Target) != w[2] {
			continue
		}
		got = fmt.Sprintf("%s score %.2f beta %.2f discovered %v simultaneous %v evidence %v confidence %.2f", g.Kind, g.Score, g.Beta, g.Discovered, g.Simultaneous, g.Evidence, g.Confidence)
		return got, g.Discovered && (o["score"] == "" || (o["score"] == "negative") == (g.Score < 0))
	}
	return "no such edge", false
}

func (s *scenario) checkAnomaly(w []string, o opts) (string, bool) {
	var got []string
	for _, a := range s.found.Anomalies {
		if a.Kind != w[1] {
			continue
		}
		on := o["on"] == "" || slices.ContainsFunc(a.Nodes, func(n odds.NodeID) bool { return strings.Contains(string(n), o["on"]) })
		over := o["until"] == "" || a.Until != 0 && a.Until <= o.time("until", 0)
		if a.Suppressed == "" && on && over && a.At >= o.time("from", 0) && a.At <= o.time("to", odds.Never) {
			got = append(got, fmt.Sprintf("%v at +%v", a.Nodes, a.At.Sub(sceneStart).Std()))
		}
	}
	return fmt.Sprintf("%d: %s", len(got), strings.Join(got[:min(4, len(got))], ", ")), len(got) > 0
}

// checkConsensus: consensus EVENT/MARKET near VENUE [within X] [without VENUE]
func (s *scenario) checkConsensus(w []string, o opts) (string, bool) {
	p := strings.Split(w[1], "/")
	ev := s.e.board.Event(p[0])
	m := ev.Markets[slices.IndexFunc(ev.Markets, func(m *board.Market) bool { return m.Name == p[1] })]
	level := m.Selections[0].Consensus.Value
	for _, b := range m.Books {
		if b.Venue.Name == o["without"] {
			level = b.Others[0].Value
		}
	}
	at := math.NaN()
	for _, q := range ev.Quotes(nil) {
		if q.Venue == o["near"] && q.Market == p[1] && q.Selection == m.Selections[0].Key {
			at = q.Value
		}
	}
	return fmt.Sprintf("%.4f, %s %.4f", level, o["near"], at), math.Abs(level-at) <= o.number("within", 0.01)
}

func (s *scenario) checkPredictions(w []string, o opts) (string, bool) {
	byOutcome, hits, matured, base, baseN := map[string]int{}, 0, 0, 0.0, 0
	for _, p := range s.found.Predictions {
		if w[0] != "predictions" && !(strings.Contains(p.Family, w[1]) && strings.HasPrefix(string(p.Source), w[1]+"/") && strings.HasPrefix(string(p.Target), w[2]+"/")) {
			continue
		}
		if !strings.HasPrefix(string(p.Target), o["on"]) {
			continue
		}
		if p.IssuedAt < o.time("after", 0) || p.IssuedAt > o.time("before", odds.Never) {
			continue
		}
		byOutcome[string(p.Outcome)]++
		byOutcome["any"]++
		if p.Outcome.Matured() {
			matured++
			if p.Outcome == "hit" {
				hits++
			}
			if p.BaseN > 0 {
				base, baseN = base+p.Base, baseN+1
			}
		}
	}
	rate := float64(hits) / float64(matured)
	switch w[0] {
	case "hitrate":
		return fmt.Sprintf("%d of %d, %v", hits, matured, byOutcome), matured > 0 && rate > o.number("above", 0) && rate < o.number("below", 2)
	case "base":
		return fmt.Sprintf("%.3f of %d", base/float64(baseN), baseN), baseN > 0 && base/float64(baseN) < o.number("below", 2)
	}
	return fmt.Sprint(byOutcome), byOutcome[w[1]] >= int(o.number("least", 1))
}

// node finds the engine's series behind venue/event/market[/selection].
func (s *scenario) node(name string) *board.Node {
	p := strings.Split(name, "/")
	if len(p) == 3 {
		p = append(p, s.series[name].m.names[0])
	}
	n := s.find(odds.NodeID(strings.Join(p, "/")))
	if n == nil {
		panic("no node " + strings.Join(p, "/"))
	}
	return n
}

func (s *scenario) find(id odds.NodeID) (found *board.Node) {
	for _, ev := range s.e.board.Order {
		for _, m := range ev.Markets {
			m.Series(func(n *board.Node) {
				if n.ID == id && n.Public() && found == nil {
					found = n
				}
			})
		}
	}
	return found
}

// explain logs what the engine found, for the reader of a failure.
func (s *scenario) explain(t *testing.T) {
	t.Logf("%+v", s.e.Counts())
	for _, f := range s.e.Families() {
		t.Log(familyText(&f))
	}
	kinds := map[string]int{}
	for _, a := range s.found.Anomalies {
		k := a.Kind
		if a.Suppressed != "" {
			k += " (" + a.Suppressed + ")"
		}
		kinds[k]++
	}
	t.Log("anomalies:", kinds)
	outcomes := map[string]int{}
	for _, p := range s.found.Predictions {
		outcomes[string(p.Outcome)]++
	}
	t.Log("predictions:", outcomes)
}
