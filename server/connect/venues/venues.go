// Package venues makes the connection to a venue that a configuration names.
package venues

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	feed "corrgraph/feed/stream"
	"corrgraph/server/config"
	"corrgraph/server/connect"
	"corrgraph/server/connect/betfair"
	"corrgraph/server/connect/kalshi"
	"corrgraph/server/connect/oddsapi"
	"corrgraph/server/connect/polymarket"
	"corrgraph/server/connect/stream"
)

// New returns the venue that a configuration names. What has to outlive the process is kept in
// files whose names begin with beside. An error says which key is wrong.
func New(c *config.Connection, beside string) (connect.Venue, error) {
	if c.Venue == "stream" {
		return ofMap(c)
	}
	base, err := address(c.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	switch c.Venue {
	case "polymarket":
		return polymarket.New(ofPolymarket(c, base))
	case "kalshi":
		return kalshi.New(ofKalshi(c, base)), nil
	case "betfair":
		return betfair.New(ofBetfair(c, base)), nil
	case "odds-api":
		return oddsapi.New(ofOddsAPI(c, beside))
	}
	return nil, fmt.Errorf("venue: %q is not known; known are polymarket, kalshi, betfair, odds-api, stream", c.Venue)
}

// address is the venue's other address; nil for its own.
func address(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("want http://host:port or https://host:port")
	case u.User != nil || u.RawQuery != "":
		return nil, errors.New("it must hold no key and no password: they belong into files or environment variables")
	}
	return u, nil
}

// at is a path at an address, socket that of a websocket there.
func at(u *url.URL, path string) string { return strings.TrimRight(u.String(), "/") + path }

func socket(u *url.URL, path string) string {
	return strings.Replace(at(u, path), "http", "ws", 1)
}

// list splits a text at commas.
func list(text string) (out []string) {
	for _, x := range strings.Split(text, ",") {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}

func ofPolymarket(c *config.Connection, u *url.URL) polymarket.Options {
	o := polymarket.Options{Sports: list(c.Sports), Leagues: list(c.Leagues), Events: list(c.Events), Assets: list(c.IDs), MaxMarkets: c.Most}
	if u != nil {
		o.Stream, o.SportsStream, o.Gamma, o.CLOB = socket(u, "/ws/market"), socket(u, "/ws"), at(u, "/gamma"), at(u, "/clob")
	}
	return o
}

func ofKalshi(c *config.Connection, u *url.URL) kalshi.Options {
	o := kalshi.Options{Sports: list(c.Sports), Leagues: list(c.Leagues), Series: list(c.Markets), Events: list(c.Events), Tickers: list(c.IDs), MaxMarkets: c.Most}
	if u != nil {
		o.Socket, o.REST = socket(u, "/trade-api/ws/v2"), at(u, "/trade-api/v2")
	}
	return o
}

func ofBetfair(c *config.Connection, u *url.URL) betfair.Options {
	o := betfair.Options{
		EventTypes: list(c.Sports), Competitions: list(c.Leagues), Events: list(c.Events), Markets: list(c.IDs), MarketTypes: list(c.Markets), Countries: list(c.Regions), Interactive: c.Interactive,
	}
	if u != nil {
		o.Address, o.CertLogin, o.Login, o.KeepAlive, o.Catalogue = u.Host, at(u, "/api/certlogin"), at(u, "/api/login"), at(u, "/api/keepAlive"), at(u, "/exchange/betting/rest/v1.0/listMarketCatalogue/")
	}
	return o
}

func ofOddsAPI(c *config.Connection, beside string) oddsapi.Options {
	return oddsapi.Options{
		Ledger: beside + ".credits",
		URL:    c.URL, Sports: append(list(c.Sports), list(c.Leagues)...), Events: list(c.Events), InPlay: c.Every, Daily: c.Credits,
		Parts: []oddsapi.Part{{Regions: list(c.Regions), Bookmakers: list(c.Books), Markets: list(c.Markets)}},
	}
}

// ofMap reads the map of a stream.
func ofMap(c *config.Connection) (connect.Venue, error) {
	text, err := os.ReadFile(c.Map)
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	m, err := feed.Read(c.Map, text)
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	return stream.New(stream.Options{Map: m, Text: string(text), URL: c.URL})
}

// mostSecret limits the size of a secret: a private key with its chain.
const mostSecret = 64 << 10

// Secrets returns what looks secrets up in a folder, a file each, or, if there is none, in the
// environment. An error says where it was looked for, and never what was found.
func Secrets(folder string, env func(string) (string, bool)) func(name string) (string, error) {
	return func(name string) (string, error) {
		if folder == "" {
			key := "CORRGRAPH_SECRET_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
			if v, ok := env(key); ok && v != "" {
				return v, nil
			}
			return "", fmt.Errorf("the environment variable %s is not set", key)
		}
		path := filepath.Join(folder, filepath.Base(name))
		text, err := readSecret(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("there is no file %s", path)
		}
		if err == nil && text == "" {
			err = fmt.Errorf("%s is empty", path)
		}
		return text, err
	}
}

// readSecret refuses what everybody may read: whoever reads a key may use it.
func readSecret(path string) (string, error) {
	f, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case f.Mode().Perm()&0o007 != 0:
		return "", fmt.Errorf("%s can be read by everybody (mode %04o): chmod 0600 %s", path, f.Mode().Perm(), path)
	case f.Size() > mostSecret:
		return "", fmt.Errorf("%s is no key: it is longer than %d bytes", path, mostSecret)
	}
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// Connections is how many connections a venue needs at most; 0 if it does not say.
func Connections(v connect.Venue) int {
	if x, ok := v.(interface{ Connections() int }); ok {
		return x.Connections()
	}
	return 0
}
