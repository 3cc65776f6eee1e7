package betfair

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/proof/venue"
	"corrgraph/server/connect"
	"corrgraph/server/connect/betfair"
)

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

func TestFirstTick(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		v    betfair.Options
	}{
		{"plain", Options{}, betfair.Options{}},
		{"interactive", Options{}, betfair.Options{Interactive: true}},
		{"segments", Options{Segment: 2}, betfair.Options{}},
		{"bytes apart, LF only", Options{Split: 7, Newline: true}, betfair.Options{}},
		{"conflated", Options{}, betfair.Options{Conflate: time.Second}},
		{"by ids", Options{}, betfair.Options{Markets: []string{"1.1001", "1.1003", "1.1002", "1.1004", "1.1005", "1.1006"}}},
		{"several connections", Options{Markets: 2}, betfair.Options{MarketsEach: 2, Connections: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c.o.Exchange = NewExchange(1, 6, time.Now())
				r := setUp(t, c.o)
				r.run(c.v)
				first := r.within(5*time.Second, "all markets are live", func() bool { return r.live() == 6 })
				t.Logf("live after %v", first)
				time.Sleep(time.Minute)
				r.settled()
				if s := r.connector.Status(); s.Sessions != 1 || r.losses() != 0 || s.Unread != 0 || len(s.Unknown) != 0 || s.Connections > 3 || s.Quota["connections"] < 7 {
					t.Errorf("%+v, %d losses", s, r.losses())
				}
				if r.server.Count("login") != 1 || r.server.Count("timeout") != 0 {
					t.Errorf("%d logins", r.server.Count("login"))
				}
				m, ok := r.connector.Market("1.1001")
				if !ok || m.Event.Home != "Team 1A" || m.Event.Away != "Team 1B" || m.Event.League != "wimbledon" || m.Event.Sport != "tennis" || m.Name != "h2h" {
					t.Errorf("%+v %+v", m, m.Event)
				}
				r.finish()
			})
		})
	}
}

// Without the catalogue markets are known by their ids.
func TestWithoutTheCatalogue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		x := NewExchange(1, 3, time.Now())
		r := setUp(t, Options{Exchange: x})
		r.exchange = nil // its names are others
		r.run(betfair.Options{NoCatalogue: true})
		r.within(5*time.Second, "all markets are live", func() bool { return r.live() == 3 })
		time.Sleep(10 * time.Second)
		if r.server.Count("catalogue") != 0 || r.server.Count("image") != 1 {
			t.Error("the catalogue was asked")
		}
		r.finish()
	})
}

// fault is something that goes wrong once with a connection.
type fault struct {
	name  string
	do    func(s *Server)
	lost  bool // the markets are told as unknown meanwhile
	most  time.Duration
	delta bool // recovered from the clocks, without an image
}

func plan(p venue.Plan) func(s *Server) {
	return func(s *Server) {
		p.At = 3
		s.Faults.Add(p)
	}
}

var faults = []fault{
	{"cut", plan(venue.Plan{Fault: venue.Cut}), true, 5 * time.Second, true},
	{"half a message, then cut", plan(venue.Plan{Fault: venue.Half}), true, 5 * time.Second, true},
	{"closed with UNEXPECTED_ERROR", plan(venue.Plan{Fault: venue.Code}), true, 5 * time.Second, true},
	{"closed, session unknown", plan(venue.Plan{Fault: venue.Code, N: 2}), true, 5 * time.Second, true},
	{"frozen, heart beats, answers", func(s *Server) {
		s.Faults.Add(venue.Plan{Fault: venue.Freeze, At: 1, By: 5 * time.Minute})
		go func() {
			time.Sleep(900 * time.Millisecond)
			s.Change(func(o *Options) { o.Steps = -1 }) // what moves on can't be known while it is frozen
		}()
	}, false, 30 * time.Second, true},
	{"frozen, heart beats, does not answer", plan(venue.Plan{Fault: venue.Freeze, By: 5 * time.Minute, N: 1}), true, 30 * time.Second, true},
	{"frozen, no heartbeats", plan(venue.Plan{Fault: venue.Freeze, By: 5 * time.Minute, N: 2}), true, 15 * time.Second, true},
	{"delayed by 4 s", plan(venue.Plan{Fault: venue.Delay, By: 4 * time.Second}), false, 6 * time.Second, false},
	{"sent twice", plan(venue.Plan{Fault: venue.Duplicate, For: 20}), false, time.Second, false},
	{"clock 90 s ahead", plan(venue.Plan{Fault: venue.Skew, By: 90 * time.Second}), false, time.Second, false},
	{"clock 90 s behind", plan(venue.Plan{Fault: venue.Skew, By: -90 * time.Second}), false, time.Second, false},
	{"clock 5 s behind, then cut", func(s *Server) {
		s.Faults.Add(venue.Plan{Fault: venue.Skew, At: 1, By: -5 * time.Second}, venue.Plan{Fault: venue.Cut, At: 10})
	}, true, 5 * time.Second, true},
	{"unreadable message", (*Server).Spoil, true, 2 * time.Second, false},
	{"status 503 for 3 s", func(s *Server) {
		s.Change(func(o *Options) { o.Late = true })
		go func() {
			time.Sleep(3 * time.Second)
			s.Change(func(o *Options) { o.Late = false })
		}()
	}, true, 5 * time.Second, false},
	{"clocks forgotten", func(s *Server) {
		s.Change(func(o *Options) { o.Forget = true })
		s.Cut()
	}, true, 5 * time.Second, false},
	{"clocks forgotten, images in segments", func(s *Server) {
		s.Change(func(o *Options) { o.Forget, o.Segment = true, 2 })
		s.Cut()
	}, true, 5 * time.Second, false},
	{"session expired", func(s *Server) {
		s.Expire()
		s.Cut()
	}, true, 5 * time.Second, true},
}

// Whatever goes wrong: it is found, nothing is invented meanwhile, and nothing is lost after.
func TestFaults(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := setUp(t, Options{Exchange: NewExchange(2, 5, time.Now())})
				r.run(betfair.Options{})
				r.within(5*time.Second, "all markets are live", func() bool { return r.live() == 5 })
				time.Sleep(10 * time.Second)
				images := r.server.Count("image")
				begin, found := time.Now(), time.Duration(0)
				c.do(r.server)
				if c.lost {
					found = r.within(c.most, "the markets are lost", func() bool { return r.losses() >= 5 })
				} else {
					time.Sleep(time.Second)
				}
				r.within(c.most, "what is known is what is shown", func() bool { return r.is() && r.live() == 5 })
				t.Logf("%s: found after %v, recovered after %v", c.name, found, time.Since(begin))
				if images = r.server.Count("image") - images; c.delta && images != 0 {
					t.Errorf("%d images", images)
				}
				if !c.lost && r.losses() != 0 {
					t.Errorf("%d markets were lost", r.losses())
				}
				time.Sleep(time.Minute)
				r.settled()
				r.finish()
			})
		})
	}
}

// A quiet market is asked for now and then, and never lost.
func TestQuietMarketsDoNotFlap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := setUp(t, Options{Exchange: NewExchange(3, 4, time.Now()), Steps: -1})
		r.run(betfair.Options{})
		r.within(5*time.Second, "all markets are live", func() bool { return r.live() == 4 })
		time.Sleep(time.Hour)
		if s := r.connector.Status(); s.Sessions != 1 || r.losses() != 0 || r.live() != 4 || r.server.Count("image") != 1 {
			t.Errorf("%+v, %d losses, %d images", s, r.losses(), r.server.Count("image"))
		}
		if n := r.server.Count("delta"); n < 30 || n > 70 {
			t.Errorf("asked %d times in an hour", n)
		}
		if n := r.server.Count("keepAlive"); n != 5 && n != 6 {
			t.Errorf("%d times kept alive", n)
		}
		if !r.is() {
			t.Error("the prices are others")
		}
		r.finish()
	})
}

// refusal is something that somebody has to do something about.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *rig)
		v    betfair.Options
		want []string
	}{
		{"wrong password", func(r *rig) { r.secrets[betfair.Password] = "something else" }, betfair.Options{}, []string{"betfair_password", "correct"}},
		{"no password", func(r *rig) { delete(r.secrets, betfair.Password) }, betfair.Options{}, []string{"set the secret betfair_password", "no such secret"}},
		{"no certificate", func(r *rig) { delete(r.secrets, betfair.Certificate) }, betfair.Options{}, []string{"betfair_certificate", "interactively"}},
		{"bad certificate", func(r *rig) { r.secrets[betfair.Key] = "x" }, betfair.Options{}, []string{"betfair_key", "PEM"}},
		{"account closed", func(r *rig) { r.server.Change(func(o *Options) { o.Login = "ACCOUNT_NOW_LOCKED" }) }, betfair.Options{}, []string{"ACCOUNT_NOW_LOCKED"}},
		{"interactive, certificate needed", func(r *rig) { r.server.Change(func(o *Options) { o.Login = "CERT_AUTH_REQUIRED" }) }, betfair.Options{Interactive: true}, []string{"certificate"}},
		{"app key", func(r *rig) { r.server.Change(func(o *Options) { o.Refuse = "INVALID_APP_KEY" }) }, betfair.Options{}, []string{"INVALID_APP_KEY", "betfair_app_key"}},
		{"no app key", func(r *rig) { r.server.Change(func(o *Options) { o.Refuse = "NO_APP_KEY" }) }, betfair.Options{}, []string{"NO_APP_KEY", "betfair_app_key"}},
		{"session", func(r *rig) { r.server.Change(func(o *Options) { o.Refuse = "INVALID_SESSION_INFORMATION" }) }, betfair.Options{}, []string{"nor a new one"}},
		{"subscription limit", func(r *rig) { r.server.Change(func(o *Options) { o.Markets = 2 }) }, betfair.Options{}, []string{"fewer than 200 markets", "SUBSCRIPTION_LIMIT_EXCEEDED"}},
		{"401", func(r *rig) { r.server.Requests.Add(venue.Plan{Fault: venue.Status, At: 1, For: 100, N: 401}) }, betfair.Options{}, []string{"401", "app key"}},
		{"competitions", func(*rig) {}, betfair.Options{NoCatalogue: true, Competitions: []string{"7"}}, []string{"competitions"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := setUp(t, Options{Exchange: NewExchange(3, 4, time.Now())})
				c.do(r)
				r.run(c.v)
				r.within(3*time.Second, "it is refused", func() bool { return r.connector.Status().State == connect.Refused })
				logins := r.server.Count("login")
				for _, want := range c.want {
					if s := r.connector.Status().Error; !strings.Contains(s, want) {
						t.Errorf("%q does not say %q", s, want)
					}
				}
				time.Sleep(20 * time.Minute)
				if n := r.server.Count("login"); c.name == "wrong password" && n != 1 || logins > 2 || n > 14 {
					t.Errorf("%d logins, then %d", logins, n)
				}
				r.finish()
			})
		})
	}
}

// A correct password is tried at once when it has been put in the place of a wrong one.
func TestPasswordIsCorrected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := setUp(t, Options{Exchange: NewExchange(3, 4, time.Now())})
		r.secrets[betfair.Password] = "wrong"
		r.run(betfair.Options{})
		time.Sleep(30 * time.Minute)
		r.correct(betfair.Password, Password)
		r.within(6*time.Minute, "all markets are live", func() bool { return r.live() == 4 })
		if n := r.server.Count("login"); n != 2 {
			t.Errorf("%d logins", n)
		}
		r.finish()
	})
}

// What passes by itself is waited for, as long as the venue wishes.
func TestBackOff(t *testing.T) {
	for _, c := range []struct {
		name        string
		do, undo    func(s *Server)
		after       time.Duration // undo
		least, most time.Duration // until live
		logins      int
	}{
		{"429 with Retry-After", func(s *Server) { s.Requests.Add(venue.Plan{Fault: venue.Status, At: 1, N: 429, By: 40 * time.Second}) }, nil, 0, 40 * time.Second, 42 * time.Second, 1},
		{"500 twice", func(s *Server) { s.Requests.Add(venue.Plan{Fault: venue.Status, At: 1, For: 2, N: 500}) }, nil, 0, 0, 3 * time.Second, 1},
		{"login locked", func(s *Server) { s.Change(func(o *Options) { o.Login = "TEMPORARY_BAN_TOO_MANY_REQUESTS" }) }, func(s *Server) { s.Change(func(o *Options) { o.Login = "" }) }, time.Minute, 20 * time.Minute, 21 * time.Minute, 2},
		{"too many requests", func(s *Server) { s.Change(func(o *Options) { o.Refuse = "TOO_MANY_REQUESTS" }) }, func(s *Server) { s.Change(func(o *Options) { o.Refuse = "" }) }, 20 * time.Second, 20 * time.Second, 80 * time.Second, 1},
		{"too many connections", func(s *Server) { s.Change(func(o *Options) { o.Refuse = "MAX_CONNECTION_LIMIT_EXCEEDED" }) }, func(s *Server) { s.Change(func(o *Options) { o.Refuse = "" }) }, 20 * time.Second, 20 * time.Second, 80 * time.Second, 1},
		{"subscriptions not answered", func(s *Server) { s.Change(func(o *Options) { o.Silent = true }) }, func(s *Server) { s.Change(func(o *Options) { o.Silent = false }) }, 25 * time.Second, 25 * time.Second, 60 * time.Second, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := setUp(t, Options{Exchange: NewExchange(3, 4, time.Now())})
				c.do(r.server)
				begin := time.Now()
				r.run(betfair.Options{})
				if c.undo != nil {
					time.Sleep(c.after)
					c.undo(r.server)
				}
				r.within(c.most, "all markets are live", func() bool { return r.live() == 4 })
				if took := time.Since(begin); took < c.least || took > c.most || r.server.Count("login") != c.logins {
					t.Errorf("live after %v, with %d logins", took, r.server.Count("login"))
				}
				r.settled()
				r.finish()
			})
		})
	}
}

// One connection of several that ends costs the others nothing.
func TestOthersGoOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := setUp(t, Options{Exchange: NewExchange(5, 6, time.Now()), Markets: 2})
		r.run(betfair.Options{MarketsEach: 2, Connections: 3})
		r.within(5*time.Second, "all markets are live", func() bool { return r.live() == 6 })
		r.server.Faults.Add(venue.Plan{Fault: venue.Cut, At: 5})
		r.within(3*time.Second, "one connection is lost", func() bool { return r.losses() > 0 })
		time.Sleep(3 * time.Second)
		if s := r.connector.Status(); s.Sessions != 1 || r.losses() != 2 || r.live() != 6 {
			t.Errorf("%+v, %d losses", s, r.losses())
		}
		r.settled()
		r.finish()
	})
}

// New markets of the catalogue are followed, closed ones are not asked for again, and a market
// without an image is stale.
func TestMarketsComeAndGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		x := NewExchange(6, 4, time.Now())
		r := setUp(t, Options{Exchange: x, Missing: []string{"1.1004"}})
		r.run(betfair.Options{MarketsEach: 4, Connections: 2})
		r.within(5*time.Second, "three are live", func() bool { return r.live() == 3 })
		r.within(40*time.Second, "one is stale", func() bool { return r.connector.Status().Markets[frames.Stale] == 1 })
		x.Set("1.1001", "SUSPENDED")
		time.Sleep(time.Second)
		x.Set("1.1001", "OPEN")
		x.Set("1.1002", "CLOSED")
		r.within(2*time.Second, "one is idle", func() bool { return r.connector.Status().Markets[frames.Idle] == 1 })
		r.server.Change(func(o *Options) { o.Missing = nil })
		x.Add()
		x.Add()
		r.within(6*time.Minute, "the new ones are live", func() bool { return r.live() == 5 })
		r.settled()
		if s := r.connector.Status(); s.Sessions != 1 || r.losses() != 0 {
			t.Errorf("%+v, %d losses", s, r.losses())
		}
		r.finish()
	})
}
