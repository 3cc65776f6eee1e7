package review

import (
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/odds"
	"corrgraph/store"
)

func TestCheck(t *testing.T) {
	ack := Request{Action: Acknowledge, Kind: "k", EventID: "e", At: noon}
	verdict := Request{Action: Verdict, Kind: "k", EventID: "e", At: noon, Verdict: "true"}
	mute := Request{Action: Mute, Kind: "k", ExpiresIn: time.Hour}
	with := func(r Request, change func(*Request)) Request { change(&r); return r }
	for name, c := range map[string]struct {
		r    Request
		says string // empty: nothing is wrong
	}{
		"acknowledge":             {ack, ""},
		"verdict":                 {verdict, ""},
		"unsure":                  {with(verdict, func(r *Request) { r.Verdict = "unsure" }), ""},
		"mute":                    {mute, ""},
		"mute an event":           {Request{Action: Mute, EventID: "e", ExpiresIn: 1}, ""},
		"mute a node":             {Request{Action: Mute, Node: "n", ExpiresIn: 1}, ""},
		"the longest mute":        {with(mute, func(r *Request) { r.ExpiresIn = 720 * time.Hour }), ""},
		"the longest note":        {with(ack, func(r *Request) { r.Note = strings.Repeat("x", 2000) }), ""},
		"an acknowledgement ends": {with(ack, func(r *Request) { r.ExpiresIn = time.Hour }), ""},
		"no action":               {Request{}, `action "": want acknowledge, mute or verdict`},
		"another action":          {with(ack, func(r *Request) { r.Action = "delete" }), `action "delete": want acknowledge, mute or verdict`},
		"a mute without end":      {with(mute, func(r *Request) { r.ExpiresIn = 0 }), "a mute must expire within 720h0m0s"},
		"a mute that is over":     {with(mute, func(r *Request) { r.ExpiresIn = -1 }), "a mute must expire within 720h0m0s"},
		"a mute too long":         {with(mute, func(r *Request) { r.ExpiresIn = 720*time.Hour + 1 }), "a mute must expire within 720h0m0s"},
		"a mute of everything":    {Request{Action: Mute, ExpiresIn: time.Hour}, "a mute can't cover everything: name a kind, an event or a node"},
		"of no kind":              {with(ack, func(r *Request) { r.Kind = "" }), "name the anomaly by its kind, event_id, last node and at"},
		"of no event":             {with(verdict, func(r *Request) { r.EventID = "" }), "name the anomaly by its kind, event_id, last node and at"},
		"of no time":              {with(verdict, func(r *Request) { r.At = 0 }), "name the anomaly by its kind, event_id, last node and at"},
		"no verdict":              {with(verdict, func(r *Request) { r.Verdict = "" }), `verdict "": want true, false or unsure, and only with the action verdict`},
		"another verdict":         {with(verdict, func(r *Request) { r.Verdict = "yes" }), `verdict "yes": want true, false or unsure, and only with the action verdict`},
		"a verdict too many":      {with(mute, func(r *Request) { r.Verdict = "true" }), `verdict "true": want true, false or unsure, and only with the action verdict`},
		"a note too long":         {with(ack, func(r *Request) { r.Note = strings.Repeat("x", 2001) }), "a note has 2000 bytes at most, and nothing expires in the past"},
		"over before it is made":  {with(ack, func(r *Request) { r.ExpiresIn = -1 }), "a note has 2000 bytes at most, and nothing expires in the past"},
	} {
		switch err := c.r.Check(); {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (err == nil || err.Error() != c.says):
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func TestARowKeepsWhatWasSaidAndWhen(t *testing.T) {
	r := Request{Action: Verdict, Kind: "k", EventID: "e", Node: "n", At: noon, Verdict: "false", Note: "no", ExpiresIn: 90 * time.Second}
	want := store.Review{Action: Verdict, Kind: "k", Event: "e", Node: "n", At: noon, Verdict: "false", Note: "no", Actor: "ann", MadeAt: noon + 5, Expires: noon + 90_005}
	if got := r.Row("ann", noon+5); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	r.ExpiresIn = 0
	if got := r.Row("ann", noon+5); got.Expires != 0 {
		t.Errorf("what never expires does at %v", got.Expires)
	}
}

func TestAReviewIsShownWithoutTheTimesItLacks(t *testing.T) {
	if got := New(&store.Review{ID: 3, Action: Mute, MadeAt: noon}); got.At != nil || got.ExpiresAt != nil || got.ID != 3 || got.MadeAt != noon {
		t.Errorf("%+v", got)
	}
	if got := New(&store.Review{At: noon, Expires: noon + 1}); got.At == nil || *got.At != noon || got.ExpiresAt == nil || *got.ExpiresAt != noon+1 {
		t.Errorf("%+v", got)
	}
}

func TestTheLastOpinionCountsAndItsNoteGoesWithIt(t *testing.T) {
	b := NewBook([]store.Review{
		{Action: Verdict, Kind: "k", Event: "e", Node: "n", At: noon, Actor: "ann", Verdict: "false", Note: "a spike", MadeAt: noon + 1},
		{Action: Verdict, Kind: "k", Event: "e", Node: "n", At: noon, Actor: "bea", Verdict: "true", MadeAt: noon + 2},
		{Action: Acknowledge, Kind: "k", Event: "e", Node: "n", At: noon, Actor: "cat", Note: "back at one", MadeAt: noon + 3, Expires: noon + 100},
	})
	if o := b.Of("k", "e", "n", noon, noon+99); o.Verdict != "true" || o.VerdictBy != "bea" || o.AcknowledgedBy != "cat" || o.Note != "back at one" {
		t.Errorf("%+v", o)
	}
	if o := b.Of("k", "e", "n", noon, noon+100); o.AcknowledgedBy != "" || o.AcknowledgedAt != nil || o.Note != "a spike" {
		t.Errorf("after the acknowledgement expired: %+v", o)
	}
}

func TestAMuteCoversWhatItNamesAndTheLongestCounts(t *testing.T) {
	b := NewBook([]store.Review{
		{Action: Mute, Kind: "k", Actor: "ann", Expires: noon + 1000},
		{Action: Mute, Event: "e", Actor: "bea", Expires: noon + 10},
		{Action: Mute, Kind: "other", Event: "f", Node: "n", Actor: "cat", Expires: noon + 500},
	})
	for _, c := range []struct {
		kind, event, node string
		now               odds.Time
		by                string
		until             odds.Time
	}{
		{"k", "x", "n", noon, "ann", noon + 1000},
		{"j", "e", "n", noon, "bea", noon + 10},
		{"k", "e", "n", noon, "ann", noon + 1000}, // muted until the longer one ends
		{"k", "e", "n", noon + 10, "ann", noon + 1000},
		{"k", "e", "n", noon + 1000, "", 0},
		{"other", "f", "n", noon, "cat", noon + 500},
		{"other", "f", "m", noon, "", 0},
		{"other", "g", "n", noon, "", 0},
		{"j", "f", "n", noon, "", 0},
	} {
		o := b.Of(c.kind, c.event, c.node, noon, c.now)
		if o.MutedBy != c.by || (o.MutedUntil == nil) != (c.until == 0) || o.MutedUntil != nil && *o.MutedUntil != c.until {
			t.Errorf("%s/%s/%s at +%d: by %q until %v, want by %q until %v", c.kind, c.event, c.node, c.now-noon, o.MutedBy, o.MutedUntil, c.by, c.until)
		}
	}
}

func TestAListIsNewestFirstAndBounded(t *testing.T) {
	var all []store.Review
	for i := range int64(5) {
		all = append(all, store.Review{ID: i + 1, Action: Acknowledge, Kind: "k", Event: "e", At: noon})
	}
	for limit, want := range map[int][]int64{0: nil, 1: {5}, 3: {5, 4, 3}, 9: {5, 4, 3, 2, 1}} {
		var got []int64
		for _, r := range NewBook(all).List(limit).Reviews {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("of at most %d: %v, want %v", limit, got, want)
		}
	}
}

func TestPrecisionIsByKindInOrderAndOfVerdictsAlone(t *testing.T) {
	l := NewBook([]store.Review{
		{Action: Verdict, Kind: "z", Event: "e", At: noon, Verdict: "true", MadeAt: noon + 60_000},
		{Action: Verdict, Kind: "a", Event: "e", At: noon, Verdict: "false", MadeAt: noon + 120_000},
		{Action: Acknowledge, Kind: "b", Event: "e", At: noon, MadeAt: noon},
		{Action: Mute, Kind: "c", MadeAt: noon, Expires: noon + 1},
		{Action: Verdict, Kind: "a", Event: "f", At: noon, Verdict: "false", MadeAt: noon + 240_000},
	}).List(1)
	if len(l.Precision) != 2 || l.Precision[0].Kind != "a" || l.Precision[1].Kind != "z" {
		t.Fatalf("%+v", l.Precision)
	}
	// Wilson's 95 % interval of 0 in 2 is [0, 0.658], of 1 in 1 [0.207, 1].
	if a := l.Precision[0]; a.False != 2 || a.Share != 0 || a.Low != 0 || a.High < 0.657 || a.High > 0.659 {
		t.Errorf("%+v", a)
	}
	if z := l.Precision[1]; z.True != 1 || z.Share != 1 || z.Low < 0.206 || z.Low > 0.208 || z.High != 1 || z.MedianMinute != 1 {
		t.Errorf("%+v", z)
	}
}
