package service

import (
	"strings"
	"testing"
	"time"

	"corrgraph/answer"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/live"
)

const hour = 3_600_000

// remembering is a match with two remembered graphs: one of two hours ago with one
// link, and one of an hour ago with another.
func remembering() *live.View {
	v := match("m", 9)
	for i, ago := range []odds.Millis{2 * hour, hour} {
		p := live.Past{Version: uint64(i + 1), AsOf: noon.Add(-ago)}
		for k := range p.Layers {
			p.Layers[k], p.LayerAsOf[k] = []graph.Edge{}, p.AsOf
		}
		e := v.Layers[0][i]
		e.DetectedAt = p.AsOf.Add(-1000)
		p.Layers[0] = []graph.Edge{e}
		v.Past = append(v.Past, p)
	}
	return v
}

func TestGraphsOfThePast(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		g.rest(time.Second)
		g.live.show(remembering())
		_, shared := g.graphOf("m", 0)
		for _, c := range []struct {
			ago     odds.Millis
			version uint64
			first   string
		}{{2 * hour, 1, "lead"}, {hour + 1, 1, "lead"}, {hour, 2, "second"}, {1, 2, "second"}} {
			got, err := g.GraphAt(g.ctx, "m", noon.Add(-c.ago), 0)
			if err != nil {
				t.Fatal(err)
			}
			l := got.Layers[0]
			if got.Version != c.version || len(l.Edges) != 1 || !strings.HasPrefix(string(l.Edges[0].Source), c.first+"/") ||
				got.AsOf != l.AsOf || got.AsOf > noon.Add(-c.ago) || !got.Complete {
				t.Errorf("%d ms ago: %+v", c.ago, got)
			}
		}
		if got, err := g.GraphAt(g.ctx, "m", noon, 0); err != nil || got.Version != 9 || len(got.Layers[0].Edges) != 2 {
			t.Errorf("at the newest instant: %+v, %v", got, err)
		}
		if _, again := g.graphOf("m", 0); again != shared {
			t.Error("a question about the past made the shared answer anew")
		}
		for _, c := range []struct {
			event string
			at    odds.Time
			code  Code
			says  string
		}{
			{"m", noon.Add(-2*hour - 1), Unknown, "from " + noon.Add(-2*hour).String() + " to " + noon.String()},
			{"m", noon.Add(1), Invalid, "the newest event time is " + noon.String()},
			{"other", noon, Unknown, "unknown event"},
		} {
			if _, err := g.GraphAt(g.ctx, c.event, c.at, 0); code(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s at %v: %v", c.event, c.at, err)
			}
		}
		if rows := g.audited(); rows[len(rows)-1].Operation != OpGraph || rows[len(rows)-1].Status != "REFUSED" || rows[len(rows)-1].Subject != "other" {
			t.Errorf("the audit log has %+v", rows[len(rows)-1])
		}
	})
}

// TestRowsOfOtherProgramsOfThePast: a row counts from its detection, inside its
// layer's window before the requested instant rather than before now.
func TestRowsOfOtherProgramsOfThePast(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		g.rest(time.Second)
		g.live.show(remembering())
		g.row(odds.Direct, "m", node("lead", "m", "home"), node("third", "m", "home"), 0.9, 0.7, 0.97)
		then := noon.Add(-hour - hour/2)
		g.foreign("UPDATE multi_layer_correlations SET detected_at = ?", int64(then))
		g.row(odds.Direct, "other", "opaque-node-1", "opaque-node-2", 0.9, 0.7, 0.97) // the newest row is current
		g.rest(2 * time.Second)
		for ago, want := range map[odds.Millis]int{2 * hour: 1, hour: 2} {
			got, err := g.GraphAt(g.ctx, "m", noon.Add(-ago), 0)
			if err != nil || len(got.Layers[0].Edges) != want {
				t.Errorf("%d h ago: %+v, %v", ago/hour, got, err)
			}
		}
		if n := len(g.parsed("m").Layers[0].Edges); n != 2 {
			t.Errorf("now the row is out of the window: %d links", n)
		}
	})
}

func TestMovesAreTold(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(remembering())
		n := node("lead", "m", "home")
		g.live.moves = engine.Remembered{Since: noon.Add(-hour), Older: 3, Newer: 2, Moves: []engine.PastMove{{Node: n, At: noon.Add(-5), Raw: 0.2, RMS: 0.05}}}
		got, err := g.Moves(g.ctx, answer.MovesQuery{Event: "m"})
		if err != nil {
			t.Fatal(err)
		}
		if got.AsOf != noon || *got.Since != noon.Add(-hour) || got.Older != 3 || got.Newer != 2 || len(got.Moves) != 1 || got.Moves[0] != (answer.Move{Node: n, At: noon.Add(-5), Move: 0.2, RMS: 0.05}) ||
			len(got.Graphs) != 2 || got.Graphs[0] != noon.Add(-2*hour) {
			t.Errorf("%+v", got)
		}
		if want := [3]int64{0, int64(noon), 500}; g.live.asked != want {
			t.Errorf("asked for %v, want %v", g.live.asked, want)
		}
		if _, err := g.Moves(g.ctx, answer.MovesQuery{Event: "m", From: noon.Add(-9), To: noon.Add(-1), Limit: 7}); err != nil || g.live.asked != [3]int64{int64(noon.Add(-9)), int64(noon.Add(-1)), 7} {
			t.Errorf("asked for %v, %v", g.live.asked, err)
		}
		if _, err := g.Moves(g.ctx, answer.MovesQuery{Event: "m", From: noon, To: noon.Add(-1)}); code(err) != Invalid {
			t.Errorf("%v", err)
		}
		if _, err := g.Moves(g.ctx, answer.MovesQuery{Event: "other"}); code(err) != Unknown {
			t.Errorf("%v", err)
		}
		if rows := g.audited(); rows[len(rows)-1].Operation != OpMoves || rows[len(rows)-1].Status != "REFUSED" {
			t.Errorf("the audit log has %+v", rows[len(rows)-1])
		}
	})
}
