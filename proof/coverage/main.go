// Command coverage writes what the product knew and saw while it followed a recording, so that
// coverage.py beside it can tell why it made no forecast of a venue that could follow.
//
//	go run ./proof/coverage mlb_*.ndjson.bz2 > known.ndjson
//
// The recordings go through the engine as a replay does it; polls that two of them hold count
// twice here. One JSON object a line comes out, in event-time order: after each decision the
// links between venues as they were known from then on, and at each instant the moves that were
// seen and the quotes that could not be taken. Times are in ms, values in log-odds.
//
// It exits 1 if a recording cannot be read, 2 for an invalid command line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed/recording"
	"corrgraph/graph"
	"corrgraph/odds"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "coverage: which recordings?")
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(follow(ctx, os.Args[1:], out), out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}

// line is what is written of one instant. Links is nil unless there was a decision.
type line struct {
	At    odds.Time `json:"at"`
	Links []link    `json:"links,omitempty"`
	Moves []move    `json:"moves,omitempty"`
	Shut  []place   `json:"shut,omitempty"`
}

// link is a layer-1 family of venues at a decision. With Simultaneous, which of both is Leader
// says nothing.
type link struct {
	Leader       string `json:"leader"`
	Follower     string `json:"follower"`
	League       string `json:"league"` // as in baseball_mlb
	Market       string `json:"market"`
	Phase        string `json:"phase"`
	Simultaneous bool   `json:"simultaneous"`
	Discovered   bool   `json:"discovered"`
	BelowFloor   bool   `json:"below_floor"`
	Changing     bool   `json:"changing"`
}

// place is a venue's main market of an event.
type place struct {
	Event  string `json:"event"`
	Venue  string `json:"venue"`
	Market string `json:"market"`
}

// move is a move of a place's selection; RMS is that of its moves before, 0 if there were none.
type move struct {
	place
	Selection string  `json:"selection"`
	Raw       float64 `json:"raw"`
	RMS       float64 `json:"rms"`
}

// follow writes what an engine knows and sees of recordings.
func follow(ctx context.Context, paths []string, w io.Writer) error {
	facts, err := catalog.Builtin()
	if err != nil {
		return err
	}
	stream, err := recording.Open(ctx, paths, recording.Options{})
	if err != nil {
		return err
	}
	defer stream.Close()
	t := &teller{e: engine.New(engine.Options{Facts: facts, ScoreAtFinish: true}), to: json.NewEncoder(w), events: map[string]bool{}}
	for {
		b, err := stream.Next()
		if errors.Is(err, io.EOF) {
			return errors.Join(append(stream.Errors(), t.tell(t.at))...)
		}
		if err != nil {
			return err
		}
		if err := t.take(b); err != nil {
			return err
		}
	}
}

// teller follows an engine.
type teller struct {
	e      *engine.Engine
	news   engine.News
	to     *json.Encoder
	at     odds.Time // the present instant
	events map[string]bool
	moves  []move
}

func (t *teller) take(b *odds.Batch) error {
	if b.At != t.at {
		if err := t.tell(t.at); err != nil {
			return err
		}
		t.at = b.At
	}
	if err := t.e.Apply(b); err != nil {
		return err
	}
	for i := range b.Updates {
		t.events[b.Updates[i].Event.ID] = true
	}
	t.e.Drain(&t.news)
	for _, m := range t.news.Moves {
		if venue, _, market, selection, ok := m.Node.Parts(); ok && venue != odds.ConsensusVenue {
			t.moves = append(t.moves, move{place{m.Event, venue, market}, selection, m.Raw, m.RMS})
		}
	}
	if t.news.Decided {
		return t.to.Encode(line{At: t.at, Links: links(t.e.Families())})
	}
	return nil
}

// tell writes what was seen at an instant that is over.
func (t *teller) tell(at odds.Time) error {
	l := line{At: at, Moves: t.moves}
	for _, id := range slices.Sorted(maps.Keys(t.events)) {
		v, ok := t.e.View(id, [4]bool{})
		for i := range v.Quotes {
			q := &v.Quotes[i]
			if ok && (q.Stale || q.Status != odds.Open) && q.Listed {
				l.Shut = append(l.Shut, place{id, q.Venue, q.Market})
			}
		}
	}
	t.moves = nil
	clear(t.events)
	if len(l.Moves)+len(l.Shut) == 0 {
		return nil
	}
	return t.to.Encode(l)
}

// links are the families of venues that were judged.
func links(families []graph.Family) []link {
	out := []link{}
	for i := range families {
		f := &families[i]
		if k := &f.Key; k.Layer == odds.Direct && k.Leader != odds.ConsensusVenue && k.Follower != odds.ConsensusVenue {
			out = append(out, link{k.Leader, k.Follower, k.Sport + "_" + k.League, k.Market, k.Phase, f.Simultaneous, f.Discovered, f.BelowFloor, f.Changing})
		}
	}
	return out
}
