package odds

import (
	"math"
	"time"
)

// Time is an instant in milliseconds since the Unix epoch, UTC. Both event times
// and receive times are Times; a variable's name says which. The zero Time means
// "unknown".
type Time int64

// Millis is a span in milliseconds: lags, ages, polling steps.
type Millis int64

// Coarsest is the coarsest usable resolution of a source: 30 days. Nothing is learned from
// a coarser one.
const Coarsest Millis = 30 * 24 * 3_600_000

// Never is later than every event; Ever is earlier than every event.
const (
	Never Time = math.MaxInt64
	Ever  Time = math.MinInt64
)

// TimeOf converts a time.Time, truncating it to milliseconds.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// Std converts to time.Time in UTC.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Sub returns t − u.
func (t Time) Sub(u Time) Millis { return Millis(t - u) }

// Add returns t + d.
func (t Time) Add(d Millis) Time { return t + Time(d) }

// String formats t as RFC 3339 in UTC, with milliseconds only if they are nonzero.
func (t Time) String() string {
	return string(t.AppendFormat(make([]byte, 0, 24)))
}

// AppendFormat appends the format of String to b.
func (t Time) AppendFormat(b []byte) []byte {
	b = t.Std().AppendFormat(b, time.RFC3339) // the one layout the library formats without parsing it
	ms := ((t % 1000) + 1000) % 1000
	if ms == 0 {
		return b
	}
	return append(b[:len(b)-1], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

// MarshalText implements encoding.TextMarshaler in the format of String.
func (t Time) MarshalText() ([]byte, error) { return t.AppendFormat(make([]byte, 0, 24)), nil }

// UnmarshalText implements encoding.TextUnmarshaler for RFC 3339.
func (t *Time) UnmarshalText(b []byte) error {
	s, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return err
	}
	*t = TimeOf(s)
	return nil
}

// MillisOf converts a time.Duration, rounding towards zero.
func MillisOf(d time.Duration) Millis { return Millis(d / time.Millisecond) }

// Std converts to time.Duration; a span beyond its 292 years becomes the longest one.
func (m Millis) Std() time.Duration {
	const most = Millis(math.MaxInt64 / int64(time.Millisecond))
	return time.Duration(min(max(m, -most), most)) * time.Millisecond
}
