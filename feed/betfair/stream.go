package betfair

import (
	"fmt"

	"corrgraph/odds"
)

// stream is what is known of the markets, of one recording or of all connections.
type stream struct {
	o       Options
	reject  func(reason, detail string) // told what can't be read
	skip    func(what string)           // told what is passed over
	markets map[string]*market
	order   []*market              // markets by first definition
	events  map[string]*odds.Event // by our event id
	races   map[string][]race      // by Betfair's eventId
	keys    map[[2]string]string   // event, market key → the Betfair market that uses it
	points  map[string]bool        // markets whose prices are points
	link    link                   // that a recording was made of
	most    int                    // runners of all markets; 0: no limit
	runners int                    // if there is a limit
}

// link is what the messages of one subscription have in common.
type link struct {
	conn  int
	late  bool // stream status 503
	apart bool // it may hold some lines only of a market that is shared
	clock clock
}

func newStream(o Options, reject func(reason, detail string), skip func(what string)) *stream {
	return &stream{
		o: o, reject: reject, skip: skip, markets: map[string]*market{},
		events: map[string]*odds.Event{}, races: map[string][]race{}, keys: map[[2]string]string{}, points: map[string]bool{},
	}
}

// apply processes one message of a recording and returns the resulting changes, nil if none.
func (s *stream) apply(m *message) *odds.Batch {
	switch m.Op {
	case "mcm":
	case "connection", "status": // handshakes
		return nil
	case "ocm", "rcm", "ccm": // own orders, races and cricket scores of the same stream: no prices
		s.skip(m.Op + " message")
		return nil
	default:
		s.reject("unknown_op", m.Op)
		return nil
	}
	if m.PT <= 0 {
		s.reject("no_time", fmt.Sprintf("pt %d, wanted milliseconds since 1970", m.PT))
		return nil
	}
	b := &odds.Batch{Source: Source, At: odds.Time(m.PT), Recv: odds.Time(m.PT)}
	return s.mcm(b, &s.link, m)
}

// mcm adds the changes of a message to b and returns it, nil if there are none.
func (s *stream) mcm(b *odds.Batch, l *link, m *message) *odds.Batch {
	l.clock.see(m)
	if late := m.Status == 503; late != l.late {
		l.late = late
		s.everyMarket(b, l, m.MC)
	}
	for i := range m.MC {
		s.change(b, l, &m.MC[i])
	}
	if len(b.Updates) == 0 {
		return nil
	}
	b.Resolution = l.clock.resolution()
	return b
}

// everyMarket passes on whether a link is late, and reports its markets that are not named by
// the message itself.
func (s *stream) everyMarket(b *odds.Batch, l *link, named []change) {
	in := map[string]bool{}
	for i := range named {
		in[named[i].ID] = true
	}
	for _, mk := range s.order {
		if mk.conn != l.conn {
			continue
		}
		if mk.late = l.late; !in[mk.id] {
			s.report(b, mk, false)
		}
	}
}

// change applies a message's changes of one market.
func (s *stream) change(b *odds.Batch, l *link, c *change) {
	mk := s.markets[c.ID]
	fresh := mk == nil
	if s.points[c.ID] || fresh && c.Def != nil && c.Def.ofPoints() {
		s.points[c.ID] = true
		s.skip("change of a line market")
		return
	}
	if fresh {
		if mk = s.begin(l, c); mk == nil {
			return
		}
	}
	image := fresh || c.Image
	if !image && mk.conn != l.conn {
		s.reject(noDefinition, "market "+c.ID+" over this connection")
		return
	}
	if image {
		mk.conn, mk.late, mk.lost, mk.resumes = l.conn, l.late, false, false
	}
	mk.resume(c.Def)
	if c.Def != nil {
		mk.update(s, c.Def)
	}
	if c.Image {
		mk.clear()
	}
	for i := range c.Runners {
		rc := &c.Runners[i]
		if rc.ID == 0 || !odds.ValidLine(rc.HC) {
			s.reject("bad_runner", "market "+c.ID)
			continue
		}
		if r := s.runner(mk, runnerDef{ID: rc.ID}, rc.HC); r != nil {
			r.apply(rc)
		}
	}
	s.report(b, mk, image || mk.restored)
	mk.restored = false
}

// noDefinition is why a change is rejected that no image preceded.
const noDefinition = "no_definition"

// begin creates a market from its first change; nil if that does not define it.
func (s *stream) begin(l *link, c *change) *market {
	switch {
	case c.Def == nil:
		s.reject(noDefinition, "market "+c.ID)
		return nil
	case c.Def.EventID == "":
		s.reject("no_event", "market "+c.ID)
		return nil
	case s.most > 0 && len(s.order) >= mostMarkets:
		s.skip("market beyond the limit")
		return nil
	}
	mk := s.define(c.ID, c.Def)
	mk.apart = l.apart
	return mk
}

// runner returns a market's runner, creating it if there is room, else nil.
func (s *stream) runner(mk *market, rd runnerDef, hc float64) *runner {
	if r := mk.byKey[runnerKey{rd.ID, hc}]; r != nil {
		return r
	}
	if s.most > 0 {
		if s.runners >= s.most {
			s.skip("runner beyond the limit")
			return nil
		}
		s.runners++
	}
	return mk.define(rd, hc)
}

// report appends the market's changes to b.
func (s *stream) report(b *odds.Batch, mk *market, image bool) {
	if u, ok := mk.news(s.o.MaxWidth, image); ok {
		b.Updates = append(b.Updates, u)
		mk.seen = b.At
	}
}
