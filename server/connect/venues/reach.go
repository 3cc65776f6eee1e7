package venues

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	feed "corrgraph/feed/stream"
	"corrgraph/server/config"
)

// Reach is what one question without a key found out of a venue.
type Reach struct {
	Host  string        // empty: the address is none
	Skew  time.Duration // how far this clock is ahead of the venue's, to a second
	Known bool          // Skew is
	Err   error         // why it can't be reached
}

// homes are where venues answer questions over HTTP.
var homes = map[string]string{
	"polymarket": "https://gamma-api.polymarket.com/markets?limit=1",
	"kalshi":     "https://external-api.kalshi.com/trade-api/v2/exchange/status",
	"betfair":    "https://identitysso.betfair.com/",
	"odds-api":   "https://api.the-odds-api.com/v4/sports",
}

// home is the address that is asked: that of a stream is where its map says, without what it asks
// for, which may have secrets.
func home(c *config.Connection) string {
	address := cmp.Or(c.URL, homes[c.Venue])
	if c.Venue != "stream" {
		return address
	}
	if m, err := feed.Load(c.Map); err == nil {
		address = cmp.Or(c.URL, m.URL)
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: strings.Replace(u.Scheme, "ws", "http", 1), Host: u.Host}).String()
}

// Ask asks a venue anything, to learn whether it is there and what time it is: each answer, a
// refusal too, says so.
func Ask(ctx context.Context, c *config.Connection, client *http.Client, clock func() time.Time) (r Reach) {
	address := home(c)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Reach{}
	}
	r.Host = u.Host
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Reach{Host: u.Host, Err: err}
	}
	begun := clock()
	answer, err := client.Do(ask)
	if err != nil {
		r.Err = fmt.Errorf("%s can't be reached: %w", u.Host, err)
		return r
	}
	answer.Body.Close()
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		now := clock()
		r.Known, r.Skew = true, begun.Add(now.Sub(begun)/2).Sub(at.Add(500*time.Millisecond)).Round(time.Second)
	}
	return r
}
