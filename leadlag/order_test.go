package leadlag

import (
	"fmt"
	"math"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"
)

// Whose moves are repeated is first, by the share that is repeated later, or by polls.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		resolution, lag odds.Millis
		want            float64
	}{{20, 500, 1}, {20, 0, 0}, {300_000, 0, 0}, {300_000, 300_000, 1}, {300_000, 600_000, 2}} {
		e := NewEvidence(NewAxis(c.resolution), false)
		var work Scratch
		for event := range 3 {
			var a, b moves
			for i := range 40 { // two hours apart: no other moves meet
				at := odds.Time(i * 7_200_000)
				x := 0.1 * float64(1+i%3)
				a = append(a, series.Increment{At: at, White: x, Raw: x})
				b = append(b, series.Increment{At: at.Add(c.lag), White: x, Raw: x})
			}
			cluster := e.Cluster(fmt.Sprint(event))
			for i := range a {
				e.Add(BA, a[i], before(b, a[i].At), true, nil, cluster, &work)
				e.Add(AB, b[i], before(a, b[i].At), false, nil, cluster, &work)
			}
		}
		seen := map[uint64]bool{}
		e.Order(func(event uint64, lead, shared float64) {
			seen[event] = true
			if shared <= 0 || math.Abs(lead/shared-c.want) > 1e-6 {
				t.Errorf("%d ms later, resolution %d: %g of %g", c.lag, c.resolution, lead, shared)
			}
		})
		if len(seen) != 3 {
			t.Errorf("%d events", len(seen))
		}
	}
}
