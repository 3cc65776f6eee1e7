package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/bits"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/config"
	"corrgraph/server/connect"
	"corrgraph/server/connect/venues"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
)

// connectVenues makes the connections to venues.
func (i *Instance) connectVenues() (err error) {
	if len(i.cfg.Connect.Venues) == 0 {
		return nil
	}
	sender := connect.NewSender(i.acceptFrom, func(err error, again time.Duration) {
		i.log.Warn("ticks of venues were not accepted", "why", err.Error(), "again_in_s", again.Seconds())
	})
	i.desk, err = newDesk(&i.cfg, &i.o, wires{log: i.log, clock: i.clock, sender: sender, changed: i.continuity, refused: i.refusedOf})
	return err
}

// Desk returns connections to venues that are read and recorded, and not accepted by a service.
func Desk(cfg *config.Config, o Options) (*connect.Desk, error) {
	log := telemetry.NewLogger(o.Log, telemetry.LogOptions{Text: true, Level: slog.LevelWarn})
	sender := connect.NewSender(func(context.Context, []*odds.Batch) error { return nil }, nil)
	return newDesk(cfg, &o, wires{log: log, clock: time.Now, sender: sender, refused: func(string, string, int) {}})
}

// wires are what connections to venues are wired to.
type wires struct {
	log     *slog.Logger
	clock   func() time.Time
	sender  *connect.Sender
	changed func(frames.Standing)
	refused func(source, reason string, quotes int) // what may not enter the program
}

func newDesk(cfg *config.Config, o *Options, w wires) (*connect.Desk, error) {
	c := &cfg.Connect
	if c.Record != "" {
		if err := os.MkdirAll(c.Record, 0o750); err != nil {
			return nil, fmt.Errorf("connect.record: %w", err)
		}
	}
	world := connect.World{Clock: w.clock, Log: w.log, Secret: venues.Secrets(c.Secrets, os.LookupEnv), Dial: o.Dial}
	var all []*connect.Connector
	names := map[string]bool{}
	for k := range c.Venues {
		v, err := venues.New(&c.Venues[k], cfg.Store.Path)
		if err != nil {
			return nil, fmt.Errorf("connect.venues[%d]: %w", k, err)
		}
		if names[v.Name()] {
			return nil, fmt.Errorf("connect.venues[%d]: another connection is called %q too: give their maps different names", k, v.Name())
		}
		names[v.Name()] = true
		x := connect.Options{Connections: venues.Connections(v), World: world, Emit: vetted(v.Name(), w, o.Heard), Changed: w.changed}
		if c.Record != "" {
			x.Record = func() (io.WriteCloser, error) { return recordingOf(c.Record, v.Name(), w.clock()) }
		}
		all = append(all, connect.New(v, x))
	}
	return connect.NewDesk(w.sender, all...), nil
}

// Venues says how connections to venues stand, and at most so many markets that are in doubt.
func (i *Instance) Venues(most int) (all []connect.Status, doubted []frames.Standing, more int) {
	if i.desk == nil {
		return nil, nil, 0
	}
	doubted, more = i.desk.Doubted(most)
	return i.desk.Status(), doubted, more
}

// sources returns what is known of single sources.
func sources(c *config.Config) map[string]ingest.SourceOptions {
	out := map[string]ingest.SourceOptions{}
	for _, s := range c.Ingest.Sources {
		out[s.Source] = ingest.SourceOptions{OutOfOrder: odds.MillisOf(s.OutOfOrder), Delay: odds.MillisOf(s.Delay)}
	}
	return out
}

// recordingOf begins a file of its own: nothing that was recorded is ever written over.
func recordingOf(folder, venue string, at time.Time) (io.WriteCloser, error) {
	name := fmt.Sprintf("%s-%s.ndjson.zst", url.PathEscape(venue), at.UTC().Format("20060102T150405.000Z"))
	return os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
}

// acceptFrom accepts what venues said. What is refused for good is counted by the ingester.
func (i *Instance) acceptFrom(ctx context.Context, batches []*odds.Batch) error {
	ctx = service.WithActor(ctx, service.Actor{Name: "connect", Role: access.Operator})
	_, err := i.service.Ingest(ctx, batches)
	return err
}

// vetted passes on what may enter the program; the rest is counted and told in the log.
func vetted(venue string, w wires, heard func([]*odds.Batch)) connect.Emit {
	rep := &feed.Report{Keep: 1}
	return func(ctx context.Context, batches []*odds.Batch) error {
		had, before := rep.Rejected()
		var pass []*odds.Batch
		emit := feed.Checked(venue, func(b *odds.Batch) error {
			pass = append(pass, b)
			return nil
		}, rep)
		for _, b := range batches {
			rep.Read(0, b.Quotes())
			if err := emit(b); err != nil {
				return err
			}
		}
		by, now := rep.Rejected()
		for reason, n := range by {
			if n > had[reason] {
				w.refused(venue, reason, n-had[reason])
			}
		}
		if bits.Len(uint(now)) != bits.Len(uint(before)) { // as often as it has doubled
			w.log.Warn("quotes of a venue are refused", "venue", venue, "quotes", now, "first", rep.Shown())
		}
		if heard != nil {
			heard(pass)
		}
		return w.sender.Emit(ctx, pass)
	}
}

// continuity tells subscribers that a market can be relied on, or no longer.
func (i *Instance) continuity(m frames.Standing) {
	i.live.Hub().Publish(live.Message{Kind: "continuity", Key: m.Source + " " + m.ID, At: m.Since, Data: live.Continuity{Standing: m}})
}

// refusedOf counts quotes of a venue that may not enter the program.
func (i *Instance) refusedOf(source, reason string, quotes int) {
	i.metrics.Source(source).Rejected(reason, quotes)
}

// venueDesk is nil, and no interface of nil, where no venue is read.
func (i *Instance) venueDesk() service.Desk {
	if i.desk == nil {
		return nil
	}
	return i.desk
}

// runVenues keeps venues connected, once what they say can be accepted.
func (i *Instance) runVenues(ctx context.Context) error {
	if i.desk == nil {
		<-ctx.Done()
		return nil
	}
	if err := i.desk.Run(ctx); err != nil && !errors.Is(err, context.Cause(ctx)) {
		return err
	}
	return nil
}

// venues fills in how connections to venues stand.
func (m *meter) venues(r *telemetry.Readings) {
	if m.i.desk == nil {
		return
	}
	for _, s := range m.i.desk.Status() {
		v := telemetry.Venue{
			Name: s.Venue, Connected: s.State == connect.Connected, Sessions: s.Sessions, Frames: s.Frames, Unread: s.Unread,
			Markets: map[string]int{}, Quota: s.Quota,
		}
		if s.LastFrame != nil {
			v.LastFrame = s.LastFrame.Std()
		}
		for state, n := range s.Markets {
			v.Markets[string(state)] = n
		}
		r.Venues = append(r.Venues, v)
	}
}
