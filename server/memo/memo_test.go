package memo

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestASharedAnswerIsRenderedOnce(t *testing.T) {
	s := &Shared[int]{Value: 7}
	made, broken := 0, errors.New("broken")
	render := func(v any) (any, error) {
		if made++; made == 1 {
			return nil, broken
		}
		return fmt.Sprint(*v.(*int)), nil
	}
	if _, err := s.Rendered(render); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			if got, err := s.Rendered(render); got != "7" || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	asking.Wait()
	if made != 2 { // a failure is not kept
		t.Errorf("rendered %d times", made)
	}
}

func TestAnswersAreOfOneKeyAndBounded(t *testing.T) {
	var a Answers[int]
	a.Put(1, "q", "one")
	if got := a.Get(1, "q"); got != "one" || a.Key() != 1 || a.Get(1, "other") != nil {
		t.Errorf("%v", got)
	}
	if got := a.Get(2, "q"); got != nil {
		t.Errorf("of another key: %v", got)
	}
	a.Put(2, "p", "two")
	if a.Get(1, "q") != nil || a.Get(2, "q") != nil || a.Get(2, "p") != "two" {
		t.Error("what was of another key is kept")
	}
	for i := range 10 * Most {
		a.Put(2, fmt.Sprint(i), i)
	}
	if len(a.of) > Most {
		t.Errorf("%d answers are kept", len(a.of))
	}
}
