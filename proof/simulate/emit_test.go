package simulate

import (
	"errors"
	"math"
	"strings"
	"testing"

	"corrgraph/odds"
)

// TestAnErrorOfTheReceiverComesBackUnchanged, and nothing is handed over after it.
func TestAnErrorOfTheReceiverComesBackUnchanged(t *testing.T) {
	full := errors.New("full")
	for _, at := range []int{1, 2, 100} {
		n := 0
		_, err := Run(Options{Preset: "pooled", Null: 1, True: 1, FamilySize: 2, Moves: 200}, func(*odds.Batch) error {
			if n++; n == at {
				return full
			}
			return nil
		})
		if err != full || n != at {
			t.Errorf("batch %d was refused: %v after %d batches", at, err, n)
		}
	}
}

// TestBatchesComeInOrderAndAreCounted: by event time, each of one instant and source, and
// the truth says how many there were.
func TestBatchesComeInOrderAndAreCounted(t *testing.T) {
	for _, o := range []Options{{Minutes: 30}, {Preset: "calibration", Null: 5, True: 3, Moves: 50}, {Preset: "pooled", Null: 2, True: 2, FamilySize: 3, Moves: 20}} {
		last, quotes, batches := odds.Time(0), 0, 0
		var held *odds.Batch // of the receiver: it stays as it was
		var text string
		truth, err := Run(o, func(b *odds.Batch) error {
			if b.At < last || b.Source == "" || len(b.Updates) == 0 {
				t.Fatalf("%s: %+v after %s", o.Preset, b, last)
			}
			if held == nil {
				held, text = b, textOf(b)
			}
			last, quotes, batches = b.At, quotes+b.Quotes(), batches+1
			return nil
		})
		if err != nil || truth.Quotes != quotes || truth.Batches != batches || truth.End != last {
			t.Errorf("%s: %d quotes in %d batches until %s, truth %d in %d until %s, %v", o.Preset, quotes, batches, last, truth.Quotes, truth.Batches, truth.End, err)
		}
		if got := textOf(held); got != text {
			t.Errorf("%s: the first batch was changed from %s to %s", o.Preset, text, got)
		}
	}
}

// textOf is a batch's content in one text.
func textOf(b *odds.Batch) string {
	var s strings.Builder
	s.WriteString(b.Source + b.At.String())
	for i := range b.Updates {
		u := &b.Updates[i]
		s.WriteString(u.Venue + u.Market + u.Event.ID)
		for _, q := range u.Quotes {
			s.WriteString(q.Selection + " " + odds.Format(odds.Odds(q.Price), odds.InDecimal))
		}
	}
	return s.String()
}

func TestOptionsAtTheirBorders(t *testing.T) {
	none := func(*odds.Batch) error { return nil }
	good := Options{Preset: "pooled", Null: 1, True: 1, FamilySize: 1, Moves: 10, Minutes: 30, R2: 0.5}
	if _, err := Run(good, none); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Options){
		"minutes":          func(o *Options) { o.Minutes = 29 },
		"negative minutes": func(o *Options) { o.Minutes = -1 },
		"moves":            func(o *Options) { o.Moves = 9 },
		"family":           func(o *Options) { o.FamilySize = -1 },
		"no noise":         func(o *Options) { o.R2 = 1 },
		"less than none":   func(o *Options) { o.R2 = -0.1 },
		"not a number":     func(o *Options) { o.R2 = math.NaN() },
		"preset":           func(o *Options) { o.Preset = "Demo" },
	} {
		o := good
		change(&o)
		truth, err := Run(o, func(*odds.Batch) error { t.Errorf("%s: it ran", name); return errors.New("stop") })
		if err == nil || truth != nil || !strings.HasPrefix(err.Error(), "simulate: ") {
			t.Errorf("%s: %v, %v", name, truth, err)
		}
	}
}
