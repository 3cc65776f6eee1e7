package live

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/server/ingest"
	"corrgraph/ticklog/logtest"
)

// TestAPublicationGoesInSteps: one view a step, and a reader is answered between any two.
// Whoever reads the state that ends it finds all views renewed.
func TestAPublicationGoesInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := market()
		l, end := run(t, ingest.Options{OutOfOrder: 5000, Log: &logtest.Memory{}}, Options{Clock: clockAt(all[len(all)-1].At)})
		send(t, l, slices.Collect(slices.Chunk(all, 200)))
		synctest.Wait()
		ids := []string{"one", "two", "three"}
		was := map[string]*View{}
		for _, id := range ids {
			v, err := l.View(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			was[id] = v
		}
		renewed := func() (n int) {
			for _, id := range ids {
				if v, _ := l.View(t.Context(), id); v != was[id] {
					n++
				}
			}
			return n
		}
		onLoop(t, l, func() {
			p := l.loop.pub
			l.loop.share.earn(time.Minute) // it serves between parts, whose time is what readers have a share of
			p.publish(true)
			for _, id := range ids {
				was[id] = p.slots[id].view.Load()
				p.dirty[id] = true
			}
			state, answered := l.State(), 0
			p.begin(true)
			for k := 1; k <= len(ids); k++ {
				l.calls.asked <- func() { answered++ }
				l.loop.serve()
				if answered != k || renewed() != k || l.State() != state {
					t.Errorf("step %d: %d answered, %d views renewed, state renewed %v", k, answered, renewed(), l.State() != state)
				}
			}
			l.loop.serve()
			if p.under || l.State() == state || len(p.dirty) > 0 {
				t.Errorf("the last step: under way %v, %d views to renew", p.under, len(p.dirty))
			}
		})
		end()
	})
}
