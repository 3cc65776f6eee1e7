package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// answers is what the product says of a market. It is read from JSON, so that members that
// are not there yet are simply not said.
type answers struct {
	Anomalies []anomaly `json:"anomalies"`
	Scores    []score   `json:"families"` // of the scorecard

	pairs     []pair
	documents []any // all of it, for marks of a venue, wherever they are
}

// pair is a family of the answer of leaders.
type pair struct {
	Leader       string  `json:"leader"`
	Follower     string  `json:"follower"`
	LagMs        int64   `json:"lag_ms"`
	LagLowMs     int64   `json:"lag_low_ms"`
	LagHighMs    int64   `json:"lag_high_ms"`
	Confidence   float64 `json:"confidence"`
	Simultaneous bool    `json:"simultaneous"`
	Discovered   bool    `json:"discovered"`

	marks map[string]bool // false: it says that it can't tell
}

// score is a family of the scorecard.
type score struct {
	Layer    int     `json:"layer"`
	Leader   string  `json:"leader"`
	Follower string  `json:"follower"`
	Market   string  `json:"market"`
	Phase    string  `json:"phase"`
	Matured  int     `json:"matured"`
	Hits     int     `json:"hits"`
	HitRate  float64 `json:"hit_rate"`
	HitHigh  float64 `json:"hit_high"`
	BaseRate float64 `json:"base_rate"`
	BaseN    int     `json:"base_n"`
	Brier    float64 `json:"brier"`
}

type anomaly struct {
	Kind       string   `json:"kind"`
	Severity   string   `json:"severity"`
	Nodes      []string `json:"nodes"`
	Suppressed string   `json:"suppressed"`
}

// The marks by which an answer is qualified: members of a family that are true, or not
// empty; or words in a list of its.
const (
	copied        = "copied"
	changing      = "changing"
	leaderChanged = "leader_changed"
	leaderLost    = "leader_lost"
	firstOnFeed   = "first_on_feed"
	indirect      = "indirect"
	belowFloor    = "below_floor"
	clockSkew     = "clock_skew"
	staleCopy     = "stale_copy"
)

// decode reads the JSON of leaders, anomalies, the scorecard and the replay's summary.
func decode(leaders, anomalies, card, summary []byte) (*answers, error) {
	var a answers
	var l struct {
		Pairs []json.RawMessage `json:"pairs"`
	}
	err := errors.Join(json.Unmarshal(leaders, &l), json.Unmarshal(anomalies, &a), json.Unmarshal(card, &a))
	for _, text := range l.Pairs {
		var p pair
		var members map[string]any
		err = errors.Join(err, json.Unmarshal(text, &p), json.Unmarshal(text, &members))
		p.marks = marksOf(members)
		a.pairs = append(a.pairs, p)
	}
	for _, text := range [][]byte{leaders, anomalies, summary} {
		var d any
		err = errors.Join(err, json.Unmarshal(text, &d))
		a.documents = append(a.documents, d)
	}
	return &a, err
}

func marksOf(members map[string]any) map[string]bool {
	marks := map[string]bool{}
	for _, name := range []string{copied, changing, leaderChanged, leaderLost, firstOnFeed, indirect, belowFloor, clockSkew, staleCopy} {
		v, there := members[name]
		switch text, _ := v.(string); {
		case name == indirect && there && (v == nil || strings.Contains(text, "tell") || text == "unknown"):
			marks[name] = false
		case said(v):
			marks[name] = true
		}
		for _, v := range members {
			if list, ok := v.([]any); ok && slices.Contains(list, any(name)) {
				marks[name] = true
			}
		}
	}
	return marks
}

// said reports whether a member says anything: it is neither missing, false nor empty.
func said(v any) bool {
	return !slices.Contains([]string{"<nil>", "false", "no", "0", "", "[]", "map[]"}, fmt.Sprint(v))
}

// marked reports whether a mark is set on something that names the venue, wherever an answer
// may put that: on a family, an anomaly, in a list of sources.
func (a *answers) marked(name, venue string) bool {
	return slices.ContainsFunc(a.documents, func(d any) bool { return marked(d, name, venue) })
}

func marked(d any, name, venue string) bool {
	switch d := d.(type) {
	case []any:
		return slices.ContainsFunc(d, func(v any) bool { return marked(v, name, venue) })
	case map[string]any:
		var has, of bool
		all := words(d)
		for _, v := range d {
			all = append(all, words(v)...)
		}
		for _, word := range all {
			has, of = has || word == name, of || word == venue || strings.HasPrefix(word, venue+"/")
		}
		return has && of || slices.ContainsFunc(slices.Collect(maps.Values(d)), func(v any) bool { return marked(v, name, venue) })
	}
	return false
}

// words are the members of an object that say something, and the texts in a value.
func words(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, v := range v {
			if text, ok := v.(string); ok {
				out = append(out, text)
			}
		}
	case map[string]any:
		for key, v := range v {
			if said(v) {
				out = append(out, key)
			}
		}
	}
	return out
}

// String is the family as people read it.
func (p *pair) String() string {
	if p.Simultaneous {
		return fmt.Sprintf("%s – %s together, %.2f%s", p.Leader, p.Follower, p.Confidence, p.qualified())
	}
	lag := func(ms int64) float64 { return float64(ms) / 1000 }
	return fmt.Sprintf("%s → %s %.3g s [%.3g–%.3g], %.2f%s", p.Leader, p.Follower, lag(p.LagMs), lag(p.LagLowMs), lag(p.LagHighMs), p.Confidence, p.qualified())
}

func (p *pair) qualified() string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(p.marks)) {
		text += ", " + name
		if !p.marks[name] {
			text += "?"
		}
	}
	return text
}
