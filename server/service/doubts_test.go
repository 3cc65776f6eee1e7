package service

import (
	"reflect"
	"testing"
	"time"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/feed/frames"
	"corrgraph/odds"
	"corrgraph/server/connect"
	"corrgraph/server/live"
	"corrgraph/server/memo"
)

// deskOf is connections with the markets in doubt that a test sets.
type deskOf struct{ doubted []frames.Standing }

func (d *deskOf) Status() []connect.Status                       { return nil }
func (d *deskOf) Doubted(int) (list []frames.Standing, more int) { return d.doubted, 0 }
func (d *deskOf) Reasons() []string                              { return nil }
func (d *deskOf) Rules() map[connect.MarketName]string           { return nil }

func TestAnEventSaysWhichOfItsMarketsAreInDoubt(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		g.live.show(match("other", 1))
		of := func(event string) []answer.Doubt {
			return must[*memo.Shared[EventDetail]](t)(g.Event(g.ctx, event, odds.InDecimal)).Value.Doubts
		}
		if got := of("m"); got == nil || len(got) > 0 || g.live.lookups > 0 {
			t.Fatalf("%v without connections", got)
		}
		desk := &deskOf{doubted: []frames.Standing{
			{Source: "kalshi", ID: "7", State: frames.Gap, Why: "connection lost", Since: noon, Known: true, Market: frames.Market{Event: &odds.Event{ID: "KX-7"}, Venue: "kalshi", Name: "h2h"}},
			{Source: "polymarket", ID: "8", State: frames.Stale, Why: "silent for 2 m", Since: noon + 1, Known: true, Market: frames.Market{Event: &odds.Event{ID: "KX-7"}, Venue: "polymarket", Name: "h2h"}},
			{Source: "kalshi", ID: "9", State: frames.Gap, Since: noon}, // not known
			{Source: "kalshi", ID: "10", State: frames.Gap, Since: noon, Known: true, Market: frames.Market{Event: &odds.Event{ID: "unheard"}, Name: "h2h"}},
		}}
		g.o.Desk = desk
		g.live.called = map[catalog.SourceID]string{{Source: "kalshi", ID: "KX-7"}: "m", {Source: "polymarket", ID: "KX-7"}: "other"}
		g.rest(time.Second)
		if got, want := of("m"), []answer.Doubt{{Venue: "kalshi", Market: "h2h", State: "gap", Why: "connection lost", Since: noon}}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got, want := of("other"), []answer.Doubt{{Venue: "polymarket", Market: "h2h", State: "stale", Why: "silent for 2 m", Since: noon + 1}}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if g.live.lookups != 1 {
			t.Errorf("the engine was asked %d times in a second", g.live.lookups)
		}
		desk.doubted = nil
		g.rest(time.Second)
		if got := of("m"); len(got) > 0 {
			t.Errorf("still %v after the image", got)
		}
		desk.doubted = []frames.Standing{{Source: "kalshi", Known: true, Market: frames.Market{Event: &odds.Event{ID: "KX-7"}}}}
		g.live.busy = live.ErrStopped
		if _, err := g.doubts(g.ctx, "m"); err != nil {
			t.Errorf("%v within the second", err)
		}
		g.rest(time.Second)
		if _, err := g.doubts(g.ctx, "m"); err == nil {
			t.Error("no error of a stopped engine")
		}
	})
}
