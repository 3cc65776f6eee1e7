package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corrgraph/proof/venue"
	"corrgraph/proof/venue/polymarket"
)

// exchange is a scripted Polymarket at one address of this machine.
type exchange struct {
	*polymarket.Server
	net venue.Net
	url string
}

func newExchange(t *testing.T) *exchange {
	x := &exchange{}
	x.Server = polymarket.New(&x.net, 1)
	for i := range 3 {
		x.Match(clock().Add(time.Duration(1+i)*time.Hour), false)
	}
	stop := x.Walk(20 * time.Millisecond)
	to := func(host, prefix string) http.Handler {
		return http.StripPrefix(prefix, &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", host },
			Transport: &http.Transport{DialContext: x.net.Dial},
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/ws/market", to(polymarket.StreamHost, ""))
	mux.Handle("/ws", to(polymarket.SportsHost, ""))
	mux.Handle("/gamma/", to(polymarket.GammaHost, "/gamma"))
	mux.Handle("/clob/", to(polymarket.CLOBHost, "/clob"))
	s := httptest.NewServer(mux)
	x.url = s.URL
	t.Cleanup(func() {
		stop()
		x.Server.Close()
		s.CloseClientConnections()
		s.Close()
	})
	return x
}

// connections is what the service says of its connections.
type connections struct {
	Connections []struct {
		Venue, State, Error string
		Markets             map[string]int
		Quotes              int
	}
	Doubted []struct{ Title, Name, State, Why string }
}

// eventually asks until the answer is as it should be.
func (p *playing) eventually(what string, is func(*connections) bool) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var c connections
	for range 3000 {
		c = connections{}
		if p.ask("/v1/connections", &c); is(&c) {
			return
		}
		<-tick.C
	}
	p.t.Fatalf("waited in vain until %s: %+v", what, c)
}

// doubts asks all events for their markets in doubt, until one says so.
func (p *playing) doubts() (n int) {
	p.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond) // answers may be a second old
	defer tick.Stop()
	for range 100 {
		var all struct {
			Events []struct {
				ID string `json:"event_id"`
			}
		}
		p.ask("/v1/events", &all)
		for _, e := range all.Events {
			var detail struct {
				Doubts []struct{ Venue, Market, State, Why string }
			}
			p.ask("/v1/events/"+url.PathEscape(e.ID), &detail)
			for _, d := range detail.Doubts {
				if d.Venue != "polymarket" || d.Market == "" || d.State != "gap" || d.Why == "" {
					p.t.Errorf("%+v", d)
				}
				n++
			}
		}
		if n > 0 {
			return n
		}
		<-tick.C
	}
	return 0
}

// TestTheFirstMinuteOfAVenue: one command shows prices; a market whose connection is lost is in
// doubt, with the reason, until it is back; what was recorded says the same again.
func TestTheFirstMinuteOfAVenue(t *testing.T) {
	x, dir := newExchange(t), t.TempDir()
	db, frames := filepath.Join(dir, "live.db"), filepath.Join(dir, "frames")
	p := serves(t, "^Dashboard", "connect", "polymarket", "--league", "nba", "--url", x.url, "--listen", "127.0.0.1:0", "--db", db, "--record", frames)
	p.until("h2h") // the first price
	live := func(c *connections) bool {
		return len(c.Connections) == 1 && c.Connections[0].State == "connected" && c.Connections[0].Markets["live"] > 0 && len(c.Doubted) == 0
	}
	p.eventually("all markets are live", live)
	x.net.Down(polymarket.StreamHost, true)
	x.Disconnect()
	p.eventually("the loss is told", func(c *connections) bool {
		return len(c.Doubted) > 0 && c.Doubted[0].State == "gap" && c.Doubted[0].Why != "" && strings.Contains(c.Doubted[0].Title, " @ ")
	})
	if n := p.doubts(); n == 0 {
		t.Error("no event says that its market is in doubt")
	}
	x.net.Down(polymarket.StreamHost, false)
	p.eventually("it is back", live)
	p.end()

	events := must(t, "events", "--db", db).out
	if n := strings.Count(events, " @ "); n != 3 {
		t.Errorf("%d matches of 3:\n%s", n, events)
	}
	again := filepath.Join(dir, "again.db")
	files, err := filepath.Glob(filepath.Join(frames, "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	must(t, "replay", files[0], "--db", again)
	if got := must(t, "events", "--db", again).out; strings.Count(got, " @ ") != 3 {
		t.Errorf("the recording tells of other matches:\n%s", got)
	}
}

// TestARecordedVenue: nothing is learnt, every frame is kept, and the time of --for ends it.
func TestARecordedVenue(t *testing.T) {
	x, to := newExchange(t), filepath.Join(t.TempDir(), "frames")
	out := must(t, "record", "polymarket", "--league", "nba", "--url", x.url, "--to", to, "--for", "3s").out
	files, err := os.ReadDir(to)
	if err != nil || len(files) != 1 || !strings.Contains(out, "frames recorded") {
		t.Errorf("%d files, %v:\n%s", len(files), err, out)
	}
}

// TestAVenueThatWasNeverHeard: a recording without one price because the venue was refused, or out of
// reach, is no success.
func TestAVenueThatWasNeverHeard(t *testing.T) {
	for args, want := range map[string]string{
		"kalshi --url http://127.0.0.1:1 --secrets " + t.TempDir():      "kalshi showed no price: refused: ",
		"polymarket --league nba --url http://127.0.0.1:1":              "connection refused",
		"polymarket kalshi --url http://127.0.0.1:1 --secrets /nowhere": "kalshi showed no price: refused: the id of Kalshi's API key: there is no file /nowhere/kalshi_key_id; polymarket showed no price: ",
	} {
		r := call(t, "", append([]string{"record", "--to", t.TempDir(), "--for", "1s"}, strings.Fields(args)...)...)
		if r.code != codeNotReady || !strings.Contains(r.errors, want) || !strings.Contains(r.out, "recordings in") {
			t.Errorf("%s: code %d, %s%s", args, r.code, r.out, r.errors)
		}
	}
}

// TestAVenueThatCannotBeConnected says why, and what is wrong with the command line before that.
func TestAVenueThatCannotBeConnected(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close() // nobody is there
	p := serves(t, "^Dashboard", "connect", "polymarket", "--league", "nba", "--url", "http://"+address, "--listen", "127.0.0.1:0", "--db", filepath.Join(t.TempDir(), "x.db"))
	p.until("connection refused")
	p.end()
	for args, want := range map[string]string{
		"connect pinnacle":              "polymarket",
		"connect stream":                "map",
		"connect odds-api --listen :0":  "server.listen",
		"record polymarket":             "--to",
		"connect polymarket --url x":    "http://host:port",
		"connect kalshi --url ws://x":   "http://host:port",
		"connect polymarket polymarket": "listed twice",
	} {
		db := filepath.Join(t.TempDir(), "x.db")
		more := []string{"--for", "1ms"}
		if strings.HasPrefix(args, "connect") {
			more = append(more, "--db", db)
		}
		if r := call(t, "", append(strings.Fields(args), more...)...); r.code == codeDone || !strings.Contains(r.errors, want) {
			t.Errorf("%s: code %d, %s", args, r.code, r.errors)
		}
		if _, err := os.Stat(db); err == nil {
			t.Errorf("%s: it leaves a store", args)
		}
	}
}

// TestTheDoctorOfVenues: one that can be read is good, one that can't says why, and what to do.
func TestTheDoctorOfVenues(t *testing.T) {
	x := newExchange(t)
	good := call(t, "", "doctor", "--set", "connect.venues=[{venue: polymarket, leagues: nba, url: '"+x.url+"'}]")
	if good.code != codeDone || !strings.Contains(good.out, "polymarket: good, connected") || !strings.Contains(good.out, "this clock ") {
		t.Errorf("code %d: %s%s", good.code, good.out, good.errors)
	}
	none := call(t, "", "doctor", "--set", "connect.venues=[{venue: kalshi, url: 'http://127.0.0.1:1'}]", "--set", "connect.secrets="+t.TempDir(), "--for", "3s")
	if none.code != codeNotReady || !strings.Contains(none.out, "kalshi: BAD, refused") || !strings.Contains(none.out, "there is no file") || !strings.Contains(none.errors, "1 of 1 venues") {
		t.Errorf("code %d: %s%s", none.code, none.out, none.errors)
	}
	if r := call(t, "", "doctor", "--set", "limits.slow_query=3ms"); r.code != codeUsage || !strings.Contains(r.errors, "connect.venues") {
		t.Errorf("code %d: %s", r.code, r.errors)
	}
}
