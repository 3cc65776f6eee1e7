package sameness

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"corrgraph/odds"
	"corrgraph/server/present"
)

// played compares what a service says, and what its log says, that plays a recording at one speed
// with one that plays it at another, from another time on or while its disk is slow. What is learnt
// from a recording that does not say when it was received is what one engine learns that reads it
// whole.
func (x *trial) played(t *testing.T) {
	c := newComparison("e. a recording that is played, at any speed")
	again := newComparison("e. a recording that was played, and restarted from the log")
	all := x.rough.ordered()
	all = all[:len(all)/2] // by the second of the wall clock, at which all is shown, it takes long
	var first answers
	for _, k := range []pace{{60, 0, 0}, {100, 0.5, 200 * time.Millisecond}, {present.Most, 0, 0}} {
		p := x.place(x.rough)
		bubble(t, p, func(t *testing.T) {
			s, refused := p.play(t, all, k)
			is := s.whole(t)
			told := append(answers{}, is...)
			for i, part := range s.tape.told {
				told = append(told, answer{"part", fmt.Sprint(i), part})
			}
			late := s.tape.late()
			s.end()
			if first == nil {
				first, c.note = told, fmt.Sprintf("%d batches refused, %d late", refused, late)
				again.add("a restart", is, p.again(t))
				return
			}
			c.add(k.speed.String(), first, told)
		})
	}
	x.tell(c)
	x.tell(again)
	x.playedAtOnce(t)
}

func (x *trial) playedAtOnce(t *testing.T) {
	c := newComparison("e. what is learnt from a recording, and from the same played")
	all := x.rough.ordered()
	for i := range all {
		all[i] = own(all[i])
		all[i].Recv = all[i].At
	}
	one, err := x.whole(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	p := x.place(x.rough)
	bubble(t, p, func(t *testing.T) {
		s, _ := p.play(t, all, pace{speed: present.Most})
		c.add("played", one.only(learnt...), s.whole(t).only(learnt...))
		s.end()
	})
	x.tell(c)
}

// pace is how a recording is played.
type pace struct {
	speed present.Speed
	from  float64       // share of the recording that is past
	busy  time.Duration // that the disk takes
}

// whole returns what one engine says of a recording.
func (x *trial) whole(ctx context.Context, all []*odds.Batch) (answers, error) {
	var log journal
	if err := log.record(ctx, all); err != nil {
		return nil, err
	}
	return recorded(ctx, x.facts, &log)
}

// play starts a service and plays a recording to it, to the end. It returns how many batches were
// refused.
func (p *place) play(t *testing.T, all []*odds.Batch, k pace) (s *service, refused int) {
	t.Helper()
	tape, err := present.Measure(each(all))
	if err != nil {
		t.Fatal(err)
	}
	tape.From = tape.First.Add(odds.Millis(k.from * float64(tape.Last.Sub(tape.First))))
	p.played = present.NewClock(tape, k.speed)
	s = p.start(t)
	player := present.Player{
		Clock: p.played, Beat: s.door.Beat,
		Accept: func(ctx context.Context, batches []*odds.Batch) error {
			time.Sleep(k.busy)
			r, err := s.door.Accept(ctx, batches)
			refused += len(r.Refused)
			return err
		},
	}
	if err := player.Play(t.Context(), each(all)); err != nil {
		t.Error(err)
	}
	p.played.End()
	return s, refused
}

// each returns copies of batches, one by one.
func each(all []*odds.Batch) func() (*odds.Batch, error) {
	return func() (*odds.Batch, error) {
		if len(all) == 0 {
			return nil, io.EOF
		}
		b := own(all[0])
		all = all[1:]
		return b, nil
	}
}
