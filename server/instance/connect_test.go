package instance

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corrgraph/odds"
	"corrgraph/server/config"
	"corrgraph/server/connect"
)

// TestWhatAVenueMayNotSayIsCounted by reason, and the rest goes on.
func TestWhatAVenueMayNotSayIsCounted(t *testing.T) {
	refused, heard := map[string]int{}, 0
	w := wires{
		log: slog.New(slog.DiscardHandler), sender: connect.NewSender(func(context.Context, []*odds.Batch) error { return nil }, nil),
		refused: func(source, reason string, n int) { refused[source+" "+reason] += n },
	}
	emit := vetted("fake", w, func(bs []*odds.Batch) { heard += len(bs) })
	update := func(venue string) odds.Update {
		return odds.Update{Event: &odds.Event{ID: "e"}, Venue: venue, Market: "h2h", Quotes: []odds.Quote{{Selection: "a", Price: 2}, {Selection: "b", Price: 2}}}
	}
	for range 2 {
		if err := emit(t.Context(), []*odds.Batch{{Source: "fake", At: 1, Updates: []odds.Update{update("fake"), update(odds.ConsensusVenue)}}}); err != nil {
			t.Fatal(err)
		}
	}
	if refused["fake reserved_name"] != 4 || len(refused) != 1 || heard != 2 {
		t.Errorf("refused %v, heard %d batches", refused, heard)
	}
}

// TestARecordingStaysInItsFolder, whatever a map calls its source.
func TestARecordingStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	f, err := recordingOf(dir, "../../x", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
		t.Errorf("%d files in the folder", len(files))
	}
}

// TestAVenueIsMadeOnce: an error names the key.
func TestAVenueIsMadeOnce(t *testing.T) {
	c := config.Default()
	c.Connect.Venues = []config.Connection{{Venue: "kalshi"}, {Venue: "kalshi"}}
	if _, err := Desk(&c, Options{}); err == nil || !strings.Contains(err.Error(), "connect.venues[1]") {
		t.Error(err)
	}
}
