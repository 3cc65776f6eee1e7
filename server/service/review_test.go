package service

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"corrgraph/answer"
	"corrgraph/detect"
	"corrgraph/odds"
	"corrgraph/server/live"
	"corrgraph/server/memo"
	"corrgraph/server/review"
	"corrgraph/store"
)

// wrong returns a view with one anomaly.
func wrong(event string) *live.View {
	v := &live.View{Version: 1}
	v.Event.ID, v.AsOf = event, noon
	v.Anomalies = []live.AnomalyUpdate{{Seq: 1, Anomaly: detect.Anomaly{
		Kind: detect.OutlierQuote, Layer: odds.Direct, Event: event, Nodes: []odds.NodeID{node("dk", event, "home")}, At: noon, Confidence: 0.9,
	}}}
	return v
}

// listed returns the reviews of the only anomaly of an event.
func (g *rig) listed(event string) map[string]any {
	g.t.Helper()
	text := must[[]byte](g.t)(json.Marshal(must[*memo.Shared[Anomalies]](g.t)(g.Anomalies(g.ctx, answer.AnomalyQuery{Event: event})).Value))
	var got struct {
		Anomalies []struct{ Review map[string]any }
	}
	if err := json.Unmarshal(text, &got); err != nil || len(got.Anomalies) != 1 {
		g.t.Fatalf("%v: %s", err, text)
	}
	return got.Anomalies[0].Review
}

func TestReviewsStandBesideTheirAnomaly(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(wrong("match"))
		g.live.show(wrong("other"))
		if r := g.listed("match"); r != nil {
			t.Fatalf("reviewed before anybody did: %v", r)
		}
		at := review.Request{Kind: detect.OutlierQuote, EventID: "match", Node: string(node("dk", "match", "home")), At: noon}
		ack, verdict := at, at
		ack.Action, ack.Note = "acknowledge", "looking"
		verdict.Action, verdict.Verdict = "verdict", "true"
		must[*review.Review](t)(g.Review(g.ctx, ack))
		made := must[*review.Review](t)(g.Review(g.ctx, verdict))
		if r := g.listed("match"); r["acknowledged_by"] != "tester" || r["verdict"] != "true" || r["note"] != "looking" {
			t.Errorf("after both: %v", r)
		}
		if r := g.listed("other"); r != nil {
			t.Errorf("the same kind in another event: %v", r)
		}
		all := must[*review.Reviews](t)(g.Reviews(g.ctx, 10))
		if len(all.Reviews) != 2 || len(all.Precision) != 1 || all.Precision[0].True != 1 || all.Precision[0].Share != 1 || all.Precision[0].Low > 0.5 {
			t.Errorf("%+v", all)
		}
		if err := g.DropReview(g.ctx, made.ID); err != nil {
			t.Fatal(err)
		}
		if r := g.listed("match"); r["verdict"] != nil || r["acknowledged_by"] != "tester" {
			t.Errorf("after taking the verdict back: %v", r)
		}
		if err := g.DropReview(g.ctx, made.ID); Classify(err).Code != Unknown {
			t.Errorf("taken back twice: %v", err)
		}
	})
}

func TestAMuteEnds(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(wrong("match"))
		must[*review.Review](t)(g.Review(g.ctx, review.Request{Action: "mute", Kind: detect.OutlierQuote, ExpiresIn: time.Minute}))
		if r := g.listed("match"); r["muted_by"] != "tester" || r["muted_until"] == nil {
			t.Errorf("not muted: %v", r)
		}
		g.rest(time.Minute)
		if r := g.listed("match"); r != nil {
			t.Errorf("still muted: %v", r)
		}
	})
}

func TestReviewsHaveABoundAndMakeRoomWhenTheyEnd(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		mute := review.Request{Action: "mute", Kind: "k", ExpiresIn: time.Minute}
		must[*review.Review](t)(g.Review(g.ctx, mute))
		g.reviews.Store(review.NewBook(make([]store.Review, mostReviews)))
		if _, err := g.Review(g.ctx, mute); Classify(err).Code != Invalid {
			t.Errorf("one too many: %v", err)
		}
		if err := g.loadReviews(g.ctx); err != nil {
			t.Fatal(err)
		}
		g.rest(time.Minute)
		if r := must[*review.Review](t)(g.Review(g.ctx, mute)); r.ID != 2 {
			t.Errorf("id %d of one that ended is used again", r.ID)
		}
		if held, err := g.people.Reviews(g.ctx, 0, 10); err != nil || len(held) != 1 {
			t.Errorf("stored: %+v, %v; want without the one that ended", held, err)
		}
	})
}

func TestReviewsThatMakeNoSenseAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		whole := review.Request{Action: "verdict", Kind: "x", EventID: "e", At: noon, Verdict: "true"}
		for name, change := range map[string]func(*review.Request){
			"no action":          func(r *review.Request) { r.Action = "like" },
			"no verdict":         func(r *review.Request) { r.Verdict = "" },
			"verdict of an ack":  func(r *review.Request) { r.Action = "acknowledge" },
			"mute for ever":      func(r *review.Request) { r.Action, r.Verdict = "mute", "" },
			"mute for years":     func(r *review.Request) { r.Action, r.Verdict, r.ExpiresIn = "mute", "", 400*24*time.Hour },
			"mute of everything": func(r *review.Request) { *r = review.Request{Action: "mute", ExpiresIn: time.Hour} },
			"no anomaly":         func(r *review.Request) { r.At = 0 },
			"long note":          func(r *review.Request) { r.Note = strings.Repeat("x", 2001) },
		} {
			r := whole
			change(&r)
			if _, err := g.Review(g.ctx, r); Classify(err).Code != Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := must[*review.Reviews](t)(g.Reviews(g.ctx, 10)); len(got.Reviews) != 0 {
			t.Errorf("kept: %+v", got.Reviews)
		}
	})
}

func TestTheNewestProofOfAKindStays(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		for _, summary := range []string{"first", "second"} {
			must[*Proof](t)(g.RecordProof(g.ctx, NewProof{Kind: "load", Summary: summary, Passed: true, Report: []byte(`{"p99_ms":3}`)}))
		}
		all := must[[]Proof](t)(g.Proofs(g.ctx))
		text, err := json.Marshal(all)
		if err != nil || len(all) != 1 || all[0].Summary != "second" || all[0].Actor != "tester" || !strings.Contains(string(text), `"report":{"p99_ms":3}`) {
			t.Errorf("%s, %v", text, err)
		}
		if _, err := g.RecordProof(g.ctx, NewProof{Kind: "load", Report: []byte(`{`)}); Classify(err).Code != Invalid {
			t.Errorf("no JSON: %v", err)
		}
	})
}
