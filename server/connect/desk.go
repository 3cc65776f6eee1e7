package connect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"corrgraph/feed/frames"
)

// Desk runs the Connectors of all venues.
type Desk struct {
	connectors []*Connector
	sender     *Sender
}

// NewDesk returns a Desk whose Connectors hand over to a Sender.
func NewDesk(s *Sender, connectors ...*Connector) *Desk { return &Desk{connectors, s} }

// Run keeps all venues connected until ctx ends, and returns its cause. What they said last is
// handed over before.
func (d *Desk) Run(ctx context.Context) error {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		d.sender.Run(sending)
	}()
	var all sync.WaitGroup
	for _, c := range d.connectors {
		all.Go(func() { _ = c.Run(ctx) }) // the cause of ctx
	}
	all.Wait()
	<-ctx.Done() // there may be none
	d.sender.drain()
	stop()
	<-sent
	return context.Cause(ctx)
}

// Status says how each Connector stands, by venue.
func (d *Desk) Status() []Status {
	out := make([]Status, len(d.connectors))
	for i, c := range d.connectors {
		out[i] = c.Status()
	}
	slices.SortFunc(out, func(a, b Status) int { return cmp.Compare(a.Venue, b.Venue) })
	return out
}

// Nth says how the n-th Connector stands, in the order of NewDesk.
func (d *Desk) Nth(n int) Status { return d.connectors[n].Status() }

// Doubted lists the markets whose prices are not to be relied on, at most so many, those of
// which that is so for the longest time first; more is how many there are beyond.
func (d *Desk) Doubted(most int) (out []frames.Standing, more int) {
	for _, c := range d.connectors {
		out = append(out, c.marketsIn(frames.Stale, frames.Gap, frames.Subscribed)...)
	}
	slices.SortFunc(out, func(a, b frames.Standing) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	if len(out) > most {
		out, more = out[:most], len(out)-most
	}
	for i := range out {
		out[i].Market, out[i].Known = d.market(out[i].Source, out[i].ID)
	}
	return out, more
}

// Reasons says which venues are not read.
func (d *Desk) Reasons() (out []string) {
	for _, x := range d.Status() {
		switch x.State {
		case Refused:
			out = append(out, fmt.Sprintf("venue %s: %s", x.Venue, x.Error))
		case Waiting:
			out = append(out, fmt.Sprintf("venue %s: not connected: %s", x.Venue, x.Error))
		}
	}
	return out
}

// MarketName is what a source calls a market.
type MarketName struct{ Source, Event, Market string }

// Rules are the rules of markets in the words of their venues, where they state any: of one market
// of each name.
func (d *Desk) Rules() map[MarketName]string {
	out := map[MarketName]string{}
	for _, c := range d.connectors {
		for _, m := range c.Markets() {
			if m.Known && m.Market.Rules != "" && m.Market.Event != nil {
				out[MarketName{m.Source, m.Market.Event.ID, m.Market.Name}] = m.Market.Rules
			}
		}
	}
	return out
}

func (d *Desk) market(source, id string) (m frames.Market, ok bool) {
	for _, c := range d.connectors {
		if c.venue.Name() == source {
			return c.Market(id)
		}
	}
	return m, false
}
