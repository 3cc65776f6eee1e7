package clienttest

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// stale is a connection whose first reads end at a deadline that was taken back.
type stale struct {
	net.Conn
	left int
	set  []time.Time
}

func (s *stale) SetReadDeadline(t time.Time) error {
	s.set = append(s.set, t)
	return nil
}

func (s *stale) Read(b []byte) (int, error) {
	if s.left--; s.left >= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return copy(b, "x"), nil
}

func TestReadEndsAtTheLatestDeadlineOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, c := range map[string]struct {
			until time.Time
			want  error
			set   int
		}{
			"none":    {time.Time{}, nil, 4},
			"later":   {now.Add(time.Second), nil, 4},
			"reached": {now, os.ErrDeadlineExceeded, 2},
		} {
			s := &stale{left: 2}
			x := &conn{Conn: s}
			_ = x.SetReadDeadline(now.Add(-time.Hour))
			_ = x.SetReadDeadline(c.until)
			n, err := x.Read(make([]byte, 1))
			if !errors.Is(err, c.want) || (n == 1) != (c.want == nil) || len(s.set) != c.set || !s.set[len(s.set)-1].Equal(c.until) {
				t.Errorf("%s: %d bytes, %v, deadlines %v", name, n, err, s.set)
			}
		}
	})
}
