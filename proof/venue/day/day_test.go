package day

import (
	"flag"
	"os"
	"testing"
	"time"
)

var (
	full  = flag.Bool("full", false, "hold the market for a whole day")
	seed  = flag.Uint64("seed", 1, "of the market and its faults")
	hours = flag.Int("hours", 24, "of the market, with -full")
)

// TestDay holds a short market with and without faults:
//
//	go test ./proof/venue/day -run Day -v [-args -full] [-seed 2]
func TestDay(t *testing.T) {
	if testing.Short() && !*full {
		t.Skip("long")
	}
	o := Options{Seed: *seed, Length: 100 * time.Minute, Games: 12, Every: 40 * time.Second, Decide: 20 * time.Minute, Faults: 6 * time.Minute, After: 10 * time.Minute}
	if *full {
		o = Options{Seed: *seed, Length: time.Duration(*hours) * time.Hour, Games: 12, Every: 2 * time.Minute, Decide: time.Hour, Faults: 10 * time.Minute, After: 10 * time.Minute, Strict: true}
	}
	if !Run(t, o, os.Stdout) {
		t.Fail()
	}
}
