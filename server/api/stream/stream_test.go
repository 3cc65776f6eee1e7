package stream

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"corrgraph/answer"
	"corrgraph/server/live"
	"corrgraph/server/present"
)

// said is a service that counts how often a message's content was requested.
type said struct {
	asked   int
	unknown error
}

func (*said) Hub() *live.Hub     { return live.NewHub(4) }
func (*said) State() *live.State { return &live.State{} }
func (*said) Time() present.Time { return present.Time{} }
func (s *said) Told(*live.Message) answer.Message {
	s.asked++
	return answer.Decided{Families: s.asked}
}
func (s *said) Watch(context.Context, string) error { return s.unknown }

func TestAMessageIsRenderedOnce(t *testing.T) {
	from := &said{}
	s := New(Options{Service: from})
	first := string(s.rendered(&live.Message{ID: 7}))
	if again := string(s.rendered(&live.Message{ID: 7})); again != first || from.asked != 1 {
		t.Errorf("%q, then %q, rendered %d times", first, again, from.asked)
	}
	if want := "id: " + s.boot + "-7\nevent: decision\ndata: {\"at\":\"1970-01-01T00:00:00Z\",\"families\":1}\n\n"; first != want {
		t.Errorf("%q, want %q", first, want)
	}
	if other := string(s.rendered(&live.Message{ID: 7 + uint64(len(s.sent.of))})); other == first {
		t.Error("another message in the same place is taken for it")
	}
}

func TestStreamsAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	unknown := errors.New("no such event")
	s := New(Options{Service: &said{unknown: unknown}, Clock: time.Now})
	for query, parameter := range map[string]string{"?x=1": "x", "?kinds=move,nothing": "kinds", "?event=none": ""} {
		w := httptest.NewRecorder()
		err := s.Serve(w, httptest.NewRequest("GET", "/v1/stream"+query, nil))
		var wrong *Invalid
		if errors.As(err, &wrong) != (parameter != "") || wrong != nil && wrong.Parameter != parameter || parameter == "" && !errors.Is(err, unknown) {
			t.Errorf("%s: %v", query, err)
		}
		if w.Body.Len() > 0 || s.Stats().Clients != 0 {
			t.Errorf("%s: %q was written", query, w.Body)
		}
	}
	s.Close()
	var busy *Busy
	if err := s.Serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/stream", nil)); !errors.As(err, &busy) || busy.Retry == 0 {
		t.Errorf("after Close: %v", err)
	}
}
