package memo

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// Whoever comes while an answer is rendered gets that one and renders none himself.
func TestThoseWhoComeMeanwhileGetTheSame(t *testing.T) {
	s := &Shared[string]{Value: "x"}
	var asking sync.WaitGroup
	got := make(chan any, 8)
	v, err := s.Rendered(func(v any) (any, error) {
		for i := 1; i < cap(got); i++ { // while it is rendered, the others come
			asking.Go(func() {
				v, err := s.Rendered(func(any) (any, error) { return nil, errors.New("rendered twice") })
				if err != nil {
					t.Error(err)
				}
				got <- v
			})
		}
		return *v.(*string) + " as text", nil
	})
	if err != nil {
		t.Error(err)
	}
	got <- v
	asking.Wait()
	for range cap(got) {
		if v := <-got; v != "x as text" {
			t.Errorf("%v", v)
		}
	}
}

func TestAFailureIsGivenToWhoMetItAlone(t *testing.T) {
	s, broken := &Shared[int]{}, errors.New("broken")
	fail := func(any) (any, error) { return "half", broken }
	for range 2 {
		if v, err := s.Rendered(fail); !errors.Is(err, broken) || v != "half" {
			t.Errorf("%v, %v: what render says is passed on", v, err)
		}
	}
	if v, err := s.Rendered(func(any) (any, error) { return "whole", nil }); v != "whole" || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := s.Rendered(fail); v != "whole" || err != nil {
		t.Errorf("rendered again: %v, %v", v, err)
	}
}

func TestTheZeroAnswersAreEmptyAndOfTheZeroKey(t *testing.T) {
	var a Answers[string]
	if a.Key() != "" || a.Get("", "q") != nil || a.Get("k", "q") != nil {
		t.Error("something is kept")
	}
	a.Put("", "q", 1)
	if a.Get("", "q") != 1 || a.Key() != "" {
		t.Errorf("the zero key is one like another: %v", a.Get("", "q"))
	}
}

// The bound holds at once, and the newest answer is always there.
func TestTheNewestAnswerIsKept(t *testing.T) {
	var a Answers[int]
	for i := range 3*Most + 1 {
		q := fmt.Sprint(i)
		a.Put(1, q, i)
		if a.Get(1, q) != i {
			t.Fatalf("answer %d is not there", i)
		}
		if len(a.of) > Most {
			t.Fatalf("after %d answers %d are kept", i+1, len(a.of))
		}
	}
	a.Put(1, "again", 1)
	a.Put(1, "again", 2)
	if a.Get(1, "again") != 2 {
		t.Errorf("an answer that is replaced: %v", a.Get(1, "again"))
	}
	a.Put(2, "q", "new")
	a.Put(1, "again", "old key") // a slow answer of before: the last word has it
	if a.Key() != 1 || a.Get(2, "q") != nil || a.Get(1, "again") != "old key" {
		t.Errorf("key %d", a.Key())
	}
}
