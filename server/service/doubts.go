package service

import (
	"context"
	"math"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/feed/frames"
	"corrgraph/server/memo"
)

// Caller knows which events sources mean.
type Caller interface {
	// Called returns the events that sources meant by ids of their own, in the order asked; empty where
	// an id has named nothing.
	Called(ctx context.Context, ids []catalog.SourceID) ([]string, error)
}

// doubtsOf are the markets in doubt, by event.
type doubtsOf map[string][]frames.Standing

// doubts says which markets of an event are in doubt, as of the second. A market is left out whose
// event is not known, or which is one request for many events.
func (s *Service) doubts(ctx context.Context, event string) ([]answer.Doubt, error) {
	if s.o.Desk == nil {
		return answer.NewDoubts(nil), nil
	}
	k := answersKey{second: s.o.Clock().Unix()}
	held, ok := s.doubted.Get(k, "").(*memo.Shared[doubtsOf])
	if !ok {
		all, err := s.placed(ctx)
		if err != nil {
			return nil, err
		}
		held = &memo.Shared[doubtsOf]{Value: all}
		s.doubted.Put(k, "", held)
	}
	return answer.NewDoubts(held.Value[event]), nil
}

// placed finds the events of all markets in doubt. Connections bound how many there are.
func (s *Service) placed(ctx context.Context) (doubtsOf, error) {
	all, _ := s.o.Desk.Doubted(math.MaxInt)
	of, nth := doubtsOf{}, map[catalog.SourceID]int{}
	var ids []catalog.SourceID
	for i := range all {
		if e := all[i].Market.Event; all[i].Known && e != nil {
			id := catalog.SourceID{Source: all[i].Source, ID: e.ID}
			if _, had := nth[id]; !had {
				nth[id] = len(ids)
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return of, nil
	}
	events, err := s.o.Live.Called(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if e := all[i].Market.Event; all[i].Known && e != nil {
			event := events[nth[catalog.SourceID{Source: all[i].Source, ID: e.ID}]]
			of[event] = append(of[event], all[i])
		}
	}
	return of, nil
}
