package replay

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store/sqlite"
)

// Every recording is read to the end without rejects; the numbers are those in the
// recordings' own descriptions.
func TestRecordingsAreReadWhole(t *testing.T) {
	long(t)
	for _, c := range []struct {
		name, files    string
		quotes, events int
	}{
		{"82 games in 109 files, a quote each minute with trades", "kalshi-nba-1min/*.bz2", 76_778, 82},
		{"two exchanges, one pair of currencies", "btcjpy-two-exchanges/*.gz", 10_024 + 6_115, 1},
		{"yes and no of 2,064 rows, 4 of which are closed", "prediction-markets-multi/*.bz2", 2 * (2_064 - 4), 0},
		{"11 venues, 12 play-off games", "the-odds-api-v4/nfl_*.bz2", 123_012, 12},
		{"Betfair streams", "betfair-stream/*.bz2", 0, 0},
		{"Korean odds and foreign ones", "proto-vs-overseas/*.bz2", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, sum := replayInto(t, newDB(t), recordings(t, c.files)...)
			if len(sum.Rejected) > 0 || len(sum.Problems) > 0 {
				t.Errorf("rejected %v, %v", sum.Rejected, sum.Problems)
			}
			if c.quotes > 0 && sum.Quotes != c.quotes || sum.Quotes == 0 {
				t.Errorf("%d quotes, want %d", sum.Quotes, c.quotes)
			}
			if c.events > 0 && sum.Events != c.events || sum.Events == 0 {
				t.Errorf("%d events, want %d", sum.Events, c.events)
			}
			if sum.Nodes < 3 || sum.Ticks > sum.Quotes || sum.Ticks == 0 {
				t.Errorf("%d nodes, %d ticks", sum.Nodes, sum.Ticks)
			}
		})
	}
}

// Three days of baseball beside three days of women's basketball: it is known who follows
// whom, and that the two sports are unrelated.
func TestBaseballAndBasketball(t *testing.T) {
	long(t)
	db := newDB(t)
	files := slices.Concat(recordings(t, "the-odds-api-v4/mlb_*.bz2"), recordings(t, "the-odds-api-v4/wnba_*.bz2"))
	_, sum := replayInto(t, db, files...)
	if sum.Quotes != 692_052+215_684 || sum.Events != 51+11 || len(sum.Rejected) > 0 {
		t.Errorf("%d quotes, %d events, rejected %v", sum.Quotes, sum.Events, sum.Rejected)
	}
	if sum.DecoyDiscoveryRate > 0.05 || sum.DecoyCopies < 20 {
		t.Errorf("discovery rate on mismatched events is %v over %d copies", sum.DecoyDiscoveryRate, sum.DecoyCopies)
	}
	if l4 := sum.Pairs["L4"]; l4 < 5 || float64(sum.Edges["L4"]) > 0.05*float64(l4) {
		t.Errorf("%d of %d pairs of a city were found, where no link is known", sum.Edges["L4"], l4)
	}
	for _, layer := range []string{"L1", "L2", "L3"} {
		if sum.Pairs[layer] == 0 {
			t.Errorf("no %s pair was watched", layer)
		}
	}
	st := openStore(t, db)
	defer st.Close()
	fams, err := st.Families(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	follows, leads, others := map[string]bool{}, map[string]bool{}, map[string]bool{}
	const poll, slow = odds.Millis(300_000), "mybookieag"
	for _, f := range fams {
		k := f.Key
		if k.Layer != odds.Direct || f.Simultaneous || f.Confidence <= 0.9 {
			continue
		}
		if f.LagHigh-f.LagLow < 2*poll*98/100 { // the step is the median of steps of 299 to 301 s
			t.Errorf("%s: an interval of %d ms from polls of %d", k, f.LagHigh-f.LagLow, poll)
		}
		switch {
		case k.League != "mlb" || k.Leader == odds.ConsensusVenue || k.Follower == odds.ConsensusVenue:
		case k.Follower == slow:
			follows[k.Leader] = true
		case k.Leader == slow:
			leads[k.Follower] = true
		default:
			others[k.Leader+" "+k.Follower] = true
		}
	}
	if len(follows) < 5 || len(leads) >= len(follows) || len(others) > 2*len(follows) {
		t.Errorf("%s follows %v and leads %v; other leads: %v", slow, follows, leads, others)
	}
	groups, err := st.Groups(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	one := false
	for _, g := range groups {
		one = one || g.League == "mlb" && slices.Contains(g.Venues, "betonlineag") && slices.Contains(g.Venues, "lowvig")
	}
	if !one {
		t.Errorf("betonlineag and lowvig are no group in %v", groups)
	}
	forecasts(t, st)
}

// A wrong quote at two venues of one house, in one poll of the World Cup.
func TestWrongQuoteOfTheWorldCup(t *testing.T) {
	long(t)
	db := newDB(t)
	_, sum := replayInto(t, db, recordings(t, "the-odds-api-v4/worldcup_*.bz2")...)
	if sum.Quotes != 514_505 || sum.Events != 25 || len(sum.Rejected) > 0 {
		t.Errorf("%d quotes, %d events, rejected %v", sum.Quotes, sum.Events, sum.Rejected)
	}
	st := openStore(t, db)
	defer st.Close()
	all, err := st.Anomalies(context.Background(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	venues := map[string]bool{}
	outliers := 0
	for _, a := range all {
		if a.Kind != "outlier_quote" || a.Suppressed != "" {
			continue
		}
		outliers++
		if a.At.String() == "2026-06-20T15:30:39Z" {
			venue, _, _ := strings.Cut(string(a.Nodes[0]), "/")
			venues[venue] = true
		}
	}
	if len(venues) != 2 || !venues["betonlineag"] || !venues["lowvig"] {
		t.Errorf("the wrong quote was seen at %v, want betonlineag and lowvig", venues)
	}
	if outliers > 200 { // of 514,505 quotes
		t.Errorf("%d outlier quotes: too many to be one venue's errors", outliers)
	}
}

// forecasts checks the predictions about a known follower: they beat the base rate by far.
func forecasts(t *testing.T, st *sqlite.Store) {
	t.Helper()
	ps, err := st.Predictions(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	matured, hits, base, based := 0, 0, 0.0, 0
	for _, p := range ps {
		if p.From < p.IssuedAt || p.To < p.From {
			t.Fatalf("%+v: not issued before the fact", p)
		}
		if !strings.HasPrefix(string(p.Source), "draftkings/") || !strings.HasPrefix(string(p.Target), "mybookieag/") ||
			!strings.Contains(string(p.Target), "/h2h/") || !p.Outcome.Matured() || !strings.Contains(p.Family, "/mlb/") {
			continue
		}
		matured++
		if p.Outcome == ledger.Hit {
			hits++
		}
		if p.BaseN > 0 {
			base, based = base+p.Base, based+1
		}
	}
	rate, usual := float64(hits)/float64(matured), base/float64(max(1, based))
	if matured < 20 || rate < 0.4 || rate < 3*usual {
		t.Errorf("draftkings moves, mybookieag follows: %d of %d hit, base rate %.3f", hits, matured, usual)
	}
}

// BenchmarkReplay is three days of baseball from compressed bytes to the finished
// store.
func BenchmarkReplay(b *testing.B) {
	files := recordings(b, "the-odds-api-v4/mlb_*.bz2")
	b.ReportAllocs()
	quotes := 0
	for b.Loop() {
		st, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "odds.db"), sqlite.Options{Create: true, Offline: true})
		if err != nil {
			b.Fatal(err)
		}
		sum, err := Run(b.Context(), st, Options{Paths: files})
		if err := errors.Join(err, st.Close()); err != nil || sum.Quotes != 692_052 {
			b.Fatal(sum.Quotes, err)
		}
		quotes += sum.Quotes
	}
	b.ReportMetric(float64(quotes)/b.Elapsed().Seconds(), "quotes/s")
}
