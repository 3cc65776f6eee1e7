package kalshi

import (
	"fmt"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// streamKey names a subscription: its number is of its connection.
type streamKey struct {
	conn int
	sid  int64
}

// stream follows the sequence of a subscription.
type stream struct {
	last int64 // number of the newest message; 0 none
	what kind  // snapshotKind of books, tradeKind, lifecycleKind; unknownKind not known
}

// forget drops the subscriptions of a connection.
func (d *Decoder) forget(conn int) {
	for key := range d.streams {
		if key.conn == conn {
			delete(d.streams, key)
		}
	}
	delete(d.yesPrice, conn)
}

// message reads a frame of the socket.
func (d *Decoder) message(data []byte) error {
	m := &d.m
	err := m.read(data, false)
	for _, what := range m.unknown {
		d.told.Unknown = append(d.told.Unknown, what+" of "+string(m.name[:min(len(m.name), mostName)]))
	}
	if m.name == nil {
		return err
	}
	if ts := m.stamp(); ts > 0 {
		d.stamp = min(ts, d.f.Recv)
	}
	fresh, full := d.follow()
	if full != nil {
		return full
	}
	if err != nil {
		// What could not be read of a book was lost.
		if fresh && (m.kind == snapshotKind || m.kind == deltaKind) {
			d.doubt(m.ticker, "a message of the book could not be read")
		}
		return err
	}
	return d.apply(m, fresh)
}

// apply takes over what a message says.
func (d *Decoder) apply(m *message, fresh bool) error {
	switch m.kind {
	case snapshotKind, deltaKind, tickerKind, tradeKind, lifecycleKind:
		return d.about(m, fresh)
	case subscribedKind:
		if s := d.stream(m.sid); s != nil {
			s.what = kindOf(m.channel)
			if string(m.channel) == "orderbook_delta" {
				s.what = snapshotKind
			}
		}
	case unsubscribedKind:
		d.ended(m.sid, "unsubscribed")
	case errorKind:
		if m.code == 10 || m.code == 25 {
			d.ended(m.sid, fmt.Sprintf("error %d of the venue: it lost messages", m.code))
		}
	case unknownKind:
		d.told.Unknown = append(d.told.Unknown, "type "+string(m.name[:min(len(m.name), mostName)]))
	}
	return nil
}

// about takes over what a message says of a contract.
func (d *Decoder) about(m *message, fresh bool) error {
	c := d.contracts[string(m.ticker)]
	if c == nil {
		if m.kind == lifecycleKind && string(m.event) != "created" || m.kind == tradeKind || m.kind == tickerKind {
			return nil // of all the venue's markets
		}
		if c = d.contract(m.ticker); c == nil {
			return fmt.Errorf("no room for market %.40q: %d are known", m.ticker, len(d.contracts))
		}
	}
	c.heard = d.f.Recv
	d.told.Heard = c.names
	switch {
	case m.kind == tickerKind:
		d.compare(c, m)
	case m.kind == lifecycleKind:
		return d.lifecycle(c, m)
	case !fresh || m.kind == tradeKind:
	case m.kind == snapshotKind:
		d.image(c, m)
	default:
		return d.delta(c, m)
	}
	return nil
}

// image replaces a contract's book.
func (d *Decoder) image(c *contract, m *message) {
	c.yes.set(m.yes, false)
	c.no.set(m.no, d.yesPrice[d.f.Conn])
	c.conn, c.sid, c.moved = d.f.Conn, m.sid, d.f.Recv
	if c.state != frames.Live {
		c.state = frames.Live
		d.change(c, frames.Live, "")
	}
	d.touch(c)
}

// delta changes a contract's book, if it is known.
func (d *Decoder) delta(c *contract, m *message) error {
	if c.state != frames.Live || c.conn != d.f.Conn || c.sid != m.sid {
		return nil
	}
	side := &c.yes
	price := m.price
	switch {
	case string(m.side) == "no":
		side = &c.no
		if d.yesPrice[d.f.Conn] {
			price = whole - price
		}
	case string(m.side) != "yes":
		d.gap(c, "a change of a side that is neither yes nor no")
		return fmt.Errorf("side %.40q", m.side)
	}
	if !usable(price) || m.delta == unset {
		d.gap(c, "a change without a price or size")
		return fmt.Errorf("a change of %s without a usable price or size", c.id)
	}
	if !side.add(int32(price), m.delta) {
		d.gap(c, "the book would hold less than nothing: changes were lost")
		return nil
	}
	c.moved = d.f.Recv
	d.touch(c)
	return nil
}

// compare checks a book against the ticker. A ticker may be late, so it counts only if the book
// has not changed for a while.
func (d *Decoder) compare(c *contract, m *message) {
	if c.state != frames.Live || m.bid == unset || m.ask == unset || d.f.Recv.Sub(c.moved) < d.o.Differ || d.stamp != 0 && d.stamp < c.moved {
		return
	}
	t := c.present()
	bid, ask := m.bid, m.ask
	if ask == whole {
		ask = 0 // as an empty side is shown
	}
	if bid != int64(t.bid) || ask != int64(t.ask) {
		d.gap(c, "the ticker contradicts the book")
	}
}

// lifecycle takes over what becomes of a contract.
func (d *Decoder) lifecycle(c *contract, m *message) error {
	status := c.status
	switch string(m.event) {
	case "created":
		return d.created(c, m)
	case "metadata_updated":
		d.renamed(c, m)
	case "activated":
		status = odds.Open
	case "deactivated":
		status = odds.Suspended
	case "determined", "settled":
		status = odds.Closed
	case "close_date_updated", "price_level_structure_updated":
	default:
		d.told.Unknown = append(d.told.Unknown, "event_type "+string(m.event[:min(len(m.event), mostName)]))
	}
	switch {
	case status == odds.Closed:
	case m.inactive == 1:
		status = odds.Suspended
	case m.inactive == 2:
		status = odds.Open
	}
	d.become(c, status)
	return nil
}

// become changes the status of a contract.
func (d *Decoder) become(c *contract, s odds.Status) {
	if c.status != s {
		c.status = s
		d.touch(c)
	}
}

// gap says that a contract's book is lost.
func (d *Decoder) gap(c *contract, why string) {
	if c.state != frames.Live {
		return
	}
	c.lose(frames.Gap)
	d.change(c, frames.Gap, why)
	d.touch(c)
}

// doubt loses a contract that may have missed something, all of the connection if it is not known
// which.
func (d *Decoder) doubt(ticker []byte, why string) {
	if c := d.contracts[string(ticker)]; c != nil {
		d.gap(c, why)
		return
	}
	d.lost(0, why)
}

// ended loses what a subscription showed, and forgets it; sid 0 is all of the connection.
func (d *Decoder) ended(sid int64, why string) {
	d.lost(sid, why)
	if sid != 0 {
		delete(d.streams, streamKey{d.f.Conn, sid})
	}
}

// lost loses the books of a subscription; sid 0 is all of the connection.
func (d *Decoder) lost(sid int64, why string) {
	for _, c := range d.order {
		if c.conn == d.f.Conn && (sid == 0 || c.sid == sid) {
			d.gap(c, why)
		}
	}
}

// stream returns a subscription, a new one if there is room.
func (d *Decoder) stream(sid int64) *stream {
	key := streamKey{d.f.Conn, sid}
	s := d.streams[key]
	if s == nil && sid != 0 && len(d.streams) < mostStreams {
		s = &stream{}
		d.streams[key] = s
	}
	return s
}

// follow checks a message's number: fresh is false if it was there before. Any message of a
// subscription may have one, answers to commands too.
func (d *Decoder) follow() (fresh bool, err error) {
	m := &d.m
	if m.sid == 0 || m.seq == 0 {
		return true, nil
	}
	s := d.stream(m.sid)
	if s == nil {
		d.lost(0, "too many subscriptions")
		return false, fmt.Errorf("more than %d subscriptions", mostStreams)
	}
	switch m.kind {
	case snapshotKind, deltaKind:
		s.what = snapshotKind
	case tradeKind, lifecycleKind:
		s.what = m.kind
	}
	switch {
	case s.last == 0 || m.seq == s.last+1:
	case m.seq <= s.last:
		// An image that was asked for may have the number of the newest message.
		return m.kind == snapshotKind && m.id != 0 && m.seq == s.last, nil
	default:
		d.missed(s, m.seq-s.last-1)
	}
	s.last = m.seq
	return true, nil
}

// missed says what is lost with messages of a subscription.
func (d *Decoder) missed(s *stream, n int64) {
	switch s.what {
	case lifecycleKind:
		d.told.Unknown = append(d.told.Unknown, LostLifecycle)
	case tradeKind, tickerKind:
		d.told.Unknown = append(d.told.Unknown, "lost messages of trade or ticker")
	default:
		d.lost(d.m.sid, fmt.Sprintf("%d messages of the subscription are missing", n))
	}
}
