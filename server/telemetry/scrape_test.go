package telemetry

import (
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
)

func TestScrapesWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMetrics(prometheus.NewRegistry(), Build{})
		var inside atomic.Int32
		gate := make(chan struct{})
		m.Collect(func(*Readings) { inside.Add(1); <-gate })
		h := m.Handler()
		var scrapes sync.WaitGroup
		for range 6 {
			scrapes.Go(func() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
				if w.Code != 200 || w.Body.Len() == 0 {
					t.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
				}
			})
		}
		synctest.Wait()
		if n := inside.Load(); n != 4 {
			t.Errorf("%d scrapes at once, want 4", n)
		}
		close(gate)
		scrapes.Wait()
	})
}
