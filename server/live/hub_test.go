package live

import (
	"context"
	"testing"
	"testing/synctest"
)

func ids(ms []Message) (out []uint64) {
	for _, m := range ms {
		out = append(out, m.ID)
	}
	return out
}

func equalIDs(a []uint64, b ...uint64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestSubscribersReadAtTheirOwnPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(4)
		c, ok := h.After(0, nil)
		if !ok {
			t.Fatal("a new subscriber of a new hub must look at everything")
		}
		got := make(chan []Message)
		go func() {
			ms, _, _ := c.Next(context.Background())
			got <- ms
		}()
		synctest.Wait()
		h.Publish(Message{Kind: "move", Key: "a"}, Message{Kind: "move", Key: "b"}, Message{Kind: "move", Key: "a"})
		if ms := <-got; !equalIDs(ids(ms), 2, 3) {
			t.Errorf("got %v, want the newest of each key", ids(ms))
		}
		for range 6 {
			h.Publish(Message{Kind: "anomaly"})
		}
		ms, missed, err := c.Next(t.Context())
		if err != nil || missed != 2 || !equalIDs(ids(ms), 6, 7, 8, 9) {
			t.Errorf("%v, %d missed, %v", ids(ms), missed, err)
		}
		if _, ok := h.After(4, nil); ok {
			t.Error("resumed behind what is gone")
		}
		if c, ok := h.After(7, func(m *Message) bool { return m.ID%2 == 1 }); !ok {
			t.Error("could not resume")
		} else if ms, _, _ := c.Next(t.Context()); !equalIDs(ids(ms), 9) || c.Place() != 9 {
			t.Errorf("resumed with %v", ids(ms))
		}
		if _, ok := h.After(99, nil); ok {
			t.Error("resumed from an id of another process")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := c.Next(ctx); err == nil {
			t.Error("waited without a context")
		}
	})
}
