package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// recording is a set of files that are replayed together.
type recording struct {
	name string
	args []string // of replay: flags, then files
}

// known lists the recordings: patterns below the data folder, and the column map of
// tables. Files that match one pattern are replayed together, into one store.
func known() [][3]string {
	const odds, more, betfair = "the-odds-api-v4/", "the-odds-api-more/", "betfair-stream/"
	return [][3]string{
		{"oddsapi-mlb", odds + "mlb_*"},
		{"oddsapi-wnba", odds + "wnba_*"},
		{"oddsapi-kbo", odds + "kbo_*"},
		{"oddsapi-nfl", odds + "nfl_*"},
		{"oddsapi-worldcup", odds + "worldcup_*"},
		{"oddsapi-cities", odds + "[mw][ln][bn]*_2026-08-06*"}, // MLB and WNBA on one day: layer 4
		{"oddsapi-raw", odds + "raw/*"},
		{"oddsapi-more-mlb", more + "mlb_*"},
		{"oddsapi-more-wnba", more + "wnba_*"},
		{"oddsapi-more-kbo", more + "kbo_*"},
		{"oddsapi-more-nfl", more + "nfl_*"},
		{"betfair-greyhounds", betfair + "1.19793175*"},
		{"betfair-cricket", betfair + "1.200806927*"},
		{"betfair-tennis", betfair + "1.2237169*"},
		{"betfair-soccer", betfair + "1.242971311*"},
		{"betfair-basic", betfair + "BASIC-*"},
		{"betfair-frames", "betfair-stream-frames/*.json"},
		{"btcjpy", "btcjpy-two-exchanges/*.csv.gz", "btcjpy-two-exchanges"},
		{"kalshi", "kalshi-nba-1min/*.csv.bz2", "kalshi-nba-1min"},
		{"prediction-markets", "prediction-markets-multi/*.csv.bz2", "prediction-markets-multi"},
		{"proto-changes", "proto-vs-overseas/changes_*", "proto-changes"},
		{"proto-overseas", "proto-vs-overseas/live_odds_*", "proto-live-odds"},
	}
}

// recordings finds the files of all known recordings. It fails if a recording has
// no file, or a data file belongs to no recording: data that is not compared proves
// nothing.
func recordings(data, maps string) (out []recording, err error) {
	used := map[string]bool{}
	for _, k := range known() {
		files, err := filepath.Glob(filepath.Join(data, k[1]))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no files %s in %s", k[1], data)
		}
		for _, f := range files {
			used[f] = true
		}
		r := recording{name: k[0]}
		if k[2] != "" {
			r.args = []string{"--map", filepath.Join(maps, k[2]+".yaml")}
		}
		r.args = append(r.args, files...)
		out = append(out, r)
	}
	return out, unused(data, used)
}

// unused returns an error that names recorded files of no recording; nil if there
// are none.
func unused(data string, used map[string]bool) error {
	var left []string
	for _, depth := range []string{"*/*", "*/*/*"} {
		files, err := filepath.Glob(filepath.Join(data, depth))
		if err != nil {
			return err
		}
		left = append(left, slices.DeleteFunc(files, func(f string) bool {
			base := filepath.Base(f)
			return used[f] || !strings.Contains(base, ".") || base == "README.md" || base == "team_map.json"
		})...)
	}
	if len(left) > 0 {
		return fmt.Errorf("no recording holds %s", strings.Join(left, ", "))
	}
	return nil
}
