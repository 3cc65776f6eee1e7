package betfair

import "corrgraph/odds"

// clock derives the time step of the recording from its content:
//
//   - conflateMs, if above 0.
//   - A line with prices but no ladder, no volume and no sign of a live
//     subscription comes from a BASIC historical file: one stamp a minute.
//   - Lines marked as conflated (con), never less than 0.9 s apart: ADVANCED,
//     one stamp a second.
//   - Otherwise 0: PRO and live stamps are milliseconds.
type clock struct {
	conflate odds.Millis
	live     bool  // a subscription's fields were seen
	priced   bool  // a price was seen
	ladders  bool  // a ladder or a volume was seen
	con      bool  // this line is conflated
	quick    bool  // two lines were less than 0.9 s apart
	last     int64 // pt
}

func (c *clock) see(m *message) {
	if m.ConflateMs != nil {
		c.live, c.conflate = true, odds.Millis(max(0, min(*m.ConflateMs, 3_600_000)))
	}
	c.live = c.live || m.CT != ""
	c.con = false
	for i := range m.MC {
		c.con = c.con || m.MC[i].Con
		for j := range m.MC[i].Runners {
			c.runner(&m.MC[i].Runners[j])
		}
	}
	if c.last != 0 && m.PT-c.last < 900 {
		c.quick = true
	}
	c.last = m.PT
}

func (c *clock) runner(r *runnerChange) {
	c.priced = c.priced || r.LTP != nil
	c.ladders = c.ladders || r.TV != nil || r.ATB != nil || r.ATL != nil ||
		r.BATB != nil || r.BATL != nil || r.BDATB != nil || r.BDATL != nil
}

func (c *clock) resolution() odds.Millis {
	switch {
	case c.conflate > 0:
		return c.conflate
	case !c.live && c.priced && !c.ladders:
		return 60_000
	case !c.live && c.con && !c.quick:
		return 1000
	default:
		return 0
	}
}
