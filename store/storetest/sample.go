package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// Epoch is the newest event time in the results of Sample.
const Epoch odds.Time = 1_701_974_400_000

// Sample generates results of a given size that use every field, the same for the same
// seed.
func Sample(seed uint64, edges, families, predictions int) *store.Results {
	r := rand.New(rand.NewPCG(seed, 7))
	out := &store.Results{
		AsOf:   Epoch,
		Groups: []store.Group{{Sport: "baseball", League: "mlb", Venues: []string{"a", "b"}}, {Sport: "baseball", Venues: []string{"c", "d", "e"}}},

		Documents: map[string][]byte{"summary": []byte(`{"ticks":1,"s":"é\u0000"}`), "scorecard": []byte(`{}`)},
	}
	for i := range max(1, edges/500) {
		out.Events = append(out.Events, catalog.Event{
			ID: event(i), Sport: "baseball", League: "mlb", Start: Epoch + 1, Home: "A", Away: "B\tC", Title: "B\tC @ A",
			Entities: []string{"mlb:a", "city:b"}, FirstSeen: Epoch - 9, LastSeen: Epoch,
		})
	}
	for i := range families {
		out.Families = append(out.Families, family(r, i))
	}
	for i := range edges {
		out.Edges = append(out.Edges, edge(r, i, len(out.Events)))
	}
	for i := range min(predictions, 50) {
		out.Anomalies = append(out.Anomalies, anomaly(r, i))
	}
	for i := range predictions {
		out.Predictions = append(out.Predictions, prediction(r, i))
	}
	return out
}

func event(i int) string { return fmt.Sprintf("%032x", i) }

func node(venue, i int, side string) odds.NodeID {
	return odds.Node(fmt.Sprintf("venue%d", venue), event(i), "h2h", math.NaN(), side)
}

func family(r *rand.Rand, i int) graph.Family {
	f := graph.Family{
		Key: graph.FamilyKey{
			Layer: odds.Direct, Sport: "baseball", League: "mlb", Market: "h2h", Phase: "pre",
			Leader: fmt.Sprintf("venue%d", i), Follower: "venue0",
		},
		Pairs: i, Score: r.Float64(), Beta: r.NormFloat64(), Lag: 300_000, LagLow: 0, LagHigh: 600_000, N: r.IntN(9999),
		Z: r.NormFloat64() * 9, Inflation: 1.25, P: r.Float64(), Q: r.Float64(), D: -r.Float64(), PExist: 1e-300, QExist: r.Float64(),
		PDirect: 1, QDirect: 1, ConfExist: r.Float64(), Confidence: r.Float64(), Discovered: i%2 == 0, Simultaneous: i%3 == 0, Copied: i%5 == 0,
		Resolution: 300_000, DetectedAt: Epoch - odds.Time(i), FirstFound: Epoch - 99, ZeroLag: -r.Float64(), Coincide: r.Float64(),
	}
	if i%2 == 0 {
		f.Newest = graph.Newest{Events: i, Since: Epoch - odds.Time(i), Correlation: f.Score, Low: -f.Score, High: 1, Lead: f.D, LeadLow: -1, LeadHigh: f.Q}
	}
	return f
}

func edge(r *rand.Rand, i, events int) graph.Edge {
	e := i % events
	out := graph.Edge{
		Layer: odds.Layer(1 + i/events%4), Event: event(e), Source: node(i%29, e, "home"), Target: node(i%31+50, e, "away"), Kind: "follows",
		Score: 2*r.Float64() - 1, Beta: r.NormFloat64(), Lag: odds.Millis(r.IntN(600_000)), LagLow: odds.Millis(r.IntN(1000)), LagHigh: 900_000,
		N: r.IntN(5000), P: r.Float64(), Q: r.Float64(), Confidence: r.Float64(), Discovered: i%3 == 0, Simultaneous: i%4 == 1, Copied: i%7 == 0,
		Evidence: [...]graph.Evidence{graph.FromOwn, graph.FromFamily, graph.FromBoth}[i%3], Family: "L1/baseball/mlb/h2h/pre//draftkings>mybookieag",
		DetectedAt: Epoch - odds.Time(r.IntN(1_800_000)), FirstSeen: Epoch - 7_000_000,
	}
	if i%2 == 0 {
		f := func() float32 { return float32(r.NormFloat64()) }
		out.Trend = graph.Trend{
			N: int32(i), ScoreNow: f(), ScoreMean: f(), ScoreSD: f(), LagNow: f(), LagMean: f(), LagSD: f(), LagShift: f(), BetaNow: f(), BetaMean: f(), BetaSD: f(),
			LeadNow: f(), LeadMean: f(), LeadSD: f(), CountNow: f(), CountMean: f(), CountSD: f(), WeekdayMean: f(), WeekdaySD: f(),
			WeekdayN: -3, OffHours: i%4 == 0,
		}
	}
	return out
}

func anomaly(r *rand.Rand, i int) detect.Anomaly {
	return detect.Anomaly{
		Kind: "follower_not_moved", Layer: odds.CrossMarket, Event: event(i % 2), Nodes: []odds.NodeID{node(1, i, "home"), node(2, i, "home")},
		At: Epoch - odds.Time(i), Until: Epoch, Severity: detect.SeverityHigh, Band: odds.High, Confidence: float64(i%10) / 10, Size: r.NormFloat64(),
		Evidence: detect.Evidence{
			Text: "draftkings moved, mybookieag has not", Unit: "s.d.", Now: r.Float64(), Usual: r.Float64(), Spread: 0.1, N: 12,
			Ticks: []detect.Tick{{Node: node(1, i, "home"), At: Epoch - 5, Price: 1.91, Value: -0.1, AgeMs: 5}}, Curve: []float64{1, 0.5},
			Call: "c", Marks: []detect.Mark{{Node: node(1, i, "home"), AfterMs: 5000, At: new(Epoch), Price: new(1.87), PriceAt: new(Epoch)}, {AfterMs: 30_000}},
		},
		Suppressed: [...]string{"", "cool-down"}[i%2],
	}
}

func prediction(r *rand.Rand, i int) ledger.Prediction {
	p := ledger.Prediction{
		ID: fmt.Sprintf("L1/h2h/%08d", i), Family: "L1/baseball/mlb/h2h/pre//draftkings>mybookieag", Layer: odds.Direct, Event: event(i % 40),
		Source: node(1, i, "home"), Target: node(2, i, "home"), IssuedAt: Epoch - odds.Time(i), From: Epoch, To: Epoch + 600_000,
		Move: r.NormFloat64(), Size: r.NormFloat64(), P: r.Float64(), Confidence: r.Float64(), Outcome: ledger.Hit, ResolvedAt: Epoch + 5,
		Actual: r.NormFloat64(), LeadTime: 300_000, Base: r.Float64(), BaseN: 40, Baselines: map[string]bool{"last_move": i%2 == 0, "mean": true},
	}
	if i%3 == 0 {
		return p // as those of earlier versions
	}
	p.KnownAt, p.Least, p.PHalf, p.Half, p.Groups, p.PLeague, p.PFamily = p.IssuedAt+7, r.NormFloat64(), r.Float64(), ledger.Truth(i%4%3), 2, r.Float64(), r.Float64()
	p.Line, p.Lined = float64(i%5)-2, i%2 == 1
	if !p.Lined {
		p.Line = 0
	}
	p.Lead(ledger.Leader{Node: p.Source, Family: p.Family, Move: p.Move, Agree: true, At: p.IssuedAt}, ledger.Leader{Node: p.Target, Family: "other", Move: -p.Move, At: p.IssuedAt + 1})
	p.Revise(ledger.Revision{At: p.IssuedAt, P: p.P, PHalf: p.PHalf})
	p.Revise(ledger.Revision{At: p.IssuedAt + 1, P: r.Float64(), PHalf: r.Float64()})
	return p
}
