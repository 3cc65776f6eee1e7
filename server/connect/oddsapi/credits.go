package oddsapi

import "time"

// credits are what captures may cost. A day's credits are set when it begins: those stated, or an
// equal share of what is left for each day until there are new ones.
type credits struct {
	o     *Options
	left  float64 // of the month, as far as is known; what was asked for and not answered is gone
	told  bool    // the venue has said what is left
	used  float64 // of the month, as the venue counts; −1 unknown
	doubt float64 // taken for requests of which nobody knows whether they were charged

	on    int       // the day of the month with new ones
	reset time.Time // when that is next
	until time.Time // when the day ends
	today float64   // what the day may cost, or the rest of it when it was set
	spent float64   // of it
}

func newCredits(o *Options) *credits {
	return &credits{o: o, on: o.ResetDay, left: float64(o.Monthly), used: -1}
}

// nextReset is the first day of new credits after a time.
func nextReset(at time.Time, on int) time.Time {
	at = at.UTC()
	t := time.Date(at.Year(), at.Month(), on, 0, 0, 0, 0, time.UTC)
	if !t.After(at) {
		t = t.AddDate(0, 1, 0)
	}
	return t
}

// at lets the time pass: a new day has credits of its own.
func (c *credits) at(now time.Time) {
	if now.Before(c.until) {
		return
	}
	c.begin(now)
}

// begin sets what the rest of a day may cost. Of stated credits a day that has begun gets its
// share, as what it cost before is not known.
func (c *credits) begin(now time.Time) {
	now = now.UTC()
	if !now.Before(c.reset) {
		c.reset = nextReset(now, c.on)
	}
	ends := now.Truncate(day).Add(day)
	if c.o.Daily > 0 && c.until.Equal(ends) {
		return // stated credits of a day hold for it, whatever the venue counts
	}
	c.until = ends
	rest := c.until.Sub(now)
	c.spent = 0
	if c.o.Daily > 0 {
		c.today = float64(c.o.Daily) * float64(rest) / float64(day)
		return
	}
	c.today = c.left * float64(rest) / float64(c.reset.Sub(now))
}

// available is what may be spent in the rest of the day.
func (c *credits) available() float64 { return max(0, min(c.today-c.spent, c.left)) }

// charge takes the price of a request before it is made.
func (c *credits) charge(cost int) {
	c.spent += float64(cost)
	c.left -= float64(cost)
	c.doubt += float64(cost)
}

// quota is what the headers of an answer say of the credits; −1 for a header that is missing.
type quota struct{ remaining, used, last float64 }

// said corrects the count by what the venue says, after a request was charged at cost; 0 for one
// that costs nothing.
func (c *credits) said(now time.Time, q quota, cost int) {
	if q.last >= 0 && cost > 0 {
		c.spent += q.last - float64(cost)
		c.left -= q.last - float64(cost)
		c.doubt -= float64(cost)
	}
	if q.remaining < 0 {
		return
	}
	anew := c.told && (q.used >= 0 && q.used < c.used || q.used < 0 && q.remaining > c.left+c.doubt)
	more := !c.told || anew || q.remaining > c.left+c.doubt
	if !more {
		c.spent -= max(0, q.remaining-c.left) // requests that failed were not charged
	}
	c.left, c.told, c.doubt, c.used = q.remaining, true, 0, q.used
	if anew {
		c.anew(now)
	}
	if more {
		c.begin(now)
	}
}

// lateReset is how long after its day new credits may be found out without another day being
// believed.
const lateReset = 3 * day

// anew notes that the venue's count began anew.
func (c *credits) anew(now time.Time) {
	if now.Sub(c.reset.AddDate(0, -1, 0)) > lateReset {
		c.on = min(28, now.UTC().Day())
		c.reset = nextReset(now, c.on)
	}
}

// none notes that the venue refused a request for want of credits.
func (c *credits) none() { c.left, c.doubt, c.told = 0, 0, true }
