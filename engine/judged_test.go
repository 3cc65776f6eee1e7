package engine

import (
	"fmt"
	"testing"

	"corrgraph/odds"
)

// TestAFamilyIsToldAsItWasJudged compares what is told of families right after a decision with
// what is told shortly before the next one.
func TestAFamilyIsToldAsItWasJudged(t *testing.T) {
	arrivals := delayed(nil)
	e := New(Options{View: Settled, DecideEvery: 3_600_000, SearchEachDecision: true})
	var at odds.Time
	was, asked := "", 0
	for _, b := range arrivals {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		e.Verdicts()
		text := ""
		for _, f := range e.Families() {
			text += fmt.Sprintln(f.Key, f.Pairs, f.ZeroLag, f.Coincide)
		}
		if e.DecidedAt() == at && text != was {
			t.Fatalf("decided at %v, told at %v:\n%s, before:\n%s", at, b.At, text, was)
		}
		if at, was = e.DecidedAt(), text; text != "" {
			asked++
		}
	}
	if asked < 100 {
		t.Errorf("families were known %d times", asked)
	}
}
