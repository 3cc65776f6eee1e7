// Package reaction is how soon venues react to the same score. Times are relative to the mark that
// tells of it, whose channel is itself late by an unknown time: a venue may react before it, and only
// comparisons of venues on the same marks say anything. What it holds are plain values; [Judge] is a
// pure function of them.
package reaction

import "corrgraph/odds"

// Spans of event time around a mark.
const (
	Before  odds.Millis = 60_000  // how long before a mark a reaction may come
	Horizon odds.Millis = 120_000 // how long after it one is waited for
	Apart   odds.Millis = 300_000 // how long before a mark the same is looked for where nothing was told
)

// Most is how many marks of scores are kept, the newest, of all events together; MostOfEvent those of
// one event.
const (
	Most        = 4096
	MostOfEvent = 256
)

// EventMark is something that happened in an event, and how its venues reacted if it is a new score.
type EventMark struct {
	Event  string        `json:"event"`
	Sport  string        `json:"sport"`
	League string        `json:"league"`
	Kind   odds.MarkKind `json:"kind" enum:"score,period,status"`
	Value  string        `json:"value" doc:"In the source's spelling."`
	Was    string        `json:"was" doc:"Before; empty: it is the first that was heard."`
	At     odds.Time     `json:"at" doc:"When its source told it."`
	Ended  bool          `json:"ended" doc:"The event is over."`
	Books  []Reaction    `json:"reactions" doc:"Of the venues that quoted a winner or total market then; empty unless the score changed."`
}

// Scored reports whether it tells a new score, to which venues react.
func (m *EventMark) Scored() bool { return m.Kind == odds.ScoreMark && m.Was != "" }

// Reaction is what a venue's market did about a mark.
type Reaction struct {
	Venue  string `json:"venue"`
	Market string `json:"market" doc:"h2h or totals."`
	Seen
	// Control is the same five minutes earlier, when no score was told; null: that is not known.
	Control *Seen `json:"control"`
}

// Seen is a reaction or that there was none, in milliseconds after a mark, less than 0 before it.
type Seen struct {
	How  How         `json:"how" enum:"moved,suspended,censored"`
	Low  odds.Millis `json:"low_ms" doc:"After this: a poll tells a reaction up to a step late. Censored: it did not react until this."`
	High odds.Millis `json:"high_ms" doc:"At this at the latest."`
	Why  Why         `json:"why" enum:",horizon,score,gap,stale,closed,end" doc:"Why nothing is known after low_ms; empty if it reacted."`
}

// How is what a venue did.
type How string

// What a venue does: the first of the two.
const (
	Moved     How = "moved"     // by 2 r.m.s. of its series or more
	Suspended How = "suspended" // it takes no bets
	Censored  How = "censored"  // neither, as long as it could be told
)

// Why is why a reaction was not waited for any longer.
type Why string

// The reasons.
const (
	AtHorizon Why = "horizon" // two minutes are over
	NextScore Why = "score"   // the score changed again
	InGap     Why = "gap"     // what it quotes is not known
	IsStale   Why = "stale"   // its prices are old, or missing
	IsClosed  Why = "closed"
	AtEnd     Why = "end" // of the data
)

// Reacted reports whether the venue did something.
func (s *Seen) Reacted() bool { return s.How == Moved || s.How == Suspended }

// Sooner reports whether a venue certainly reacted before another one, whose reaction may be censored.
func (s *Seen) Sooner(o *Seen) bool { return s.Reacted() && s.High < o.Low }
