package instance

import (
	"context"
	"time"

	"corrgraph/internal/pause"
	"corrgraph/odds"
	"corrgraph/server/present"
	"corrgraph/server/service"
)

// Played is a recording that is played at a speed. Its tape is what present.Measure says of it.
type Played struct {
	present.Tape
	Speed Speed
}

// Speed is how many times as fast as it happened a recording is played.
type Speed = present.Speed

// Measure reads a recording to its end; see present.Measure.
func Measure(next func() (*odds.Batch, error)) (Played, error) {
	t, err := present.Measure(next)
	return Played{t, 1}, err
}

// Play sends the service, while it runs, what next returns in event-time order until io.EOF, each
// batch when it is due: by the clock of Options.Played, which stands at the end, or by the wall clock. What is
// due already is sent at once. It waits while the service is busy or its log can't be written, and
// returns the cause of ctx or an error that does not pass.
func (i *Instance) Play(ctx context.Context, next func() (*odds.Batch, error)) error {
	for !i.Ready() {
		if err := pause.For(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	p := present.Player{Clock: present.Wall{}, Accept: i.send}
	if i.played != nil {
		p.Clock, p.Beat = i.played, i.ingest.Beat
	}
	if err := p.Play(ctx, next); err != nil {
		return err
	}
	if i.played != nil {
		i.played.End()
	}
	over := time.Now()
	for st := i.live.State(); st.Queue > 0 || !st.Renewed.After(over); st = i.live.State() { // until readers see the end
		if err := pause.For(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// send sends batches until they are accepted: it is safe to send them again.
func (i *Instance) send(ctx context.Context, batches []*odds.Batch) error {
	for {
		_, err := i.service.Ingest(ctx, batches)
		if err == nil {
			return nil
		}
		if code := service.Classify(err).Code; code != service.Unavailable && code != service.Undecided {
			return err
		}
		if err := pause.For(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
