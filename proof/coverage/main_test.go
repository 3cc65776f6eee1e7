package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"corrgraph/graph"
	"corrgraph/odds"
)

// polls is a recording of a match whose venue ann moves once, and whose venue old stays on a
// stamp of an hour before, as The Odds API tells it.
func polls(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	for i := range 20 {
		price := 1.9
		if i >= 10 {
			price = 2.1
		}
		book := func(venue, stamp string, price float64) string {
			return fmt.Sprintf(`{"key":%q,"title":%q,"last_update":%q,"markets":[{"key":"h2h","last_update":%q,"outcomes":[{"name":"H","price":%g},{"name":"A","price":1.9}]}]}`,
				venue, venue, stamp, stamp, price)
		}
		now := fmt.Sprintf("2026-07-01T10:%02d:00Z", i)
		fmt.Fprintf(&b, `{"timestamp":%q,"data":[{"id":"e1","sport_key":"baseball_mlb","commence_time":"2026-07-01T20:00:00Z","home_team":"H","away_team":"A","bookmakers":[%s,%s]}]}`+"\n",
			now, book("ann", now, price), book("old", "2026-07-01T09:00:00Z", 1.8))
	}
	path := filepath.Join(t.TempDir(), "mlb.ndjson")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFollowTellsMovesAndWhatIsShut(t *testing.T) {
	var out bytes.Buffer
	if err := follow(t.Context(), []string{polls(t)}, &out); err != nil {
		t.Fatal(err)
	}
	var moves []move
	shut := map[string]int{}
	for in := json.NewDecoder(&out); ; {
		var l line
		if err := in.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		moves = append(moves, l.Moves...)
		for _, p := range l.Shut {
			shut[p.Venue+" "+p.Event+" "+p.Market]++
		}
	}
	if len(moves) != 1 || moves[0].Venue != "ann" || moves[0].Selection != "home" || moves[0].Raw >= 0 || moves[0].RMS != 0 {
		t.Errorf("moves %+v", moves)
	}
	if len(shut) != 1 || shut["old e1 h2h"] < 20 {
		t.Errorf("shut %v", shut)
	}
}

func TestFollowSaysWhatIsNoRecording(t *testing.T) {
	if err := follow(t.Context(), []string{filepath.Join(t.TempDir(), "none")}, io.Discard); err == nil {
		t.Error("no error")
	}
}

func TestLinksAreOfVenues(t *testing.T) {
	key := graph.FamilyKey{Layer: odds.Direct, Sport: "baseball", League: "mlb", Market: "h2h", Phase: "pre", Leader: "ann", Follower: "bob"}
	consensus, market := key, key
	consensus.Follower, market.Layer = odds.ConsensusVenue, odds.CrossMarket
	got := links([]graph.Family{{Key: key, Discovered: true, Traits: graph.Traits{Changing: true}}, {Key: consensus}, {Key: market}})
	if len(got) != 1 || got[0] != (link{Leader: "ann", Follower: "bob", League: "baseball_mlb", Market: "h2h", Phase: "pre", Discovered: true, Changing: true}) {
		t.Errorf("%+v", got)
	}
}

// TestCauses runs the tests of coverage.py.
func TestCauses(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3: the tests of coverage.py did not run")
	}
	if out, err := exec.CommandContext(t.Context(), python, "-B", "coverage_test.py").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
