package venue_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	feed "corrgraph/feed/stream"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	betfairserver "corrgraph/proof/venue/betfair"
	kalshiserver "corrgraph/proof/venue/kalshi"
	oddsserver "corrgraph/proof/venue/oddsapi"
	polyserver "corrgraph/proof/venue/polymarket"
	streamserver "corrgraph/proof/venue/stream"
	"corrgraph/server/config"
	"corrgraph/server/connect"
	"corrgraph/server/connect/betfair"
	"corrgraph/server/connect/kalshi"
	"corrgraph/server/connect/oddsapi"
	"corrgraph/server/connect/polymarket"
	"corrgraph/server/connect/screen"
	"corrgraph/server/connect/stream"
)

// ailment is what is wrong when the doctor comes.
type ailment string

const (
	healthy     ailment = "nothing"
	wrongKey    ailment = "the key is wrong"
	ahead       ailment = "the clock is 90 s ahead"
	behind      ailment = "the clock is 90 s behind"
	noQuota     ailment = "the quota is gone"
	unreachable ailment = "it can't be reached"
)

// patient is a venue with its scripted server.
type patient struct {
	venue   connect.Venue
	secrets map[string]string
	roots   *x509.CertPool
	hosts   []string
	close   func()
}

// status is what all requests to a server are answered with from now on.
func status(f *venue.Faults, n int) { f.Add(venue.Plan{Fault: venue.Status, At: 1, For: 1000, N: n}) }

func polymarketOf(t *testing.T, n *venue.Net, c *config.Connection, a ailment) patient {
	s := polyserver.New(n, 7)
	s.Match(time.Now().Add(time.Hour), false)
	switch a {
	case wrongKey: // there is none: the address is blocked
		status(&s.Gamma, http.StatusForbidden)
	case noQuota:
		status(&s.Gamma, http.StatusTooManyRequests)
	}
	c.URL = "http://" + polyserver.GammaHost
	v, err := polymarket.New(polymarket.Options{
		Stream: "ws://" + polyserver.StreamHost + "/ws/market", SportsStream: "ws://" + polyserver.SportsHost + "/ws", Gamma: "http://" + polyserver.GammaHost, CLOB: "http://" + polyserver.CLOBHost,
	})
	if err != nil {
		t.Fatal(err)
	}
	return patient{venue: v, hosts: []string{polyserver.StreamHost, polyserver.SportsHost, polyserver.GammaHost, polyserver.CLOBHost}, close: s.Close}
}

var signing = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func kalshiOf(_ *testing.T, n *venue.Net, c *config.Connection, a ailment) patient {
	s := kalshiserver.Start(kalshiserver.Options{
		Net: n, Address: "kalshi.test:80", KeyID: "id", Public: &signing().PublicKey, Seed: 7,
		Markets: []kalshiserver.Market{{Ticker: "KXFED-27APR-T4.25", Event: "KXFED-27APR", Title: "Will the rate be above 4.25%?", EventTitle: "Fed in April", Yes: "Above 4.25%"}},
	})
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(signing())})
	secrets := map[string]string{"kalshi_key_id": "id", "kalshi_private_key": string(key)}
	switch a {
	case wrongKey:
		secrets["kalshi_key_id"] = "another"
	case noQuota:
		status(&s.Requests, http.StatusTooManyRequests)
	}
	socket, rest := s.URLs()
	c.URL = "http://kalshi.test"
	return patient{venue: kalshi.New(kalshi.Options{Socket: socket, REST: rest, Series: []string{"KXFED"}}), secrets: secrets, hosts: []string{"kalshi.test:80"}, close: s.Close}
}

func betfairOf(t *testing.T, n *venue.Net, _ *config.Connection, a ailment) patient {
	o := betfairserver.Options{Exchange: betfairserver.NewExchange(1, 2, time.Now().Add(time.Hour))}
	if a == noQuota {
		o.Refuse = "MAX_CONNECTION_LIMIT_EXCEEDED"
	}
	s, err := betfairserver.Start(n, o)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := s.Client()
	secrets := map[string]string{
		betfair.AppKey: betfairserver.AppKey, betfair.User: betfairserver.User, betfair.Password: betfairserver.Password, betfair.Certificate: cert, betfair.Key: key,
	}
	if a == wrongKey {
		secrets[betfair.Password] = "another"
	}
	return patient{
		venue: betfair.New(betfair.Options{RootCAs: s.Roots()}), secrets: secrets, roots: s.Roots(), close: s.Close,
		hosts: []string{betfairserver.StreamAddress, betfairserver.CertAddress, betfairserver.LoginAddress, betfairserver.ListAddress},
	}
}

func oddsAPIOf(t *testing.T, n *venue.Net, c *config.Connection, a ailment) patient {
	o := oddsserver.Options{Key: "right", Market: &oddsserver.Walk{Seed: 1, Games: map[string][]time.Time{"baseball_mlb": {time.Now().Add(time.Hour)}}}}
	s := oddsserver.New(o)
	secrets := map[string]string{"odds-api": "right"}
	switch a {
	case wrongKey:
		secrets["odds-api"] = "another"
	case noQuota:
		s.Spend(s.Left())
	}
	l := n.Listen("api.test:80")
	go s.Serve(l)
	c.URL = "http://api.test/v4"
	v, err := oddsapi.New(oddsapi.Options{Sports: []string{"baseball_mlb"}, URL: c.URL})
	if err != nil {
		t.Fatal(err)
	}
	return patient{venue: v, secrets: secrets, hosts: []string{"api.test:80"}, close: s.Close}
}

func streamOf(t *testing.T, n *venue.Net, c *config.Connection, a ailment) patient {
	s := streamserver.Start(streamserver.Options{Net: n, Address: "feed.test:80", Key: "right", Seed: 3, SSE: true})
	c.Map, c.URL = "../../feed/stream/testdata/sse.yaml", "http://feed.test/stream/baseball"
	m, err := feed.Load(c.Map)
	if err != nil {
		t.Fatal(err)
	}
	switch a {
	case wrongKey:
		status(&s.Requests, http.StatusUnauthorized)
	case noQuota:
		status(&s.Requests, http.StatusTooManyRequests)
	}
	v, err := stream.New(stream.Options{Map: m, URL: c.URL})
	if err != nil {
		t.Fatal(err)
	}
	return patient{venue: v, secrets: map[string]string{"opticodds_key": "right"}, hosts: []string{"feed.test:80"}, close: s.Close}
}

// examine asks the doctor about a venue, and returns what is written.
func examine(t *testing.T, name string, of func(*testing.T, *venue.Net, *config.Connection, ailment) patient, a ailment) (text string, good bool) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)))
		cfg, n := config.Default(), &venue.Net{}
		cfg.Connect.Venues = []config.Connection{{Venue: name}}
		p := of(t, n, &cfg.Connect.Venues[0], a)
		for _, host := range p.hosts {
			n.Down(host, a == unreachable)
		}
		off := map[ailment]time.Duration{ahead: 90 * time.Second, behind: -90 * time.Second}[a]
		w := connect.World{Dial: n.Dial, Clock: func() time.Time { return time.Now().Add(off) }, Secret: func(name string) (string, error) {
			if s, ok := p.secrets[name]; ok {
				return s, nil
			}
			return "", errors.New("there is no file " + name)
		}}
		transport := &http.Transport{DialContext: n.Dial, TLSClientConfig: &tls.Config{RootCAs: p.roots}}
		w.HTTP = &http.Client{Transport: transport}
		sender := connect.NewSender(func(context.Context, []*odds.Batch) error { return nil }, nil)
		desk := connect.NewDesk(sender, connect.New(p.venue, connect.Options{World: w, Emit: sender.Emit, Jitter: func() float64 { return 0.5 }}))
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = desk.Run(ctx)
		}()
		all := screen.Examine(ctx, &cfg, desk, w.HTTP, w.Clock)
		stop()
		<-ended
		p.close()
		transport.CloseIdleConnections()
		time.Sleep(time.Second) // of those who are being answered
		synctest.Wait()
		var b bytes.Buffer
		if err := screen.WriteFindings(&b, all); err != nil {
			t.Error(err)
		}
		text, good = b.String(), all[0].Good
	})
	return text, good
}

// TestTheDoctorNamesTheRemedy: whatever is wrong, what the doctor says of a venue holds what to do.
func TestTheDoctorNamesTheRemedy(t *testing.T) {
	const ntp = "the venue's: set it by NTP"
	clocks := map[ailment]string{ahead: "this clock is 1m30s ahead of " + ntp, behind: "this clock is 1m30s behind " + ntp, unreachable: "look at this machine's network, proxy and firewall"}
	for _, c := range []struct {
		venue  string
		of     func(*testing.T, *venue.Net, *config.Connection, ailment) patient
		signed bool // with the time
		says   map[ailment]string
	}{
		{"polymarket", polymarketOf, false, map[ailment]string{wrongKey: "run from a country and network that Polymarket serves", noQuota: "end other programs at this network address"}},
		{"kalshi", kalshiOf, true, map[ailment]string{wrongKey: "check that the key's id and its private key belong together", noQuota: "end other programs with this key"}},
		{"betfair", betfairOf, false, map[ailment]string{wrongKey: "correct the secrets betfair_user and betfair_password", noQuota: "close other programs of it"}},
		{"odds-api", oddsAPIOf, false, map[ailment]string{wrongKey: `store it as secret "odds-api"`, noQuota: "new ones come on 2026-07-01, or with a larger plan"}},
		{"stream", streamOf, false, map[ailment]string{wrongKey: "check the secrets that the map opticodds sends", noQuota: "or get a larger plan"}},
	} {
		for _, a := range []ailment{healthy, wrongKey, ahead, behind, noQuota, unreachable} {
			text, good := examine(t, c.venue, c.of, a)
			says := c.says[a]
			if general, ok := clocks[a]; ok {
				says = general
			}
			well := a == healthy || !c.signed && (a == ahead || a == behind)
			if good != well || !strings.Contains(text, says) {
				t.Errorf("%s: %s: good is %t, want %q in\n%s", c.venue, a, good, says, text)
			}
			if a == healthy && strings.Contains(text, "\n ") || strings.Contains(text, "the configuration asks for") {
				t.Errorf("%s: %s: it finds what is not there:\n%s", c.venue, a, text)
			}
		}
	}
}
