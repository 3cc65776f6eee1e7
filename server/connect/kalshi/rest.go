package kalshi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	feed "corrgraph/feed/kalshi"
	"corrgraph/server/connect"
)

// rest asks the REST interface.
type rest struct {
	o     *Options
	world *connect.World
	key   *apiKey
}

// mostBody limits an answer in bytes; a page of 200 events with their markets has about 2 MB.
const mostBody = 32 << 20

// mostPages limits the pages of one list.
const mostPages = 200

// get asks for a path, and returns the answer.
func (r *rest) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	base, err := url.Parse(r.o.REST)
	if err != nil {
		return nil, fmt.Errorf("%w: the address of Kalshi's REST interface: %w", connect.ErrRefused, err)
	}
	at := base.JoinPath(path)
	headers, err := r.key.headers(r.world.Clock(), http.MethodGet, at.Path)
	if err != nil {
		return nil, err
	}
	at.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header = headers
	answer, err := r.world.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostBody+1))
	switch {
	case answer.StatusCode != http.StatusOK:
		return nil, refusal("GET "+path, answer, r.world.Clock())
	case err != nil:
		return nil, fmt.Errorf("GET %s: %w", path, err)
	case len(body) > mostBody:
		return nil, fmt.Errorf("GET %s: the answer is longer than %d bytes", path, mostBody)
	}
	return body, nil
}

// tolerated is a difference of clocks that a signature survives.
const tolerated = 3 * time.Second

// unasked is how long to wait after a 429 that does not say so: Kalshi's never does.
const unasked = 10 * time.Second

// errNotThere says that an event or series does not exist, or no more.
var errNotThere = errors.New("there is no such event or series at this address")

// refusal makes an error of an answer that is none, and says what to do.
func refusal(what string, answer *http.Response, now time.Time) error {
	status := fmt.Sprintf("%s: HTTP status %d", what, answer.StatusCode)
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w: %s: %s", connect.ErrRefused, status, clocks(answer.Header.Get("Date"), now))
	case http.StatusTooManyRequests:
		wait := unasked
		if s, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && s >= 0 {
			wait = time.Duration(min(s, 3600)) * time.Second
		}
		return &connect.RetryAfter{Wait: wait, Err: fmt.Errorf("%s: too many requests: ask for less (leagues, most), or end other programs with this key", status)}
	case http.StatusNotFound:
		return fmt.Errorf("%s: %w", status, errNotThere)
	}
	return errors.New(status)
}

// clocks says how far the clocks are apart, the usual reason for a signature that is not accepted.
func clocks(date string, now time.Time) string {
	const check = "check that the key's id and its private key belong together, and that they are of this environment, demo or not"
	theirs, err := http.ParseTime(date)
	if err != nil {
		return "the answer has no date to compare clocks with: " + check
	}
	// The date has whole seconds.
	skew := now.Truncate(time.Second).Sub(theirs)
	switch {
	case skew > tolerated:
		return fmt.Sprintf("our clock is %v ahead of Kalshi's: set it right", skew)
	case skew < -tolerated:
		return fmt.Sprintf("our clock is %v behind Kalshi's: set it right", -skew)
	}
	return fmt.Sprintf("the clocks agree (our clock is %v ahead of Kalshi's): %s", skew, check)
}

// ask is one list that is asked for.
type ask struct {
	path  string
	query url.Values
}

// asks are the lists that the filters need.
func (o *Options) asks() (out []ask) {
	for _, series := range o.series() {
		out = append(out, ask{"/events", url.Values{
			"series_ticker": {series}, "status": {"open"}, "with_nested_markets": {"true"}, "limit": {"200"},
		}})
	}
	for _, event := range o.Events {
		out = append(out, ask{"/events/" + url.PathEscape(event), url.Values{"with_nested_markets": {"true"}}})
	}
	for part := range slices.Chunk(o.Tickers, o.PerCommand) {
		out = append(out, ask{"/markets", url.Values{"tickers": {strings.Join(part, ",")}, "limit": {"1000"}}})
	}
	return out
}

// series are the series that the filters mean.
func (o *Options) series() (out []string) {
	every := len(o.Sports)+len(o.Leagues)+len(o.Series)+len(o.Events)+len(o.Tickers) == 0
	for _, l := range feed.Leagues() {
		if every || slices.Contains(o.Sports, l.Sport) || slices.Contains(o.Leagues, l.Name) {
			out = append(out, l.Series()...)
		}
	}
	for _, s := range o.Series {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// list asks for all markets that the filters mean, and passes each answer to a connection.
func (r *rest) list(ctx context.Context, conn *connect.Conn) (out []feed.Listed, err error) {
	seen := map[string]bool{}
	for i, a := range r.o.asks() {
		for page := range mostPages {
			if i+page > 0 {
				select {
				case <-ctx.Done():
					return nil, context.Cause(ctx)
				case <-time.After(r.o.Pause):
				}
			}
			list, err := r.page(ctx, conn, a)
			if errors.Is(err, errNotThere) {
				r.world.Log.Warn("what a venue does not list is not followed", "venue", feed.Source, "why", err.Error())
				break
			}
			if err != nil {
				return nil, err
			}
			for _, m := range list.Markets {
				if m.Ticker != "" && m.Open() && !seen[m.Ticker] {
					seen[m.Ticker] = true
					out = append(out, m)
				}
			}
			if list.Cursor == "" || list.Cursor == a.query.Get("cursor") {
				break
			}
			a.query.Set("cursor", list.Cursor)
		}
	}
	return r.o.first(out), nil
}

// page asks for one page.
func (r *rest) page(ctx context.Context, conn *connect.Conn, a ask) (feed.Listing, error) {
	channel := "GET " + a.path
	conn.Out(ctx, channel, []byte(a.query.Encode()))
	body, err := r.get(ctx, a.path, a.query)
	if err != nil {
		return feed.Listing{}, err
	}
	if _, err := conn.In(ctx, channel, body); err != nil {
		return feed.Listing{}, err
	}
	list, err := feed.ReadListing(body)
	if err != nil {
		return list, fmt.Errorf("%s: %w", channel, err)
	}
	return list, nil
}

// first keeps as many markets as are followed, those that end first.
func (o *Options) first(all []feed.Listed) []feed.Listed {
	slices.SortStableFunc(all, func(a, b feed.Listed) int {
		ea, eb := a.Ends(), b.Ends()
		if ea.IsZero() != eb.IsZero() {
			if ea.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(ea.Compare(eb), cmp.Compare(a.Ticker, b.Ticker))
	})
	return all[:min(len(all), o.MaxMarkets)]
}
